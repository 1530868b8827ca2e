/* Names as users give them → names as they are ordered (contract.md A6). Pure. */
#ifndef PLAN_NAMES_H
#define PLAN_NAMES_H

#include "base/err.h"
#include "base/list.h"

/* One name given with -d: trimmed, lower case, final dot dropped, IDN to A-labels, checked (labels 1 … 63, all ≤ 253,
 * letters, digits and hyphens,
 * '*' only as the whole first label, no address, no leading '-'). Appends to ret unless it is there already.
 * Errors in certbot's words where it has them: "Requested name X is an IP address. …". */
int name_add_domain(struct strlist *ret, signet_str given, struct err *e);
/* One address given with --ip-address, in canonical text (RFC 5952 for IPv6). */
int name_add_ip(struct strlist *ret, signet_str given, struct err *e);
bool name_is_ip(signet_str s);
bool name_is_wildcard(signet_str s);
/* The lineage name a new certificate gets: first domain without "*.", else first address. Checked: no '/', not "." or
 * "..". */
int name_for_lineage(struct buf *ret, const struct strlist *domains, const struct strlist *ips, struct err *e);
/* The name of a certificate's files in lego's tree: the domain with "_" for "*", "-" for ":", IDNA to ASCII; version 5
 * leaves out what is no letter, digit or one of "-_.@". Case is kept. SIGNET_EINVAL: it cannot be a name. */
int name_for_lego(struct buf *ret, signet_str name, bool v5, struct err *e);
/* "a.test", "a.test and b.test", "a.test and 2 more": how certbot speaks of them. */
void name_summary(struct buf *to, const struct strlist *domains, const struct strlist *ips);

#endif
