/* Deleting a lineage. The renewal file is renamed to renewal/.signet-del.NAME first: from then on nobody sees the
 * lineage, and yet it is known what remains to be deleted if we are killed. */
#include "store/archive.h"
#include "store/live.h"
#include "store/save.h"

#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Removes a folder unless something is still in it. */
static int remove_empty(const char *path, struct err *e)
{
    if (rmdir(path) == 0 || errno == ENOENT || errno == ENOTEMPTY || errno == EEXIST)
        return 0;
    if (errno == ENOTDIR) /* a link to a folder elsewhere */
        return fs_unlink(AT_FDCWD, path, e);
    return err_sys(e, errno, "cannot remove the folder %s", path);
}

/* Links that a killed run left on their way to their names. */
static int remove_scrap(const char *dir, struct err *e)
{
    STRLIST_AUTO(names);
    BUF_AUTO(path, PATH_MAX);
    int r = 0;
    fs_list(AT_FDCWD, dir, &names, NULL); /* no folder: nothing in it */
    for (size_t i = 0; !r && i < names.n; i++) {
        fs_join(&path, dir, names.v[i]);
        if (str_starts(str_of(names.v[i]), STR(OURS_PREFIX)))
            r = fs_unlink(AT_FDCWD, buf_z(&path), e);
    }
    return r;
}

static int remove_live(const struct lineage *l, struct err *e)
{
    BUF_AUTO(twin, PATH_MAX);
    BUF_AUTO(dir, PATH_MAX);
    BUF_AUTO(readme, PATH_MAX);
    int r = 0;
    live_twin_path(l, &twin);
    for (unsigned k = 0; !r && k < KIND_COUNT; k++)
        r = fs_unlink(AT_FDCWD, l->live[k], e);
    live_dirname(l->live[0], &dir);
    fs_join(&readme, buf_z(&dir), "README");
    if (!r && twin.n)
        r = fs_remove_tree(AT_FDCWD, buf_z(&twin), e);
    /* The folders of four files that lie in different places are not ours as a whole. */
    if (!r && twin.n)
        r = fs_unlink(AT_FDCWD, buf_z(&readme), e);
    if (!r && twin.n)
        r = remove_scrap(buf_z(&dir), e);
    return !r && twin.n ? remove_empty(buf_z(&dir), e) : r;
}

/* An archive folder elsewhere, or a link to one: only what is named as ours is removed. */
static int remove_known(const char *path, struct err *e)
{
    struct archive a = { 0 };
    BUF_AUTO(note, NAME_MAX);
    int r = archive_scan(&a, path, e);
    if (r)
        return r == SIGNET_ENOTFOUND ? 0 : r;
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        r = err_sys(e, errno, "cannot open the folder %s", path);
    for (size_t i = 0; !r && i < a.n; i++) {
        r = archive_unlink(dir, a.v[i].n, e);
        save_note_name(&note, a.v[i].n);
        if (!r)
            r = fs_unlink(dir, buf_z(&note), e);
    }
    if (dir >= 0)
        close(dir);
    archive_done(&a);
    return r ? r : remove_empty(path, e);
}

static int remove_archive(const struct lineage *l, const struct tree *t, struct err *e)
{
    BUF_AUTO(ours, PATH_MAX);
    struct stat st;
    tree_path(t, "archive", "", &ours);
    if (lstat(l->archive_dir, &st))
        return errno == ENOENT || errno == ENOTDIR ? 0 : err_sys(e, errno, "cannot examine %s", l->archive_dir);
    signet_str dir = str_of(l->archive_dir);
    bool below = dir.n > ours.n && str_starts(dir, buf_str(&ours));
    return below && S_ISDIR(st.st_mode) ? fs_remove_tree(AT_FDCWD, l->archive_dir, e) : remove_known(l->archive_dir, e);
}

