/* Renewal parameters and requests, each from the other, by the rows' `remember` keys. */
#include "options/remember.h"

#include "options/rows.h"
#include <stdlib.h>

enum { VALUE_MAX = 1 << 20 };

void kvlist_done(struct kvlist *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->v[i].key);
        free(l->v[i].value);
    }
    free(l->v);
    *l = (struct kvlist){ 0 };
}

static struct kv *find(const struct kvlist *l, signet_str key)
{
    for (size_t i = 0; i < l->n; i++)
        if (str_eq(str_of(l->v[i].key), key))
            return &l->v[i];
    return NULL;
}

const char *kvlist_get(const struct kvlist *l, const char *key)
{
    const struct kv *kv = find(l, str_of(key));
    return kv ? kv->value : NULL;
}

int kvlist_set(struct kvlist *l, signet_str key, signet_str value)
{
    struct kv *have = find(l, key);
    if (have)
        return str_put(&have->value, value);
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        struct kv *v = reallocarray(l->v, cap, sizeof(*v));
        if (!v)
            return SIGNET_ENOMEM;
        l->v = v;
        l->cap = cap;
    }
    struct kv kv = { str_dup(key), str_dup(value), false };
    if (!kv.key || !kv.value) {
        free(kv.key);
        free(kv.value);
        return SIGNET_ENOMEM;
    }
    l->v[l->n++] = kv;
    return 0;
}

/* ---- loading ---- */

static int load_bool(signet_str key, signet_str value, bool *ret, struct err *e)
{
    if (str_ieq(value, STR("true")) || str_ieq(value, STR("false"))) {
        *ret = str_ieq(value, STR("true"));
        return 0;
    }
    BUF_AUTO(shown, 512);
    buf_add_escaped(&shown, value, 100);
    return err_set(e, SIGNET_EFORMAT, "Expected True or False for %.*s but found %s", STR_ARG(key), buf_z(&shown));
}

static int load_number(signet_str key, signet_str value, const struct opt *o, unsigned *ret, struct err *e)
{
    uint64_t n;
    if (str_u64(str_trim(value), o->max, &n))
        return err_set(e, SIGNET_EFORMAT, "Expected a numeric value for %.*s", STR_ARG(key));
    *ret = (unsigned)n;
    return 0;
}

static int load_pref_challs(struct request *r, signet_str value, struct err *e)
{
    strlist_done(&r->pref_challs);
    if (str_ends(value, STR(","))) /* the mark of a list with one element */
        value.n--;
    int rc = pref_challs_parse(r, value, &r->pref_challs, e);
    if (rc == SIGNET_EINVAL && e)
        e->code = SIGNET_EFORMAT;
    return rc == SIGNET_EINVAL ? SIGNET_EFORMAT : rc;
}

static int load_row(struct request *r, const struct opt *o, signet_str value, struct err *e)
{
    void *at = (char *)r + o->offset;
    signet_str key = str_of(o->remember);
    bool yes = false;
    int rc = 0;
    switch (o->type) {
    case OPT_FLAG:
        if (!(rc = load_bool(key, value, &yes, e)))
            *(bool *)at = yes;
        return rc;
    case OPT_TRI_YES:
    case OPT_TRI_NO:
        if (!(rc = load_bool(key, value, &yes, e)))
            *(enum tri *)at = yes ? TRI_YES : TRI_NO;
        return rc;
    case OPT_UINT:
        return load_number(key, value, o, at, e);
    case OPT_LIST:
        strlist_done(at);
        return strlist_split(at, value, ',') ? err_nomem(e) : 0;
    case OPT_STRING:
    case OPT_PATH:
    case OPT_CHOICE:
        return str_put(at, value) ? err_nomem(e) : 0;
    case OPT_SPECIAL:
        if (o->id == OPT_ID_PREFERRED_CHALLENGES)
            return load_pref_challs(r, value, e);
        if (o->id == OPT_ID_SERVER)
            return str_put(&r->server, server_today(value)) ? err_nomem(e) : 0;
        strlist_done(&r->webroot_path);
        return strlist_split(&r->webroot_path, value, ',') ? err_nomem(e) : 0;
    case OPT_COUNT:
    case OPT_NOOP:
        return 0;
    }
    return 0;
}

/* Keys of options that certbot has dropped and takes out of old files. */
static bool dropped(signet_str key)
{
    static const char *const keys[] = { "manual_public_ip_logging_ok", "dns_route53_propagation_seconds",
                                        "certbot_route53:auth_propagation_seconds" };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        if (str_eq(key, str_of(keys[i])))
            return true;
    return false;
}

/* Names under which other versions stored what has another name today. */
static signet_str key_today(signet_str key)
{
    static const char *const renamed[][2] = { { "deploy_hook", "renew_hook" },
                                              { "tls_sni_01_port", "tls_alpn01_port" },
                                              { "tls_sni_01_address", "tls_alpn01_address" } };
    for (size_t i = 0; i < sizeof(renamed) / sizeof(renamed[0]); i++)
        if (str_eq(key, str_of(renamed[i][0])))
            return str_of(renamed[i][1]);
    return key;
}

static int load_param(struct request *r, const struct request *base, signet_str key, signet_str value, struct err *e)
{
    key = key_today(key);
    const struct opt *o = opt_by_remember(key);
    if (!o) {
        if (dropped(key) || foreign_get(base, key))
            return 0;
        return foreign_set(r, key, value) ? err_nomem(e) : 0;
    }
    if (base->from[o->id] >= FROM_INI || str_eq(value, STR("None")))
        return 0;
    int rc = load_row(r, o, value, e);
    if (!rc)
        r->from[o->id] = FROM_LINEAGE;
    return rc;
}

