/* Answers to the questions of find and watch: each is asked once and remembered for the run, on c-ares. */
#ifndef DNS_LOOKUPS_H
#define DNS_LOOKUPS_H

#include "dns/answer.h"
#include <poll.h>

#define LOOKUPS_MAX     20000u /* remembered at once */
#define LOOKUPS_SERVERS 64u    /* asked directly at the same time; others wait for their turn */
#define LOOKUPS_TRY_MS  1500u  /* the first wait for an answer */
#define LOOKUPS_TCP_MS  5000u

struct lookups;

struct lookups_config {
    const char *resolvers; /* "host:port,…" of recursive servers; NULL: the system's */
    unsigned direct_ms;    /* --dns-timeout: how long the zone's servers are waited for; 0: 10 s */
    unsigned direct_port;  /* 0: 53 */
    unsigned only;         /* as dns_ask's */
};
/* Reads the system's configuration; opens no file later. */
int lookups_new(struct lookups **ret, const struct lookups_config *c, struct err *e);
void lookups_free(struct lookups *l);
struct dns_ask lookups_ask(struct lookups *l);
void lookups_forget(struct lookups *l, uint64_t look); /* the answers of one look */

#define LOOKUPS_FDS (16u * (LOOKUPS_SERVERS + 1))
/* For the caller's poll: at most `room`. */
unsigned lookups_fds(struct lookups *l, struct pollfd *to, unsigned room);
int lookups_timeout(struct lookups *l, int most_ms);
/* After the wait, with what lookups_fds gave. True when an answer came. */
bool lookups_run(struct lookups *l, const struct pollfd *fds, unsigned n);

#endif
