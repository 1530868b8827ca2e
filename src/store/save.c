/* A new version of a lineage: the save protocol (see lineage_save). */
#include "store/archive.h"
#include "store/live.h"

#include "base/fs.h"
#include "base/log.h"
#include "store/save.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

static int set_path(struct conf *c, const char *key, const char *value, struct err *e)
{
    int r = conf_set(c, "", key, str_of(value));
    return r ? err_set(e, r, "the path %.200s cannot be written to a renewal file", value) : 0;
}

int save_fill_conf(struct lineage *l, struct err *e)
{
    int r = set_path(l->conf, "version", LINEAGE_CERTBOT_VERSION, e);
    if (!r)
        r = set_path(l->conf, "archive_dir", l->archive_dir, e);
    for (unsigned k = 0; !r && k < KIND_COUNT; k++)
        r = set_path(l->conf, kind_name((enum kind)k), l->live[k], e);
    return r;
}

int lineage_write_conf(struct lineage *l, struct err *e)
{
    BUF_AUTO(text, CONF_MAX_BYTES);
    conf_print(l->conf, &text);
    if (buf_err(&text))
        return err_set(e, buf_err(&text), "the renewal file %s is too large", l->conf_path);
    return fs_replace(AT_FDCWD, l->conf_path, buf_str(&text), 0644, true, e);
}

void save_note_name(struct buf *to, unsigned version)
{
    buf_clear(to);
    buf_addf(to, OURS_SAVE "%u", version);
}

int save_finish(const struct lineage *l, int dir, unsigned version, struct err *e)
{
    BUF_AUTO(note, NAME_MAX);
    struct archive a = { 0 };
    int r = archive_scan(&a, l->archive_dir, e);
    if (!r)
        r = archive_truncate(dir, &a, version, LINEAGE_KEEP_OLD, e);
    archive_done(&a);
    save_note_name(&note, version);
    return r ? r : fs_unlink(dir, buf_z(&note), e);
}

/* One save on its way. */
struct save {
    struct lineage *l;
    const struct generation *g;
    generation_check *check;
    void *ctx;
    int dir;          /* the archive folder */
    unsigned version; /* the new one */
    unsigned old;     /* whose key is the model; 0: none */
};

static int pick_version(struct save *s, struct err *e)
{
    struct archive a = { 0 };
    int r = archive_scan(&a, s->l->archive_dir, e);
    if (r)
        return r;
    s->version = a.max + 1;
    s->old = a.newest;
    archive_done(&a);
    if (s->version > VERSION_MAX)
        return err_set(e, SIGNET_ELIMIT, "%s holds a version with a number too high to go on from", s->l->archive_dir);
    return 0;
}

/* Step 1 and 2: aside, and checked as it is on disk. */
static int stage(struct save *s, struct err *e)
{
    BUF_AUTO(old_path, PATH_MAX);
    BUF_AUTO(old_key, LINEAGE_MAX_FILE);
    struct generation g = *s->g;
    int r = 0;
    if (!g.privkey.n) {
        lineage_archive_path(s->l, KIND_PRIVKEY, s->old, &old_path);
        if (!s->old)
            return err_set(e, SIGNET_ENOTFOUND, "there is no earlier private key of %s to go on with", s->l->name);
        r = fs_read(AT_FDCWD, buf_z(&old_path), &old_key, e);
        g.privkey = buf_str(&old_key);
    }
    if (!r)
        r = archive_stage(s->dir, s->version, &g, s->old, e);
    return r ? r : archive_check(s->dir, s->version, true, s->check, s->ctx, e);
}

/* Does any link lead to the new version? Who cannot tell says yes. */
static bool is_linked(const struct save *s)
{
    struct archive a = { 0 };
    struct live live;
    bool yes = archive_scan(&a, s->l->archive_dir, NULL) || live_read(s->l, &a, false, &live, NULL);
    for (unsigned k = 0; !yes && k < KIND_COUNT; k++)
        yes = live.version[k] == s->version;
    archive_done(&a);
    return yes;
}

/* Takes back what a failed save has made. Where links could be changed neither to the end nor back, recovery goes on
 * with it instead. */