/* Makes a removal durable: of the folder itself or, where it is still there, of what was in it. */
static int sync_removed(const char *path, struct err *e)
{
    BUF_AUTO(at, PATH_MAX);
    BUF_AUTO(up, PATH_MAX);
    buf_addz(&at, path);
    int r = fs_fsync_dir(AT_FDCWD, buf_z(&at), NULL);
    for (int i = 0; r && i < 2; i++) {
        live_dirname(buf_z(&at), &up);
        buf_clear(&at);
        buf_add(&at, buf_str(&up));
        r = fs_fsync_dir(AT_FDCWD, buf_z(&at), e);
    }
    return r;
}

/* Everything is gone for good before the note of it goes: a folder that came back after a power cut would be in the way
 * of the next lineage of that name. */
static int sync_all_removed(const struct lineage *l, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    BUF_AUTO(last, PATH_MAX);
    int r = sync_removed(l->archive_dir, e);
    for (unsigned k = 0; !r && k < KIND_COUNT; k++) {
        live_dirname(l->live[k], &dir);
        if (!last.n || strcmp(buf_z(&last), buf_z(&dir)))
            r = sync_removed(buf_z(&dir), e);
        buf_clear(&last);
        buf_add(&last, buf_str(&dir));
    }
    return r;
}

int delete_finish(const struct tree *t, const char *name, const struct places *p, struct err *e)
{
    struct lineage *l;
    int r = lineage_open_at(&l, t, name, buf_z(&p->del_conf), false, e);
    if (!r) {
        r = remove_live(l, e);
        if (!r)
            r = remove_archive(l, t, e);
        if (!r)
            r = sync_all_removed(l, e);
        lineage_free(l);
    } else if (r == SIGNET_EFORMAT) {
        /* What the file cannot say nobody knows. */
        fs_unlink(AT_FDCWD, buf_z(&p->del_conf), NULL);
    }
    return r ? r : fs_unlink(AT_FDCWD, buf_z(&p->del_conf), e);
}

/* What is wrong with a renewal file, told with the name that its owner knows. */
static void examine(const struct tree *t, const char *name, const struct places *p, struct err *why)
{
    struct lineage *l = NULL;
    if (lineage_open_at(&l, t, name, buf_z(&p->conf), false, why) != SIGNET_EFORMAT)
        err_clear(why);
    lineage_free(l);
}

static int delete_at(const struct tree *t, const char *name, const struct places *p, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    struct err why = { 0 };
    bool begun = fs_exists(AT_FDCWD, buf_z(&p->del_conf));
    if (fs_exists(AT_FDCWD, buf_z(&p->conf))) {
        examine(t, name, p, &why);
        /* An older one of that name was being deleted: this one has taken its place since. */
        if (rename(buf_z(&p->conf), buf_z(&p->del_conf)))
            return err_sys(e, errno, "cannot remove %s", buf_z(&p->conf));
    } else if (!begun) {
        return err_set(e, SIGNET_ENOTFOUND, "No certificate found with name %s (expected %s).", name, buf_z(&p->conf));
    }
    live_dirname(buf_z(&p->conf), &dir);
    int r = fs_fsync_dir(AT_FDCWD, buf_z(&dir), e);
    if (!r)
        r = delete_finish(t, name, p, e);
    if (r == SIGNET_EFORMAT && why.code && e)
        *e = why;
    if (r == SIGNET_EFORMAT)
        err_hint(e, "%s is removed, but what it spoke of is not: look into %s and %s.", buf_z(&p->conf),
                 buf_z(&p->live), buf_z(&p->archive));
    return r ? r : fs_fsync_dir(AT_FDCWD, buf_z(&dir), e);
}

int lineage_delete(const struct tree *t, const char *name, struct err *e)
{
    struct places p;
    if (!lineage_name_ok(name))
        return lineage_bad_name(name, e);
    int r = places_init(&p, t, name, e);
    if (r)
        return r;
    r = delete_at(t, name, &p, e);
    places_done(&p);
    return r;
}
