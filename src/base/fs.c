#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 16384 };

/* err_sys, but a missing file is told apart. */
static int say(struct err *e, int errnum, const char *doing, const char *path)
{
    int r = err_sys(e, errnum, "cannot %s %s", doing, path);
    if (errnum == ENOENT)
        r = SIGNET_ENOTFOUND;
    else if (errnum == EEXIST)
        r = SIGNET_EEXIST;
    if (e)
        e->code = r;
    return r;
}

static int read_all(int fd, const char *path, struct buf *ret, size_t hint, struct err *e)
{
    for (;;) {
        size_t room = ret->max - ret->n;
        size_t want = hint > ret->n ? hint - ret->n : CHUNK;
        if (want > room)
            want = room;
        char probe;
        if (want && buf_reserve(ret, want))
            return err_nomem(e);
        ssize_t n = want ? read(fd, ret->p + ret->n, want) : read(fd, &probe, 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return say(e, errno, "read", path);
        if (n == 0)
            return buf_reserve(ret, 0) ? err_nomem(e) : 0;
        if (!want)
            return err_set(e, SIGNET_ELIMIT, "cannot read %s: it is larger than %zu bytes", path, ret->max);
        ret->n += (size_t)n;
        ret->p[ret->n] = '\0';
    }
}

int fs_read(int dirfd, const char *path, struct buf *ret, struct err *e)
{
    buf_clear(ret);
    int fd = openat(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return say(e, errno, "open", path);
    struct stat st;
    int r;
    if (fstat(fd, &st))
        r = say(e, errno, "examine", path);
    else if (!S_ISREG(st.st_mode))
        r = err_set(e, SIGNET_EFORMAT, "cannot read %s: it is not a regular file", path);
    else if ((uint64_t)st.st_size > ret->max)
        r = err_set(e, SIGNET_ELIMIT, "cannot read %s: its %lld bytes are more than the %zu it may have", path,
                    (long long)st.st_size, ret->max);
    else
        r = read_all(fd, path, ret, st.st_size ? (size_t)st.st_size + 1 : 0, e); /* /proc has no sizes */
    close(fd);
    if (r)
        buf_clear(ret);
    return r;
}

/* The umask is not ours to obey here: the modes of a store are part of its format. The set-group-id bit that a new
 * folder inherits stays. */
static int exact_mode(const char *path, mode_t mode, struct err *e)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == EACCES)
        return 0; /* a mode that keeps ourselves out */
    if (fd < 0)
        return say(e, errno, "open the new folder", path);
    struct stat st;
    int r = 0;
    if (fstat(fd, &st) || ((st.st_mode & 0777) != (mode & 0777) && fchmod(fd, mode | (st.st_mode & S_ISGID))))
        r = say(e, errno, "set the mode of the new folder", path);
    close(fd);
    return r;
}

/* A new folder is as durable as what will be in it. Where the folder above may not be read, that is left to the kernel.
 */
static void sync_above(const char *path)
{
    BUF_AUTO(above, PATH_MAX);
    const char *slash = strrchr(path, '/');
    buf_add(&above, slash ? (signet_str){ path, slash == path ? 1 : (size_t)(slash - path) } : STR("."));
    (void)fs_fsync_dir(AT_FDCWD, buf_z(&above), NULL);
}

