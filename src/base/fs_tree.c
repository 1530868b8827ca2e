#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

/* Folders: listing them, and removing them with all they hold. */

enum { DEPTH_MAX = 64 };

static bool is_dots(const char *name)
{
    return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

/* Takes fd. */
static int list_fd(int fd, const char *path, struct strlist *ret, struct err *e)
{
    DIR *d = fdopendir(fd);
    if (!d) {
        int errnum = errno;
        close(fd);
        return err_sys(e, errnum, "cannot list %s", path);
    }
    int r = 0;
    struct dirent *entry;
    while (!r && (errno = 0, entry = readdir(d)))
        if (!is_dots(entry->d_name) && (r = strlist_addz(ret, entry->d_name)))
            err_set(e, r, "cannot list %s: %s", path, signet_strerror(r));
    if (!r && errno)
        r = err_sys(e, errno, "cannot list %s", path);
    closedir(d);
    return r;
}

int fs_list(int dirfd, const char *path, struct strlist *ret, struct err *e)
{
    int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return err_set(e, SIGNET_ENOTFOUND, "the folder %s does not exist", path);
    if (fd < 0)
        return err_sys(e, errno, "cannot list %s", path);
    STRLIST_AUTO(names);
    int r = list_fd(fd, path, &names, e);
    if (r)
        return r;
    strlist_sort(&names);
    strlist_done(ret);
    *ret = names;
    names = (struct strlist){ 0 };
    return 0;
}

struct removal {
    const char *top; /* for messages */
    dev_t dev;
    struct err *e;
};

static int fail(const struct removal *rm, int errnum, const char *name)
{
    return err_sys(rm->e, errnum, "cannot remove %s (in %s)", name, rm->top);
}

static int remove_dir(const struct removal *rm, int parent, const char *name, int depth);

static int remove_entry(const struct removal *rm, int dir, const char *name, int depth)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW))
        return errno == ENOENT ? 0 : fail(rm, errno, name);
    if (S_ISDIR(st.st_mode))
        return remove_dir(rm, dir, name, depth);
    if (unlinkat(dir, name, 0) && errno != ENOENT)
        return fail(rm, errno, name);
    return 0;
}

static int remove_dir(const struct removal *rm, int parent, const char *name, int depth)
{
    if (depth > DEPTH_MAX)
        return err_set(rm->e, SIGNET_ELIMIT, "cannot remove %s: more than %d folders deep", rm->top, DEPTH_MAX);
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st)) {
        int errnum = errno;
        if (fd >= 0)
            close(fd);
        return errnum == ENOENT ? 0 : fail(rm, errnum, name);
    }
    STRLIST_AUTO(names);
    int again = dup(fd), r;
    if (again < 0)
        r = fail(rm, errno, name);
    else if (st.st_dev != rm->dev) {
        close(again);
        r = err_set(rm->e, SIGNET_ESYS, "cannot remove %s (in %s): another file system is mounted there", name,
                    rm->top);
    } else
        r = list_fd(again, name, &names, rm->e);
    for (size_t i = 0; !r && i < names.n; i++)
        r = remove_entry(rm, fd, names.v[i], depth + 1);
    close(fd);
    if (!r && unlinkat(parent, name, AT_REMOVEDIR) && errno != ENOENT)
        r = fail(rm, errno, name);
    return r;
}

int fs_remove_tree(int dirfd, const char *path, struct err *e)
{
    /* A '/' at the end would make the kernel follow a link there. */
    BUF_AUTO(bare, PATH_MAX);
    buf_addz(&bare, path);
    while (bare.n > 1 && str_ends(buf_str(&bare), STR("/")))
        bare.p[--bare.n] = '\0';
    if (buf_err(&bare))
        return err_set(e, SIGNET_EINVAL, "cannot remove %.200s: not a folder's name", path);
    path = buf_z(&bare);
    struct stat st;
    if (fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW))
        return errno == ENOENT ? 0 : err_sys(e, errno, "cannot remove %s", path);
    if (!S_ISDIR(st.st_mode))
        return err_set(e, SIGNET_EINVAL, "cannot remove the folder %s: it is not a folder", path);
    struct removal rm = { .top = path, .dev = st.st_dev, .e = e };
    return remove_dir(&rm, dirfd, path, 0);
}
