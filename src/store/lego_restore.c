/* lego 5's archives: which there are, putting one back, putting an account away. */
#include "base/fs.h"
#include "store/lego_in.h"
#include "store/unzip.h"
#include "store/zip.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

#define ARCHIVE_MAX (8u << 20)
#define DEPTH_MAX   5 /* accounts/HOST/ID/keys/FILE */

int lego_archives(const struct tree *t, const char *kind, struct strlist *ret, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    STRLIST_AUTO(names);
    tree_path(t, LEGO_ARCHIVES, kind, &dir);
    int rc = fs_list(AT_FDCWD, buf_z(&dir), &names, e);
    if (rc == SIGNET_ENOTFOUND) {
        err_clear(e);
        return 0;
    }
    for (size_t i = 0; !rc && i < names.n; i++)
        if (names.v[i][0] != '.' && str_ends(str_of(names.v[i]), STR(".zip")) && strlist_addz(ret, names.v[i]))
            rc = err_nomem(e);
    return rc;
}

bool lego_archive_time(const char *name, int64_t *ret)
{
    const char *at = strrchr(name, '_');
    signet_str s = str_of(at ? at + 1 : "");
    uint64_t when;
    if (!str_ends(s, STR(".zip")) || str_u64((signet_str){ s.p, s.n - 4 }, INT64_MAX / 1000, &when))
        return false;
    *ret = (int64_t)when;
    return true;
}

static void archive_path(const struct tree *t, const char *kind, const char *name, struct buf *ret)
{
    BUF_AUTO(own, PATH_MAX);
    buf_addf(&own, "%s/%s", kind, name);
    tree_path(t, LEGO_ARCHIVES, buf_z(&own), ret);
}

int lego_archives_clean(const struct tree *t, const char *kind, int64_t before, struct strlist *did, struct err *e)
{
    STRLIST_AUTO(names);
    int64_t when;
    int rc = lego_archives(t, kind, &names, e);
    for (size_t i = 0; !rc && i < names.n; i++) {
        BUF_AUTO(path, PATH_MAX);
        if (!lego_archive_time(names.v[i], &when) || when >= before)
            continue;
        archive_path(t, kind, names.v[i], &path);
        rc = fs_unlink(AT_FDCWD, buf_z(&path), e);
        if (!rc && strlist_add(did, buf_str(&path)))
            rc = err_nomem(e);
    }
    return rc;
}

/* ---- names in an archive ---- */

static bool part_ok(signet_str s)
{
    if (!s.n || s.n > NAME_MAX || s.p[0] == '.')
        return false;
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f || s.p[i] == '\\')
            return false;
    return true;
}

/* The parts of a path that stays where it is, at most `most`; 0: it is none. */
static unsigned parts(signet_str path, unsigned most)
{
    unsigned n = 0;
    for (bool more = true; more; n++) {
        signet_str part;
        more = str_cut(path, '/', &part, &path);
        if (n == most || !part_ok(part))
            return 0;
    }
    return n;
}

static int refuse_name(signet_str name, struct err *e)
{
    BUF_AUTO(shown, 512);
    buf_add_escaped(&shown, name, 100);
    return err_set(e, SIGNET_EFORMAT, "the archive holds \"%s\", which does not belong there", buf_z(&shown));
}

/* The path in the tree, "" for a folder. */
static int path_of(const struct unzip *z, const struct unzip_file *f, struct buf *ret, struct err *e)
{
    signet_str base = z->comment, name = f->name;
    buf_clear(ret);
    if (str_ends(base, STR("/")))
        base.n--;
    if (str_ends(name, STR("/")) && !f->size) {
        name.n--;
        return parts(name, DEPTH_MAX) ? 0 : refuse_name(f->name, e);
    }
    buf_add(ret, base);
    buf_addc(ret, '/');
    buf_add(ret, name);
    return buf_err(ret) || parts(buf_str(ret), DEPTH_MAX) < 4 ? refuse_name(f->name, e) : 0;
}

