@echo off
rem onshi-mock を起動し、コンソールをブラウザーで開きます。終了するには Ctrl-C を押します。
pushd "%~dp0"
onshi-mock.exe serve --open %*
if not "%errorlevel%"=="0" (
  echo.
  echo 起動できませんでした。上に表示されたメッセージを確認してください。
  pause
  exit /b 1
)