static int make_one(const char *path, mode_t mode, struct err *e)
{
    if (mkdir(path, mode) == 0) {
        int rc = exact_mode(path, mode, e);
        sync_above(path);
        return rc;
    }
    int errnum = errno;
    struct stat st;
    if (stat(path, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            return 0;
        return err_set(e, SIGNET_EEXIST, "cannot make the folder %s: something that is not a folder has this name",
                       path);
    }
    return say(e, errnum, "make the folder", path);
}

int fs_mkdirs(const char *path, mode_t mode, struct err *e)
{
    BUF_AUTO(part, PATH_MAX);
    for (const char *p = path; *p;) {
        size_t n = strcspn(p, "/");
        buf_add(&part, (signet_str){ p, n });
        if (buf_err(&part))
            return err_set(e, SIGNET_ELIMIT, "cannot make the folder %.200s…: the name is too long", path);
        int r = n ? make_one(buf_z(&part), mode, e) : 0;
        if (r)
            return r;
        p += n;
        if (*p) {
            buf_addc(&part, '/');
            p += strspn(p, "/");
        }
    }
    return 0;
}

int fs_unlink(int dirfd, const char *path, struct err *e)
{
    if (unlinkat(dirfd, path, 0) == 0 || errno == ENOENT)
        return 0;
    return say(e, errno, "remove", path);
}

bool fs_exists(int dirfd, const char *path)
{
    struct stat st;
    return fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
           (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG);
}

int fs_readlink(int dirfd, const char *path, struct buf *ret, struct err *e)
{
    char target[PATH_MAX];
    buf_clear(ret);
    ssize_t n = readlinkat(dirfd, path, target, sizeof(target));
    if (n < 0 && errno == EINVAL)
        return err_set(e, SIGNET_EINVAL, "%s is not a symbolic link", path);
    if (n < 0)
        return say(e, errno, "read the link", path);
    if ((size_t)n == sizeof(target))
        return err_set(e, SIGNET_ELIMIT, "the target of the link %s is too long", path);
    buf_add(ret, (signet_str){ target, (size_t)n });
    if (buf_err(ret))
        return err_set(e, buf_err(ret), "cannot read the link %s: %s", path, signet_strerror(buf_err(ret)));
    return 0;
}

void fs_join(struct buf *to, const char *dir, const char *name)
{
    buf_clear(to);
    if (name[0] != '/') {
        buf_addz(to, dir);
        if (to->n && to->p[to->n - 1] != '/')
            buf_addc(to, '/');
    }
    buf_addz(to, name);
}

/* Adds the parts of `path` to the absolute path in `to`, which has no '/' at its end ("" is the root). */
static void add_folded(struct buf *to, signet_str path)
{
    while (path.n) {
        signet_str part;
        str_cut(path, '/', &part, &path);
        if (part.n == 0 || str_eq(part, STR(".")))
            continue;
        if (str_eq(part, STR(".."))) {
            while (to->n && to->p[to->n - 1] != '/')
                to->p[--to->n] = '\0';
            if (to->n)
                to->p[--to->n] = '\0';
            continue;
        }
        buf_addc(to, '/');
        buf_add(to, part);
    }
}

int fs_absolute(const char *path, struct buf *ret, struct err *e)
{
    buf_clear(ret);
    signet_str rest = str_of(path);
    const char *home = getenv("HOME");
    if (path[0] == '~' && (path[1] == '/' || !path[1]) && home && home[0] == '/') {
        add_folded(ret, str_of(home));
        rest = str_skip(rest, 1);
    } else if (path[0] != '/') {
        char cwd[PATH_MAX];
        if (!getcwd(cwd, sizeof(cwd)))
            return errno == ERANGE ? err_set(e, SIGNET_ELIMIT,
                                             "cannot make %.200s absolute: the path of the current "
                                             "folder is too long, %d bytes are the most",
                                             path, PATH_MAX - 1)
                                   : err_sys(e, errno, "cannot make %s absolute: cannot tell the current folder", path);
        add_folded(ret, str_of(cwd));
    }
    add_folded(ret, rest);
    if (!ret->n)
        buf_addc(ret, '/');
    if (buf_err(ret))
        return err_set(e, buf_err(ret), "cannot make %.200s absolute: %s", path, signet_strerror(buf_err(ret)));
    return 0;
}

int fs_fits(signet_str path, struct err *e)
{
    const size_t most = PATH_MAX - FS_PATH_ROOM;
    signet_str part, rest = path;
    if (path.n > most)
        return err_set(e, SIGNET_ELIMIT, "a path of %zu bytes is too long, %zu are the most: %.60s...", path.n, most,
                       path.p);
    while (rest.n) {
        (void)str_cut(rest, '/', &part, &rest);
        if (part.n > NAME_MAX)
            return err_set(e, SIGNET_ELIMIT, "a name of %zu bytes in a path is too long, %d are the most: %.60s...",
                           part.n, NAME_MAX, part.p);
    }
    return 0;
}
