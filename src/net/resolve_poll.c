#include "net/resolve_poll.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/time.h>

unsigned channel_fds(ares_channel channel, struct pollfd to[ARES_GETSOCK_MAXNUM])
{
    ares_socket_t socks[ARES_GETSOCK_MAXNUM];
    int bits = ares_getsock(channel, socks, ARES_GETSOCK_MAXNUM);
    unsigned n = 0;
    for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
        short events =
            (short)((ARES_GETSOCK_READABLE(bits, i) ? POLLIN : 0) | (ARES_GETSOCK_WRITABLE(bits, i) ? POLLOUT : 0));
        if (events)
            to[n++] = (struct pollfd){ .fd = socks[i], .events = events };
    }
    return n;
}

int64_t channel_timeout(ares_channel channel)
{
    struct timeval tv, *left = ares_timeout(channel, NULL, &tv);
    return left ? (int64_t)left->tv_sec * 1000 + left->tv_usec / 1000 + 1 : INT64_MAX;
}

void channel_run(ares_channel channel, const struct pollfd *fds, unsigned n)
{
    bool any = false;
    for (unsigned i = 0; i < n; i++) {
        const short in = POLLIN | POLLERR | POLLHUP;
        if (!fds[i].revents)
            continue;
        any = true;
        ares_process_fd(channel, fds[i].revents & in ? fds[i].fd : ARES_SOCKET_BAD,
                        fds[i].revents & POLLOUT ? fds[i].fd : ARES_SOCKET_BAD);
    }
    if (!any)
        ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD); /* its timeouts */
}
