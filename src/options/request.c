/* The request: its defaults, its end, its copy. */
#include "options/request.h"

#include "base/buf.h"
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const verb_names[] = {
    [VERB_NONE] = "",
    [VERB_RUN] = "run",
    [VERB_CERTONLY] = "certonly",
    [VERB_RENEW] = "renew",
    [VERB_CERTIFICATES] = "certificates",
    [VERB_DELETE] = "delete",
    [VERB_REVOKE] = "revoke",
    [VERB_REGISTER] = "register",
    [VERB_UNREGISTER] = "unregister",
    [VERB_UPDATE_ACCOUNT] = "update_account",
    [VERB_SHOW_ACCOUNT] = "show_account",
    [VERB_RECONFIGURE] = "reconfigure",
    [VERB_ENHANCE] = "enhance",
    [VERB_INSTALL] = "install",
    [VERB_ROLLBACK] = "rollback",
    [VERB_PLUGINS] = "plugins",
    [VERB_UPDATE_SYMLINKS] = "update_symlinks",
    [VERB_CONFIG_CHANGES] = "config_changes",
    [VERB_EXPLAIN] = "explain",
    [VERB_STATUS] = "status",
    [VERB_MIGRATE] = "migrate",
    /* of lego's face: no word of certbot's can be one of these */
    [VERB_LEGO_RUN] = "lego run",
    [VERB_LEGO_RENEW] = "lego renew",
    [VERB_LEGO_REVOKE] = "lego revoke",
    [VERB_LEGO_LIST] = "lego list",
    [VERB_LEGO_ACCOUNT_LIST] = "lego accounts list",
    [VERB_LEGO_ACCOUNT_REGISTER] = "lego accounts register",
    [VERB_LEGO_ACCOUNT_RECOVER] = "lego accounts recover",
    [VERB_LEGO_ACCOUNT_ROLLOVER] = "lego accounts keyrollover",
    [VERB_LEGO_ARCHIVE_LIST] = "lego archives list",
    [VERB_LEGO_ARCHIVE_RESTORE] = "lego archives restore",
    [VERB_LEGO_CONFIG] = "lego",
    [VERB_HELP] = "help",
};
_Static_assert(sizeof(verb_names) / sizeof(verb_names[0]) == VERB_COUNT, "a verb has no name");

const char *verb_name(enum verb v)
{
    return v < VERB_COUNT ? verb_names[v] : "";
}

enum verb verb_from_name(signet_str name)
{
    if (str_eq(name, STR("auth")))
        return VERB_CERTONLY;
    if (str_eq(name, STR("everything")))
        return VERB_RUN;
    for (int v = VERB_NONE + 1; v < VERB_COUNT; v++)
        if (str_eq(name, str_of(verb_names[v])) && !str_has(name, ' '))
            return (enum verb)v;
    return VERB_NONE;
}

#define MEMBER(m) offsetof(struct request, m)
static const size_t strings[] = {
    MEMBER(config_dir),       MEMBER(work_dir),
    MEMBER(logs_dir),         MEMBER(server),
    MEMBER(user_agent),       MEMBER(user_agent_comment),
    MEMBER(certname),         MEMBER(csr),
    MEMBER(cert_path),        MEMBER(key_path),
    MEMBER(fullchain_path),   MEMBER(chain_path),
    MEMBER(key_type),         MEMBER(elliptic_curve),
    MEMBER(preferred_chain),  MEMBER(preferred_profile),
    MEMBER(required_profile), MEMBER(email),
    MEMBER(account),          MEMBER(eab_kid),
    MEMBER(eab_hmac_key),     MEMBER(eab_hmac_alg),
    MEMBER(reason),           MEMBER(authenticator),
    MEMBER(installer),        MEMBER(configurator),
    MEMBER(http01_address),   MEMBER(tls_alpn01_address),
    MEMBER(manual_auth_hook), MEMBER(manual_cleanup_hook),
    MEMBER(pre_hook),         MEMBER(post_hook),
    MEMBER(deploy_hook),      MEMBER(migrate_from),
    MEMBER(migrate_to),       MEMBER(dns_provider),
    MEMBER(dns_provider_dir), MEMBER(dns_propagation_wait),
};
static const size_t lists[] = {
    MEMBER(help_topics), MEMBER(domains),      MEMBER(ip_addresses), MEMBER(certnames),
    MEMBER(pref_challs), MEMBER(plugin_flags), MEMBER(webroot_path), MEMBER(foreign),
    MEMBER(warnings),    MEMBER(dns_for),      MEMBER(dns_secret),   MEMBER(dns_resolvers),
};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char **string_at(struct request *r, size_t i)
{
    return (char **)(void *)((char *)r + strings[i]);
}

static struct strlist *list_at(struct request *r, size_t i)
{
    return (struct strlist *)(void *)((char *)r + lists[i]);
}

