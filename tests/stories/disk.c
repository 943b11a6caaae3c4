/* Writes down every change that a process makes to files below DISK_ROOT, in order, to DISK_LOG; see tests/disk.py.
   Loaded before libc (LD_PRELOAD), so that SQLite and Python pass through here alike. Linux. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
static char ours[1 << 16]; /* by descriptor: whether it is open on something below DISK_ROOT */

static void note(char op, int fd, int64_t number, const char *path, const void *data, uint32_t size) {
    static int log = -1;
    uint32_t length = path ? strlen(path) : 0;
    char head[21];
    if (log < 0)
        log = syscall(SYS_openat, AT_FDCWD, getenv("DISK_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    head[0] = op;
    memcpy(head + 1, &fd, 4), memcpy(head + 5, &number, 8), memcpy(head + 13, &length, 4), memcpy(head + 17, &size, 4);
    if (syscall(SYS_write, log, head, 21) < 0 || syscall(SYS_write, log, path, length) < 0 ||
        syscall(SYS_write, log, data, size) < 0)
        abort();
}

static const char *below(int folder, const char *path, char *whole) {
    char link[64];
    const char *root = getenv("DISK_ROOT");
    if (!root)
        return NULL;
    if (path[0] == '/')
        snprintf(whole, PATH_MAX, "%s", path);
    else {
        snprintf(link, sizeof link, folder == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", folder);
        ssize_t size = readlink(link, whole, PATH_MAX / 2);
        if (size < 0)
            return NULL;
        snprintf(whole + size, PATH_MAX / 2, "/%s", path);
    }
    return strncmp(whole, root, strlen(root)) ? NULL : whole;
}

#define RECORDED(call, op, fd, number, path, data, size)                                                              \
    pthread_mutex_lock(&one);                                                                                          \
    long done = call;                                                                                                  \
    if (done >= 0)                                                                                                     \
        note(op, fd, number, path, data, size);                                                                        \
    pthread_mutex_unlock(&one);                                                                                        \
    return done

static int opened(int folder, const char *path, int flags, int mode) {
    char whole[PATH_MAX];
    const char *mine = below(folder, path, whole);
    pthread_mutex_lock(&one);
    int fd = syscall(SYS_openat, folder, path, flags, mode);
    if (fd >= 0 && (ours[fd] = mine != NULL))
        note('O', fd, flags & (O_CREAT | O_TRUNC), mine, NULL, 0);
    pthread_mutex_unlock(&one);
    return fd;
}

#define MODE(last)                                                                                                     \
    va_list rest;                                                                                                      \
    va_start(rest, last);                                                                                              \
    int mode = last & O_CREAT ? va_arg(rest, int) : 0;                                                                 \
    va_end(rest)
int open(const char *path, int flags, ...) { MODE(flags); return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags); return opened(AT_FDCWD, path, flags, mode); }
int openat(int folder, const char *path, int flags, ...) { MODE(flags); return opened(folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { MODE(flags); return opened(folder, path, flags, mode); }

int close(int fd) {
    if (fd >= 0)
        ours[fd] = 0;
    return syscall(SYS_close, fd);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off_t place) {
    if (!ours[fd])
        return syscall(SYS_pwrite64, fd, data, size, place);
    RECORDED(syscall(SYS_pwrite64, fd, data, size, place), 'W', fd, place, NULL, data, done);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t place) { return pwrite64(fd, data, size, place); }

ssize_t write(int fd, const void *data, size_t size) {
    if (!ours[fd])
        return syscall(SYS_write, fd, data, size);
    RECORDED(syscall(SYS_write, fd, data, size), 'W', fd, lseek(fd, 0, SEEK_CUR) - done, NULL, data, done);
}

int ftruncate64(int fd, off_t size) {
    if (!ours[fd])
        return syscall(SYS_ftruncate, fd, size);
    RECORDED(syscall(SYS_ftruncate, fd, size), 'T', fd, size, NULL, NULL, 0);
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int truncate64(const char *path, off_t size) {
    char whole[PATH_MAX];
    if (!below(AT_FDCWD, path, whole))
        return syscall(SYS_truncate, path, size);
    RECORDED(syscall(SYS_truncate, path, size), 'T', -1, size, whole, NULL, 0);
}
int truncate(const char *path, off_t size) { return truncate64(path, size); }

int fsync(int fd) {
    if (!ours[fd])
        return syscall(SYS_fsync, fd);
    RECORDED(syscall(SYS_fsync, fd), 'S', fd, 0, NULL, NULL, 0);
}
int fdatasync(int fd) { return fsync(fd); }

int renameat(int from, const char *old, int to, const char *new) {
    char one_[PATH_MAX], two[PATH_MAX];
    const char *mine = below(from, old, one_);
    if (!below(to, new, two) || !mine)
        return syscall(SYS_renameat2, from, old, to, new, 0);
    RECORDED(syscall(SYS_renameat2, from, old, to, new, 0), 'R', -1, 0, one_, two, strlen(two));
}
int rename(const char *old, const char *new) { return renameat(AT_FDCWD, old, AT_FDCWD, new); }

int unlinkat(int folder, const char *path, int flags) {
    char whole[PATH_MAX];
    if (!below(folder, path, whole))
        return syscall(SYS_unlinkat, folder, path, flags);
    RECORDED(syscall(SYS_unlinkat, folder, path, flags), 'U', -1, 0, whole, NULL, 0);
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdirat(int folder, const char *path, mode_t mode) {
    char whole[PATH_MAX];
    if (!below(folder, path, whole))
        return syscall(SYS_mkdirat, folder, path, mode);
    RECORDED(syscall(SYS_mkdirat, folder, path, mode), 'D', -1, 0, whole, NULL, 0);
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
