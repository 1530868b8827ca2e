/* migrate: reading the folders of acme.sh, dehydrated and uacme. */
#include "base/b64.h"
#include "base/fs.h"
#include "base/log.h"
#include "client/migrate.h"
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>

#define ROOM "migrate"

static bool has(const char *dir, const char *name)
{
    BUF_AUTO(path, 8192);
    fs_join(&path, dir, name);
    return fs_exists(AT_FDCWD, buf_z(&path));
}

static int left(const char *what, const struct err *why)
{
    log_warn(ROOM, "%s is left where it is: %s", what, why->text[0] ? why->text : "a file of it is missing");
    return 0;
}

/* The account whose key is in the file; nothing added when there is none. */
static int take_account(struct moving *m, const char *dir, const char *key_file, const char *server,
                        struct moved_account **ret, struct err *e)
{
    struct err why = { 0 };
    struct key *k = NULL;
    char *pem = move_read(dir, key_file, &why);
    *ret = NULL;
    if (!pem || key_from_pem(&k, str_of(pem), &why)) {
        free(pem);
        return left(dir, &why);
    }
    explicit_bzero(pem, strlen(pem));
    free(pem);
    struct moved_account *a = moving_account(m);
    if (!a) {
        key_free(k);
        return err_nomem(e);
    }
    a->key = k;
    a->server = str_dup(str_of(server));
    if (!a->server)
        return err_nomem(e);
    *ret = a;
    return 0;
}

static int take_cert(struct moving *m, const char *dir, const char *chain_file, const char *name,
                     struct moved_cert **ret, struct err *e)
{
    struct err why = { 0 };
    char *chain = move_read(dir, chain_file, &why);
    *ret = NULL;
    if (!chain)
        return left(dir, &why);
    struct moved_cert *c = moving_cert(m);
    if (!c) {
        free(chain);
        return err_nomem(e);
    }
    c->chain = chain;
    c->name = str_dup(str_of(name));
    *ret = c;
    return c->name ? 0 : err_nomem(e);
}

/* ---- acme.sh ---- */

bool move_is_acmesh(const char *path)
{
    return has(path, "account.conf") && has(path, "ca");
}

char *move_shell_value(const char *text, const char *key)
{
    signet_str rest = str_of(text), line, name, value;
    while (rest.n) {
        (void)str_cut(rest, '\n', &line, &rest);
        if (!str_cut(line, '=', &name, &value) || !str_eq(name, str_of(key)))
            continue;
        value = str_trim(value);
        if (value.n >= 2 && (value.p[0] == '\'' || value.p[0] == '"') && value.p[value.n - 1] == value.p[0])
            value = (signet_str){ value.p + 1, value.n - 2 };
        return value.n && !str_has(value, '\'') ? str_dup(value) : NULL;
    }
    return NULL;
}

/* Commands are kept in base64 between two marks. */
static char *shell_command(const char *text, const char *key)
{
    static const char begin[] = "__ACME_BASE64__START_", end[] = "__ACME_BASE64__END_";
    BUF_AUTO(plain, 64u * 1024u);
    char *z = move_shell_value(text, key);
    signet_str s = str_of(z);
    if (!z || !str_starts(s, str_of(begin)) || !str_ends(s, str_of(end)))
        return z;
    s = (signet_str){ s.p + sizeof begin - 1, s.n - (sizeof begin - 1) - (sizeof end - 1) };
    char *ret = b64_dec(&plain, s) ? NULL : str_dup(buf_str(&plain));
    free(z);
    return ret;
}

static int acmesh_details(struct moved_cert *c, const char *conf, struct err *e)
{
    char *how = move_shell_value(conf, "Le_Webroot");
    c->server = move_shell_value(conf, "Le_API");
    c->url = move_shell_value(conf, "Le_LinkCert");
    c->deploy_hook = shell_command(conf, "Le_ReloadCmd");
    if (how && how[0] == '/') {
        c->webroot = how;
        return 0;
    }
    BUF_AUTO(note, 1024);
    if (how && strcmp(how, "no"))
        buf_addf(&note,
                 "acme.sh proves its names by \"%.200s\"; the way that the command line says is stored in its place",
                 how);
    free(how);
    return note.n && !(c->note = str_dup(buf_str(&note))) ? err_nomem(e) : 0;
}

