/* Accounts in lego's tree. */
#include "base/fs.h"
#include "store/lego_in.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#define KEY_MAX (64u * 1024u)

static bool id_ok(const char *id)
{
    return id && id[0] && id[0] != '.' && !strchr(id, '/') && strlen(id) <= 200;
}

/* "https://HOST:PORT/…" → "HOST_PORT" */
static bool host_of(const char *server, struct buf *ret)
{
    const char *start = server ? strstr(server, "://") : NULL;
    if (!start)
        return false;
    signet_str host = { start + 3, strcspn(start + 3, "/?#") };
    const char *at = host.n ? memrchr(host.p, '@', host.n) : NULL;
    if (at)
        host = str_skip(host, (size_t)(at - host.p) + 1);
    for (size_t i = 0; i < host.n; i++) {
        if ((unsigned char)host.p[i] < 0x21 || host.p[i] == 0x7f || host.p[i] == '\\')
            return false;
        buf_addc(ret, host.p[i] == ':' ? '_' : host.p[i]);
    }
    return host.n && host.n < NAME_MAX && host.p[0] != '.' && !buf_err(ret);
}

int lego_account_dir(const struct tree *t, const char *server, const char *id, struct buf *ret, struct err *e)
{
    BUF_AUTO(host, PATH_MAX);
    if (!host_of(server, &host))
        return err_set(e, SIGNET_EINVAL, "\"%.200s\" is not the URL of an ACME server", server ? server : "");
    if (id && !id_ok(id))
        return err_set(e, SIGNET_EINVAL, "\"%.200s\" cannot be the name of an account's folder", id);
    tree_path(t, "accounts", buf_z(&host), ret);
    if (id)
        buf_addf(ret, "/%s", id);
    return buf_err(ret) ? err_set(e, buf_err(ret), "the path of the account is too long") : 0;
}

static int key_path(const struct tree *t, const char *server, const char *id, struct buf *ret, struct err *e)
{
    int rc = lego_account_dir(t, server, id, ret, e);
    if (!rc)
        buf_addf(ret, lego_tree_is_v5(t) ? "/%s.key" : "/keys/%s.key", id);
    return rc;
}

int lego_account_list(const struct tree *t, const char *server, struct strlist *ret, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    BUF_AUTO(file, PATH_MAX);
    STRLIST_AUTO(names);
    int rc = lego_account_dir(t, server, NULL, &dir, e);
    if (rc)
        return rc;
    rc = fs_list(AT_FDCWD, buf_z(&dir), &names, e);
    if (rc == SIGNET_ENOTFOUND)
        err_clear(e);
    for (size_t i = 0; !rc && i < names.n; i++) {
        buf_clear(&file);
        buf_addf(&file, "%s/%s/account.json", buf_z(&dir), names.v[i]);
        if (id_ok(names.v[i]) && fs_exists(AT_FDCWD, buf_z(&file)) && strlist_addz(ret, names.v[i]))
            rc = err_nomem(e);
    }
    return rc == SIGNET_ENOTFOUND ? 0 : rc;
}

int lego_account_key(struct key **ret, const struct tree *t, const char *server, const char *id, struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    BUF_AUTO(pem, KEY_MAX);
    int rc = key_path(t, server, id, &path, e);
    if (rc || (rc = fs_read(AT_FDCWD, buf_z(&path), &pem, e)))
        return rc;
    rc = key_from_pem(ret, buf_str(&pem), e);
    return rc ? err_wrap(e, "the account key %s", buf_z(&path)) : 0;
}

/* ---- account.json ---- */

static int damaged(struct err *e, const char *path, const char *why)
{
    int rc = err_set(e, SIGNET_EFORMAT, "cannot use the account file %s: %s", path, why);
    err_hint(e, "Restore it from a backup. If there is none, move its folder away; the next run registers anew.");
    return rc;
}

static char *text_of(const json_t *o, const char *key)
{
    const char *z = json_string_value(json_object_get(o, key));
    return z ? str_dup(str_of(z)) : NULL;
}

