/* Certificates in lego's tree: putting the files of one away. */
#include "base/fs.h"
#include "store/lego_in.h"
#include "store/zip.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* NAME with one more extension, whatever it is: hooks put files of their own there. And NAME.issuer.crt. */
static bool is_of(const char *file, const char *name)
{
    size_t n = strlen(name);
    if (strncmp(file, name, n) != 0 || file[n] != '.' || !file[n + 1])
        return false;
    return !strchr(file + n + 1, '.') || !strcmp(file + n, ".issuer.crt");
}

/* The extensions of all that is there. */
static int extensions(const struct tree *t, const char *name, struct strlist *ret, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    STRLIST_AUTO(files);
    tree_path(t, LEGO_CERTS, NULL, &dir);
    int rc = fs_list(AT_FDCWD, buf_z(&dir), &files, e);
    for (size_t i = 0; !rc && i < files.n; i++)
        if (is_of(files.v[i], name) && strlist_addz(ret, files.v[i] + strlen(name)))
            rc = err_nomem(e);
    return rc;
}

static int move_one(const struct tree *t, const char *name, const char *ext, int64_t now, struct err *e)
{
    BUF_AUTO(from, PATH_MAX);
    BUF_AUTO(to, PATH_MAX);
    BUF_AUTO(own, PATH_MAX);
    lego_cert_path(t, name, ext, &from);
    buf_addf(&own, "%lld.%s%s", (long long)now, name, ext);
    tree_path(t, LEGO_ARCHIVES, buf_z(&own), &to);
    if (rename(buf_z(&from), buf_z(&to)) == 0 || errno == ENOENT)
        return 0;
    return err_sys(e, errno, "%s cannot be moved to %s", buf_z(&from), buf_z(&to));
}

static int move_all(const struct tree *t, const char *name, int64_t now, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    STRLIST_AUTO(exts);
    tree_path(t, LEGO_ARCHIVES, NULL, &dir);
    int rc = extensions(t, name, &exts, e);
    if (!rc)
        rc = fs_mkdirs(buf_z(&dir), 0700, e);
    for (size_t i = 0; !rc && i < exts.n; i++)
        rc = move_one(t, name, exts.v[i], now, e);
    return rc ? rc : fs_fsync_dir(AT_FDCWD, buf_z(&dir), e);
}

/* ---- version 5: one archive for all of them ---- */

static int pack(const struct tree *t, const char *name, const struct strlist *exts, int64_t now, struct buf *ret,
                struct err *e)
{
    struct zip z = zip_begin(ret, now);
    BUF_AUTO(path, PATH_MAX);
    for (size_t i = 0; i < exts->n; i++) {
        BUF_AUTO(text, LINEAGE_MAX_FILE);
        lego_cert_path(t, name, exts->v[i], &path);
        int rc = fs_read(AT_FDCWD, buf_z(&path), &text, NULL);
        if (rc == SIGNET_ENOTFOUND)
            continue;
        if (rc)
            return err_set(e, rc, "%s cannot be read", buf_z(&path));
        buf_clear(&path);
        buf_addf(&path, "%s%s", name, exts->v[i]);
        if ((rc = zip_add(&z, buf_str(&path), buf_str(&text))))
            return err_set(e, rc, "%s cannot be archived: %s", name, signet_strerror(rc));
    }
    return zip_end(&z, STR(LEGO_CERTS)) ? err_nomem(e) : 0;
}

static int zip_all(const struct tree *t, const char *name, int64_t now, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    BUF_AUTO(path, PATH_MAX);
    BUF_AUTO(data, 8u << 20);
    STRLIST_AUTO(exts);
    tree_path(t, LEGO_ARCHIVES, LEGO_CERTS, &dir);
    buf_addf(&path, "%s/%s_%lld.zip", buf_z(&dir), name, (long long)now);
    int rc = extensions(t, name, &exts, e);
    if (!rc)
        rc = pack(t, name, &exts, now, &data, e);
    if (!rc)
        rc = fs_mkdirs(buf_z(&dir), 0700, e);
    if (!rc)
        rc = fs_replace(AT_FDCWD, buf_z(&path), buf_str(&data), 0600, false, e);
    for (size_t i = 0; !rc && i < exts.n; i++) {
        lego_cert_path(t, name, exts.v[i], &path);
        rc = fs_unlink(AT_FDCWD, buf_z(&path), e);
    }
    return rc;
}

int lego_archive(const struct tree *t, const char *name, int64_t now, struct err *e)
{
    return lego_tree_is_v5(t) ? zip_all(t, name, now, e) : move_all(t, name, now, e);
}
