/* Ending what a killed run began: forward where everything needed is there, else back. */
#include "store/archive.h"
#include "store/live.h"
#include "store/save.h"
#include "store/store.h"

#include "base/fs.h"
#include "crypto/cert.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

static int say(struct strlist *did, struct err *e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int say(struct strlist *did, struct err *e, const char *fmt, ...)
{
    BUF_AUTO(line, 4096);
    va_list ap;
    va_start(ap, fmt);
    buf_addv(&line, fmt, ap);
    va_end(ap);
    return strlist_add(did, buf_str(&line)) ? err_nomem(e) : 0;
}

/* ---- one lineage ---- */

struct repair {
    struct lineage *l;
    struct archive a;
    struct live live;
    int dir; /* the archive folder */
    struct strlist *did;
    struct err *e;
};

static int look_again(struct repair *p)
{
    archive_done(&p->a);
    int r = archive_scan(&p->a, p->l->archive_dir, p->e);
    if (!r)
        r = live_read(p->l, &p->a, false, &p->live, p->e);
    if (!r)
        p->l->linked = p->live.linked;
    return r;
}

static int drop_temps(struct repair *p, unsigned version)
{
    BUF_AUTO(name, NAME_MAX);
    int r = 0;
    for (unsigned k = 0; !r && k < KIND_COUNT; k++) {
        archive_temp_name(&name, (enum kind)k, version);
        r = fs_unlink(p->dir, buf_z(&name), p->e);
    }
    return r ? r
             : say(p->did, p->e, "%s: removed unfinished files of version %u, which an interrupted run had left",
                   p->l->name, version);
}

/* A version whose files were not all named yet. All four were complete and checked before the first got its name, so
 * one final name and the rest aside is proof that the rest may follow. Else what lies aside is scrap. Files of a final
 * name are never removed here: certbot may have made them since. */
static int settle(struct repair *p, const struct version *v)
{
    BUF_AUTO(note, NAME_MAX);
    int r = 0;
    if (v->temps && v->files && !(v->temps & v->files) && (v->temps | v->files) == ALL_KINDS) {
        r = archive_commit(p->dir, v->n, p->e);
        return r ? r
                 : say(p->did, p->e, "%s: completed version %u, which an interrupted run had left", p->l->name, v->n);
    }
    if (v->temps)
        r = drop_temps(p, v->n);
    if (!r && v->noted && v->files != ALL_KINDS) {
        save_note_name(&note, v->n);
        r = fs_unlink(p->dir, buf_z(&note), p->e);
    }
    return r;
}

static int settle_all(struct repair *p)
{
    int r = 0;
    for (size_t i = 0; !r && i < p->a.n; i++)
        if (p->a.v[i].temps || p->a.v[i].noted)
            r = settle(p, &p->a.v[i]);
    return r ? r : look_again(p);
}

/* The start of a certificate's life; 0 when it cannot be read. */
static int64_t begins(const struct repair *p, unsigned version)
{
    BUF_AUTO(pem, LINEAGE_MAX_FILE);
    int64_t from = 0, to;
    if (lineage_read(p->l, KIND_CERT, version, &pem, NULL) || cert_read_dates(buf_str(&pem), &from, &to, NULL))
        return 0;
    return from;
}

/* Links that certbot or we may have left between two versions: all are links into the archive folder, or missing. */
static bool repairable(const struct repair *p)
{
    for (unsigned k = 0; k < KIND_COUNT; k++)
        if (!p->live.absent[k] && !(p->live.link[k] && p->live.version[k]))
            return false;
    return true;
}

static bool whole(const struct repair *p, unsigned version)
{
    return archive_check(p->dir, version, false, archive_whole, NULL, NULL) == 0;
}

/* The newest version that is whole, or 0. */
static unsigned newest_whole(const struct repair *p, unsigned above)
{
    for (size_t i = p->a.n; i--;)
        if (p->a.v[i].n > above && p->a.v[i].files == ALL_KINDS && whole(p, p->a.v[i].n))
            return p->a.v[i].n;
    return 0;
}

static int relink(struct repair *p)
{
    unsigned linked = p->live.linked;
    if (linked == p->a.newest || !p->a.newest || (!linked && !repairable(p)))
        return 0;
    unsigned want = newest_whole(p, linked);
    /* Files with a higher number that somebody put there by hand may be older: they never replace what is linked. */
    if (!want || (linked && begins(p, want) < begins(p, linked)))
        return 0;
    int r = live_point(p->l, want, p->e);
    if (r)
        return r;
    p->live.linked = want;
    return linked ? say(p->did, p->e, "%s: found version %u in archive that was not linked to in live; linked it",
                        p->l->name, want)
                  : say(p->did, p->e,
                        "%s: the links in live were of different versions or missing; all lead to version %u now",
                        p->l->name, want);
}

/* What fs_replace leaves when it is killed writing the renewal file. */
static int drop_conf_temp(const struct repair *p)
{
    BUF_AUTO(path, PATH_MAX);
    const char *base = strrchr(p->l->conf_path, '/') + 1;
    buf_addf(&path, "%.*s.%s.signet-tmp", (int)(base - p->l->conf_path), p->l->conf_path, base);
    return buf_err(&path) ? 0 : fs_unlink(AT_FDCWD, buf_z(&path), p->e);
}

/* A note that outlived its version's last step. */
static int finish(struct repair *p)
{
    bool changed = false;
    int r = drop_conf_temp(p);
    if (!r && p->live.linked)
        r = live_sync_twin(p->l, &changed, p->e);
    if (!r && changed)
        r = say(p->did, p->e, "%s: brought the twin of the live folder up to date", p->l->name);
    for (size_t i = 0; !r && i < p->a.n; i++)
        if (p->a.v[i].noted && p->a.v[i].files == ALL_KINDS)
            r = save_finish(p->l, p->dir, p->a.v[i].n, p->e);
    return r;
}

int lineage_recover(const struct tree *t, const char *name, struct strlist *did, struct err *e)
{
    struct repair p = { .did = did, .e = e };
    int r = lineage_open_broken(&p.l, t, name, e);
    if (r)
        return r;
    p.dir = open(p.l->archive_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (p.dir < 0) { /* no archive folder: nothing to repair with */
        r = errno == ENOENT || errno == ENOTDIR ? 0 : err_sys(e, errno, "cannot open %s", p.l->archive_dir);
    } else {
        r = look_again(&p);
        if (!r)
            r = settle_all(&p);
        if (!r)
            r = relink(&p);
        if (!r)
            r = finish(&p);
        close(p.dir);
    }
    archive_done(&p.a);
    lineage_free(p.l);
    return r;
}

/* ---- lineages that were being made or deleted ---- */

/* All that the last step needs is in its place, and the name is still free. */
static bool new_is_ready(const struct places *p)
{
    struct archive a = { 0 };
    bool ready = fs_exists(AT_FDCWD, buf_z(&p->new_conf)) && !fs_exists(AT_FDCWD, buf_z(&p->conf)) &&
                 (fs_exists(AT_FDCWD, buf_z(&p->new_live)) || fs_exists(AT_FDCWD, buf_z(&p->live))) &&
                 !archive_scan(&a, buf_z(&p->archive), NULL) && a.newest;
    archive_done(&a);
    return ready;
}

static int recover_new(const char *name, const struct places *p, struct strlist *did, struct err *e)
{
    int r;
    if (fs_exists(AT_FDCWD, buf_z(&p->new_archive))) {
        r = create_undo(p, e);
    } else if (new_is_ready(p)) {
        r = create_publish(p, e);
        return r ? r : say(did, e, "%s: completed the new certificate, which an interrupted run had left", name);
    } else { /* somebody else has been at work here: only what nobody else can have made is removed */
        r = fs_unlink(AT_FDCWD, buf_z(&p->new_conf), e);
        if (!r)
            r = fs_remove_tree(AT_FDCWD, buf_z(&p->new_live), e);
    }
    return r ? r : say(did, e, "%s: removed what an interrupted run had prepared", name);
}

static int recover_del(const struct tree *t, const char *name, const struct places *p, struct strlist *did,
                       struct err *e)
{
    int r;
    if (fs_exists(AT_FDCWD, buf_z(&p->conf))) /* somebody made it anew: its files are not to be deleted */
        r = fs_unlink(AT_FDCWD, buf_z(&p->del_conf), e);
    else
        r = delete_finish(t, name, p, e);
    if (r == SIGNET_EFORMAT) {
        err_clear(e);
        r = 0;
    }
    return r ? r : say(did, e, "%s: completed the deletion that an interrupted run had begun", name);
}

/* Adds the names behind `prefix` in a folder of the tree. */
static int collect(const struct tree *t, const char *folder, const char *prefix, struct strlist *ret, struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    STRLIST_AUTO(names);
    tree_path(t, folder, NULL, &path);
    int r = fs_list(AT_FDCWD, buf_z(&path), &names, e);
    if (r == SIGNET_ENOTFOUND) {
        err_clear(e);
        return 0;
    }
    for (size_t i = 0; !r && i < names.n; i++)
        if (str_starts(str_of(names.v[i]), str_of(prefix)) && lineage_name_ok(names.v[i] + strlen(prefix)) &&
            strlist_add_new(ret, str_of(names.v[i] + strlen(prefix))))
            r = err_nomem(e);
    return r;
}

/* Twins of lineages that certbot, which does not know them, has deleted. */
static int drop_lone_twins(const struct tree *t, struct strlist *did, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    BUF_AUTO(path, PATH_MAX);
    STRLIST_AUTO(names);
    tree_path(t, "live", NULL, &dir);
    int r = 0;
    fs_list(AT_FDCWD, buf_z(&dir), &names, NULL); /* no folder: no twins */
    for (size_t i = 0; !r && i < names.n; i++) {
        signet_str s = str_of(names.v[i]), suffix = STR(TWIN_SUFFIX);
        if (s.n <= suffix.n + 1 || s.p[0] != '.' || !str_ends(s, suffix))
            continue;
        buf_clear(&path);
        buf_addf(&path, "%s/%.*s", buf_z(&dir), (int)(s.n - suffix.n - 1), s.p + 1);
        if (fs_exists(AT_FDCWD, buf_z(&path)))
            continue;
        fs_join(&path, buf_z(&dir), names.v[i]);
        r = fs_remove_tree(AT_FDCWD, buf_z(&path), e);
        if (!r)
            r = say(did, e, "removed %s: the certificate it belonged to is gone", buf_z(&path));
    }
    return r;
}

int certbot_recover_tree(const struct tree *t, struct strlist *did, struct err *e)
{
    STRLIST_AUTO(new);
    STRLIST_AUTO(del);
    struct places p;
    int r = collect(t, "renewal", OURS_DEL, &del, e);
    if (!r)
        r = collect(t, "renewal", OURS_NEW, &new, e);
    if (!r)
        r = collect(t, "archive", OURS_NEW, &new, e);
    if (!r)
        r = collect(t, "live", OURS_NEW, &new, e);
    for (size_t i = 0; !r && i < del.n + new.n; i++) {
        const char *name = i < del.n ? del.v[i] : new.v[i - del.n];
        if ((r = places_init(&p, t, name, e)))
            break;
        r = i < del.n ? recover_del(t, name, &p, did, e) : recover_new(name, &p, did, e);
        places_done(&p);
    }
    return r ? r : drop_lone_twins(t, did, e);
}
