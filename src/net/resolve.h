/* Names into addresses without libc's resolver, which reads files, loads modules and starts threads: c-ares on the
 * caller's own loop. What it needs of the system (/etc/resolv.conf with its search list, /etc/hosts, RES_OPTIONS,
 * LOCALDOMAIN) is read by resolver_new and never again, so that the process can shut the file system out after it.
 * Modules of nsswitch.conf other than files and dns are not asked. The only place that includes c-ares. */
#ifndef NET_RESOLVE_H
#define NET_RESOLVE_H

#include "base/err.h"
#include "base/str.h"
#include <poll.h>

#define RESOLVE_TRY_MS     1500   /* the first wait for one server; each later one is longer */
#define RESOLVE_TRIES      3      /* of each server */
#define RESOLVE_TOTAL_MS   12000  /* one name, whatever happens */
#define RESOLVE_GRACE_MS   300    /* for the second family when the first has answered */
#define RESOLVE_KEEP_MS    300000 /* an answer is used no longer than this, and … */
#define RESOLVE_KEEP_LEAST 30000  /* … no shorter, whatever its TTL: one run asks once */
#define RESOLVE_FAILED_MS  2000   /* a failure is not asked about again for as long */
#define RESOLVE_ADDRS_MAX  16u    /* of one name */
#define RESOLVE_NAME_MAX   253u
#define RESOLVE_FDS_MAX    16u
#define RESOLVE_HOSTS_MAX  (1u << 20) /* bytes of /etc/hosts that are read */

struct resolver;

struct resolver_config {
    const char *hosts_file;    /* NULL: /etc/hosts */
    const char *servers;       /* "127.0.0.1:5353,…" in place of the system's; NULL: the system's */
    unsigned try_ms, total_ms; /* 0: as above */
};
int resolver_new(struct resolver **ret, const struct resolver_config *c, struct err *e);
void resolver_free(struct resolver *r); /* drops what is under way; NULL is fine */

enum lookup_state { LOOKUP_WAITING, LOOKUP_DONE, LOOKUP_FAILED };

struct lookup {
    enum lookup_state state;
    /* done: addresses as text, IPv6 first, without brackets */
    char addr[RESOLVE_ADDRS_MAX][46];
    unsigned n_addrs;
    /* failed */
    int code;      /* SIGNET_ENOTFOUND (there is no such name, or it has no address), SIGNET_ETIMEOUT, SIGNET_ENET */
    char why[400]; /* in words, with the servers that were asked */
};
/* Looks a name up, or joins whoever is already doing so, or gives what is still remembered. A number is its own
 * address; localhost and names in /etc/hosts are not asked for. The lookup is the resolver's, good until resolver_free,
 * but its content may be that of a newer attempt after the next resolver_lookup of the name. SIGNET_EINVAL: no name;
 * SIGNET_ENOMEM. */
int resolver_lookup(struct resolver *r, signet_str name, const struct lookup **ret);

/* For the caller's poll: fills at most RESOLVE_FDS_MAX, returns how many. */
unsigned resolver_fds(struct resolver *r, struct pollfd to[RESOLVE_FDS_MAX]);
int resolver_timeout(struct resolver *r, int most_ms); /* how long to wait at most; most_ms negative: for ever */
/* After the wait: reads, sends again, gives up. */
void resolver_run(struct resolver *r, const struct pollfd *fds, unsigned n);

#endif
