/* What the links say, and how their targets are written. */
#include "store/live.h"

#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

void live_dirname(const char *path, struct buf *ret)
{
    const char *slash = strrchr(path, '/');
    buf_clear(ret);
    buf_add(ret, (signet_str){ path, slash && slash != path ? (size_t)(slash - path) : slash == path });
}

void live_relative(const char *from, const char *to, struct buf *ret)
{
    size_t same = 0;
    buf_clear(ret);
    for (size_t i = 0;; i++) {
        bool end_from = !from[i] || from[i] == '/', end_to = !to[i] || to[i] == '/';
        if (end_from && end_to)
            same = i;
        if (from[i] != to[i] || !from[i])
            break;
    }
    for (const char *p = from + same; *p; p++)
        if (*p == '/' && p[1])
            buf_addz(ret, ret->n ? "/.." : "..");
    if (ret->n && to[same])
        buf_addc(ret, '/');
    buf_addz(ret, to[same] == '/' ? to + same + 1 : to + same);
    if (!ret->n)
        buf_addc(ret, '.');
}

static bool same_folder(int dirfd, const char *path, const char *other)
{
    struct stat a, b;
    return fstatat(dirfd, path, &a, 0) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* The link's target as an absolute path, folded as certbot folds it. */
static int resolve(const char *link, const char *target, struct buf *ret, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    BUF_AUTO(joined, 2 * PATH_MAX);
    live_dirname(link, &dir);
    fs_join(&joined, buf_z(&dir), target);
    return fs_absolute(buf_z(&joined), ret, e);
}

static int missing(const char *target, const char *link, struct err *e)
{
    int r = err_set(e, SIGNET_EFORMAT, "target %s of symlink %s does not exist", target, link);
    err_hint(e, "If the archive folder was moved, put its new path in the renewal file and run update_symlinks.");
    return r;
}

/* One link. The folder listing of `a` stands in for asking the file system. */
static int read_link(const struct lineage *l, const struct archive *a, enum kind k, bool strict, struct live *ret,
                     struct err *e)
{
    BUF_AUTO(text, PATH_MAX);
    BUF_AUTO(target, 2 * PATH_MAX);
    BUF_AUTO(dir, 2 * PATH_MAX);
    int r = fs_readlink(AT_FDCWD, l->live[k], &text, NULL);
    ret->link[k] = !r;
    ret->absent[k] = r == SIGNET_ENOTFOUND;
    if (r && r != SIGNET_ENOTFOUND && r != SIGNET_EINVAL)
        return fs_readlink(AT_FDCWD, l->live[k], &text, e);
    if (r)
        return strict ? err_set(e, SIGNET_EFORMAT, "expected %s to be a symlink", l->live[k]) : 0;
    if ((r = resolve(l->live[k], buf_z(&text), &target, e)))
        return r;
    live_dirname(buf_z(&target), &dir);
    enum kind kind;
    unsigned n;
    bool named = archive_parse_name(str_skip(buf_str(&target), dir.n + (dir.n > 1)), &kind, &n) && kind == k;
    bool here =
        strcmp(buf_z(&dir), l->archive_dir) == 0 || (named && same_folder(AT_FDCWD, buf_z(&dir), l->archive_dir));
    const struct version *v = here && named ? archive_find(a, n) : NULL;
    if (v && v->files & 1u << k)
        ret->version[k] = n;
    else if (strict && access(buf_z(&target), F_OK))
        return missing(buf_z(&target), l->live[k], e);
    return 0;
}

int live_read(const struct lineage *l, const struct archive *a, bool strict, struct live *ret, struct err *e)
{
    struct live live = { 0 };
    int r = 0;
    for (unsigned k = 0; !r && k < KIND_COUNT; k++)
        r = read_link(l, a, (enum kind)k, strict, &live, e);
    if (r)
        return r;
    live.linked = live.version[0];
    for (unsigned k = 1; k < KIND_COUNT; k++)
        if (live.version[k] != live.linked)
            live.linked = 0;
    *ret = live;
    return 0;
}

void live_twin_path(const struct lineage *l, struct buf *ret)
{
    BUF_AUTO(dir, PATH_MAX);
    BUF_AUTO(other, PATH_MAX);
    char real[PATH_MAX];
    buf_clear(ret);
    live_dirname(l->live[0], &dir);
    for (unsigned k = 1; k < KIND_COUNT; k++) {
        live_dirname(l->live[k], &other);
        if (!str_eq(buf_str(&dir), buf_str(&other)))
            return;
    }
    if (!realpath(buf_z(&dir), real))
        return;
    live_dirname(real, &dir);
    const char *base = strrchr(real, '/') + 1;
    if (!*base || strlen(base) + strlen(TWIN_SUFFIX) + 1 > NAME_MAX)
        return;
    buf_addf(ret, "%s/.%s" TWIN_SUFFIX, dir.n > 1 ? buf_z(&dir) : "", base);
}