/* An account belongs to a server: with another server on the command line the stored one means nothing. */
static int load_account(struct request *r, const struct request *base, const struct kvlist *params, struct err *e)
{
    const char *stored = kvlist_get(params, "server");
    if (base->from[OPT_ID_SERVER] < FROM_INI || base->from[OPT_ID_ACCOUNT] >= FROM_INI || !stored)
        return 0;
    if (str_eq(server_today(str_of(stored)), str_of(base->server)))
        return 0;
    free(r->account);
    r->account = NULL;
    r->from[OPT_ID_ACCOUNT] = FROM_DEFAULT;
    (void)e;
    return 0;
}

static int load_webroot_map(struct request *r, const struct request *base, const struct kvlist *map, struct err *e)
{
    if (!map || base->from[OPT_ID_WEBROOT_MAP] >= FROM_INI || base->from[OPT_ID_WEBROOT_PATH] >= FROM_INI)
        return 0;
    for (size_t i = 0; i < map->n; i++)
        if (webroot_map_set(&r->webroot_map, str_of(map->v[i].key), str_of(map->v[i].value)))
            return err_nomem(e);
    if (map->n)
        r->from[OPT_ID_WEBROOT_MAP] = FROM_LINEAGE;
    return 0;
}

int remember_load(struct request *ret, const struct request *base, const struct kvlist *params,
                  const struct kvlist *webroot_map, struct err *e)
{
    struct request r = { 0 };
    if (request_copy(&r, base))
        return err_nomem(e);
    int rc = 0;
    for (size_t i = 0; i < params->n && !rc; i++)
        rc = load_param(&r, base, str_of(params->v[i].key), str_of(params->v[i].value), e);
    if (!rc)
        rc = load_account(&r, base, params, e);
    if (!rc)
        rc = load_webroot_map(&r, base, webroot_map, e);
    /* before 1.25 certbot stored no key_type, and keys were RSA */
    const char *type = kvlist_get(params, "key_type");
    if (!rc && !type && base->from[OPT_ID_KEY_TYPE] < FROM_INI) {
        rc = str_put(&r.key_type, STR("rsa")) ? err_nomem(e) : 0;
        r.from[OPT_ID_KEY_TYPE] = FROM_DEFAULT; /* the key itself knows better */
    }
    if (rc) {
        request_done(&r);
        return rc;
    }
    request_done(ret);
    *ret = r;
    return 0;
}

/* ---- storing ---- */

/* The row's value as certbot writes it; false: nothing to write. */
static bool print_row(const struct request *r, const struct opt *o, struct buf *to, bool *list)
{
    const void *at = (const char *)r + o->offset;
    switch (o->type) {
    case OPT_FLAG:
        buf_addz(to, *(const bool *)at ? "True" : "False");
        return true;
    case OPT_TRI_YES:
    case OPT_TRI_NO:
        buf_addz(to, *(const enum tri *)at == TRI_YES ? "True" : "False");
        return *(const enum tri *)at != TRI_UNSET;
    case OPT_UINT:
        buf_addf(to, "%u", *(const unsigned *)at);
        return true;
    case OPT_LIST:
        strlist_join(at, ", ", to);
        *list = true;
        return ((const struct strlist *)at)->n > 0;
    case OPT_STRING:
    case OPT_PATH:
    case OPT_CHOICE:
        buf_addz(to, *(char *const *)at ? *(char *const *)at : "");
        return *(char *const *)at != NULL;
    case OPT_SPECIAL:
        if (o->id == OPT_ID_SERVER) {
            buf_addz(to, r->server);
            return true;
        }
        strlist_join(at, ", ", to);
        *list = true;
        return ((const struct strlist *)at)->n > 0;
    case OPT_COUNT:
    case OPT_NOOP:
        return false;
    }
    return false;
}

static bool always_stored(enum opt_id id)
{
    return id == OPT_ID_SERVER || id == OPT_ID_KEY_TYPE || id == OPT_ID_ACCOUNT || id == OPT_ID_AUTHENTICATOR ||
           id == OPT_ID_INSTALLER;
}

static int store_row(const struct request *r, const struct opt *o, struct kvlist *params)
{
    BUF_AUTO(value, VALUE_MAX);
    bool list = false;
    if (!print_row(r, o, &value, &list))
        return 0;
    if (buf_err(&value) || kvlist_set(params, str_of(o->remember), buf_str(&value)))
        return SIGNET_ENOMEM;
    find(params, str_of(o->remember))->list = list;
    return 0;
}

int remember_store(const struct request *r, struct kvlist *params, struct kvlist *webroot_map, struct err *e)
{
    const struct opt *o;
    for (size_t i = 0; (o = opt_at(i)); i++) {
        bool wanted = o->remember && opt_by_remember(str_of(o->remember)) == o;
        if (wanted && (r->from[o->id] != FROM_DEFAULT || always_stored(o->id)) && store_row(r, o, params))
            return err_nomem(e);
    }
    for (size_t i = 0; i + 1 < r->foreign.n; i += 2)
        if (kvlist_set(params, str_of(r->foreign.v[i]), str_of(r->foreign.v[i + 1])))
            return err_nomem(e);
    for (size_t i = 0; i < r->webroot_map.n; i++)
        if (kvlist_set(webroot_map, str_of(r->webroot_map.v[i].name), str_of(r->webroot_map.v[i].path)))
            return err_nomem(e);
    return 0;
}
