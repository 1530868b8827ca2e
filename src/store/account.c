/* Finding and reading accounts. What is damaged is an error that names the file: a new account in its place would lose
 * the old one's certificates, rate limits and orders. */
#include "store/account.h"

#include "base/clock.h"
#include "base/fs.h"
#include "store/account_in.h"
#include "store/store.h"

#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

void account_free(struct account *a)
{
    if (!a)
        return;
    free(a->id);
    free(a->server);
    free(a->url);
    free(a->creation_host);
    free(a->mail);
    free(a->status);
    free(a->orders_url);
    strlist_done(&a->contacts);
    key_free(a->key);
    free(a);
}

bool account_id_ok(const char *id)
{
    return id[0] && id[0] != '.' && !strchr(id, '/') && strlen(id) <= 200;
}

/* One path segment of a server's URL. */
static bool segment_ok(signet_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x21 || s.p[i] == 0x7f || s.p[i] == '\\')
            return false;
    return s.n <= NAME_MAX && s.p[0] != '.';
}

int account_dir(const struct tree *t, const char *server, struct buf *ret)
{
    const char *start = strstr(server, "://");
    if (!start)
        return SIGNET_EINVAL;
    signet_str part, rest = { start + 3, strcspn(start + 3, "?#") };
    bool first = true;
    tree_path(t, "accounts", NULL, ret);
    do {
        str_cut(rest, '/', &part, &rest);
        if ((first && !part.n) || (part.n && !segment_ok(part)))
            return SIGNET_EINVAL;
        if (part.n) {
            buf_addc(ret, '/');
            buf_add(ret, part);
        }
        first = false;
    } while (rest.n);
    return buf_err(ret);
}

static int server_dir(const struct tree *t, const char *server, struct buf *ret, struct err *e)
{
    int r = account_dir(t, server, ret);
    return r ? err_set(e, r, "\"%.200s\" is not the URL of an ACME server", server) : 0;
}

/* Servers whose accounts moved along when the address changed: certbot looks at the old one when the new one has none.
 */
static const char *server_before(const char *server)
{
    static const struct {
        const char *now, *before;
    } moved[] = {
        { "https://acme-v02.api.letsencrypt.org/directory", "https://acme-v01.api.letsencrypt.org/directory" },
        { "https://acme-staging-v02.api.letsencrypt.org/directory",
          "https://acme-staging.api.letsencrypt.org/directory" },
    };
    for (size_t i = 0; i < sizeof moved / sizeof *moved; i++)
        if (strcmp(server, moved[i].now) == 0)
            return moved[i].before;
    return NULL;
}

static bool is_account(const char *dir, const char *id)
{
    BUF_AUTO(path, PATH_MAX);
    bool found = false;
    static const char *const files[] = { "private_key.json", "regr.json" };
    for (size_t i = 0; !found && i < 2; i++) {
        buf_clear(&path);
        buf_addf(&path, "%s/%s/%s", dir, id, files[i]);
        found = !buf_err(&path) && fs_exists(AT_FDCWD, buf_z(&path));
    }
    return found;
}

int certbot_account_list(const struct tree *t, const char *server, struct strlist *ret, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    STRLIST_AUTO(names);
    int r = server_dir(t, server, &dir, e);
    if (r)
        return r;
    r = fs_list(AT_FDCWD, buf_z(&dir), &names, e);
    if (r && r != SIGNET_ENOTFOUND)
        return r;
    err_clear(e);
    r = 0;
    size_t before = ret->n;
    for (size_t i = 0; !r && i < names.n; i++)
        if (account_id_ok(names.v[i]) && is_account(buf_z(&dir), names.v[i]))
            r = strlist_addz(ret, names.v[i]);
    if (r)
        return err_nomem(e);
    const char *old = server_before(server);
    return ret->n == before && old ? account_list(t, old, ret, e) : 0;
}

int account_find(const struct tree *t, const char *server, const char *id, struct buf *ret, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    if (!account_id_ok(id))
        return err_set(e, SIGNET_EINVAL, "\"%.200s\" cannot be the id of an account", id);
    int r = server_dir(t, server, &dir, e);
    if (r)
        return r;
    const char *old = server_before(server);
    if (!is_account(buf_z(&dir), id) && old)
        return account_find(t, old, id, ret, e);
    fs_join(ret, buf_z(&dir), id);
    if (is_account(buf_z(&dir), id))
        return 0;
    return err_set(e, SIGNET_ENOTFOUND, "Account at %s does not exist", buf_z(ret));
}