static void take_back(const struct save *s)
{
    BUF_AUTO(note, NAME_MAX);
    if (is_linked(s)) {
        s->l->unfinished = true;
        return;
    }
    save_note_name(&note, s->version);
    if (!archive_unlink(s->dir, s->version, NULL))
        fs_unlink(s->dir, buf_z(&note), NULL);
}

static int steps_1_to_4(struct save *s, struct err *e)
{
    BUF_AUTO(note, NAME_MAX);
    save_note_name(&note, s->version);
    int fd = openat(s->dir, buf_z(&note), O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(e, errno, "cannot make %s in %s", buf_z(&note), s->l->archive_dir);
    close(fd); /* empty: the folder's next fsync is all it needs */
    int r = stage(s, e);
    if (!r)
        r = archive_commit(s->dir, s->version, e);
    if (!r)
        r = live_switch(s->l, s->version, e);
    if (r && s->l->linked != s->version)
        take_back(s);
    return r;
}

static int save_all(struct save *s, struct err *e)
{
    int r = steps_1_to_4(s, e);
    if (r && s->l->linked != s->version)
        return r;
    /* From here on the new version is live: what fails now is told, but undoes nothing. */
    s->l->newest = s->version;
    struct err why = { 0 };
    int conf = save_fill_conf(s->l, &why);
    if (!conf)
        conf = lineage_write_conf(s->l, &why);
    if (conf && e && !r) {
        *e = why;
        err_wrap(e, "the new certificate of %s is in place, but its renewal file is not up to date", s->l->name);
    }
    r = r ? r : conf;
    if (live_flush(s->l, &why) && !r) {
        r = why.code;
        if (e)
            *e = why;
    }
    if (save_finish(s->l, s->dir, s->version, &why))
        log_warn("store.save", "%s: old versions could not be removed: %s", s->l->name, why.text);
    else
        s->l->unfinished = false;
    return r;
}

static int finish_earlier(struct lineage *l, const struct tree *t, struct err *e)
{
    STRLIST_AUTO(did);
    if (!l->unfinished)
        return 0;
    int r = lineage_recover(t, l->name, &did, e);
    for (size_t i = 0; i < did.n; i++)
        log_info("store.save", "%s", did.v[i]);
    return r;
}

int lineage_save(struct lineage *l, const struct tree *t, const struct generation *g, generation_check *check,
                 void *ctx, struct err *e)
{
    struct save s = { .l = l, .g = g, .check = check, .ctx = ctx };
    int r = finish_earlier(l, t, e);
    if (r)
        return r;
    s.dir = open(l->archive_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s.dir < 0)
        return err_sys(e, errno, "cannot open the archive folder %s", l->archive_dir);
    r = pick_version(&s, e);
    if (!r)
        r = save_all(&s, e);
    close(s.dir);
    return r;
}

int lineage_relink(struct lineage *l, struct err *e)
{
    struct archive a = { 0 };
    unsigned version = 0;
    int r = archive_scan(&a, l->archive_dir, e);
    if (r)
        return r;
    for (unsigned k = 0; k < KIND_COUNT; k++) {
        BUF_AUTO(text, PATH_MAX);
        enum kind kind;
        unsigned n = 0;
        if (!fs_readlink(AT_FDCWD, l->live[k], &text, NULL)) {
            const char *slash = strrchr(buf_z(&text), '/');
            if (!archive_parse_name(str_of(slash ? slash + 1 : buf_z(&text)), &kind, &n))
                n = 0;
        }
        version = k && n != version ? 0 : n;
    }
    const struct version *v = version ? archive_find(&a, version) : NULL;
    if (!v || v->files != ALL_KINDS)
        version = a.newest;
    l->newest = a.newest;
    archive_done(&a);
    if (version)
        return live_point(l, version, e);
    r = err_set(e, SIGNET_ENOTFOUND, "%s holds no complete version of the certificate", l->archive_dir);
    err_hint(
        e,
        "archive_dir in %s must name the folder with the files certN.pem, privkeyN.pem, chainN.pem and fullchainN.pem.",
        l->conf_path);
    return r;
}
