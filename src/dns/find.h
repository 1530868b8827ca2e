/* Where a challenge's record belongs: CNAMEs followed, the zone and its name servers found. Pure: asks through struct
 * dns_ask and is called again until all is known.
 *
 * The name itself is never asked of a recursive server: that it does not exist yet would be remembered there (RFC 2308)
 * and the CA may ask the same one. Its parent's zone is found there, then the zone's own servers are asked. */
#ifndef DNS_FIND_H
#define DNS_FIND_H

#include "dns/answer.h"

#define FIND_CNAMES_MAX  50u /* lego's limit */
#define FIND_CUTS_MAX    16u /* referrals on the way to one name */
#define FIND_SERVERS_MAX 16u
#define FIND_ADDRS_MAX   4u

struct dns_server {
    char name[DNS_NAME_MAX];
    char addr[FIND_ADDRS_MAX][DNS_SERVER_MAX];
    unsigned n_addrs;
    bool listed; /* an NS record names it; else only the SOA does: a primary that may be hidden */
};

struct dns_place {
    char fqdn[DNS_NAME_MAX]; /* where the record goes */
    char zone[DNS_NAME_MAX];
    char primary[DNS_NAME_MAX]; /* as the SOA names it; "": not told */
    unsigned cnames;            /* followed */
    bool direct;                /* a server of the zone itself has answered */
    struct dns_server server[FIND_SERVERS_MAX];
    unsigned n_servers;
};

/* 1 found, 0 not yet, negative: e says why not. `follow`: CNAMEs. */
int dns_find(struct dns_place *ret, const struct dns_ask *ask, const char *name, bool follow, struct err *e);
/* Only the zone that `name` is in, from recursive servers. As dns_find. */
int dns_find_zone(char ret[DNS_NAME_MAX], const struct dns_ask *ask, const char *name, struct err *e);

#endif