/* SIGNET_EEXIST when something else is there; *ret_same: it is there already. */
static int look(const char *path, signet_str data, bool *ret_same, struct err *e)
{
    BUF_AUTO(old, LINEAGE_MAX_FILE);
    *ret_same = false;
    if (!fs_exists(AT_FDCWD, path))
        return 0;
    int rc = fs_read(AT_FDCWD, path, &old, e);
    if (rc)
        return rc;
    *ret_same = str_eq(buf_str(&old), data);
    if (*ret_same)
        return 0;
    err_set(e, SIGNET_EEXIST, "%s is there already, and it is another one: nothing was restored", path);
    err_hint(e, "Move it away, then restore the archive again.");
    return SIGNET_EEXIST;
}

/* ---- certificates ---- */

static const char *const exts[] = { ".key", ".issuer.crt", ".crt", ".pem", ".pfx", ".json" };
#define N_EXTS (sizeof exts / sizeof *exts)
_Static_assert(N_EXTS <= LEGO_FILES_MAX, "room for all");

/* Splits NAME.EXT; NULL: no file of a certificate. */
static const char *split(signet_str file, signet_str *name)
{
    for (size_t i = 0; i < N_EXTS; i++)
        if (file.n > strlen(exts[i]) && str_ends(file, str_of(exts[i]))) {
            *name = (signet_str){ file.p, file.n - strlen(exts[i]) };
            return exts[i];
        }
    return NULL;
}

static bool is_secret(const char *ext)
{
    return !strcmp(ext, ".key") || !strcmp(ext, ".pem") || !strcmp(ext, ".pfx");
}

struct found {
    struct buf name;
    struct buf data[N_EXTS];
    struct lego_file files[N_EXTS];
    size_t n;
};

static int take_cert_file(const struct tree *t, struct found *f, const struct unzip_file *u, struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    signet_str name;
    bool same;
    const char *ext = split(u->name, &name);
    if (!ext || parts(u->name, 1) != 1 || f->n == N_EXTS || (f->name.n && !str_eq(buf_str(&f->name), name)))
        return refuse_name(u->name, e);
    for (size_t i = 0; i < f->n; i++)
        if (f->files[i].ext == ext)
            return refuse_name(u->name, e);
    if (!f->name.n)
        buf_add(&f->name, name);
    int rc = unzip_read(u, &f->data[f->n], e);
    if (rc)
        return rc;
    lego_cert_path(t, buf_z(&f->name), ext, &path);
    rc = look(buf_z(&path), buf_str(&f->data[f->n]), &same, e);
    f->files[f->n] = (struct lego_file){ ext, buf_str(&f->data[f->n]), is_secret(ext) };
    f->n++;
    return rc;
}

static int restore_cert(const struct tree *t, const struct unzip *z, struct err *e)
{
    struct found f = { .name = BUF_INIT(NAME_MAX), .n = 0 };
    BUF_AUTO(dir, PATH_MAX);
    int rc = 0;
    for (size_t i = 0; i < N_EXTS; i++)
        f.data[i] = BUF_INIT(LINEAGE_MAX_FILE);
    if (!str_eq(z->comment, STR(LEGO_CERTS)) || !z->n)
        rc = err_set(e, SIGNET_EFORMAT, "the archive is not that of a certificate");
    for (size_t i = 0; !rc && i < z->n; i++)
        rc = take_cert_file(t, &f, &z->v[i], e);
    tree_path(t, LEGO_CERTS, NULL, &dir);
    if (!rc)
        rc = fs_mkdirs(buf_z(&dir), 0700, e);
    if (!rc)
        rc = lego_save(t, buf_z(&f.name), f.files, f.n, e);
    for (size_t i = 0; i < N_EXTS; i++)
        buf_done(&f.data[i]);
    buf_done(&f.name);
    return rc;
}

/* ---- accounts ---- */

