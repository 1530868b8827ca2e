/* One DNS message to one server and its answer, over TCP; over UDP when the server does not take TCP. For UPDATE:
 * c-ares sends questions only. Never blocks. */
#ifndef DNS_EXCHANGE_H
#define DNS_EXCHANGE_H

#include "base/err.h"
#include "dns/message.h"
#include <poll.h>

#define EXCHANGE_CONNECT_MS 3000
#define EXCHANGE_UDP_MS     2000 /* until it is sent again */
#define EXCHANGE_UDP_TRIES  3u
#define EXCHANGE_UDP_MAX    1232u /* longer messages go over TCP only */

struct exchange {
    int fd; /* -1: none */
    bool udp, connected;
    char addr[64];
    unsigned port, tries;
    int64_t deadline, end; /* of this attempt; of all */
    struct buf out, in;
    size_t sent;
};
void exchange_init(struct exchange *x);
void exchange_done(struct exchange *x); /* closes */
/* `addr` is a number; the message is copied. SIGNET_ENET, SIGNET_ENOMEM. */
int exchange_start(struct exchange *x, const char *addr, unsigned port, signet_str msg, int64_t now_ms,
                   int64_t timeout_ms, struct err *e);
struct pollfd exchange_fd(const struct exchange *x);
/* 1: the answer is in *ret, valid until the next call; 0: not yet; SIGNET_ENET, SIGNET_ETIMEOUT with words. */
int exchange_run(struct exchange *x, short revents, int64_t now_ms, signet_str *ret, struct err *e);

#endif
