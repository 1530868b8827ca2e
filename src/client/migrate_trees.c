/* migrate: reading certbot's tree and lego's, through the store. */
#include "base/fs.h"
#include "base/log.h"
#include "client/migrate.h"
#include "store/lego.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#define ROOM "migrate"

static bool is_folder(const char *dir, const char *name)
{
    BUF_AUTO(path, 8192);
    struct stat st;
    fs_join(&path, dir, name);
    return stat(buf_z(&path), &st) == 0 && S_ISDIR(st.st_mode);
}

bool move_is_certbot(const char *path)
{
    return is_folder(path, "renewal") && is_folder(path, "archive");
}

bool move_is_lego(const char *path)
{
    return is_folder(path, "certificates") && is_folder(path, "accounts") && !is_folder(path, "archive");
}

static int add_account(struct moving *m, const struct tree *t, const char *server, const char *id, struct err *e)
{
    struct account *a = NULL;
    struct err why = { 0 };
    if (account_load(&a, t, server, id, &why)) {
        log_warn(ROOM, "The account %s is left where it is: %s", id, why.text);
        return 0;
    }
    struct moved_account *to = moving_account(m);
    if (to) {
        *to = (struct moved_account){ .server = str_dup(str_of(server)), .id = str_dup(str_of(id)), .key = a->key };
        a->key = NULL;
        to->url = a->url && a->url[0] ? str_dup(str_of(a->url)) : NULL;
        to->mail = a->mail && a->mail[0] ? str_dup(str_of(a->mail)) : NULL;
    }
    account_free(a);
    return to && to->server && to->id ? 0 : err_nomem(e);
}

static int add_cert(struct moving *m, const struct lineage *l, struct moved_cert **ret, struct err *e)
{
    BUF_AUTO(chain, MOVE_FILE_MAX);
    BUF_AUTO(key, MOVE_FILE_MAX);
    struct err why = { 0 };
    *ret = NULL;
    if (lineage_read(l, KIND_FULLCHAIN, l->newest, &chain, &why)) {
        log_warn(ROOM, "%s is left where it is: %s", l->name, why.text);
        return 0;
    }
    bool has_key = !lineage_read(l, KIND_PRIVKEY, l->newest, &key, NULL);
    struct moved_cert *c = moving_cert(m);
    if (!c || !(c->name = str_dup(str_of(l->name))) || !(c->chain = str_dup(buf_str(&chain))) ||
        (has_key && !(c->key = str_dup(buf_str(&key)))))
        return err_nomem(e);
    *ret = c;
    return 0;
}

/* ---- certbot ---- */

/* The folders between accounts/ and an account are the server's URL. */
static int walk_servers(struct moving *m, const struct tree *t, const char *dir, const char *url, struct err *e)
{
    STRLIST_AUTO(names);
    STRLIST_AUTO(ids);
    BUF_AUTO(path, 8192);
    BUF_AUTO(below, 8192);
    int rc = 0;
    if (strlen(url) > 2048 || fs_list(AT_FDCWD, dir, &names, NULL))
        return 0;
    if (strchr(url + 8, '/') && !account_list(t, url, &ids, NULL))
        for (size_t i = 0; !rc && i < ids.n; i++)
            rc = add_account(m, t, url, ids.v[i], e);
    for (size_t i = 0; !rc && i < names.n; i++) {
        if (strlist_has(&ids, str_of(names.v[i])) || names.v[i][0] == '.' || !is_folder(dir, names.v[i]))
            continue;
        fs_join(&path, dir, names.v[i]);
        buf_clear(&below);
        buf_addf(&below, "%s%s%s", url, str_ends(str_of(url), STR("//")) ? "" : "/", names.v[i]);
        rc = walk_servers(m, t, buf_z(&path), buf_z(&below), e);
    }
    return rc;
}

static int certbot_cert(struct moving *m, const struct tree *t, const char *name, struct err *e)
{
    BUF_AUTO(server, 8192);
    struct lineage *l = NULL;
    struct moved_cert *c;
    struct err why = { 0 };
    if (lineage_open(&l, t, name, &why)) {
        log_warn(ROOM, "%s is left where it is: %s", name, why.text);
        return 0;
    }
    int rc = add_cert(m, l, &c, e);
    if (!rc && c && conf_get(l->conf, "renewalparams", "server", &server) && !(c->server = str_dup(buf_str(&server))))
        rc = err_nomem(e);
    lineage_free(l);
    return rc;
}

