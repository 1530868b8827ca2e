#include "dns/caa.h"

/* One record, as dns_answer_read writes it: "FLAGS TAG VALUE". */
struct caa {
    bool critical;
    signet_str tag, value;
};

#define CRITICAL 128u

static bool take(signet_str text, struct caa *ret)
{
    signet_str flags, rest;
    uint64_t n;
    if (!str_cut(text, ' ', &flags, &rest) || str_u64(flags, 255, &n))
        return false;
    ret->critical = n & CRITICAL;
    str_cut(rest, ' ', &ret->tag, &ret->value);
    return true;
}

/* The records that count for `name` itself: its own, or those of the name that it is an alias of. NULL: not known yet.
 */
static const struct dns_answer *at(const struct dns_ask *ask, const char *name)
{
    const struct dns_answer *a = NULL;
    for (unsigned i = 0; i < CAA_ALIASES_MAX; i++) {
        struct dns_question q = { .server = "", .name = name, .type = DNS_CAA };
        a = ask->ask(ask->ctx, &q);
        if (!a || a->code || a->values.n || !a->alias[0])
            break;
        name = a->alias;
    }
    return a;
}

/* ---- what a record says ---- */

/* accounturi and validationmethods narrow a permission (RFC 8657). */
static bool parameter_fits(const struct caa_question *q, signet_str tag, signet_str value)
{
    signet_str one;
    if (str_ieq(tag, STR("accounturi")))
        return !q->account || !*q->account || str_eq(value, str_of(q->account));
    if (!str_ieq(tag, STR("validationmethods")))
        return true;
    bool more = true, found = false;
    while (more) {
        more = str_cut(value, ',', &one, &value);
        found |= str_ieq(str_trim(one), str_of(q->method));
    }
    return found;
}

/* "ca.example; accounturi=…": is that our CA, by our account, by our method? */
static bool permits(const struct caa_question *q, signet_str value)
{
    signet_str issuer, rest, one, tag, what;
    bool more = str_cut(value, ';', &issuer, &rest), ours = false;
    issuer = str_trim(issuer);
    for (size_t i = 0; i < q->ca->n; i++)
        ours |= str_ieq(issuer, str_of(q->ca->v[i]));
    while (ours && more) {
        more = str_cut(rest, ';', &one, &rest);
        if (str_cut(str_trim(one), '=', &tag, &what))
            ours = parameter_fits(q, str_trim(tag), str_trim(what));
    }
    return ours;
}

static bool has_tag(const struct dns_answer *a, signet_str tag)
{
    struct caa r;
    for (size_t i = 0; i < a->values.n; i++)
        if (take(str_of(a->values.v[i]), &r) && str_ieq(r.tag, tag))
            return true;
    return false;
}

static bool is_known(signet_str tag)
{
    static const char *const known[] = { "issue",    "issuewild",    "iodef",       "issuemail",
                                         "issuevmc", "contactemail", "contactphone" };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (str_ieq(tag, str_of(known[i])))
            return true;
    return false;
}

/* Is it allowed by this set? A set that speaks of other things only forbids nothing. */
static bool allows(const struct caa_question *q, const struct dns_answer *a)
{
    signet_str tag = q->wildcard && has_tag(a, STR("issuewild")) ? STR("issuewild") : STR("issue");
    bool asked = false, allowed = false;
    struct caa r;
    for (size_t i = 0; i < a->values.n; i++) {
        if (!take(str_of(a->values.v[i]), &r))
            continue;
        if (r.critical && !is_known(r.tag))
            return false;
        if (!str_ieq(r.tag, tag))
            continue;
        asked = true;
        allowed |= permits(q, r.value);
    }
    return !asked || allowed;
}

static void say(const struct caa_question *q, const struct dns_answer *a, const char *where, struct buf *to)
{
    buf_addf(to, "The CA will probably refuse %s%s: the CAA records of %s allow others only (", q->wildcard ? "*." : "",
             q->name, where);
    for (size_t i = 0; i < a->values.n; i++) {
        buf_addz(to, i ? ", " : "");
        buf_add_escaped(to, str_of(a->values.v[i]), 100);
    }
    buf_addz(to, "), but it goes by ");
    for (size_t i = 0; i < q->ca->n; i++) {
        buf_addz(to, i ? " or " : "");
        buf_add_escaped(to, str_of(q->ca->v[i]), 100);
    }
    buf_addc(to, '.');
}

int dns_caa(const struct dns_ask *ask, const struct caa_question *q, struct buf *ret_words)
{
    char name[DNS_NAME_MAX];
    if (dns_name_clean(name, str_of(q->name)))
        return 1;
    for (const char *up = name; *up; up = dns_name_up(up)) {
        const struct dns_answer *a = at(ask, up);
        if (!a)
            return 0;
        if (!a->code && a->rcode == DNS_SERVFAIL) {
            buf_addf(
                ret_words,
                "The CA will probably refuse %s: the CAA records of %s cannot be looked up (SERVFAIL), and a CA may "
                "not issue then.",
                q->name, up);
            return 1;
        }
        if (a->code || !a->values.n)
            continue;
        if (!allows(q, a))
            say(q, a, up, ret_words);
        return 1;
    }
    return 1;
}