static int acmesh_cert(struct moving *m, const char *top, const char *folder, struct err *e)
{
    BUF_AUTO(dir, 8192);
    BUF_AUTO(file, 1024);
    struct moved_cert *c;
    struct err why = { 0 };
    signet_str name = str_of(folder);
    if (str_ends(name, STR("_ecc")))
        name.n -= 4;
    fs_join(&dir, top, folder);
    buf_addf(&file, "%.*s.conf", STR_ARG(name));
    if (!has(buf_z(&dir), buf_z(&file)))
        return 0;
    char *conf = move_read(buf_z(&dir), buf_z(&file), &why);
    if (!conf)
        return left(folder, &why);
    int rc = take_cert(m, buf_z(&dir), "fullchain.cer", folder, &c, e);
    if (!rc && c) {
        c->name[name.n] = '\0';
        if (str_starts(name, STR("*."))) /* certbot's names have no star */
            memmove(c->name, c->name + 2, strlen(c->name + 2) + 1);
        buf_clear(&file);
        buf_addf(&file, "%.*s.key", STR_ARG(name));
        c->key = move_read(buf_z(&dir), buf_z(&file), &why);
        rc = acmesh_details(c, conf, e);
    }
    free(conf);
    return rc;
}

/* ca/HOST/PATH has no port, so the URL comes from the certificates; one CA that none of them names is guessed. */
static char *acmesh_server(const struct moving *m, const char *place)
{
    BUF_AUTO(url, 2048);
    signet_str host, path;
    bool deep = str_cut(str_of(place), '/', &host, &path);
    for (size_t i = 0; i < m->n_c; i++) {
        const char *start = m->c[i].server ? strstr(m->c[i].server, "://") : NULL;
        signet_str h, p;
        if (!start)
            continue;
        (void)str_cut(str_of(start + 3), '/', &h, &p);
        (void)str_cut(h, ':', &h, &(signet_str){ 0 });
        if (str_eq(h, host) && (!deep || str_eq(p, path)))
            return str_dup(str_of(m->c[i].server));
    }
    buf_addf(&url, "https://%s", place);
    return str_dup(buf_str(&url));
}

static int acmesh_account(struct moving *m, const char *dir, const char *place, struct err *e)
{
    struct moved_account *a = NULL;
    char *server = acmesh_server(m, place);
    int rc = server ? take_account(m, dir, "account.key", server, &a, e) : err_nomem(e);
    char *conf = a ? move_read(dir, "ca.conf", NULL) : NULL;
    if (conf) {
        a->url = move_shell_value(conf, "ACCOUNT_URL");
        a->mail = move_shell_value(conf, "CA_EMAIL");
    }
    free(conf);
    free(server);
    return rc;
}

static int acmesh_accounts(struct moving *m, const char *dir, const char *place, unsigned depth, struct err *e)
{
    STRLIST_AUTO(names);
    BUF_AUTO(path, 8192);
    BUF_AUTO(below, 2048);
    if (has(dir, "account.key"))
        return acmesh_account(m, dir, place, e);
    int rc = 0;
    if (depth == 8 || fs_list(AT_FDCWD, dir, &names, NULL))
        return 0;
    for (size_t i = 0; !rc && i < names.n; i++) {
        fs_join(&path, dir, names.v[i]);
        buf_clear(&below);
        buf_addf(&below, "%s%s%s", place, place[0] ? "/" : "", names.v[i]);
        rc = acmesh_accounts(m, buf_z(&path), buf_z(&below), depth + 1, e);
    }
    return rc;
}

int move_from_acmesh(struct moving *m, const char *path, struct err *e)
{
    STRLIST_AUTO(names);
    BUF_AUTO(ca, 8192);
    int rc = fs_list(AT_FDCWD, path, &names, e);
    for (size_t i = 0; !rc && i < names.n; i++)
        rc = acmesh_cert(m, path, names.v[i], e);
    fs_join(&ca, path, "ca");
    return rc ? rc : acmesh_accounts(m, buf_z(&ca), "", 0, e);
}

/* ---- dehydrated ---- */

bool move_is_dehydrated(const char *path)
{
    return has(path, "accounts") && has(path, "certs") && !has(path, "certificates");
}

