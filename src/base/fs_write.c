#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Writing: all of it or nothing, and on the disk before anybody is told. */

enum { TEMP_TRIES = 100, BASE_SHOWN = 200, XATTRS_MAX = 64 * 1024 };
#define TEMP_SUFFIX ".signet-tmp"

static int write_all(int fd, signet_str data)
{
    while (data.n) {
        ssize_t n = write(fd, data.p, data.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        data = str_skip(data, (size_t)n);
    }
    return 0;
}

static int sync_fd(int fd)
{
    int r;
    do
        r = fsync(fd);
    while (r && errno == EINTR);
    return r;
}

static int failed(struct err *e, int errnum, const char *path)
{
    int r = err_sys(e, errnum, "cannot write %s", path);
    if (errnum == ENOSPC || errnum == EDQUOT)
        err_hint(e, "Make room on the file system that holds it.");
    return r;
}

int fs_create_begin(int dirfd, const char *path, signet_str data, mode_t mode, int *ret_fd, struct err *e)
{
    int fd = openat(dirfd, path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, mode & 0600);
    if (fd < 0 && errno == EEXIST)
        return err_set(e, SIGNET_EEXIST, "cannot make %s: it exists already", path);
    if (fd < 0)
        return err_sys(e, errno, "cannot make %s", path);
    if (fchmod(fd, mode) || write_all(fd, data)) {
        int errnum = errno;
        close(fd);
        unlinkat(dirfd, path, 0);
        return failed(e, errnum, path);
    }
    /* Only a push: where it is not known, fs_create_end does all. */
    sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    *ret_fd = fd;
    return 0;
}

int fs_create_end(int dirfd, const char *path, int fd, struct err *e)
{
    int errnum = sync_fd(fd) ? errno : 0;
    if (close(fd) && !errnum)
        errnum = errno;
    if (!errnum)
        return 0;
    unlinkat(dirfd, path, 0);
    return failed(e, errnum, path);
}

int fs_create(int dirfd, const char *path, signet_str data, mode_t mode, struct err *e)
{
    int fd = -1, r = fs_create_begin(dirfd, path, data, mode, &fd, e);
    return r ? r : fs_create_end(dirfd, path, fd, e);
}

static bool is_acl(const char *name)
{
    return !strcmp(name, "system.posix_acl_access") || !strcmp(name, "system.posix_acl_default");
}

static bool can_carry_over(const char *name)
{
    return !strncmp(name, "user.", 5) || is_acl(name) || !strcmp(name, "security.selinux") ||
           !strcmp(name, "security.SMACK64");
}

/* A label it must have. */
void fs_drop_xattrs(int from, int to)
{
    char *names = malloc(XATTRS_MAX);
    ssize_t n = names ? flistxattr(to, names, XATTRS_MAX) : -1;
    for (ssize_t i = 0; i < n; i += (ssize_t)strlen(names + i) + 1) {
        bool ours = is_acl(names + i) || !strncmp(names + i, "user.", 5);
        if (ours && fgetxattr(from, names + i, NULL, 0) < 0 && errno == ENODATA && fremovexattr(to, names + i))
            continue; /* not our right */
    }
    free(names);
}

void fs_copy_xattrs(int from, int to)
{
    char *names = malloc(XATTRS_MAX), *value = malloc(XATTRS_MAX);
    ssize_t n = names && value ? flistxattr(from, names, XATTRS_MAX) : -1;
    for (ssize_t i = 0; i < n; i += (ssize_t)strlen(names + i) + 1) {
        ssize_t len = can_carry_over(names + i) ? fgetxattr(from, names + i, value, XATTRS_MAX) : -1;
        if (len >= 0 && fsetxattr(to, names + i, value, (size_t)len, 0))
            continue; /* another file system, or not our right: the content matters more */
    }
    free(names);
    free(value);
}

/* Gives the new file what the old one has. Who may not give it away may still set the group. */
static int carry_over(int dir, const char *base, int fd, mode_t mode)
{
    struct stat st;
    bool found = fstatat(dir, base, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
    bool gave = found && fchown(fd, st.st_uid, st.st_gid) == 0;
    if (found && !gave && fchown(fd, (uid_t)-1, st.st_gid))
        st.st_mode &= ~(mode_t)077; /* what the old group might do, ours is not to */
    if (fchmod(fd, found ? st.st_mode & 0777 : mode))
        return -1;
    int old = found ? openat(dir, base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
    if (old >= 0) {
        fs_copy_xattrs(old, fd);
        close(old);
    }
    return 0;
}

/* Removes a temporary file whose writer died: a living one holds a lock on it. */
static void remove_stale(int dir, const char *temp)
{
    int fd = openat(dir, temp, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return;
    struct stat mine, now;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &mine) == 0 && S_ISREG(mine.st_mode) &&
        fstatat(dir, temp, &now, AT_SYMLINK_NOFOLLOW) == 0 && now.st_ino == mine.st_ino && now.st_dev == mine.st_dev)
        unlinkat(dir, temp, 0);
    close(fd);
}

/* A new, empty, locked file beside the target. Its first name is always the same, so that killed runs leave at most
 * one. */
static int open_temp(int dir, const char *base, char *temp, size_t size)
{
    for (int i = 0; i < TEMP_TRIES; i++) {
        if (i < 2)
            snprintf(temp, size, ".%.*s" TEMP_SUFFIX, BASE_SHOWN, base);
        else
            snprintf(temp, size, ".%.*s.%d.%d" TEMP_SUFFIX, BASE_SHOWN, base, (int)getpid(), i);
        int fd = openat(dir, temp, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0 && errno != EEXIST)
            return -1;
        if (fd < 0) {
            remove_stale(dir, temp);
            continue;
        }
        struct stat st;
        int locked = flock(fd, LOCK_EX | LOCK_NB);
        /* Somebody may have taken it for stale before it was locked. */
        if ((locked && errno == EWOULDBLOCK) || (fstat(fd, &st) == 0 && st.st_nlink == 0)) {
            close(fd);
            continue;
        }
        return fd;
    }
    errno = EBUSY;
    return -1;
}

static int replace_in(int dir, const char *base, signet_str data, mode_t mode, bool keep)
{
    char temp[NAME_MAX + 1];
    int fd = open_temp(dir, base, temp, sizeof(temp));
    if (fd < 0)
        return -1;
    int r = keep ? carry_over(dir, base, fd, mode) : fchmod(fd, mode);
    /* Renamed while open: the lock keeps others from taking the temporary file for stale. */
    if (r || write_all(fd, data) || sync_fd(fd) || renameat(dir, temp, dir, base)) {
        int errnum = errno;
        unlinkat(dir, temp, 0);
        close(fd);
        errno = errnum;
        return -1;
    }
    if (close(fd))
        return -1;
    return sync_fd(dir) && errno != EINVAL && errno != ENOTSUP ? -1 : 0;
}

int fs_replace(int dirfd, const char *path, signet_str data, mode_t mode, bool keep, struct err *e)
{
    BUF_AUTO(parent, PATH_MAX);
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    buf_add(&parent, slash ? (signet_str){ path, (size_t)(base - path) } : STR("."));
    if (buf_err(&parent) || !*base)
        return err_set(e, SIGNET_EINVAL, "cannot write %.200s: not a file name", path);
    int dir = openat(dirfd, buf_z(&parent), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return failed(e, errno, path);
    int r = replace_in(dir, base, data, mode, keep) ? failed(e, errno, path) : 0;
    close(dir);
    return r;
}

int fs_fsync_dir(int dirfd, const char *path, struct err *e)
{
    int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, errno, "cannot open the folder %s", path);
    int r = 0;
    /* Some file systems have nothing to do for a folder and say so. */
    if (sync_fd(fd) && errno != EINVAL && errno != ENOTSUP)
        r = err_sys(e, errno, "cannot flush the folder %s to disk", path);
    close(fd);
    return r;
}
