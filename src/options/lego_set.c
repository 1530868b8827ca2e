/* One option of lego's from its text, and the life of lego's own members. */
#include "base/clock.h"
#include "options/lego.h"
#include "options/request.h"
#include <limits.h>
#include <stdlib.h>

enum { VALUE_MAX = 64 * 1024, LIST_MAX = 10000 };

#define MEMBER(name) offsetof(struct lego_options, name)
static const size_t strings[] = {
    MEMBER(http_port),
    MEMBER(tls_port),
    MEMBER(http_webroot),
    MEMBER(http_proxy_header),
    MEMBER(http_s3_bucket),
    MEMBER(dns),
    MEMBER(account_id),
    MEMBER(kid),
    MEMBER(hmac),
    MEMBER(filename),
    MEMBER(private_key),
    MEMBER(key_type),
    MEMBER(not_before),
    MEMBER(not_after),
    MEMBER(deactivate_authz_text),
    MEMBER(pfx_password),
    MEMBER(pfx_format),
    MEMBER(run_hook),
    MEMBER(renew_hook),
    MEMBER(code),
    MEMBER(env_file),
    MEMBER(config),
    MEMBER(dns_persist_issuer),
    MEMBER(dns_persist_until),
    MEMBER(log_level),
    MEMBER(log_format),
};
static const size_t lists[] = { MEMBER(http_memcached_hosts), MEMBER(dns_resolvers) };
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char **string_at(struct lego_options *o, size_t i)
{
    return (char **)(void *)((char *)o + strings[i]);
}

static struct strlist *list_at(struct lego_options *o, size_t i)
{
    return (struct strlist *)(void *)((char *)o + lists[i]);
}

void lego_options_done(struct lego_options *o)
{
    if (o->hmac)
        explicit_bzero(o->hmac, strlen(o->hmac));
    if (o->pfx_password)
        explicit_bzero(o->pfx_password, strlen(o->pfx_password));
    for (size_t i = 0; i < COUNT(strings); i++)
        free(*string_at(o, i));
    for (size_t i = 0; i < COUNT(lists); i++)
        strlist_done(list_at(o, i));
    *o = (struct lego_options){ 0 };
}

int lego_options_copy(struct lego_options *to, const struct lego_options *from)
{
    struct lego_options *source = (struct lego_options *)(uintptr_t)from; /* string_at and list_at only read it */
    *to = *from;
    for (size_t i = 0; i < COUNT(strings); i++)
        *string_at(to, i) = NULL;
    for (size_t i = 0; i < COUNT(lists); i++)
        *list_at(to, i) = (struct strlist){ 0 };
    for (size_t i = 0; i < COUNT(strings); i++) {
        const char *z = *string_at(source, i);
        if (z && !(*string_at(to, i) = str_dup(str_of(z))))
            return SIGNET_ENOMEM;
    }
    for (size_t i = 0; i < COUNT(lists); i++)
        if (strlist_copy(list_at(to, i), list_at(source, i)))
            return SIGNET_ENOMEM;
    return 0;
}

int lego_put(char **at, signet_str s, struct err *e)
{
    char *z = str_dup(s);
    if (!z)
        return err_nomem(e);
    free(*at);
    *at = z;
    return 0;
}

int lego_options_init(struct request *r)
{
    struct lego_options *o = &r->lego;
    *o = (struct lego_options){ .days = 30,
                                .dns_timeout = 10,
                                .cert_timeout = 30,
                                .request_limit = 18,
                                .run_hook_timeout = 120000,
                                .renew_hook_timeout = 120000,
                                .deploy_hook_timeout = 120000,
                                .pre_hook_timeout = 120000,
                                .post_hook_timeout = 120000 };
    o->http_proxy_header = str_dup(STR("Host"));
    o->key_type = str_dup(STR("ec256"));
    o->pfx_password = str_dup(STR("changeit"));
    o->pfx_format = str_dup(STR("RC2"));
    return o->http_proxy_header && o->key_type && o->pfx_password && o->pfx_format ? 0 : SIGNET_ENOMEM;
}

/* ---- values ---- */

static bool duration_unit(signet_str *s, double *ret)
{
    static const struct {
        const char *name;
        double ms;
    } units[] = { { "ms", 1 },     { "us", 1e-3 }, { "\xc2\xb5s", 1e-3 }, { "ns", 1e-6 },
                  { "h", 3600e3 }, { "m", 60e3 },  { "s", 1e3 } };
    for (size_t i = 0; i < COUNT(units); i++)
        if (str_starts(*s, str_of(units[i].name))) {
            *ret = units[i].ms;
            *s = str_skip(*s, strlen(units[i].name));
            return true;
        }
    return false;
}

