#include "dns/update.h"

enum { BADSIG = 16, BADKEY = 17, BADTIME = 18 };

static int put_item(struct buf *to, const struct update *u, const struct update_item *i)
{
    BUF_AUTO(data, 4096);
    dns_put_text(&data, i->value);
    int rc = dns_put_name(to, i->fqdn);
    dns_put16(to, DNS_TXT);
    dns_put16(to, i->remove ? DNS_NONE : DNS_IN);
    dns_put32(to, i->remove ? 0 : u->ttl);
    dns_put16(to, (unsigned)data.n);
    buf_add(to, buf_str(&data));
    return rc ? rc : buf_err(&data);
}

int update_make(struct buf *to, const struct update *u, const struct update_item *v, size_t n, struct buf *ret_mac)
{
    if (n > 0xffff)
        return SIGNET_ELIMIT;
    dns_put16(to, u->id);
    dns_put16(to, DNS_OPCODE_UPDATE << 11);
    dns_put16(to, 1);
    dns_put16(to, 0);
    dns_put16(to, (unsigned)n);
    dns_put16(to, 0);
    int rc = dns_put_name(to, u->zone);
    dns_put16(to, DNS_SOA);
    dns_put16(to, DNS_IN);
    for (size_t i = 0; i < n && !rc; i++)
        rc = put_item(to, u, &v[i]);
    if (!rc)
        rc = buf_err(to);
    return rc || !u->key ? rc : tsig_sign(to, u->key, u->now_s, ret_mac);
}

static int tsig_refused(const struct tsig_result *t, const struct update *u, const char *server, struct err *e)
{
    const struct tsig_key *k = u->key;
    switch (t->error) {
    case BADSIG:
        err_set(e, SIGNET_EPROBLEM,
                "the name server %s says that the signature of the TSIG key \"%s\" is wrong (BADSIG)", server, k->name);
        err_hint(e, "The secret here and the one of the server differ.");
        break;
    case BADKEY:
        err_set(e, SIGNET_EPROBLEM, "the name server %s knows no TSIG key \"%s\" with the algorithm %s (BADKEY)",
                server, k->name, k->alg->word);
        err_hint(e, "Name and algorithm must be written as in the server's configuration.");
        break;
    case BADTIME: {
        long long off = t->their_s ? (long long)(t->their_s - u->now_s) : 0;
        err_set(e, SIGNET_EPROBLEM, "the clocks of this machine and of the name server %s are too far apart (BADTIME)",
                server);
        if (off)
            err_hint(e, "The server's clock is %lld seconds %s this machine's.", off < 0 ? -off : off,
                     off < 0 ? "behind" : "before");
        break;
    }
    default:
        err_set(e, SIGNET_EPROBLEM, "the name server %s refused the TSIG key \"%s\" (error %u)", server, k->name,
                t->error);
    }
    return SIGNET_EPROBLEM;
}

static int refused(unsigned rcode, const struct update *u, const char *server, struct err *e)
{
    err_set(e, SIGNET_EPROBLEM, "the name server %s answered %s to the update of the zone %s", server,
            dns_rcode_name(rcode), u->zone);
    if (rcode == DNS_REFUSED)
        err_hint(e, "%s",
                 u->key ? "Does its configuration allow this key to update TXT records at this name (update-policy, "
                          "allow-update, acl)?"
                        : "It probably wants updates to be signed: give it a TSIG key.");
    else if (rcode == DNS_NOTAUTH || rcode == DNS_NOTZONE)
        err_hint(e, "Is it the primary server of this zone? Name the one that is.");
    else if (rcode == DNS_SERVFAIL)
        err_hint(e, "Its log says why; often it may not write its zone's journal file.");
    return SIGNET_EPROBLEM;
}

int update_read(signet_str answer, const struct update *u, signet_str mac, const char *server, struct err *e)
{
    struct dns_msg m;
    struct tsig_result t = { 0 };
    int rc = dns_msg_open(&m, answer);
    if (!rc && (m.id != u->id || !(m.flags & DNS_FLAG_QR) || m.opcode != DNS_OPCODE_UPDATE))
        rc = SIGNET_EPROTO;
    if (!rc && u->key)
        rc = tsig_check(answer, u->key, mac, u->now_s, &t);
    if (rc == SIGNET_EPROTO)
        return err_set(e, rc, "what the name server %s sent is no answer to an update", server);
    if (rc)
        return err_set(e, rc, "the answer of the name server %s could not be checked: %s", server, signet_strerror(rc));
    if (t.there && t.error)
        return tsig_refused(&t, u, server, e);
    if (m.rcode)
        return refused(m.rcode, u, server, e);
    if (u->key && !t.good)
        return err_set(e, SIGNET_EPROTO, "the answer of the name server %s is %s", server,
                       t.there ? "signed wrongly" : "not signed, although the request was");
    return 0;
}
