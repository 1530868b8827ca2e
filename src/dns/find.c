#include "dns/find.h"

#include <stdio.h>

static const struct dns_answer *ask(const struct dns_ask *a, const char *server, const char *name, unsigned type)
{
    struct dns_question q = { .server = server, .name = name, .type = type };
    /* cppcheck-suppress returnDanglingLifetime ; the answer is not in the question */
    return a->ask(a->ctx, &q);
}

static int lookup_failed(const struct dns_answer *a, const char *name, struct err *e)
{
    if (a->code) {
        err_set(e, a->code, "the zone of %s cannot be found: the recursive DNS server: %s", name, a->why);
        err_hint(e, "Which servers are asked is in /etc/resolv.conf, or given with --dns.resolvers.");
        return a->code;
    }
    err_set(e, SIGNET_ENET, "the zone of %s cannot be found: the recursive DNS server answered %s", name,
            dns_rcode_name(a->rcode));
    err_hint(e,
             "Is the domain delegated, and are its name servers up? Other servers can be named with --dns.resolvers.");
    return SIGNET_ENET;
}

/* ---- the zone: a walk from the name up, until somebody has an SOA ---- */

int dns_find_zone(char ret[DNS_NAME_MAX], const struct dns_ask *a, const char *name, struct err *e)
{
    for (const char *at = name; *at; at = dns_name_up(at)) {
        const struct dns_answer *r = ask(a, "", at, DNS_SOA);
        if (!r)
            return 0;
        if (r->code || (r->rcode != DNS_NOERROR && r->rcode != DNS_NXDOMAIN))
            return lookup_failed(r, at, e);
        if (r->values.n) {
            (void)snprintf(ret, DNS_NAME_MAX, "%s", at);
            return 1;
        }
        /* a negative answer brings the SOA of the zone that it comes from; an alias has a zone of its own */
        if (!r->alias[0] && r->zone[0]) {
            memcpy(ret, r->zone, DNS_NAME_MAX);
            return 1;
        }
    }
    err_set(e, SIGNET_ENOTFOUND, "no zone was found for %s: no name above it has an SOA record", name);
    err_hint(e, "Is the domain registered and delegated? Do the DNS servers of this machine see it (--dns.resolvers)?");
    return SIGNET_ENOTFOUND;
}

/* ---- its servers ---- */

static struct dns_server *add_server(struct dns_place *p, const char *name, bool listed)
{
    for (unsigned i = 0; i < p->n_servers; i++)
        if (!strcmp(p->server[i].name, name))
            return &p->server[i];
    if (p->n_servers == FIND_SERVERS_MAX)
        return NULL;
    struct dns_server *s = &p->server[p->n_servers++];
    *s = (struct dns_server){ .listed = listed };
    (void)snprintf(s->name, sizeof(s->name), "%s", name);
    return s;
}

/* One round through all servers, so that all questions are out together. */
static bool find_addresses(struct dns_place *p, const struct dns_ask *a)
{
    static const unsigned types[] = { DNS_A, DNS_AAAA };
    bool known = true;
    for (unsigned i = 0; i < p->n_servers; i++) {
        struct dns_server *s = &p->server[i];
        s->n_addrs = 0;
        for (size_t t = 0; t < 2; t++) {
            if (a->only && a->only != types[t])
                continue;
            const struct dns_answer *r = ask(a, "", s->name, types[t]);
            known &= r != NULL;
            for (size_t k = 0; r && k < r->values.n && k < FIND_ADDRS_MAX / 2; k++)
                (void)snprintf(s->addr[s->n_addrs++], DNS_SERVER_MAX, "%s", r->values.v[k]);
        }
    }
    return known;
}

/* `above`: the referral that led here, NULL: none. Resolvers come by its names, too. */
static int find_servers(struct dns_place *p, const struct dns_ask *a, const struct dns_answer *above)
{
    const struct dns_answer *ns = ask(a, "", p->zone, DNS_NS), *soa = ask(a, "", p->zone, DNS_SOA);
    if (!ns || !soa)
        return 0;
    p->n_servers = 0;
    p->primary[0] = '\0';
    for (size_t i = 0; i < ns->values.n; i++)
        (void)add_server(p, ns->values.v[i], true);
    for (size_t i = 0; above && i < above->delegated.n; i++)
        (void)add_server(p, above->delegated.v[i], true);
    if (soa->values.n) {
        (void)snprintf(p->primary, sizeof(p->primary), "%s", soa->values.v[0]);
        (void)add_server(p, p->primary, false);
    }
    return find_addresses(p, a);
}