/* Digits, with a fraction, as a number; false when there is none. */
static bool duration_number(signet_str *s, double *ret)
{
    double v = 0, place = 1;
    bool digits = false, point = false;
    for (; s->n && ((s->p[0] >= '0' && s->p[0] <= '9') || (s->p[0] == '.' && !point)); *s = str_skip(*s, 1)) {
        if (s->p[0] == '.') {
            point = true;
            continue;
        }
        digits = true;
        if (point)
            v += (s->p[0] - '0') * (place /= 10);
        else
            v = v * 10 + (s->p[0] - '0');
    }
    *ret = v;
    return digits;
}

int lego_duration(signet_str s, int64_t *ret)
{
    double sum = 0, v, unit;
    bool negative = str_starts(s, STR("-"));
    if (negative || str_starts(s, STR("+")))
        s = str_skip(s, 1);
    if (str_eq(s, STR("0"))) {
        *ret = 0;
        return 0;
    }
    if (!s.n)
        return SIGNET_EINVAL;
    while (s.n) {
        if (!duration_number(&s, &v) || !duration_unit(&s, &unit))
            return SIGNET_EINVAL;
        sum += v * unit;
    }
    if (sum > 9.2e12) /* 292 years: Go's limit */
        return SIGNET_EINVAL;
    *ret = (int64_t)(negative ? -sum : sum);
    return 0;
}

static bool as_bool(signet_str s, bool *ret)
{
    static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" }, *const no[] = { "0",     "f",
                                                                                                "F",     "false",
                                                                                                "FALSE", "False" };
    for (size_t i = 0; i < COUNT(yes); i++) {
        if (str_eq(s, str_of(yes[i])) || str_eq(s, str_of(no[i]))) {
            *ret = str_eq(s, str_of(yes[i]));
            return true;
        }
    }
    return false;
}

static bool as_int(signet_str s, int *ret)
{
    uint64_t v;
    bool negative = str_starts(s, STR("-"));
    if (str_u64(str_skip(s, negative ? 1 : 0), INT_MAX, &v))
        return false;
    *ret = negative ? -(int)v : (int)v;
    return true;
}

static int set_string(char **at, signet_str value)
{
    char *z = str_dup(value);
    if (!z)
        return SIGNET_ENOMEM;
    free(*at);
    *at = z;
    return 0;
}

static int set_list(struct strlist *l, signet_str value)
{
    signet_str part;
    bool more = true;
    while (more) {
        more = str_cut(value, ',', &part, &value);
        if (l->n >= LIST_MAX)
            return SIGNET_ELIMIT;
        int rc = strlist_add(l, str_trim(part));
        if (rc)
            return rc;
    }
    return 0;
}

/* 0; SIGNET_ENOMEM; SIGNET_EINVAL with what is wrong in *why. */
static int set_value(struct request *r, const struct lego_opt *o, signet_str value, const char **why)
{
    void *at = (char *)r + o->offset;
    uint64_t number;
    int64_t when;
    *why = "parse error";
    switch (o->type) {
    case LEGO_FLAG:
        return as_bool(value, at) ? 0 : SIGNET_EINVAL;
    case LEGO_STRING:
        return set_string(at, value);
    case LEGO_LIST:
        return set_list(at, value);
    case LEGO_INT:
        return as_int(value, at) ? 0 : SIGNET_EINVAL;
    case LEGO_UINT:
        if (str_u64(value, UINT_MAX, &number))
            return SIGNET_EINVAL;
        *(unsigned *)at = (unsigned)number;
        return 0;
    case LEGO_DURATION:
        return lego_duration(value, at);
    case LEGO_TIME:
        *why = "it is no time as RFC 3339 writes it, such as 2026-11-22T08:26:08Z";
        return clock_parse_rfc3339(value, &when) ? SIGNET_EINVAL : set_string(at, value);
    }
    return SIGNET_EINVAL;
}

int lego_opt_set(struct request *r, const struct lego_opt *o, signet_str name, signet_str value, struct err *e)
{
    const char *why = "it is too long, or has a NUL character in it";
    BUF_AUTO(shown, 512);
    int rc = value.n > VALUE_MAX || str_has(value, '\0') ? SIGNET_EINVAL : set_value(r, o, value, &why);
    if (!rc) {
        if (str_eq(name, STR("days")) || str_eq(name, STR("renew-days")))
            r->lego.days_given = true;
        r->lego.v5 |= o->v5;
        return 0;
    }
    if (rc == SIGNET_ENOMEM)
        return err_nomem(e);
    if (o->secret)
        buf_addz(&shown, "***");
    else
        buf_add_escaped(&shown, value, 200);
    return err_set(e, SIGNET_EUSAGE, "invalid %svalue \"%s\" for flag -%.*s: %s",
                   o->type == LEGO_FLAG ? "boolean " : "", buf_z(&shown), STR_ARG(name), why);
}