int move_from_certbot(struct moving *m, const char *path, struct err *e)
{
    STRLIST_AUTO(names);
    BUF_AUTO(accounts, 8192);
    struct tree t;
    if (tree_init(&t, path, path, path))
        return err_nomem(e);
    tree_path(&t, "accounts", NULL, &accounts);
    int rc = walk_servers(m, &t, buf_z(&accounts), "https://", e);
    if (!rc)
        rc = lineage_list(&t, &names, e);
    for (size_t i = 0; !rc && i < names.n; i++)
        rc = certbot_cert(m, &t, names.v[i], e);
    tree_done(&t);
    return rc;
}

/* ---- lego ---- */

static signet_str host_of(const char *url)
{
    const char *start = url ? strstr(url, "://") : NULL;
    start = start ? start + 3 : url;
    return (signet_str){ start, start ? strcspn(start, "/") : 0 };
}

/* Version 4 keeps the host alone. Its directory is that of --server when the host is the same, or one that everybody
 * knows. */
static char *server_of_host(const struct request *req, signet_str host)
{
    static const char *const known[] = { SERVER_PRODUCTION,
                                         SERVER_STAGING,
                                         "https://acme.zerossl.com/v2/DV90",
                                         "https://dv.acme-v02.api.pki.goog/directory",
                                         "https://dv.acme-v02.test-api.pki.goog/directory",
                                         "https://acme-api.actalis.com/acme/directory" };
    if (req->server && str_ieq(host_of(req->server), host))
        return str_dup(str_of(req->server));
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_ieq(host_of(known[i]), host))
            return str_dup(str_of(known[i]));
    return NULL;
}

static int lego_host(struct moving *m, const struct tree *t, const char *folder, struct err *e)
{
    BUF_AUTO(host, 1024);
    BUF_AUTO(url, 2048);
    STRLIST_AUTO(ids);
    buf_addz(&host, folder);
    char *port = host.p ? strrchr(host.p, '_') : NULL;
    if (port)
        *port = ':';
    buf_addf(&url, "https://%s/", buf_z(&host));
    int rc = account_list(t, buf_z(&url), &ids, e);
    if (rc || !ids.n)
        return rc;
    char *server = server_of_host(m->req, buf_str(&host));
    if (!server) {
        err_set(e, SIGNET_EINVAL, "lego's tree does not tell the directory of the CA at %s.", buf_z(&host));
        err_hint(e, "Give it with --server https://%s/…", buf_z(&host));
        return SIGNET_EINVAL;
    }
    for (size_t i = 0; !rc && i < ids.n; i++)
        rc = add_account(m, t, server, ids.v[i], e);
    free(server);
    return rc;
}

static int lego_cert(struct moving *m, const struct tree *t, const char *name, struct err *e)
{
    BUF_AUTO(url, 8192);
    struct lineage *l = NULL;
    struct moved_cert *c = NULL;
    struct err why = { 0 };
    if (lineage_open(&l, t, name, &why)) {
        log_warn(ROOM, "%s is left where it is: %s", name, why.text);
        return 0;
    }
    int rc = add_cert(m, l, &c, e);
    if (!rc && c && lego_cert_member(l, "certUrl", &url) && url.n) {
        c->url = str_dup(buf_str(&url));
        c->server = server_of_host(m->req, host_of(buf_z(&url)));
    }
    if (!rc && c && c->name[0] == '_' && c->name[1] == '.') /* "*.a.test" is called a.test by certbot */
        memmove(c->name, c->name + 2, strlen(c->name + 2) + 1);
    lineage_free(l);
    return rc;
}

int move_from_lego(struct moving *m, const char *path, struct err *e)
{
    STRLIST_AUTO(hosts);
    STRLIST_AUTO(names);
    BUF_AUTO(accounts, 8192);
    struct tree t;
    if (lego_tree_init(&t, path, false))
        return err_nomem(e);
    tree_path(&t, "accounts", NULL, &accounts);
    int rc = fs_list(AT_FDCWD, buf_z(&accounts), &hosts, e);
    for (size_t i = 0; !rc && i < hosts.n; i++)
        rc = lego_host(m, &t, hosts.v[i], e);
    if (!rc)
        rc = lineage_list(&t, &names, e);
    for (size_t i = 0; !rc && i < names.n; i++)
        rc = lego_cert(m, &t, names.v[i], e);
    tree_done(&t);
    return rc;
}
