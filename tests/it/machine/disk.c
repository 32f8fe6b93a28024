/* Preloaded into a server: a disk that is slow or read-only below $DISK_DIR.

   While $DISK_CONTROL.slow is there, each fsync waits as many milliseconds as it says. Each fsync
   is noted in $DISK_CONTROL.fsyncs: one that does not wait by a q, one that does by an s when the
   wait begins and an e when it ends.

   While $DISK_CONTROL.read-only is there, each change fails with EROFS, also by a file that was
   opened before. So it is when a kernel makes a damaged file system read-only (errors=remount-ro).
   A test cannot have that by mount -o remount,ro, which fails with EBUSY while a file is open for
   writing, as the server's always are; and /proc/sysrq-trigger does it to the whole machine.
   Not refused: what is written through a memory map, special files, and what calls syscall(2)
   itself. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int open_control(const char *what, int flags) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s.%s", getenv("DISK_CONTROL"), what);
  return REAL(open64)(path, flags | O_CLOEXEC, 0600);
}

static int is_set(const char *what, char *text, size_t size) {
  int fd = open_control(what, O_RDONLY);
  if (fd < 0) return 0;
  ssize_t length = read(fd, text, size - 1);
  close(fd);
  text[length > 0 ? length : 0] = 0;
  return 1;
}

/* Of a directory that an fd is, or the working directory; nothing where it has no path. */
static void path_of(int fd, char path[PATH_MAX]) {
  char link[64];
  snprintf(link, sizeof link, fd == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  path[length > 0 ? length : 0] = 0;
}

static int is_refused_below(const char *path) {
  char text[16];
  const char *dir = getenv("DISK_DIR");
  size_t length = strlen(dir);
  if (strncmp(path, dir, length) || path[length] != '/') return 0;
  if (!is_set("read-only", text, sizeof text)) return 0;
  errno = EROFS;
  return 1;
}

static int is_at_refused(int fd, const char *given) {
  char path[2 * PATH_MAX] = "";
  if (given[0] != '/') {
    path_of(fd, path);
    strcat(path, "/");
  }
  strncat(path, given, PATH_MAX - 1);
  return is_refused_below(path);
}

/* What has no path is no file: a socket, a pipe, an event. */
static int is_fd_refused(int fd) {
  char path[PATH_MAX];
  path_of(fd, path);
  return is_refused_below(path);
}

static int is_there(int fd, const char *path) {
  return faccessat(fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* To make what is there fails as it does on any disk. */
static int is_new_refused(int fd, const char *path) { return !is_there(fd, path) && is_at_refused(fd, path); }

/* And to change what is not there. */
static int is_old_refused(int fd, const char *path) { return is_there(fd, path) && is_at_refused(fd, path); }

static int is_open_refused(int fd, const char *path, int flags) {
  if (flags & O_CREAT && is_new_refused(fd, path)) return 1;
  if (flags & O_CREAT && flags & O_EXCL) return 0;
  return ((flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC) && is_old_refused(fd, path);
}

static void note(char what) {
  int fd = open_control("fsyncs", O_WRONLY | O_APPEND | O_CREAT);
  if (fd < 0 || REAL(write)(fd, &what, 1) != 1) abort();
  close(fd);
}

static void be_slow(void) {
  char text[16];
  if (!is_set("slow", text, sizeof text)) return note('q');
  long milliseconds = atol(text);
  struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  note('s');
  nanosleep(&time, NULL);
  note('e');
}

int fsync(int fd) { be_slow(); return REAL(fsync)(fd); }
int fdatasync(int fd) { be_slow(); return REAL(fdatasync)(fd); }

/* A function of this result, name, parameters and arguments, which fails where it is refused. */
#define CALL(type, name, parameters, arguments, refused) \
  type name parameters { return (refused) ? -1 : REAL(name) arguments; }

#define FD(type, name, parameters, arguments) CALL(type, name, parameters, arguments, is_fd_refused(fd))
FD(ssize_t, write, (int fd, const void *bytes, size_t count), (fd, bytes, count))
FD(ssize_t, pwrite, (int fd, const void *bytes, size_t count, off_t at), (fd, bytes, count, at))
FD(ssize_t, pwrite64, (int fd, const void *bytes, size_t count, off64_t at), (fd, bytes, count, at))
FD(ssize_t, writev, (int fd, const struct iovec *parts, int count), (fd, parts, count))
FD(ssize_t, pwritev, (int fd, const struct iovec *parts, int count, off_t at), (fd, parts, count, at))
FD(ssize_t, pwritev64, (int fd, const struct iovec *parts, int count, off64_t at), (fd, parts, count, at))
FD(ssize_t, pwritev2, (int fd, const struct iovec *parts, int count, off_t at, int flags), (fd, parts, count, at, flags))
FD(ssize_t, pwritev64v2, (int fd, const struct iovec *parts, int count, off64_t at, int flags), (fd, parts, count, at, flags))
FD(ssize_t, sendfile, (int fd, int from, off_t *at, size_t count), (fd, from, at, count))
FD(ssize_t, sendfile64, (int fd, int from, off64_t *at, size_t count), (fd, from, at, count))
FD(ssize_t, copy_file_range, (int from, off64_t *from_at, int fd, off64_t *at, size_t count, unsigned flags),
   (from, from_at, fd, at, count, flags))
FD(int, ftruncate, (int fd, off_t length), (fd, length))
FD(int, ftruncate64, (int fd, off64_t length), (fd, length))
FD(int, fallocate, (int fd, int mode, off_t at, off_t length), (fd, mode, at, length))
FD(int, fallocate64, (int fd, int mode, off64_t at, off64_t length), (fd, mode, at, length))
FD(int, fchmod, (int fd, mode_t mode), (fd, mode))
FD(int, fchown, (int fd, uid_t user, gid_t group), (fd, user, group))
FD(int, futimens, (int fd, const struct timespec times[2]), (fd, times))
FD(int, futimes, (int fd, const struct timeval times[2]), (fd, times))

/* These two give the error's number. */
int posix_fallocate(int fd, off_t at, off_t length) {
  return is_fd_refused(fd) ? EROFS : REAL(posix_fallocate)(fd, at, length);
}
int posix_fallocate64(int fd, off64_t at, off64_t length) {
  return is_fd_refused(fd) ? EROFS : REAL(posix_fallocate64)(fd, at, length);
}

#define OLD(name, parameters, arguments) CALL(int, name, parameters, arguments, is_old_refused(AT_FDCWD, path))
OLD(truncate, (const char *path, off_t length), (path, length))
OLD(truncate64, (const char *path, off64_t length), (path, length))
OLD(chmod, (const char *path, mode_t mode), (path, mode))
OLD(chown, (const char *path, uid_t user, gid_t group), (path, user, group))
OLD(lchown, (const char *path, uid_t user, gid_t group), (path, user, group))
OLD(utime, (const char *path, const struct utimbuf *times), (path, times))
OLD(utimes, (const char *path, const struct timeval times[2]), (path, times))
OLD(lutimes, (const char *path, const struct timeval times[2]), (path, times))

#define OLD_AT(name, parameters, arguments) CALL(int, name, parameters, arguments, is_old_refused(fd, path))
OLD_AT(fchmodat, (int fd, const char *path, mode_t mode, int flags), (fd, path, mode, flags))
OLD_AT(fchownat, (int fd, const char *path, uid_t user, gid_t group, int flags), (fd, path, user, group, flags))
OLD_AT(utimensat, (int fd, const char *path, const struct timespec times[2], int flags), (fd, path, times, flags))

#define NEW(name, parameters, arguments, fd) CALL(int, name, parameters, arguments, is_new_refused(fd, path))
NEW(mkdir, (const char *path, mode_t mode), (path, mode), AT_FDCWD)
NEW(mkdirat, (int fd, const char *path, mode_t mode), (fd, path, mode), fd)
NEW(symlink, (const char *to, const char *path), (to, path), AT_FDCWD)
NEW(symlinkat, (const char *to, int fd, const char *path), (to, fd, path), fd)
NEW(link, (const char *of, const char *path), (of, path), AT_FDCWD)
NEW(linkat, (int of_fd, const char *of, int fd, const char *path, int flags), (of_fd, of, fd, path, flags), fd)

/* Here a kernel does not look first whether it is there. */
#define GONE(name, parameters, arguments, fd) CALL(int, name, parameters, arguments, is_at_refused(fd, path))
GONE(unlink, (const char *path), (path), AT_FDCWD)
GONE(rmdir, (const char *path), (path), AT_FDCWD)
GONE(remove, (const char *path), (path), AT_FDCWD)
GONE(unlinkat, (int fd, const char *path, int flags), (fd, path, flags), fd)

#define MOVE(name, parameters, arguments, from_fd, to_fd) \
  CALL(int, name, parameters, arguments, is_at_refused(from_fd, from) || is_at_refused(to_fd, to))
MOVE(rename, (const char *from, const char *to), (from, to), AT_FDCWD, AT_FDCWD)
MOVE(renameat, (int from_fd, const char *from, int fd, const char *to), (from_fd, from, fd, to), from_fd, fd)
MOVE(renameat2, (int from_fd, const char *from, int fd, const char *to, unsigned flags), (from_fd, from, fd, to, flags), from_fd, fd)

#define OPEN(name, parameters, arguments, fd)                       \
  int name parameters {                                             \
    va_list more;                                                   \
    va_start(more, flags);                                          \
    mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;       \
    va_end(more);                                                   \
    if (is_open_refused(fd, path, flags)) return -1;                \
    return REAL(name) arguments;                                    \
  }
OPEN(open, (const char *path, int flags, ...), (path, flags, mode), AT_FDCWD)
OPEN(open64, (const char *path, int flags, ...), (path, flags, mode), AT_FDCWD)
OPEN(openat, (int fd, const char *path, int flags, ...), (fd, path, flags, mode), fd)
OPEN(openat64, (int fd, const char *path, int flags, ...), (fd, path, flags, mode), fd)

#define CREAT(name) CALL(int, name, (const char *path, mode_t mode), (path, mode), is_open_refused(AT_FDCWD, path, O_CREAT | O_WRONLY))
CREAT(creat)
CREAT(creat64)