static const struct {
    size_t member;
    const char *value;
} defaults[] = {
    { MEMBER(config_dir), "/etc/letsencrypt" },
    { MEMBER(work_dir), "/var/lib/letsencrypt" },
    { MEMBER(logs_dir), "/var/log/letsencrypt" },
    { MEMBER(server), SERVER_PRODUCTION },
    { MEMBER(key_type), "ecdsa" },
    { MEMBER(elliptic_curve), "secp256r1" },
    { MEMBER(eab_hmac_alg), "HS256" },
    { MEMBER(reason), "unspecified" },
    { MEMBER(http01_address), "" },
    { MEMBER(tls_alpn01_address), "" },
};

int request_init(struct request *r)
{
    *r = (struct request){
        .max_log_backups = 1000,
        .rsa_key_size = 2048,
        .issuance_timeout = 90,
        .parallel = 32,
        .http01_port = 80,
        .tls_alpn01_port = 443,
        .https_port = 443,
        .checkpoints = 1,
    };
    for (size_t i = 0; i < COUNT(defaults); i++) {
        char *z = str_dup(str_of(defaults[i].value));
        if (!z) {
            request_done(r);
            return SIGNET_ENOMEM;
        }
        *(char **)(void *)((char *)r + defaults[i].member) = z;
    }
    return 0;
}

void request_done(struct request *r)
{
    if (r->eab_hmac_key)
        explicit_bzero(r->eab_hmac_key, strlen(r->eab_hmac_key));
    for (size_t i = 0; i < COUNT(strings); i++)
        free(*string_at(r, i));
    for (size_t i = 0; i < COUNT(lists); i++)
        strlist_done(list_at(r, i));
    webroot_map_done(&r->webroot_map);
    lego_options_done(&r->lego);
    *r = (struct request){ 0 };
}

static int copy_owned(struct request *to, const struct request *from)
{
    struct request *source = (struct request *)(uintptr_t)from; /* string_at and list_at only read it */
    for (size_t i = 0; i < COUNT(strings); i++) {
        const char *z = *string_at(source, i);
        if (z && !(*string_at(to, i) = str_dup(str_of(z))))
            return SIGNET_ENOMEM;
    }
    for (size_t i = 0; i < COUNT(lists); i++) {
        int rc = strlist_copy(list_at(to, i), list_at(source, i));
        if (rc)
            return rc;
    }
    for (size_t i = 0; i < from->webroot_map.n; i++) {
        const struct webroot_entry *w = &from->webroot_map.v[i];
        int rc = webroot_map_set(&to->webroot_map, str_of(w->name), str_of(w->path));
        if (rc)
            return rc;
    }
    return lego_options_copy(&to->lego, &from->lego);
}

int request_copy(struct request *to, const struct request *from)
{
    struct request copy = *from;
    for (size_t i = 0; i < COUNT(strings); i++)
        *string_at(&copy, i) = NULL;
    for (size_t i = 0; i < COUNT(lists); i++)
        *list_at(&copy, i) = (struct strlist){ 0 };
    copy.webroot_map = (struct webroot_map){ 0 };
    copy.lego = (struct lego_options){ 0 };
    int rc = copy_owned(&copy, from);
    if (rc) {
        request_done(&copy);
        return rc;
    }
    request_done(to);
    *to = copy;
    return 0;
}

int request_warn(struct request *r, const char *fmt, ...)
{
    BUF_AUTO(text, 1024);
    va_list ap;
    va_start(ap, fmt);
    buf_addv(&text, fmt, ap);
    va_end(ap);
    return buf_err(&text) ? buf_err(&text) : strlist_add_new(&r->warnings, buf_str(&text));
}

const char *webroot_map_get(const struct webroot_map *m, signet_str name)
{
    for (size_t i = 0; i < m->n; i++)
        if (str_eq(str_of(m->v[i].name), name))
            return m->v[i].path;
    return NULL;
}

static int map_append(struct webroot_map *m, char *name, char *path)
{
    if (m->n == m->cap) {
        size_t cap = m->cap ? m->cap * 2 : 8;
        struct webroot_entry *v = reallocarray(m->v, cap, sizeof(*v));
        if (!v)
            return SIGNET_ENOMEM;
        m->v = v;
        m->cap = cap;
    }
    m->v[m->n++] = (struct webroot_entry){ name, path };
    return 0;
}

int webroot_map_set(struct webroot_map *m, signet_str name, signet_str path)
{
    char *p = str_dup(path);
    if (!p)
        return SIGNET_ENOMEM;
    for (size_t i = 0; i < m->n; i++) {
        if (!str_eq(str_of(m->v[i].name), name))
            continue;
        free(m->v[i].path);
        m->v[i].path = p;
        return 0;
    }
    char *n = str_dup(name);
    int rc = n ? map_append(m, n, p) : SIGNET_ENOMEM;
    if (rc) {
        free(n);
        free(p);
    }
    return rc;
}

void webroot_map_done(struct webroot_map *m)
{
    for (size_t i = 0; i < m->n; i++) {
        free(m->v[i].name);
        free(m->v[i].path);
    }
    free(m->v);
    *m = (struct webroot_map){ 0 };
}
