/* Changing the links: all four by one exchange of folders, or one by one where the file system cannot. */
#include "store/live.h"

#include "base/fs.h"
#include "base/log.h"
#include "store/readme.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINK_TEMP ".signet-link" /* a link on its way to its name */

/* Key and full chain last and next to each other: between these two a server could read a pair that does not match. */
static const enum kind link_order[] = { KIND_CHAIN, KIND_CERT, KIND_PRIVKEY, KIND_FULLCHAIN };

/* One switch of all links. */
struct swap {
    struct lineage *l;
    unsigned version;
    struct buf target[KIND_COUNT]; /* what each link will say */
    const char *base[KIND_COUNT];  /* its file name */
    struct buf twin;               /* path of the twin, empty: none possible */
    struct buf real;               /* path of the folder of links without symbolic links */
    int live, other;               /* the folder of links, its twin; -1 */
    bool new_twin;
};

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool same_file(int dir_a, const char *a, int dir_b, const char *b)
{
    struct stat x, y;
    return fstatat(dir_a, a, &x, 0) == 0 && fstatat(dir_b, b, &y, 0) == 0 && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

/* Does the folder `text`, read from the folder `dir`, lead to the archive folder? */
static bool leads_to_archive(const char *dir, const char *text, const char *archive)
{
    int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && same_file(fd, *text ? text : ".", AT_FDCWD, archive);
    if (fd >= 0)
        close(fd);
    return ok;
}

/* The folder part of a link: as it is written today while that is right, else relative, else (where symbolic links on
 * the way make that wrong) absolute. */
static void target_folder(const struct lineage *l, enum kind k, struct buf *ret)
{
    BUF_AUTO(dir, PATH_MAX);
    BUF_AUTO(text, PATH_MAX);
    live_dirname(l->live[k], &dir);
    if (!fs_readlink(AT_FDCWD, l->live[k], &text, NULL)) {
        live_dirname(buf_z(&text), ret);
        if (leads_to_archive(buf_z(&dir), buf_z(ret), l->archive_dir))
            return;
    }
    live_relative(buf_z(&dir), l->archive_dir, ret);
    if (leads_to_archive(buf_z(&dir), buf_z(ret), l->archive_dir))
        return;
    buf_clear(ret);
    buf_addz(ret, l->archive_dir);
}

static int swap_init(struct swap *s, struct lineage *l, unsigned version, struct err *e)
{
    *s = (struct swap){
        .l = l, .version = version, .twin = BUF_INIT(PATH_MAX), .real = BUF_INIT(PATH_MAX), .live = -1, .other = -1
    };
    BUF_AUTO(folder, PATH_MAX);
    BUF_AUTO(name, NAME_MAX);
    int bad = 0;
    for (unsigned k = 0; k < KIND_COUNT; k++) {
        s->target[k] = BUF_INIT(2 * PATH_MAX);
        s->base[k] = base_of(l->live[k]);
        target_folder(l, (enum kind)k, &folder);
        archive_name(&name, (enum kind)k, version);
        fs_join(&s->target[k], buf_z(&folder), buf_z(&name));
        bad = bad ? bad : buf_err(&s->target[k]);
    }
    live_twin_path(l, &s->twin);
    live_dirname(l->live[0], &folder);
    char *real = realpath(buf_z(&folder), NULL);
    buf_addz(&s->real, real ? real : buf_z(&folder));
    free(real);
    bad = bad ? bad : buf_err(&s->real);
    return bad ? err_set(e, bad, "a path of the lineage %s is too long", l->name) : 0;
}

static void swap_done(struct swap *s)
{
    for (unsigned k = 0; k < KIND_COUNT; k++)
        buf_done(&s->target[k]);
    buf_done(&s->twin);
    buf_done(&s->real);
    if (s->live >= 0)
        close(s->live);
    if (s->other >= 0)
        close(s->other);
}

/* Puts a link in its place in one step, unless it says so already. */
static int put_link(int dir, const char *name, const char *target, bool *changed, struct err *e)
{
    BUF_AUTO(now, PATH_MAX);
    if (!fs_readlink(dir, name, &now, NULL) && strcmp(buf_z(&now), target) == 0)
        return 0;
    *changed = true;
    int r = fs_unlink(dir, LINK_TEMP, e);
    if (r)
        return r;
    if (symlinkat(target, dir, LINK_TEMP))
        return err_sys(e, errno, "cannot make a link to %s", target);
    if (renameat(dir, LINK_TEMP, dir, name) == 0)
        return 0;
    r = err_sys(e, errno, "cannot put the link %s in place", name);
    fs_unlink(dir, LINK_TEMP, NULL);
    return r;
}

/* The four links of one folder; `changed` as in put_link. */
static int put_links(const struct swap *s, int dir, bool *changed, struct err *e)
{
    int r = 0;
    for (size_t i = 0; !r && i < KIND_COUNT; i++)
        r = put_link(dir, s->base[link_order[i]], buf_z(&s->target[link_order[i]]), changed, e);
    return r;
}

static bool is_ours(const struct swap *s, const char *name)
{
    for (unsigned k = 0; k < KIND_COUNT; k++)
        if (strcmp(name, s->base[k]) == 0)
            return true;
    return false;
}

/* certbot's safety links, and what a killed run of ours left: not for the other folder. */
static bool is_scrap(const char *name)
{
    signet_str s = str_of(name);
    if (str_starts(s, STR(OURS_PREFIX)))
        return true;
    for (unsigned k = 0; k < KIND_COUNT; k++) {
        BUF_AUTO(previous, NAME_MAX);
        buf_addf(&previous, "previous_%s.pem", kind_name((enum kind)k));
        if (str_eq(s, buf_str(&previous)))
            return true;
    }
    return false;
}

/* Makes one more thing that lies in live/NAME (README, what a hook put there) appear in the twin. 1: it cannot be had
 * in two folders. */
static int share_one(const struct swap *s, const char *name, struct err *e)
{
    struct stat here, there;
    bool changed;
    if (fstatat(s->live, name, &here, AT_SYMLINK_NOFOLLOW))
        return errno == ENOENT ? 0 : err_sys(e, errno, "cannot examine %s in %s", name, buf_z(&s->real));
    if (S_ISLNK(here.st_mode)) {
        BUF_AUTO(target, PATH_MAX);
        int r = fs_readlink(s->live, name, &target, e);
        return r ? r : put_link(s->other, name, buf_z(&target), &changed, e);
    }
    if (!S_ISREG(here.st_mode))
        return 1;
    if (fstatat(s->other, name, &there, AT_SYMLINK_NOFOLLOW) == 0) {
        if (there.st_ino == here.st_ino && there.st_dev == here.st_dev)
            return 0;
        if (!S_ISREG(there.st_mode) && !S_ISLNK(there.st_mode))
            return 1;
    }
    int r = fs_unlink(s->other, LINK_TEMP, e);
    if (r)
        return r;
    if (linkat(s->live, name, s->other, LINK_TEMP, 0))
        return 1;
    if (renameat(s->other, LINK_TEMP, s->other, name))
        r = err_sys(e, errno, "cannot put %s in place in %s", name, buf_z(&s->twin));
    return r;
}

/* The twin holds what live/NAME holds, no more and no less. */
static int share_rest(const struct swap *s, struct err *e)
{
    STRLIST_AUTO(here);
    STRLIST_AUTO(there);
    int r = fs_list(s->live, ".", &here, e);
    if (!r)
        r = fs_list(s->other, ".", &there, e);
    for (size_t i = 0; !r && i < here.n; i++)
        if (!is_ours(s, here.v[i]) && !is_scrap(here.v[i]))
            r = share_one(s, here.v[i], e);
    for (size_t i = 0; !r && i < there.n; i++)
        if (!is_ours(s, there.v[i]) && (is_scrap(there.v[i]) || !strlist_has(&here, str_of(there.v[i]))))
            r = fs_unlink(s->other, there.v[i], e);
    return r;
}

/* Owner, mode and labels of the folder are the admin's: the twin is going to be that folder. */
static int like_live(const struct swap *s, struct err *e)
{
    struct stat here, there;
    if (fstat(s->live, &here) || fstat(s->other, &there))
        return err_sys(e, errno, "cannot examine %s", buf_z(&s->real));
    if ((here.st_uid != there.st_uid || here.st_gid != there.st_gid) && fchown(s->other, here.st_uid, here.st_gid))
        return 1;
    if ((here.st_mode & 07777) != (there.st_mode & 07777) && fchmod(s->other, here.st_mode & 07777))
        return 1;
    fs_drop_xattrs(s->live, s->other);
    fs_copy_xattrs(s->live, s->other);
    return 0;
}

static int open_twin(struct swap *s, struct err *e)
{
    if (mkdir(buf_z(&s->twin), 0700) == 0)
        s->new_twin = true;
    else if (errno != EEXIST)
        return err_sys(e, errno, "cannot make the folder %s", buf_z(&s->twin));
    s->other = open(buf_z(&s->twin), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (s->other < 0)
        return err_sys(e, errno, "cannot open the folder %s", buf_z(&s->twin));
    return 0;
}

/* Do the links, read from where they stand, lead to the files of the version? */
static bool links_work(const struct swap *s, int dir)
{
    BUF_AUTO(path, PATH_MAX);
    bool ok = true;
    for (unsigned k = 0; ok && k < KIND_COUNT; k++) {
        lineage_archive_path(s->l, (enum kind)k, s->version, &path);
        ok = same_file(dir, s->base[k], AT_FDCWD, buf_z(&path));
    }
    return ok;
}

/* 0: the twin is ready; 1: there can be no exchange; negative: failed. */
static int prepare_twin(struct swap *s, struct err *e)
{
    struct stat st;
    bool changed = false;
    if (!s->twin.n)
        return 1;
    s->live = open(buf_z(&s->real), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (s->live < 0)
        return err_sys(e, errno, "cannot open the folder %s", buf_z(&s->real));
    if (lstat(buf_z(&s->twin), &st) == 0 && !S_ISDIR(st.st_mode))
        return 1;
    int r = open_twin(s, e);
    if (!r)
        r = like_live(s, e);
    if (!r)
        r = put_links(s, s->other, &changed, e);
    if (!r)
        r = share_rest(s, e);
    return !r && !links_work(s, s->other) ? 1 : r;
}

/* What the links are going to lead to, and the folder of links itself, are on the disk before they are live. */
static int sync_before(const struct swap *s, struct err *e)
{
    int r = fs_fsync_dir(AT_FDCWD, s->l->archive_dir, e);
    return r || s->other < 0 ? r : fs_fsync_dir(s->other, ".", e);
}

static int sync_parent(const struct swap *s, struct err *e)
{
    BUF_AUTO(parent, PATH_MAX);
    live_dirname(buf_z(&s->real), &parent);
    return fs_fsync_dir(AT_FDCWD, buf_z(&parent), e);
}

/* 0: done; 1: refused by the file system; negative: failed. */
static int exchange(struct swap *s, struct err *e)
{
    if (s->new_twin && sync_parent(s, e))
        return SIGNET_ESYS;
    if (renameat2(AT_FDCWD, buf_z(&s->twin), AT_FDCWD, buf_z(&s->real), RENAME_EXCHANGE) == 0)
        return 0;
    if (errno == EINVAL || errno == ENOSYS || errno == EBUSY || errno == EXDEV || errno == EOPNOTSUPP)
        return 1;
    return err_sys(e, errno, "cannot exchange %s and %s", buf_z(&s->twin), buf_z(&s->real));
}

/* Removes what killed runs left in a folder of links. */
static int drop_scrap(int dir, struct err *e)
{
    STRLIST_AUTO(names);
    int r = fs_list(dir, ".", &names, e);
    for (size_t i = 0; !r && i < names.n; i++)
        if (str_starts(str_of(names.v[i]), STR(OURS_PREFIX)))
            r = fs_unlink(dir, names.v[i], e);
    return r;
}

static int open_folder_of(const char *path, struct err *e)
{
    BUF_AUTO(folder, PATH_MAX);
    live_dirname(path, &folder);
    int fd = open(buf_z(&folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? err_sys(e, errno, "cannot open the folder %s", buf_z(&folder)) : fd;
}

static void temp_link_name(struct buf *to, enum kind k)
{
    buf_clear(to);
    buf_addf(to, LINK_TEMP "-%s", kind_name(k));
}

/* All that can fail for want of room is done before the first link changes. */
static int aside_links(const struct swap *s, const int dir[KIND_COUNT], struct err *e)
{
    BUF_AUTO(temp, NAME_MAX);
    int r = 0;
    for (unsigned k = 0; !r && k < KIND_COUNT; k++) {
        temp_link_name(&temp, (enum kind)k);
        r = fs_unlink(dir[k], buf_z(&temp), e);
        if (!r && symlinkat(buf_z(&s->target[k]), dir[k], buf_z(&temp)))
            r = err_sys(e, errno, "cannot make a link to %s", buf_z(&s->target[k]));
    }
    return r;
}

/* Changes the links and, when one cannot be changed, those before it back. */
static int rename_links(const struct swap *s, const int dir[KIND_COUNT], struct err *e)
{
    BUF_AUTO(temp, NAME_MAX);
    struct buf old[KIND_COUNT];
    size_t done = 0;
    int r = 0;
    bool changed;
    for (unsigned k = 0; k < KIND_COUNT; k++) {
        old[k] = BUF_INIT(PATH_MAX);
        fs_readlink(dir[k], s->base[k], &old[k], NULL);
    }
    for (; !r && done < KIND_COUNT; done++) {
        enum kind k = link_order[done];
        temp_link_name(&temp, k);
        if (renameat(dir[k], buf_z(&temp), dir[k], s->base[k]))
            r = err_sys(e, errno, "cannot put the link %s in place", s->l->live[k]);
    }
    while (r && done--)
        if (old[link_order[done]].n)
            put_link(dir[link_order[done]], s->base[link_order[done]], buf_z(&old[link_order[done]]), &changed, NULL);
    for (unsigned k = 0; k < KIND_COUNT; k++)
        buf_done(&old[k]);
    return r;
}

/* Link by link. A kill in between leaves links of two versions, which lineage_recover completes: the newer one is whole
 * in archive. */
static int one_by_one(const struct swap *s, struct err *e)
{
    BUF_AUTO(temp, NAME_MAX);
    int dir[KIND_COUNT] = { -1, -1, -1, -1 }, r = 0;
    if (s->twin.n)
        log_warn("store.live",
                 "%s: this file system cannot exchange folders, so the four links are changed one after the other",
                 buf_z(&s->real));
    else /* the owner has put them there, and need not be told at each renewal */
        log_info("store.live", "%s: the links lie outside of live/ and are changed one after the other",
                 buf_z(&s->real));
    for (unsigned k = 0; r >= 0 && k < KIND_COUNT; k++)
        r = dir[k] = open_folder_of(s->l->live[k], e);
    r = r < 0 ? r : 0;
    if (!r)
        r = aside_links(s, dir, e);
    if (!r && !(r = rename_links(s, dir, e)))
        s->l->linked = s->version;
    for (unsigned k = 0; k < KIND_COUNT; k++) {
        temp_link_name(&temp, (enum kind)k);
        if (r && dir[k] >= 0)
            fs_unlink(dir[k], buf_z(&temp), NULL);
        else if (!r)
            r = fs_fsync_dir(dir[k], ".", e);
        if (dir[k] >= 0)
            close(dir[k]);
    }
    return r;
}

/* certbot would put the links back to where these lead. */
static void drop_safety_links(const struct swap *s)
{
    BUF_AUTO(folder, PATH_MAX);
    BUF_AUTO(path, 2 * PATH_MAX);
    BUF_AUTO(old, PATH_MAX);
    for (unsigned k = 0; k < KIND_COUNT; k++) {
        live_dirname(s->l->live[k], &folder);
        buf_clear(&path);
        buf_addf(&path, "%s/previous_%s.pem", buf_z(&folder), kind_name((enum kind)k));
        if (!fs_readlink(AT_FDCWD, buf_z(&path), &old, NULL))
            fs_unlink(AT_FDCWD, buf_z(&path), NULL);
    }
}

static int point(struct swap *s, struct err *e)
{
    struct err why = { 0 };
    int r = prepare_twin(s, &why);
    int synced = r < 0 ? 0 : sync_before(s, &why);
    if (!r || synced)
        r = synced ? synced : exchange(s, &why);
    if (!r) {
        s->l->linked = s->version;
        return 0;
    }
    if (s->new_twin) /* nobody holds it */
        fs_remove_tree(AT_FDCWD, buf_z(&s->twin), NULL);
    if (r < 0) {
        if (e)
            *e = why;
        return r;
    }
    return one_by_one(s, e);
}

int live_flush(const struct lineage *l, struct err *e)
{
    BUF_AUTO(folder, PATH_MAX);
    BUF_AUTO(parent, PATH_MAX);
    struct err why = { 0 };
    bool changed;
    char real[PATH_MAX];
    live_dirname(l->live[0], &folder);
    if (!realpath(buf_z(&folder), real))
        return err_sys(e, errno, "cannot find the folder %s", buf_z(&folder));
    live_dirname(real, &parent);
    int r = fs_fsync_dir(AT_FDCWD, buf_z(&parent), e);
    if (!r)
        r = fs_fsync_dir(AT_FDCWD, real, e);
    /* The folder that was live until now: others may hold it (a bind mount, a watch), so it follows. Not before the
     * exchange is on the disk: a power cut that took the exchange back would show it with half of its links changed.
     * Failing in this hurts nobody else. */
    if (!r && live_sync_twin(l, &changed, &why))
        log_warn("store.live", "%s: the links for those who still hold the former folder could not be renewed: %s",
                 real, why.text);
    return r;
}

int live_point(struct lineage *l, unsigned version, struct err *e)
{
    int r = live_switch(l, version, e);
    return r ? r : live_flush(l, e);
}

int live_switch(struct lineage *l, unsigned version, struct err *e)
{
    struct swap s;
    int r = swap_init(&s, l, version, e);
    if (!r)
        r = point(&s, e);
    if (l->linked == version)
        drop_safety_links(&s);
    swap_done(&s);
    return r;
}

int live_sync_twin(const struct lineage *l, bool *ret, struct err *e)
{
    struct swap s;
    struct lineage copy = *l;
    bool changed = false;
    int r = swap_init(&s, &copy, l->linked, e);
    if (!r && s.twin.n && fs_exists(AT_FDCWD, buf_z(&s.twin))) {
        s.other = open(buf_z(&s.twin), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (s.other >= 0)
            r = put_links(&s, s.other, &changed, e);
        if (s.other >= 0 && !r)
            r = drop_scrap(s.other, e);
        if (changed && !r)
            r = fs_fsync_dir(s.other, ".", e);
    }
    swap_done(&s);
    if (!r)
        *ret = changed;
    return r;
}

int live_make(int parent, const char *name, const char *target_dir, struct err *e)
{
    BUF_AUTO(target, 2 * PATH_MAX);
    BUF_AUTO(file, NAME_MAX);
    if (mkdirat(parent, name, 0700))
        return err_sys(e, errno, "cannot make the folder %s", name);
    int dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), r = 0;
    if (dir < 0)
        return err_sys(e, errno, "cannot open the folder %s", name);
    for (unsigned k = 0; !r && k < KIND_COUNT; k++) {
        archive_name(&file, (enum kind)k, 1);
        fs_join(&target, target_dir, buf_z(&file));
        buf_clear(&file);
        buf_addf(&file, "%s.pem", kind_name((enum kind)k));
        if (buf_err(&target))
            r = err_set(e, buf_err(&target), "the path %.200s is too long", target_dir);
        else if (symlinkat(buf_z(&target), dir, buf_z(&file)))
            r = err_sys(e, errno, "cannot make the link %s", buf_z(&file));
    }
    if (!r)
        r = fs_create(dir, "README", readme_live(false), 0644, e);
    if (!r && fchmod(dir, 0755))
        r = err_sys(e, errno, "cannot set the mode of the folder %s", name);
    if (!r)
        r = fs_fsync_dir(dir, ".", e);
    close(dir);
    return r;
}