static int account_file(const struct tree *t, const struct unzip *z, const struct unzip_file *f, bool write,
                        struct err *e)
{
    BUF_AUTO(own, PATH_MAX);
    BUF_AUTO(path, PATH_MAX);
    BUF_AUTO(data, LINEAGE_MAX_FILE);
    bool same;
    int rc = path_of(z, f, &own, e);
    if (rc || !own.n)
        return rc;
    tree_path(t, buf_z(&own), NULL, &path);
    if ((rc = unzip_read(f, &data, e)) || (rc = look(buf_z(&path), buf_str(&data), &same, e)) || !write || same)
        return rc;
    const char *slash = strrchr(buf_z(&path), '/');
    buf_clear(&own);
    buf_add(&own, (signet_str){ path.p, (size_t)(slash - path.p) });
    rc = fs_mkdirs(buf_z(&own), 0700, e);
    return rc ? rc : fs_create(AT_FDCWD, buf_z(&path), buf_str(&data), 0600, e);
}

/* All of it is looked at before the first file is written. */
static int restore_account(const struct tree *t, const struct unzip *z, struct err *e)
{
    int rc = 0;
    if (!str_starts(z->comment, STR("accounts/")) || !z->n)
        rc = err_set(e, SIGNET_EFORMAT, "the archive is not that of an account");
    for (int write = 0; write < 2; write++)
        for (size_t i = 0; !rc && i < z->n; i++)
            rc = account_file(t, z, &z->v[i], write, e);
    return rc;
}

int lego_restore(const struct tree *t, const char *kind, const char *name, struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    BUF_AUTO(bytes, ARCHIVE_MAX);
    struct unzip *z = calloc(1, sizeof *z);
    if (!z)
        return err_nomem(e);
    archive_path(t, kind, name, &path);
    int rc = fs_read(AT_FDCWD, buf_z(&path), &bytes, e);
    if (!rc && !(rc = unzip_open(z, buf_str(&bytes), e)))
        rc = !strcmp(kind, LEGO_CERTS) ? restore_cert(t, z, e) : restore_account(t, z, e);
    free(z);
    return rc ? err_wrap(e, "%s", buf_z(&path)) : fs_unlink(AT_FDCWD, buf_z(&path), e);
}

/* ---- an account put away ---- */

static int pack_account(const char *dir, const struct strlist *names, struct zip *z, struct err *e)
{
    for (size_t i = 0; i < names->n; i++) {
        BUF_AUTO(path, PATH_MAX);
        BUF_AUTO(text, LINEAGE_MAX_FILE);
        fs_join(&path, dir, names->v[i]);
        int rc = fs_read(AT_FDCWD, buf_z(&path), &text, e);
        if (!rc && (rc = zip_add(z, str_of(names->v[i]), buf_str(&text))))
            err_set(e, rc, "%s cannot be archived: %s", buf_z(&path), signet_strerror(rc));
        if (rc)
            return rc;
    }
    return 0;
}

int lego_archive_account(const struct tree *t, const char *host, const char *id, int64_t now, struct err *e)
{
    BUF_AUTO(own, PATH_MAX);
    BUF_AUTO(dir, PATH_MAX);
    BUF_AUTO(path, PATH_MAX);
    BUF_AUTO(data, ARCHIVE_MAX);
    STRLIST_AUTO(names);
    struct zip z = zip_begin(&data, now);
    buf_addf(&own, "accounts/%s/%s", host, id);
    tree_path(t, buf_z(&own), NULL, &dir);
    int rc = fs_list(AT_FDCWD, buf_z(&dir), &names, e);
    if (rc || (rc = pack_account(buf_z(&dir), &names, &z, e)))
        return rc;
    if (zip_end(&z, buf_str(&own)))
        return err_nomem(e);
    tree_path(t, LEGO_ARCHIVES, "accounts", &path);
    if ((rc = fs_mkdirs(buf_z(&path), 0700, e)))
        return rc;
    buf_clear(&own);
    buf_addf(&own, "%s_%s_%lld.zip", host, id, (long long)now);
    archive_path(t, "accounts", buf_z(&own), &path);
    rc = fs_replace(AT_FDCWD, buf_z(&path), buf_str(&data), 0600, false, e);
    return rc ? rc : fs_remove_tree(AT_FDCWD, buf_z(&dir), e);
}