/* 4 has {"body": {…}, "uri"}, 5 has the members of body and "accountURL". A null registration is an account that is
 * looked up at the CA by its key. */
static int take_json(struct account *a, const json_t *j)
{
    const json_t *reg = json_object_get(j, "registration"), *body = json_object_get(reg, "body");
    const json_t *in = body ? body : reg, *contact;
    size_t i;
    a->mail = text_of(j, "email");
    a->url = text_of(reg, json_object_get(reg, "uri") ? "uri" : "accountURL");
    a->status = text_of(in, "status");
    a->orders_url = text_of(in, "orders");
    json_array_foreach(json_object_get(in, "contact"), i, contact)
    {
        if (json_is_string(contact) && strlist_addz(&a->contacts, json_string_value(contact)))
            return SIGNET_ENOMEM;
    }
    return 0;
}

static int read_account(struct account *a, const char *path, struct err *e)
{
    BUF_AUTO(text, LEGO_JSON_MAX);
    int rc = fs_read(AT_FDCWD, path, &text, e);
    if (rc)
        return rc;
    json_t *j = json_loadb(text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(j))
        rc = damaged(e, path, j ? "it holds no JSON object" : "it holds no JSON, or only the beginning of it");
    else if (take_json(a, j))
        rc = err_nomem(e);
    json_decref(j);
    return rc;
}

int lego_account_text(const struct tree *t, const char *server, const char *id, struct buf *ret, struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    int rc = lego_account_dir(t, server, id, &path, e);
    buf_addz(&path, "/account.json");
    return rc ? rc : fs_read(AT_FDCWD, buf_z(&path), ret, e);
}

static int load_json(json_t **ret, const struct tree *t, const char *server, const char *id, struct err *e)
{
    BUF_AUTO(text, LEGO_JSON_MAX);
    BUF_AUTO(path, PATH_MAX);
    int rc = lego_account_text(t, server, id, &text, e);
    if (rc || (rc = lego_account_dir(t, server, id, &path, e)))
        return rc;
    *ret = json_loadb(buf_z(&text), text.n, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(*ret))
        return 0;
    json_decref(*ret);
    return damaged(e, buf_z(&path), "it holds no JSON object");
}

int lego_account_origin(const struct tree *t, const char *server, const char *id, struct buf *ret, struct err *e)
{
    json_t *j = NULL;
    int rc = load_json(&j, t, server, id, e);
    if (rc)
        return rc;
    buf_clear(ret);
    buf_addz(ret, json_string_value(json_object_get(j, "origin")));
    json_decref(j);
    return buf_err(ret) ? err_nomem(e) : 0;
}

int lego_account_set_origin(const struct tree *t, const char *server, const char *id, const char *origin, struct err *e)
{
    BUF_AUTO(text, LEGO_JSON_MAX);
    BUF_AUTO(path, PATH_MAX);
    json_t *j = NULL;
    int rc = load_json(&j, t, server, id, e);
    if (rc)
        return rc;
    const char *old = json_string_value(json_object_get(j, "origin"));
    bool same = old && !strcmp(old, origin);
    if (!same && (json_object_set_new(j, "origin", json_string(origin)) || lego_json_text(j, &text)))
        rc = err_nomem(e);
    json_decref(j);
    if (rc || same || (rc = lego_account_dir(t, server, id, &path, e)))
        return rc;
    buf_addz(&path, "/account.json");
    return fs_replace(AT_FDCWD, buf_z(&path), buf_str(&text), 0600, true, e);
}

int lego_account_load(struct account **ret, const struct tree *t, const char *server, const char *id, struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    int rc = lego_account_dir(t, server, id, &path, e);
    if (rc)
        return rc;
    struct account *a = calloc(1, sizeof *a);
    if (!a || !(a->id = str_dup(str_of(id))) || !(a->server = str_dup(str_of(server)))) {
        account_free(a);
        return err_nomem(e);
    }
    buf_addz(&path, "/account.json");
    rc = read_account(a, buf_z(&path), e);
    if (!rc && (rc = lego_account_key(&a->key, t, server, id, e)) == SIGNET_ENOTFOUND)
        rc = damaged(e, buf_z(&path), "its key is missing");
    if (rc)
        account_free(a);
    else
        *ret = a;
    return rc;
}

