/* Certificates in lego's tree: finding and reading them. */
#include "base/fs.h"
#include "crypto/cert.h"
#include "crypto/digest.h"
#include "store/lego_in.h"

#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>

/* Not one of several files that begin alike: "NAME.issuer.crt" is none. */
static bool is_cert(signet_str file)
{
    return str_ends(file, STR(".crt")) && !str_ends(file, STR(".issuer.crt")) && file.p[0] != '.' && file.n > 4;
}

int lego_list(const struct tree *t, struct strlist *ret, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    STRLIST_AUTO(names);
    tree_path(t, LEGO_CERTS, NULL, &dir);
    int rc = fs_list(AT_FDCWD, buf_z(&dir), &names, e);
    if (rc == SIGNET_ENOTFOUND) {
        err_clear(e);
        return 0;
    }
    for (size_t i = 0; !rc && i < names.n; i++) {
        signet_str s = str_of(names.v[i]);
        if (is_cert(s) && strlist_add(ret, (signet_str){ s.p, s.n - 4 }))
            rc = err_nomem(e);
    }
    return rc;
}

static int read_one(const struct lineage *l, const char *path, struct buf *ret, struct err *e)
{
    (void)l;
    return fs_read(AT_FDCWD, path, ret, e);
}

/* What differs between two certificates differs in it. Never 0. */
static unsigned number_of(signet_str text)
{
    uint8_t hash[32];
    unsigned n = 0;
    if (digest_sha256(text, hash))
        return 1;
    for (size_t i = 0; i < 4; i++)
        n = n << 8 | hash[i];
    return n ? n : 1;
}

int lego_open(struct lineage **ret, const struct tree *t, const char *name, struct err *e)
{
    static const char *const ext[KIND_COUNT] = {
        [KIND_CERT] = ".crt", [KIND_PRIVKEY] = ".key", [KIND_CHAIN] = ".issuer.crt", [KIND_FULLCHAIN] = ".crt"
    };
    BUF_AUTO(path, PATH_MAX);
    BUF_AUTO(text, LINEAGE_MAX_FILE);
    lego_cert_path(t, name, ".crt", &path);
    int rc = fs_read(AT_FDCWD, buf_z(&path), &text, e);
    if (rc)
        return rc;
    struct lineage *l = calloc(1, sizeof *l);
    if (!l)
        return err_nomem(e);
    l->ops = t->ops;
    l->name = str_dup(str_of(name));
    tree_path(t, LEGO_CERTS, NULL, &path);
    l->archive_dir = str_dup(buf_str(&path));
    bool ok = l->name && l->archive_dir;
    for (unsigned k = 0; k < KIND_COUNT; k++) {
        lego_cert_path(t, name, ext[k], &path);
        ok &= (l->live[k] = str_dup(buf_str(&path))) != NULL;
    }
    l->newest = l->linked = number_of(buf_str(&text));
    if (!ok) {
        lineage_free(l);
        return err_nomem(e);
    }
    *ret = l;
    return 0;
}

int lego_read(const struct lineage *l, enum kind k, unsigned version, struct buf *ret, struct err *e)
{
    BUF_AUTO(full, LINEAGE_MAX_FILE);
    (void)version;
    if (k != KIND_CERT)
        return read_one(l, l->live[k], ret, e);
    int rc = read_one(l, l->live[KIND_CERT], &full, e);
    buf_clear(ret);
    return rc ? rc : chain_split(buf_str(&full), ret, NULL, NULL, e);
}

void lego_place(const struct lineage *l, struct buf *ret)
{
    signet_str path = str_of(l->live[KIND_CERT]);
    buf_clear(ret);
    buf_add(ret, (signet_str){ path.p, path.n - 4 });
}

bool lego_cert_member(const struct lineage *l, const char *key, struct buf *ret)
{
    BUF_AUTO(path, PATH_MAX);
    BUF_AUTO(text, LEGO_JSON_MAX);
    lego_place(l, &path);
    buf_addz(&path, ".json");
    if (fs_read(AT_FDCWD, buf_z(&path), &text, NULL))
        return false;
    json_t *j = json_loadb(text.p ? text.p : "", text.n, 0, NULL);
    const char *z = json_string_value(json_object_get(j, key));
    if (z)
        buf_addz(ret, z);
    json_decref(j);
    return z && !buf_err(ret);
}

static signet_str host_of(signet_str url)
{
    const char *start = str_find(url, STR("://"));
    signet_str host = start ? str_skip(url, (size_t)(start - url.p) + 3) : url;
    (void)str_cut(host, '/', &host, &url);
    return host;
}

/* It was fetched from there: the same host, or nothing is known. */
bool lego_is_from(const struct lineage *l, const char *server)
{
    BUF_AUTO(url, 8192);
    if (!lego_cert_member(l, "certUrl", &url) || !url.n)
        return true;
    return str_ieq(host_of(buf_str(&url)), host_of(str_of(server)));
}
