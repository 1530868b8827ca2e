/* Finding and reading lineages. A run over ten thousand of them passes through lineage_open: few system calls, no
 * OpenSSL. */
#include "store/lineage.h"

#include "base/fs.h"
#include "store/archive.h"
#include "store/live.h"
#include "store/save.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { NAME_LONGEST = 240 }; /* leaves room for ".conf", ".twin" and our prefixes in 255 bytes */

bool lineage_name_ok(const char *name)
{
    size_t n = strlen(name);
    if (!n || n > NAME_LONGEST || name[0] == '.')
        return false;
    for (size_t i = 0; i < n; i++)
        if (name[i] == '/' || (unsigned char)name[i] < 0x20 || name[i] == 0x7f)
            return false;
    return true;
}

int certbot_list(const struct tree *t, struct strlist *ret, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    STRLIST_AUTO(files);
    STRLIST_AUTO(names);
    tree_path(t, "renewal", NULL, &dir);
    struct err why = { 0 };
    int r = fs_list(AT_FDCWD, buf_z(&dir), &files, &why);
    if (r && r != SIGNET_ENOTFOUND) {
        if (e)
            *e = why;
        return r;
    }
    r = 0;
    for (size_t i = 0; !r && i < files.n; i++) {
        signet_str s = str_of(files.v[i]);
        if (s.n > 5 && s.p[0] != '.' && str_ends(s, STR(".conf")))
            r = strlist_add(&names, (signet_str){ s.p, s.n - 5 });
    }
    if (r)
        return err_nomem(e);
    /* The order of files, not of names: "a-b.conf" stands before "a.conf", as certbot has it. */
    strlist_done(ret);
    *ret = names;
    names = (struct strlist){ 0 };
    return 0;
}

void lineage_free(struct lineage *l)
{
    if (!l)
        return;
    free(l->name);
    free(l->conf_path);
    conf_free(l->conf);
    free(l->archive_dir);
    for (unsigned k = 0; k < KIND_COUNT; k++)
        free(l->live[k]);
    free(l);
}

void lineage_archive_path(const struct lineage *l, enum kind k, unsigned version, struct buf *ret)
{
    buf_clear(ret);
    buf_addf(ret, "%s/%s%u.pem", l->archive_dir, kind_name(k), version);
}

int certbot_read(const struct lineage *l, enum kind k, unsigned version, struct buf *ret, struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    lineage_archive_path(l, k, version, &path);
    return buf_err(&path)
               ? err_set(e, buf_err(&path), "the path of %s in %.200s is too long", kind_name(k), l->archive_dir)
               : fs_read(AT_FDCWD, buf_z(&path), ret, e);
}

void certbot_place(const struct lineage *l, struct buf *ret)
{
    live_dirname(l->live[KIND_CERT], ret);
}

bool certbot_is_from(const struct lineage *l, const char *server)
{
    BUF_AUTO(stored, 4096);
    return conf_get(l->conf, "renewalparams", "server", &stored) && str_eq(buf_str(&stored), str_of(server));
}

/* ---- opening ---- */

static int read_conf(struct lineage *l, struct err *e)
{
    BUF_AUTO(text, CONF_MAX_BYTES);
    struct err why = { 0 };
    int r = fs_read(AT_FDCWD, l->conf_path, &text, &why);
    if (r == SIGNET_ENOTFOUND)
        return err_set(e, r, "No certificate found with name %s (expected %s).", l->name, l->conf_path);
    if (r) {
        if (e)
            *e = why;
        return r;
    }
    return conf_parse(&l->conf, buf_str(&text), l->conf_path, e);
}

/* A path of the conf: absolute, folded. */
static int conf_path(const struct lineage *l, const char *key, char **ret, struct err *e)
{
    BUF_AUTO(value, PATH_MAX);
    BUF_AUTO(path, PATH_MAX);
    if (!conf_get(l->conf, "", key, &value) || !value.n)
        return SIGNET_ENOTFOUND;
    int r = buf_err(&value) ? err_set(e, SIGNET_EFORMAT, "%s in %s is too long", key, l->conf_path)
                            : fs_absolute(buf_z(&value), &path, e);
    if (!r && !(*ret = buf_take(&path)))
        r = err_nomem(e);
    return r;
}

static int read_paths(struct lineage *l, const struct tree *t, struct err *e)
{
    for (unsigned k = 0; k < KIND_COUNT; k++) {
        int r = conf_path(l, kind_name((enum kind)k), &l->live[k], e);
        if (r == SIGNET_ENOTFOUND)
            r = err_set(e, SIGNET_EFORMAT, "renewal config file %s is missing a required file reference", l->conf_path);
        if (r)
            return r;
    }
    int r = conf_path(l, "archive_dir", &l->archive_dir, e);
    if (r != SIGNET_ENOTFOUND)
        return r;
    BUF_AUTO(path, PATH_MAX);
    tree_path(t, "archive", l->name, &path);
    return (l->archive_dir = buf_take(&path)) ? 0 : err_nomem(e);
}

