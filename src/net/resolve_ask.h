/* Raw DNS questions to servers of the caller's choice, through c-ares: retries, TCP when UDP is too short, no EDNS
 * where a server cannot. The answers come as they are; dns/answer reads them. One asker is one set of servers that are
 * asked in turn. */
#ifndef NET_RESOLVE_ASK_H
#define NET_RESOLVE_ASK_H

#include "base/err.h"
#include "base/str.h"
#include <poll.h>

#define ASK_FDS_MAX 16u
#define ASK_TRIES   3u /* of each server, unless said otherwise */

struct asker;

/* `id` as in asker_send. `code`: 0, SIGNET_ETIMEOUT, SIGNET_ENET; `answer` is valid during the call. */
typedef void asker_fn(void *ctx, uint64_t id, int code, const char *why, signet_str answer);

struct asker_config {
    const char *servers; /* "192.0.2.1,[2001:db8::1]:5353"; NULL: the system's, and Google's when it names none */
    unsigned try_ms;     /* the first wait for one server; later ones are longer */
    unsigned tries;      /* 0: ASK_TRIES */
    bool tcp;            /* TCP from the start */
    asker_fn *fn;
    void *ctx;
};
int asker_new(struct asker **ret, const struct asker_config *c, struct err *e);
void asker_free(struct asker *a); /* nothing more is called back; NULL is fine */
/* `query` is a whole message with one question and, as its last record, an OPT. Calls back later, or at once when it
 * cannot be sent. SIGNET_ENOMEM, SIGNET_EINVAL. */
int asker_send(struct asker *a, uint64_t id, signet_str query);

unsigned asker_fds(struct asker *a, struct pollfd to[ASK_FDS_MAX]);
int asker_timeout(struct asker *a, int most_ms); /* most_ms negative: for ever */
void asker_run(struct asker *a, const struct pollfd *fds, unsigned n);

#endif