/* ---- the name, asked of the zone's own servers ---- */

/* The server's word on the zone of `name`, when it has one; else `instead`. */
static const struct dns_answer *ask_direct(const struct dns_ask *a, const char *server, const char *name,
                                           const struct dns_answer *instead)
{
    const struct dns_answer *r = ask(a, server, name, DNS_SOA);
    return !r || (r->code == 0 && r->authoritative && r->zone[0]) ? r : instead;
}

/* One that answers: 1 and *ret, or NULL when none does; 0: not known yet. All are asked together, as some may be dead.
 */
static int ask_zone(const struct dns_place *p, const struct dns_ask *a, const struct dns_answer **ret)
{
    bool known = true;
    *ret = NULL;
    for (unsigned i = 0; i < p->n_servers; i++)
        for (unsigned k = 0; k < p->server[i].n_addrs; k++)
            known &= ask(a, p->server[i].addr[k], p->fqdn, DNS_TXT) != NULL;
    for (unsigned i = 0; i < p->n_servers; i++)
        for (unsigned k = 0; k < p->server[i].n_addrs; k++) {
            const struct dns_answer *r = ask(a, p->server[i].addr[k], p->fqdn, DNS_TXT);
            if (!r || r->code || (!r->authoritative && !r->referral))
                continue;
            if (r->values.n && !r->zone[0]) /* values alone do not say whose they are */
                r = ask_direct(a, p->server[i].addr[k], p->fqdn, r);
            *ret = r;
            return r ? 1 : 0;
        }
    return known ? 1 : 0;
}

/* The label is a zone of its own: by a referral, or, from servers that have both zones, by the SOA beside the answer.
 */
static bool is_cut(const struct dns_place *p, const struct dns_answer *r)
{
    return !r->alias[0] && dns_name_within(r->zone, p->zone) && strlen(r->zone) > strlen(p->zone) &&
           dns_name_within(p->fqdn, r->zone);
}

/* The zone of p->fqdn and what its servers say about that name. As dns_find. */
static int locate(struct dns_place *p, const struct dns_ask *a, const struct dns_answer **ret, struct err *e)
{
    const char *up = dns_name_up(p->fqdn);
    const struct dns_answer *above = NULL;
    int rc = dns_find_zone(p->zone, a, *up ? up : p->fqdn, e);
    for (unsigned cuts = 0; rc == 1 && cuts < FIND_CUTS_MAX; cuts++) {
        rc = find_servers(p, a, above);
        if (rc == 1)
            rc = ask_zone(p, a, ret);
        if (rc != 1 || !*ret || !is_cut(p, *ret))
            break;
        above = *ret;
        memcpy(p->zone, above->zone, sizeof(p->zone));
    }
    p->direct = rc == 1 && *ret;
    return rc;
}

static int too_long(const char *name, const struct dns_place *p, bool loop, struct err *e)
{
    if (loop)
        return err_set(e, SIGNET_EPROTO, "the CNAME records of %s go round in a circle (at %s)", name, p->fqdn);
    return err_set(e, SIGNET_ELIMIT, "the CNAME records of %s lead from one to the next more than %u times", name,
                   FIND_CNAMES_MAX);
}

int dns_find(struct dns_place *ret, const struct dns_ask *a, const char *name, bool follow, struct err *e)
{
    STRLIST_AUTO(seen);
    struct dns_place p = { 0 };
    if (dns_name_clean(p.fqdn, str_of(name)))
        return err_set(e, SIGNET_EINVAL, "%s is no name that the DNS can have", name);
    for (;;) {
        const struct dns_answer *r = NULL;
        int rc = locate(&p, a, &r, e);
        if (rc != 1)
            return rc;
        if (!r && follow) /* no server of the zone can be reached from here: the recursive ones have to do */
            r = ask(a, "", p.fqdn, DNS_CNAME);
        else if (r && follow && !r->alias[0])
            follow = false;
        if (!r && follow)
            return 0;
        const char *alias = !r || !follow ? "" : r->alias[0] ? r->alias : r->values.n ? r->values.v[0] : "";
        if (!*alias)
            break;
        if (strlist_add_new(&seen, str_of(p.fqdn)))
            return err_nomem(e);
        if (strlist_has(&seen, str_of(alias)))
            return too_long(name, &p, true, e);
        if (++p.cnames > FIND_CNAMES_MAX)
            return too_long(name, &p, false, e);
        (void)snprintf(p.fqdn, sizeof(p.fqdn), "%s", alias);
    }
    *ret = p;
    return 1;
}
