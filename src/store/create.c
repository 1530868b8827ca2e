/* Making a lineage. All of it is prepared under names that nobody looks at: archive/.signet-new.NAME,
 * live/.signet-new.NAME, renewal/.signet-new.NAME. Then the archive folder gets its name, the live folder, and last the
 * renewal file, which makes the lineage exist. While archive/.signet-new.NAME is there nothing was published, and
 * recovery takes everything back; once it is gone while renewal/.signet-new.NAME is there, everything was complete, and
 * recovery goes on. */
#include "store/archive.h"
#include "store/live.h"
#include "store/save.h"

#include "base/fs.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_SUFFIX = 9999 };

static void set_place(struct buf *to, const struct tree *t, const char *folder, const char *prefix, const char *name,
                      const char *suffix)
{
    *to = BUF_INIT(PATH_MAX);
    tree_path(t, folder, NULL, to);
    buf_addf(to, "/%s%s%s", prefix, name, suffix);
}

int places_init(struct places *p, const struct tree *t, const char *name, struct err *e)
{
    set_place(&p->new_archive, t, "archive", OURS_NEW, name, "");
    set_place(&p->new_live, t, "live", OURS_NEW, name, "");
    set_place(&p->new_conf, t, "renewal", OURS_NEW, name, "");
    set_place(&p->archive, t, "archive", "", name, "");
    set_place(&p->live, t, "live", "", name, "");
    set_place(&p->conf, t, "renewal", "", name, ".conf");
    set_place(&p->del_conf, t, "renewal", OURS_DEL, name, "");
    int r = buf_err(&p->new_archive) | buf_err(&p->new_live) | buf_err(&p->new_conf) | buf_err(&p->archive) |
            buf_err(&p->live) | buf_err(&p->conf) | buf_err(&p->del_conf);
    if (r)
        places_done(p);
    return r ? err_set(e, SIGNET_ELIMIT, "the path of %s is too long", name) : 0;
}

void places_done(struct places *p)
{
    struct buf *const all[] = { &p->new_archive, &p->new_live, &p->new_conf, &p->archive,
                                &p->live,        &p->conf,     &p->del_conf };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        buf_done(all[i]);
}

static bool there(const struct buf *path)
{
    return fs_exists(AT_FDCWD, buf_z(path));
}

static int sync_parent(const struct buf *path, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    live_dirname(buf_z(path), &dir);
    return fs_fsync_dir(AT_FDCWD, buf_z(&dir), e);
}

/* rename(2) puts a folder in the place of an empty one, but never of one that holds something. */
static int move_folder(const struct buf *from, const struct buf *to, struct err *e)
{
    if (!there(from))
        return 0;
    if (rename(buf_z(from), buf_z(to)))
        return err_sys(e, errno, "cannot rename %s to %s", buf_z(from), buf_z(to));
    return sync_parent(to, e);
}

int create_publish(const struct places *p, struct err *e)
{
    int r = move_folder(&p->new_archive, &p->archive, e);
    if (!r)
        r = move_folder(&p->new_live, &p->live, e);
    if (!r)
        r = archive_rename(AT_FDCWD, buf_z(&p->new_conf), AT_FDCWD, buf_z(&p->conf), e);
    return r ? r : sync_parent(&p->conf, e);
}

int create_undo(const struct places *p, struct err *e)
{
    int r = 0;
    /* First of all make it look as before the first step, so that a kill in here is taken for one there. */
    if (there(&p->new_conf) && !there(&p->new_archive) && there(&p->archive)) {
        if (!there(&p->new_live) && there(&p->live) && rename(buf_z(&p->live), buf_z(&p->new_live)))
            r = err_sys(e, errno, "cannot rename %s", buf_z(&p->live));
        if (!r && rename(buf_z(&p->archive), buf_z(&p->new_archive)))
            r = err_sys(e, errno, "cannot rename %s", buf_z(&p->archive));
    }
    if (!r)
        r = fs_unlink(AT_FDCWD, buf_z(&p->new_conf), e);
    if (!r)
        r = fs_remove_tree(AT_FDCWD, buf_z(&p->new_live), e);
    if (!r)
        r = fs_remove_tree(AT_FDCWD, buf_z(&p->new_archive), e);
    return r;
}

/* ---- preparing ---- */

static int open_folder(const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? err_sys(e, errno, "cannot open the folder %s", path) : fd;
}

static int fill_archive(int dir, const struct generation *g, generation_check *check, void *ctx, struct err *e)
{
    int r = archive_stage(dir, 1, g, 0, e);
    if (!r)
        r = archive_check(dir, 1, true, check, ctx, e);
    if (!r)
        r = archive_commit(dir, 1, e);
    if (!r && fchmod(dir, 0755))
        r = err_sys(e, errno, "cannot set the mode of the new archive folder");
    return r ? r : fs_fsync_dir(dir, ".", e);
}

static int prepare_archive(const struct places *p, const struct generation *g, generation_check *check, void *ctx,
                           struct err *e)
{
    if (mkdir(buf_z(&p->new_archive), 0700))
        return err_sys(e, errno, "cannot make the folder %s", buf_z(&p->new_archive));
    int dir = open_folder(buf_z(&p->new_archive), e);
    if (dir < 0)
        return dir;
    int r = fill_archive(dir, g, check, ctx, e);
    close(dir);
    return r;
}