/* ---- storing ---- */

static json_t *registration(const struct account *a, bool v5)
{
    json_t *body = json_object(), *contact = json_array();
    bool ok = body && contact;
    for (size_t i = 0; ok && i < a->contacts.n; i++)
        ok = json_array_append_new(contact, json_string(a->contacts.v[i])) == 0;
    ok = ok && json_object_set_new(body, "status", json_string(a->status ? a->status : "valid")) == 0;
    if (ok && a->contacts.n)
        ok = json_object_set(body, "contact", contact) == 0;
    if (ok && a->orders_url && a->orders_url[0])
        ok = json_object_set_new(body, "orders", json_string(a->orders_url)) == 0;
    json_decref(contact);
    if (ok && v5)
        ok = json_object_set_new(body, "accountURL", json_string(a->url ? a->url : "")) == 0;
    if (!ok) {
        json_decref(body);
        return NULL;
    }
    return v5 ? body : json_pack("{s:o, s:s}", "body", body, "uri", a->url ? a->url : "");
}

static const char *key_type_word(const struct key *k)
{
    unsigned size = key_size(k);
    if (key_kind(k) == KEY_RSA)
        return size <= 2048 ? "RSA2048" : size <= 3072 ? "RSA3072" : size <= 4096 ? "RSA4096" : "RSA8192";
    return size == 384 ? "EC384" : "EC256";
}

static json_t *account_json(const struct account *a, const char *mail, bool v5)
{
    json_t *reg = registration(a, v5);
    if (!reg)
        return NULL;
    if (!v5)
        return json_pack("{s:s, s:o}", "email", mail, "registration", reg);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o}", "id", a->id, "email", mail, "keyType", key_type_word(a->key),
                     "server", a->server, "origin", "command", "registration", reg);
}

/* The key first: with it alone the account can still be found at the CA. A key that is there already stays. */
static int save_key(const struct tree *t, const struct account *a, struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    BUF_AUTO(pem, KEY_MAX);
    struct key *old = NULL;
    int rc = key_path(t, a->server, a->id, &path, e);
    if (rc)
        return rc;
    if (!lego_account_key(&old, t, a->server, a->id, NULL)) {
        bool same = key_same(old, a->key);
        key_free(old);
        if (same)
            return 0;
    }
    rc = lego_tree_is_v5(t) ? key_to_pem(a->key, &pem) : key_to_pem_traditional(a->key, &pem);
    if (rc)
        return err_set(e, rc, "the account key cannot be written as PEM");
    return fs_replace(AT_FDCWD, buf_z(&path), buf_str(&pem), 0600, false, e);
}

int lego_account_save(const struct tree *t, struct account *a, const char *mail, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    BUF_AUTO(path, PATH_MAX);
    BUF_AUTO(text, LEGO_JSON_MAX);
    bool v5 = lego_tree_is_v5(t);
    int rc = lego_account_dir(t, a->server, a->id, &dir, e);
    if (rc)
        return rc;
    fs_join(&path, buf_z(&dir), v5 ? "" : "keys");
    json_t *j = account_json(a, mail ? mail : a->mail ? a->mail : "", v5);
    if (!j || lego_json_text(j, &text))
        rc = err_nomem(e);
    json_decref(j);
    if (!rc && !(rc = fs_mkdirs(buf_z(&path), 0700, e)) && !(rc = save_key(t, a, e))) {
        fs_join(&path, buf_z(&dir), "account.json");
        rc = fs_replace(AT_FDCWD, buf_z(&path), buf_str(&text), 0600, true, e);
    }
    return rc;
}

int lego_account_delete(const struct tree *t, const char *server, const char *id, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    int rc = lego_account_dir(t, server, id, &dir, e);
    return rc ? rc : fs_remove_tree(AT_FDCWD, buf_z(&dir), e);
}
