/* DNS scripts of acme.sh: --dns acmesh:dns_cf. Internal to challenge/. */
#ifndef CHALLENGE_DNS_ACMESH_H
#define CHALLENGE_DNS_ACMESH_H

#include "base/buf.h"
#include "base/err.h"
#include "options/request.h"

extern const char acmesh_text[]; /* acmesh.sh: what is around a script while it runs */

bool dns_acmesh_is(const char *code);
/* The script of "acmesh:dns_cf" or "acmesh:/path/dns_x.sh": the path given, else in CONFIG_DIR/dns/acmesh,
 * ~/.acme.sh/dnsapi, or where packages put them. SIGNET_ENOTFOUND; SIGNET_EINVAL: others could change it. */
int dns_acmesh_find(const char *code, const struct request *req, struct buf *ret, struct err *e);

#endif
