/* Options that are more than one value in one place. */
#include "options/rows.h"

#include <jansson.h>
#include <stdlib.h>

enum { PATH_TEXT_MAX = 128 * 1024 };

static int usage(const struct opt *o, struct err *e)
{
    BUF_AUTO(names, 512);
    opt_all_names(o, &names);
    (void)err_wrap(e, "argument %s", buf_z(&names));
    if (e)
        e->code = SIGNET_EUSAGE;
    return SIGNET_EUSAGE;
}

/* "" is a variable that a script did not set, not the folder that it happens to run in. */
static int webroot_folder(const struct opt *o, signet_str value, struct buf *to, struct err *e)
{
    return value.n ? opt_absolute(o, value, to, e)
                   : err_set(e, SIGNET_EINVAL, "The webroot is empty: it does not exist or is not a directory");
}

int request_map_webroots(struct request *r)
{
    if (!r->webroot_path.n)
        return 0;
    signet_str last = str_of(r->webroot_path.v[r->webroot_path.n - 1]);
    const struct strlist *both[] = { &r->domains, &r->ip_addresses };
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < both[k]->n; i++) {
            signet_str name = str_of(both[k]->v[i]);
            if (!webroot_map_get(&r->webroot_map, name) && webroot_map_set(&r->webroot_map, name, last))
                return SIGNET_ENOMEM;
        }
    return 0;
}

int set_webroot_path(struct request *r, const struct opt *o, signet_str value, enum source from, struct err *e)
{
    (void)from;
    if (r->names_before_webroot)
        return err_set(e, SIGNET_EINVAL,
                       "With several --webroot-path the first must come before all --domain and --ip-address");
    if (!r->webroot_path.n && (r->domains.n || r->ip_addresses.n))
        r->names_before_webroot = true;
    BUF_AUTO(path, PATH_TEXT_MAX);
    int rc = webroot_folder(o, value, &path, e);
    if (rc)
        return rc;
    return request_map_webroots(r) || strlist_add(&r->webroot_path, buf_str(&path)) ? err_nomem(e) : 0;
}

/* IPv4 dotted, or anything with a colon: what stands for an address among names. */
static bool looks_like_ip(signet_str s)
{
    if (str_has(s, ':'))
        return true;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '.' && (s.p[i] < '0' || s.p[i] > '9'))
            return false;
    return s.n > 0;
}

static int map_entry(struct request *r, signet_str names, signet_str path)
{
    bool more = true;
    while (more) {
        signet_str name;
        more = str_cut(names, ',', &name, &names);
        name = str_trim(name);
        struct strlist *to = looks_like_ip(name) ? &r->ip_addresses : &r->domains;
        if (strlist_add_new(to, name) || webroot_map_set(&r->webroot_map, name, path))
            return SIGNET_ENOMEM;
    }
    return 0;
}

int set_webroot_map(struct request *r, const struct opt *o, signet_str value, enum source from, struct err *e)
{
    (void)from;
    json_error_t why;
    json_t *map = json_loadb(value.p ? value.p : "", value.n, JSON_REJECT_DUPLICATES, &why);
    if (!json_is_object(map)) {
        (void)err_set(e, SIGNET_EUSAGE, "not a JSON object of \"name,name\": \"/folder\" (%s)",
                      map ? "another kind of value" : why.text);
        json_decref(map);
        return usage(o, e);
    }
    int rc = 0;
    const char *names;
    json_t *folder;
    json_object_foreach(map, names, folder)
    {
        BUF_AUTO(path, PATH_TEXT_MAX);
        if (!json_is_string(folder)) {
            (void)err_set(e, SIGNET_EUSAGE, "the folder of \"%.200s\" is not a text", names);
            rc = usage(o, e);
        } else {
            rc = webroot_folder(o, str_of(json_string_value(folder)), &path, e);
        }
        if (!rc && map_entry(r, str_of(names), buf_str(&path)))
            rc = err_nomem(e);
        if (rc)
            break;
    }
    json_decref(map);
    return rc;
}

static const struct {
    const char *word, *type;
} challenges[] = {
    { "http", "http-01" },
    { "http-01", "http-01" },
    { "dns", "dns-01" },
    { "dns-01", "dns-01" },
    { "tls-alpn", "tls-alpn-01" },
    { "tls-alpn-01", "tls-alpn-01" },
    { "tls-sni", "tls-alpn-01" },
    { "tls-sni-01", "tls-alpn-01" },
    { "dns-account", "dns-account-01" },
    { "dns-account-01", "dns-account-01" },
    { "dns-persist", "dns-persist-01" },
    { "dns-persist-01", "dns-persist-01" },
};

static const char *challenge_type(struct request *r, signet_str word)
{
    for (size_t i = 0; i < sizeof(challenges) / sizeof(challenges[0]); i++) {
        if (!str_eq(word, str_of(challenges[i].word)))
            continue;
        if (str_starts(word, STR("tls-sni")))
            (void)request_warn(r,
                               "The tls-sni-01 challenge is gone; tls-alpn-01, which came after it, is used instead.");
        return challenges[i].type;
    }
    return NULL;
}