static int prepare_live(const struct places *p, const char *name, struct err *e)
{
    BUF_AUTO(parent, PATH_MAX);
    BUF_AUTO(archive, PATH_MAX);
    BUF_AUTO(target, PATH_MAX);
    struct stat a, b;
    live_dirname(buf_z(&p->live), &parent);
    live_dirname(buf_z(&p->archive), &archive);
    int dir = open(buf_z(&parent), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return err_sys(e, errno, "cannot open the folder %s", buf_z(&parent));
    /* Where live/ or archive/ is a link to elsewhere the relative path that certbot writes leads astray. */
    if (fstatat(dir, "../archive", &a, 0) == 0 && stat(buf_z(&archive), &b) == 0 && a.st_ino == b.st_ino &&
        a.st_dev == b.st_dev)
        buf_addf(&target, "../../archive/%s", name);
    else
        buf_add(&target, buf_str(&p->archive));
    const char *base = strrchr(buf_z(&p->new_live), '/') + 1;
    int r = live_make(dir, base, buf_z(&target), e);
    if (!r) /* its name must not be younger than the archive's: recovery goes on only where both are */
        r = fs_fsync_dir(dir, ".", e);
    close(dir);
    return r;
}

static int prepare_conf(const struct places *p, struct lineage *l, struct err *e)
{
    BUF_AUTO(text, CONF_MAX_BYTES);
    int r = save_fill_conf(l, e);
    if (r)
        return r;
    r = conf_set_comment(l->conf, "renewalparams", STR("# Options used in the renewal process"));
    if (r && r != SIGNET_ENOTFOUND)
        return err_nomem(e);
    conf_print(l->conf, &text);
    if (buf_err(&text))
        return err_set(e, buf_err(&text), "the renewal file of %s is too large", l->name);
    r = fs_create(AT_FDCWD, buf_z(&p->new_conf), buf_str(&text), 0644, e);
    return r ? r : sync_parent(&p->new_conf, e);
}

/* ---- the name ---- */

static bool holds_something(const struct buf *path)
{
    STRLIST_AUTO(names);
    return there(path) && (fs_list(AT_FDCWD, buf_z(path), &names, NULL) || names.n);
}

/* A folder that nobody's renewal file speaks of: certbot refuses the name in the same words. */
static int check_free(const struct places *p, const char *name, struct err *e)
{
    bool archive = holds_something(&p->archive);
    if (!archive && !holds_something(&p->live))
        return 0;
    int r = err_set(e, SIGNET_EEXIST, "%s directory exists for %s", archive ? "archive" : "live", name);
    err_hint(e,
             "There is no renewal file for it. If nothing uses %s any more, move it away; or choose another name with "
             "--cert-name.",
             buf_z(archive ? &p->archive : &p->live));
    return r;
}

/* Finds the name: p is that name's on success. */
static int pick_name(struct places *p, const struct tree *t, const char *name, bool exact, struct buf *ret,
                     struct err *e)
{
    for (int i = 0; i <= MAX_SUFFIX; i++) {
        buf_clear(ret);
        buf_addz(ret, name);
        if (i)
            buf_addf(ret, "-%04d", i);
        if (buf_err(ret) || !lineage_name_ok(buf_z(ret)))
            return lineage_bad_name(name, e);
        int r = places_init(p, t, buf_z(ret), e);
        if (r)
            return r;
        if (!there(&p->conf)) {
            if ((r = check_free(p, buf_z(ret), e)))
                places_done(p);
            return r;
        }
        places_done(p);
        if (exact)
            return err_set(e, SIGNET_EEXIST, "there is a certificate named %s already", name);
    }
    return err_set(e, SIGNET_EEXIST, "all names from %s to %s-%d are taken", name, name, MAX_SUFFIX);
}

static int new_lineage(struct lineage **ret, const struct places *p, const char *name, struct conf *conf, struct err *e)
{
    struct lineage *l = calloc(1, sizeof *l);
    if (!l) {
        conf_free(conf);
        return err_nomem(e);
    }
    l->conf = conf;
    bool ok = (l->name = str_dup(str_of(name))) && (l->conf_path = str_dup(buf_str(&p->conf))) &&
              (l->archive_dir = str_dup(buf_str(&p->archive)));
    for (unsigned k = 0; ok && k < KIND_COUNT; k++) {
        BUF_AUTO(path, PATH_MAX);
        buf_addf(&path, "%s/%s.pem", buf_z(&p->live), kind_name((enum kind)k));
        ok = (l->live[k] = buf_take(&path));
    }
    if (!ok) {
        lineage_free(l);
        return err_nomem(e);
    }
    *ret = l;
    return 0;
}

static int create_at(struct places *p, struct lineage *l, const struct generation *g, generation_check *check,
                     void *ctx, struct err *e)
{
    int r = prepare_archive(p, g, check, ctx, e);
    if (!r)
        r = prepare_live(p, l->name, e);
    if (!r)
        r = prepare_conf(p, l, e);
    if (!r)
        r = create_publish(p, e);
    if (!r) {
        l->linked = l->newest = 1;
        return 0;
    }
    /* A renewal file that is there makes it a success whose last fsync failed: leave it to recovery. */
    if (!there(&p->conf) || there(&p->new_conf))
        create_undo(p, NULL);
    return r;
}

int lineage_create(struct lineage **ret, const struct tree *t, const char *name, bool exact, struct conf *conf,
                   const struct generation *g, generation_check *check, void *ctx, struct err *e)
{
    STRLIST_AUTO(did);
    BUF_AUTO(picked, NAME_MAX);
    struct places p = { 0 };
    struct lineage *l;
    int r = lineage_recover_tree(t, &did, e);
    for (size_t i = 0; i < did.n; i++)
        log_info("store.create", "%s", did.v[i]);
    if (!r)
        r = pick_name(&p, t, name, exact, &picked, e);
    if (r) {
        conf_free(conf);
        return r;
    }
    r = new_lineage(&l, &p, buf_z(&picked), conf, e);
    if (!r && (r = create_at(&p, l, g, check, ctx, e)))
        lineage_free(l);
    places_done(&p);
    if (!r)
        *ret = l;
    return r;
}
