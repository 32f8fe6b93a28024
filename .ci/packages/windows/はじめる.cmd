@echo off
rem onshi-mock を起動し、コンソールをブラウザーで開きます。終了するには Ctrl-C を押します。
cd /d "%~dp0"
onshi-mock.exe serve --open %*
if errorlevel 1 (
  echo.
  echo 起動できませんでした。上に表示されたメッセージを確認してください。
  pause
  exit /b 1
)