/* Learns what is in archive and where the links lead. */
static int look(struct lineage *l, bool strict, struct err *e)
{
    struct archive a = { 0 };
    struct live live;
    int r = archive_scan(&a, l->archive_dir, NULL);
    if (r && r != SIGNET_ENOTFOUND)
        return archive_scan(&a, l->archive_dir, e);
    r = live_read(l, &a, strict, &live, e);
    if (!r) {
        l->linked = live.linked;
        l->newest = a.newest;
        l->unfinished = a.unfinished || live.linked < a.newest;
    }
    archive_done(&a);
    return r;
}

int lineage_bad_name(const char *name, struct err *e)
{
    return err_set(e, SIGNET_EINVAL, "\"%.200s\" cannot be the name of a certificate", name);
}

int lineage_open_at(struct lineage **ret, const struct tree *t, const char *name, const char *path, bool strict,
                    struct err *e)
{
    struct lineage *l = calloc(1, sizeof *l);
    if (!l)
        return err_nomem(e);
    int r = 0;
    l->name = str_dup(str_of(name));
    l->conf_path = str_dup(str_of(path));
    if (!l->name || !l->conf_path)
        r = err_nomem(e);
    if (!r)
        r = read_conf(l, e);
    if (!r)
        r = read_paths(l, t, e);
    if (!r)
        r = look(l, strict, e);
    if (r)
        lineage_free(l);
    else
        *ret = l;
    return r;
}

static int open_any(struct lineage **ret, const struct tree *t, const char *name, bool strict, struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    if (!lineage_name_ok(name))
        return lineage_bad_name(name, e);
    tree_path(t, "renewal", name, &path);
    buf_addz(&path, ".conf");
    return buf_err(&path) ? err_set(e, buf_err(&path), "the path of %s is too long", name)
                          : lineage_open_at(ret, t, name, buf_z(&path), strict, e);
}

int certbot_open(struct lineage **ret, const struct tree *t, const char *name, struct err *e)
{
    return open_any(ret, t, name, true, e);
}

int lineage_open_broken(struct lineage **ret, const struct tree *t, const char *name, struct err *e)
{
    return open_any(ret, t, name, false, e);
}

/* ---- searching ---- */

/* Calls fn for each lineage that can be read until it returns other than 0. */
static int each_lineage(const struct tree *t, int (*fn)(void *ctx, const struct lineage *l), void *ctx, struct err *e)
{
    STRLIST_AUTO(names);
    int r = lineage_list(t, &names, e), got = 0;
    for (size_t i = 0; !r && !got && i < names.n; i++) {
        struct lineage *l;
        if (lineage_open_broken(&l, t, names.v[i], NULL))
            continue;
        got = fn(ctx, l);
        lineage_free(l);
    }
    return r ? r : got;
}

static bool same_folder(const char *a, const char *b)
{
    struct stat x, y;
    return strcmp(a, b) == 0 || (stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino);
}

struct sharing {
    const char *name, *dir;
};

static int shares(void *ctx, const struct lineage *l)
{
    const struct sharing *s = ctx;
    return strcmp(l->name, s->name) != 0 && same_folder(l->archive_dir, s->dir);
}

int lineage_shares_archive(const struct tree *t, const char *name, bool *ret, struct err *e)
{
    struct lineage *l;
    int r = lineage_open_broken(&l, t, name, e);
    if (r)
        return r;
    struct sharing s = { l->name, l->archive_dir };
    r = each_lineage(t, shares, &s, e);
    lineage_free(l);
    if (r < 0)
        return r;
    *ret = r > 0;
    return 0;
}

struct search {
    const char *path, *real; /* real: without symbolic links, NULL when there is no such file */
    struct buf *ret_name;
};

static int has_path(void *ctx, const struct lineage *l)
{
    const struct search *s = ctx;
    bool found = false;
    for (unsigned k = 0; !found && k < KIND_COUNT; k++)
        found = strcmp(l->live[k], s->path) == 0;
    if (!found && s->real) {
        BUF_AUTO(dir, PATH_MAX);
        enum kind k;
        unsigned n;
        live_dirname(s->real, &dir);
        found =
            archive_parse_name(str_of(strrchr(s->real, '/') + 1), &k, &n) && same_folder(buf_z(&dir), l->archive_dir);
    }
    if (found)
        buf_addz(s->ret_name, l->name);
    return found;
}

int lineage_by_path(const struct tree *t, const char *path, struct buf *ret_name, struct err *e)
{
    BUF_AUTO(full, PATH_MAX);
    int r = fs_absolute(path, &full, e);
    if (r)
        return r;
    char *real = realpath(path, NULL);
    struct search s = { buf_z(&full), real, ret_name };
    buf_clear(ret_name);
    r = each_lineage(t, has_path, &s, e);
    free(real);
    if (!r)
        r = err_set(e, SIGNET_ENOTFOUND, "%s belongs to no certificate that is managed here", path);
    return r < 0 ? r : 0;
}