/* The folder is the base64url of the URL and a line break. */
static bool dehydrated_server(const char *folder, struct buf *ret)
{
    signet_str s = str_of(folder);
    while (str_ends(s, STR("=")))
        s.n--;
    if (b64url_dec(ret, s))
        return false;
    while (ret->n && (ret->p[ret->n - 1] == '\n' || ret->p[ret->n - 1] == '\r'))
        ret->p[--ret->n] = '\0';
    return str_starts(buf_str(ret), STR("https://")) && !str_has(buf_str(ret), '\0');
}

static int dehydrated_account(struct moving *m, const char *top, const char *folder, struct err *e)
{
    BUF_AUTO(server, 2048);
    BUF_AUTO(dir, 8192);
    struct moved_account *a;
    fs_join(&dir, top, folder);
    if (!dehydrated_server(folder, &server))
        return 0;
    int rc = take_account(m, buf_z(&dir), "account_key.pem", buf_z(&server), &a, e);
    char *text = a ? move_read(buf_z(&dir), "account_id.json", NULL) : NULL;
    json_t *j = text ? json_loads(text, 0, NULL) : NULL;
    const char *url = json_string_value(json_object_get(j, "url"));
    if (a && url && !(a->url = str_dup(str_of(url))))
        rc = err_nomem(e);
    json_decref(j);
    free(text);
    return rc;
}

static int dehydrated_cert(struct moving *m, const char *top, const char *folder, struct err *e)
{
    BUF_AUTO(dir, 8192);
    struct moved_cert *c;
    fs_join(&dir, top, folder);
    if (!has(buf_z(&dir), "fullchain.pem"))
        return 0;
    int rc = take_cert(m, buf_z(&dir), "fullchain.pem", folder, &c, e);
    if (!rc && c) {
        c->key = move_read(buf_z(&dir), "privkey.pem", NULL);
        /* it does not say from which CA; with one account it is plain */
        c->server = m->n_a == 1 ? str_dup(str_of(m->a[0].server)) : NULL;
        BUF_AUTO(base, 8192);
        buf_add(&base, (signet_str){ top, strlen(top) - strlen("/certs") });
        rc = move_dehydrated_settings(c, buf_z(&base), buf_z(&dir), e);
    }
    return rc;
}

int move_from_dehydrated(struct moving *m, const char *path, struct err *e)
{
    STRLIST_AUTO(accounts);
    STRLIST_AUTO(certs);
    BUF_AUTO(dir, 8192);
    fs_join(&dir, path, "accounts");
    int rc = fs_list(AT_FDCWD, buf_z(&dir), &accounts, e);
    for (size_t i = 0; !rc && i < accounts.n; i++)
        rc = dehydrated_account(m, buf_z(&dir), accounts.v[i], e);
    fs_join(&dir, path, "certs");
    if (!rc)
        rc = fs_list(AT_FDCWD, buf_z(&dir), &certs, e);
    for (size_t i = 0; !rc && i < certs.n; i++)
        rc = dehydrated_cert(m, buf_z(&dir), certs.v[i], e);
    return rc;
}

/* ---- uacme ---- */

bool move_is_uacme(const char *path)
{
    return has(path, "private/key.pem");
}

int move_from_uacme(struct moving *m, const char *path, struct err *e)
{
    STRLIST_AUTO(names);
    BUF_AUTO(dir, 8192);
    BUF_AUTO(key, 8192);
    struct moved_account *a;
    fs_join(&dir, path, "private");
    int rc = take_account(m, buf_z(&dir), "key.pem", m->req->server, &a, e); /* which CA it is not told */
    if (!rc)
        rc = fs_list(AT_FDCWD, path, &names, e);
    for (size_t i = 0; !rc && i < names.n; i++) {
        struct moved_cert *c;
        fs_join(&dir, path, names.v[i]);
        if (!has(buf_z(&dir), "cert.pem"))
            continue;
        rc = take_cert(m, buf_z(&dir), "cert.pem", names.v[i], &c, e);
        buf_clear(&key);
        buf_addf(&key, "%s/private/%s", path, names.v[i]);
        if (!rc && c) {
            c->key = move_read(buf_z(&key), "key.pem", NULL);
            c->server = str_dup(str_of(m->req->server));
        }
    }
    return rc;
}
