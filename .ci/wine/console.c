// console MILLISECONDS COMMAND: runs a command line in a console of its own, sends Ctrl-C after that time, and prints its screen and its exit code.
#include <stdio.h>
#include <windows.h>

static HANDLE out;

static void print(const char *text, int length) {
  DWORD written;
  WriteFile(out, text, length, &written, 0);
}

static void print_screen(HANDLE screen) {
  CONSOLE_SCREEN_BUFFER_INFO info = {0};
  char line[4096];
  GetConsoleScreenBufferInfo(screen, &info);
  for (int y = 0; y <= info.dwCursorPosition.Y && y < 100; y++) {
    wchar_t row[512];
    DWORD got = 0;
    COORD at = {0, (SHORT)y};
    ReadConsoleOutputCharacterW(screen, row, info.dwSize.X < 512 ? info.dwSize.X : 511, at, &got);
    while (got && row[got - 1] == L' ') got--;
    int length = WideCharToMultiByte(CP_UTF8, 0, row, got, line, sizeof line - 1, 0, 0);
    line[length] = '\n';
    print(line, length + 1);
  }
}

int wmain(int count, wchar_t **arguments) {
  STARTUPINFOW start = {sizeof start};
  PROCESS_INFORMATION process;
  wchar_t command[4096];
  char line[256];
  DWORD code = 0, mode = 0;
  if (count != 3 || wcslen(arguments[2]) >= 4096) return 2;
  DuplicateHandle(GetCurrentProcess(), GetStdHandle(STD_OUTPUT_HANDLE), GetCurrentProcess(), &out, 0, FALSE, DUPLICATE_SAME_ACCESS);
  SetStdHandle(STD_OUTPUT_HANDLE, NULL);
  SetStdHandle(STD_ERROR_HANDLE, NULL);
  SetStdHandle(STD_INPUT_HANDLE, NULL);
  wcscpy(command, arguments[2]);
  if (!CreateProcessW(NULL, command, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, NULL, &start, &process)) return 2;
  DWORD early = WaitForSingleObject(process.hProcess, _wtoi(arguments[1]));
  FreeConsole();
  if (early == WAIT_TIMEOUT) {
    if (!AttachConsole(process.dwProcessId)) return 3;
    SetConsoleCtrlHandler(NULL, TRUE);
    GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0);
  }
  DWORD ended = WaitForSingleObject(process.hProcess, 10000);
  GetExitCodeProcess(process.hProcess, &code);
  HANDLE screen = CreateFileW(L"CONOUT$", GENERIC_READ | GENERIC_WRITE, 3, 0, OPEN_EXISTING, 0, 0);
  print_screen(screen);
  GetConsoleMode(screen, &mode);
  print(line, snprintf(line, sizeof line, "%s, exit code %lu, escape sequences %s\n", ended ? "still running" : "ended", code,
                       mode & ENABLE_VIRTUAL_TERMINAL_PROCESSING ? "on" : "off"));
  if (ended) TerminateProcess(process.hProcess, 99);
  return 0;
}