/* ---- loading ---- */

static int damaged(struct err *e, const char *path, const char *why)
{
    int r = err_set(e, SIGNET_EFORMAT, "cannot use the account file %s: %s", path, why);
    err_hint(e, "Restore it from a backup of the accounts folder. If there is none, move the folder it lies in away "
                "and register anew; certificates stay valid, but this account is lost.");
    return r;
}

static int read_file(const char *dir, const char *name, struct buf *path, struct buf *ret, struct err *e)
{
    struct err why = { 0 };
    fs_join(path, dir, name);
    int r = fs_read(AT_FDCWD, buf_z(path), ret, &why);
    if (r == SIGNET_ENOTFOUND)
        return damaged(e, buf_z(path), "it is missing");
    if (r == SIGNET_EFORMAT || r == SIGNET_ELIMIT)
        return damaged(e, buf_z(path), why.text);
    if (r) {
        if (e)
            *e = why;
        return r;
    }
    return str_trim(buf_str(ret)).n ? 0 : damaged(e, buf_z(path), "it is empty");
}

static int read_json(const char *dir, const char *name, struct buf *path, json_t **ret, struct err *e)
{
    BUF_AUTO(text, ACCOUNT_MAX_FILE);
    json_error_t why;
    int r = read_file(dir, name, path, &text, e);
    if (r)
        return r;
    json_t *j = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &why);
    if (!j || !json_is_object(j)) {
        json_decref(j);
        return damaged(e, buf_z(path), j ? "it holds no JSON object" : "it holds no JSON, or only the beginning of it");
    }
    *ret = j;
    return 0;
}

static int load_key(struct account *a, const char *dir, struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    BUF_AUTO(text, ACCOUNT_MAX_FILE);
    struct err why = { 0 };
    int r = read_file(dir, "private_key.json", &path, &text, e);
    if (r)
        return r;
    r = key_from_jwk(&a->key, buf_str(&text), &why);
    if (!r && !key_is_private(a->key))
        return damaged(e, buf_z(&path), "it holds only the public half of a key");
    return r ? damaged(e, buf_z(&path), why.text[0] ? why.text : signet_strerror(r)) : 0;
}

static int load_regr(struct account *a, const char *dir, struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    json_t *j;
    int r = read_json(dir, "regr.json", &path, &j, e);
    if (r)
        return r;
    const char *uri = json_string_value(json_object_get(j, "uri"));
    if (!uri || !*uri)
        r = damaged(e, buf_z(&path), "\"uri\", the account's URL, is missing");
    else if (!(a->url = str_dup(str_of(uri))))
        r = err_nomem(e);
    json_decref(j);
    return r;
}

/* meta.json only informs people: without it the account works all the same. A wrong one is an error, as it is for
 * certbot. */
static int load_meta(struct account *a, const char *dir, struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    json_t *j;
    fs_join(&path, dir, "meta.json");
    if (!fs_exists(AT_FDCWD, buf_z(&path)))
        return (a->creation_host = str_dup(STR("unknown"))) ? 0 : err_nomem(e);
    int r = read_json(dir, "meta.json", &path, &j, e);
    if (r)
        return r;
    const char *host = json_string_value(json_object_get(j, "creation_host"));
    const char *when = json_string_value(json_object_get(j, "creation_dt"));
    if (!when || clock_parse_rfc3339(str_of(when), &a->created))
        r = damaged(e, buf_z(&path), "\"creation_dt\" is no time");
    else if (!(a->creation_host = str_dup(str_of(host ? host : "unknown"))))
        r = err_nomem(e);
    json_decref(j);
    return r;
}

int certbot_account_load(struct account **ret, const struct tree *t, const char *server, const char *id, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    int r = account_find(t, server, id, &dir, e);
    if (r)
        return r;
    struct account *a = calloc(1, sizeof *a);
    if (!a || !(a->id = str_dup(str_of(id))) || !(a->server = str_dup(str_of(server))))
        r = err_nomem(e);
    if (!r)
        r = load_key(a, buf_z(&dir), e);
    if (!r)
        r = load_regr(a, buf_z(&dir), e);
    if (!r)
        r = load_meta(a, buf_z(&dir), e);
    if (r)
        account_free(a);
    else
        *ret = a;
    return r;
}
