/* Preloaded into a server: a disk that is slow or read-only below $DISK_DIR.
   While $DISK_CONTROL.slow is there, each fsync waits as many milliseconds as it says.
   While $DISK_CONTROL.read-only is there, each change fails with EROFS. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int is_set(const char *what, char *text, size_t size) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s.%s", getenv("DISK_CONTROL"), what);
  int fd = REAL(open64)(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t length = read(fd, text, size - 1);
  close(fd);
  text[length > 0 ? length : 0] = 0;
  return 1;
}

static int is_below(const char *given) {
  char path[2 * PATH_MAX] = "";
  if (given[0] != '/' && getcwd(path, PATH_MAX)) strcat(path, "/");
  strncat(path, given, PATH_MAX - 1);
  const char *dir = getenv("DISK_DIR");
  size_t length = strlen(dir);
  return strncmp(path, dir, length) == 0 && path[length] == '/';
}

static int is_refused(const char *path) {
  char text[16];
  if (!is_below(path) || !is_set("read-only", text, sizeof text)) return 0;
  errno = EROFS;
  return 1;
}

static int is_fd_refused(int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  // What has no path is no file: a socket, a pipe, an event.
  if (length < 0 || path[0] != '/') return 0;
  path[length] = 0;
  return is_refused(path);
}

static void be_slow(void) {
  char text[16];
  if (!is_set("slow", text, sizeof text)) return;
  long milliseconds = atol(text);
  struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  nanosleep(&time, NULL);
}

int fsync(int fd) { be_slow(); return REAL(fsync)(fd); }
int fdatasync(int fd) { be_slow(); return REAL(fdatasync)(fd); }

ssize_t write(int fd, const void *bytes, size_t count) {
  return is_fd_refused(fd) ? -1 : REAL(write)(fd, bytes, count);
}
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
  return is_fd_refused(fd) ? -1 : REAL(pwrite)(fd, bytes, count, at);
}
ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
  return is_fd_refused(fd) ? -1 : REAL(pwrite64)(fd, bytes, count, at);
}
int ftruncate(int fd, off_t length) { return is_fd_refused(fd) ? -1 : REAL(ftruncate)(fd, length); }
int ftruncate64(int fd, off64_t length) { return is_fd_refused(fd) ? -1 : REAL(ftruncate64)(fd, length); }
int rename(const char *from, const char *to) { return is_refused(to) ? -1 : REAL(rename)(from, to); }
int unlink(const char *path) { return is_refused(path) ? -1 : REAL(unlink)(path); }
int mkdir(const char *path, mode_t mode) { return is_refused(path) ? -1 : REAL(mkdir)(path, mode); }

#define OPEN(name)                                                                             \
  int name(const char *path, int flags, ...) {                                                 \
    va_list more;                                                                              \
    va_start(more, flags);                                                                     \
    mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;                                  \
    va_end(more);                                                                              \
    if ((flags & O_ACCMODE) != O_RDONLY && is_refused(path)) return -1;                        \
    return REAL(name)(path, flags, mode);                                                      \
  }
OPEN(open)
OPEN(open64)