int pref_challs_parse(struct request *r, signet_str value, struct strlist *to, struct err *e)
{
    BUF_AUTO(unknown, 1024);
    STRLIST_AUTO(types);
    bool more = true;
    while (more) {
        signet_str word;
        more = str_cut(value, ',', &word, &value);
        word = str_trim(word);
        const char *type = challenge_type(r, word);
        if (type && strlist_add_new(&types, str_of(type)))
            return err_nomem(e);
        if (type)
            continue;
        if (unknown.n)
            buf_addz(&unknown, ", ");
        buf_add_escaped(&unknown, word, 100);
        if (!word.n)
            buf_addz(&unknown, "''");
    }
    if (unknown.n)
        return err_set(e, SIGNET_EINVAL, "Unrecognized challenges: %s", buf_z(&unknown));
    for (size_t i = 0; i < types.n; i++)
        if (strlist_add_new(to, str_of(types.v[i])))
            return err_nomem(e);
    return 0;
}

int set_pref_challs(struct request *r, const struct opt *o, signet_str value, enum source from, struct err *e)
{
    (void)from;
    int rc = pref_challs_parse(r, value, &r->pref_challs, e);
    return rc == SIGNET_EINVAL ? usage(o, e) : rc;
}

signet_str server_today(signet_str server)
{
    if (str_eq(server, STR("https://acme-v01.api.letsencrypt.org/directory")))
        return STR(SERVER_PRODUCTION);
    if (str_eq(server, STR("https://acme-staging.api.letsencrypt.org/directory")))
        return STR(SERVER_STAGING);
    return server;
}

int set_server(struct request *r, const struct opt *o, signet_str value, enum source from, struct err *e)
{
    (void)o;
    (void)from;
    return str_put(&r->server, server_today(value)) ? err_nomem(e) : 0;
}

int set_ua_comment(struct request *r, const struct opt *o, signet_str value, enum source from, struct err *e)
{
    (void)from;
    if (str_has(value, '(') || str_has(value, ')')) {
        (void)err_set(e, SIGNET_EUSAGE, "may not contain parentheses");
        return usage(o, e);
    }
    return str_put(&r->user_agent_comment, value) ? err_nomem(e) : 0;
}

int set_plugin(struct request *r, const struct opt *o, signet_str value, enum source from, struct err *e)
{
    (void)value;
    (void)from;
    signet_str name = str_skip(opt_long_name(o), 2);
    if (str_starts(name, STR("certbot-route53:")))
        name = STR("dns-route53");
    return strlist_add_new(&r->plugin_flags, name) ? err_nomem(e) : 0;
}

const char *foreign_get(const struct request *r, signet_str key)
{
    for (size_t i = 0; i + 1 < r->foreign.n; i += 2)
        if (str_eq(str_of(r->foreign.v[i]), key))
            return r->foreign.v[i + 1];
    return NULL;
}

const char *request_plugin_option(const struct request *r, const char *key)
{
    return foreign_get(r, str_of(key));
}

int foreign_set(struct request *r, signet_str key, signet_str value)
{
    for (size_t i = 0; i + 1 < r->foreign.n; i += 2)
        if (str_eq(str_of(r->foreign.v[i]), key))
            return str_put(&r->foreign.v[i + 1], value);
    if (strlist_add(&r->foreign, key))
        return SIGNET_ENOMEM;
    if (strlist_add(&r->foreign, value)) {
        strlist_remove(&r->foreign, r->foreign.n - 1);
        return SIGNET_ENOMEM;
    }
    return 0;
}

int set_foreign(struct request *r, const struct opt *o, signet_str value, enum source from, struct err *e)
{
    (void)from;
    BUF_AUTO(key, 256);
    buf_add(&key, str_skip(opt_long_name(o), 2));
    for (size_t i = 0; i < key.n; i++)
        if (key.p[i] == '-')
            key.p[i] = '_';
    return buf_err(&key) || foreign_set(r, buf_str(&key), value) ? err_nomem(e) : 0;
}

int set_foreign_path(struct request *r, const struct opt *o, signet_str value, enum source from, struct err *e)
{
    BUF_AUTO(path, PATH_TEXT_MAX);
    int rc = opt_absolute(o, value, &path, e);
    return rc ? rc : set_foreign(r, o, buf_str(&path), from, e);
}

int set_foreign_number(struct request *r, const struct opt *o, signet_str value, enum source from, struct err *e)
{
    uint64_t n;
    if (str_u64(str_trim(value), 86400, &n)) {
        BUF_AUTO(shown, 256);
        buf_add_escaped(&shown, value, 100);
        (void)err_set(e, SIGNET_EUSAGE, "invalid int value: '%s'", buf_z(&shown));
        return usage(o, e);
    }
    return set_foreign(r, o, str_trim(value), from, e);
}

int set_update_registration(struct request *r, const struct opt *o, signet_str value, enum source from, struct err *e)
{
    (void)o;
    (void)value;
    (void)from;
    (void)e;
    r->update_registration = true;
    return 0;
}
