/* Inside net: c-ares in a poll loop, for those who look names up (resolve.c) and those who ask servers (resolve_ask.c).
 */
#ifndef NET_RESOLVE_POLL_H
#define NET_RESOLVE_POLL_H

#include <ares.h>
#include <poll.h>
#include <stdint.h>

/* The sockets to wait for: at most ARES_GETSOCK_MAXNUM. Returns how many. */
unsigned channel_fds(ares_channel channel, struct pollfd to[ARES_GETSOCK_MAXNUM]);
/* Milliseconds until a question must be repeated or given up; INT64_MAX: none is under way. */
int64_t channel_timeout(ares_channel channel);
/* After poll: takes answers, repeats and gives up what is late. */
void channel_run(ares_channel channel, const struct pollfd *fds, unsigned n);

#endif
