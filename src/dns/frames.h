/* The messages between main and signet-dns: frames of talker/wire.h whose body is a record (names with values, in
 * order). Neither end trusts the other: what is missing or not understood ends the line. */
#ifndef DNS_FRAMES_H
#define DNS_FRAMES_H

#include "base/err.h"
#include "base/record.h"
#include "talker/wire.h"

/* main says:
 *   CONFIG   first, once. resolvers, timeout, ip-only, no-cname, provider-dir, require-sandbox, trace, has-roots,
 *            user-agent, wait rules (see below); then for each profile, in order: profile=CODE, and after it ini=PATH,
 *            given=NAME=VALUE, seconds=N (certbot's --dns-X-propagation-seconds), external=1 (main itself puts the
 *            value there)
 *   PRESENT  job: profile=INDEX, domain, name, value, token, key-auth; persist=1: not written when it is there already;
 *            ca=NAME, some: what CAA records call the CA, with wildcard=1, account=URL, method=TYPE: TELL when they
 *            forbid it
 *   PLACED   job: the value of an external profile is there: look for it
 *   REMOVE   job: profile, domain, value, fqdn and zone as FOUND told; or, for what another process left and nobody
 *            knows the place of, name instead; was=… as NOTE told; after=JOB: the PRESENT of that value; look=1: DONE
 *            only when it is not seen any more
 * signet-dns says:
 *   READY    once: sandbox=WORDS; and for each profile serial=0|1
 *   FOUND    job: fqdn, zone, servers; there=1: the value is there already
 *   NOTE     job: what REMOVE will want to know
 *   DONE     job: code, text, hint
 *   TELL     level=debug|info|warning, text
 *   STORE    word=acme-dns, text: to be kept in the file that main knows by that word
 *   FATAL    code, text, hint: it ends
 * Wait rules: wait=SECONDS (--dns.propagation-wait), skip-direct=1, recursive=1. */
enum dns_frame {
    DNSF_CONFIG = WIRE_DNS_MAIN_FIRST,
    DNSF_PRESENT,
    DNSF_PLACED,
    DNSF_REMOVE,
    DNSF_READY = WIRE_DNS_FIRST,
    DNSF_FOUND,
    DNSF_NOTE,
    DNSF_DONE,
    DNSF_TELL,
    DNSF_STORE,
    DNSF_FATAL
};

int dns_frame_put(struct wire *w, enum dns_frame type, uint32_t job, const struct record *r);
/* Adds to `ret`. SIGNET_EPROTO, SIGNET_ENOMEM. */
int dns_frame_get(struct wire_reader *body, struct record *ret);
/* code, text, hint. */
int dns_frame_put_err(struct wire *w, enum dns_frame type, uint32_t job, const struct err *e);
void dns_frame_get_err(const struct record *r, struct err *e); /* text and hint escaped for a terminal */

/* A record in a record: names and values of `in` as PREFIX=NAME=VALUE, and back. */
int dns_record_pack(struct record *to, const char *prefix, const struct record *in);
int dns_record_unpack(const struct record *from, const char *prefix, struct record *ret);

#endif
