#include "dns/answer.h"

#include <arpa/inet.h>
#include <stdio.h>

void dns_answer_done(struct dns_answer *a)
{
    strlist_done(&a->values);
    strlist_done(&a->delegated);
    *a = (struct dns_answer){ 0 };
}

static int unusable(struct dns_answer *a, const char *why)
{
    strlist_done(&a->values);
    strlist_done(&a->delegated);
    a->code = SIGNET_EPROTO;
    (void)snprintf(a->why, sizeof(a->why), "%s", why);
    return 0;
}

static bool same_question(const struct dns_msg *m, const char *name, unsigned type)
{
    char asked[DNS_NAME_MAX];
    size_t at = 12;
    return m->count[0] == 1 && dns_get_name(m, &at, asked) == 0 && !strcmp(asked, name) &&
           dns_get16(m->raw, at) == type && dns_get16(m->raw, at + 2) == DNS_IN;
}

static int add_address(struct dns_answer *a, const struct dns_rr *rr)
{
    char text[INET6_ADDRSTRLEN];
    int family = rr->type == DNS_A ? AF_INET : AF_INET6;
    if (rr->data.n != (family == AF_INET ? 4u : 16u) || !inet_ntop(family, rr->data.p, text, sizeof(text)))
        return SIGNET_EPROTO;
    return strlist_addz(&a->values, text);
}

/* RFC 8659 section 4.1. */
static int add_caa(struct dns_answer *a, const struct dns_rr *rr)
{
    size_t n = rr->data.n > 2 ? (unsigned char)rr->data.p[1] : 0;
    BUF_AUTO(text, DNS_MESSAGE_MAX);
    if (!n || n + 2 > rr->data.n || memchr(rr->data.p + 2, '\0', rr->data.n - 2))
        return SIGNET_EPROTO;
    buf_addf(&text, "%u %.*s ", (unsigned char)rr->data.p[0], (int)n, rr->data.p + 2);
    buf_add(&text, str_skip(rr->data, n + 2));
    return buf_err(&text) ? buf_err(&text) : strlist_add(&a->values, buf_str(&text));
}

static int add_value(struct dns_answer *a, const struct dns_msg *m, const struct dns_rr *rr)
{
    char name[DNS_NAME_MAX];
    size_t at = rr->data_at;
    BUF_AUTO(text, DNS_MESSAGE_MAX);
    switch ((enum dns_type)rr->type) {
    case DNS_A:
    case DNS_AAAA:
        return add_address(a, rr);
    case DNS_NS:
    case DNS_SOA:
        return dns_get_name(m, &at, name) ? SIGNET_EPROTO : strlist_addz(&a->values, name);
    case DNS_TXT:
        if (dns_get_text(rr->data, &text) || memchr(text.p ? text.p : "", '\0', text.n))
            return SIGNET_EPROTO;
        return strlist_add(&a->values, buf_str(&text));
    case DNS_CAA:
        return add_caa(a, rr);
    case DNS_CNAME:
    case DNS_OPT:
    case DNS_TSIG:
        return 0;
    }
    return 0;
}

static int take_answer(struct dns_answer *a, const struct dns_msg *m, const struct dns_rr *rr, const char *name,
                       unsigned type)
{
    size_t at = rr->data_at;
    if (strcmp(rr->name, name) != 0)
        return 0;
    if (rr->type == DNS_CNAME && type != DNS_CNAME)
        return a->alias[0] ? 0 : dns_get_name(m, &at, a->alias);
    return rr->type == type ? add_value(a, m, rr) : 0;
}

/* SOA's minimum and its own TTL: the smaller one counts (RFC 2308 section 5). */
static void take_negative(struct dns_answer *a, const struct dns_rr *rr)
{
    if (rr->data.n < 20)
        return;
    uint32_t minimum = dns_get32(rr->data, rr->data.n - 4);
    a->negative_ttl = minimum < rr->ttl ? minimum : rr->ttl;
}

static int take_authority(struct dns_answer *a, const struct dns_msg *m, const struct dns_rr *rr, const char *name,
                          bool *ns)
{
    char server[DNS_NAME_MAX];
    size_t at = rr->data_at;
    if (!dns_name_within(name, rr->name) || (rr->type != DNS_SOA && rr->type != DNS_NS))
        return 0;
    if (rr->type == DNS_NS && a->zone[0] && !*ns) /* an SOA says more */
        return 0;
    *ns = rr->type == DNS_NS;
    memcpy(a->zone, rr->name, sizeof(a->zone));
    if (rr->type == DNS_SOA)
        take_negative(a, rr);
    if (!*ns)
        return 0;
    return dns_get_name(m, &at, server) ? SIGNET_EPROTO : strlist_addz(&a->delegated, server);
}

int dns_answer_read(struct dns_answer *ret, signet_str raw, const char *name, unsigned type)
{
    struct dns_answer a = { 0 };
    struct dns_msg m;
    struct dns_walk w;
    struct dns_rr rr;
    bool ns = false;
    int rc = dns_msg_open(&m, raw);
    bool whole = rc == 0 && m.flags & DNS_FLAG_QR && m.opcode == 0 && same_question(&m, name, type) &&
                 dns_walk_open(&w, &m) == 0;
    *ret = a;
    if (!whole)
        return unusable(ret, "its answer is not to the question");
    ret->rcode = m.rcode;
    ret->authoritative = m.flags & DNS_FLAG_AA;
    while ((rc = dns_walk_next(&w, &rr)) == 1) {
        if (rr.cls != DNS_IN)
            continue;
        if (rr.section == 1)
            rc = take_answer(ret, &m, &rr, name, type);
        else if (rr.section == 2)
            rc = take_authority(ret, &m, &rr, name, &ns);
        if (rc < 0)
            break;
    }
    if (rc == SIGNET_ENOMEM)
        return rc;
    if (rc < 0)
        return unusable(ret, "its answer is broken");
    if (m.flags & DNS_FLAG_TC)
        return unusable(ret, "its answer is cut short");
    ret->referral = ns && !ret->authoritative && !ret->values.n && !ret->alias[0] && m.rcode == DNS_NOERROR;
    return 0;
}

bool dns_answer_has(const struct dns_answer *a, signet_str value)
{
    return a->code == 0 && strlist_has(&a->values, value);
}
