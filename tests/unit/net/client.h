/* A client on the loopback interface that lives in the same thread as the loop it talks to. */
#ifndef TESTS_NET_CLIENT_H
#define TESTS_NET_CLIENT_H

#include "base/buf.h"
#include "base/clock.h"
#include "net/loop.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* A connected, non-blocking socket, or -1. The kernel completes the connection before anybody accepts it. */
static inline int client_open(int family, unsigned port)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port),
                              .sin_addr = { htonl(INADDR_LOOPBACK) } };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
                               .sin6_port = htons((uint16_t)port),
                               .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int r = family == AF_INET ? connect(fd, (struct sockaddr *)&v4, sizeof(v4))
                              : connect(fd, (struct sockaddr *)&v6, sizeof(v6));
    if (r) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Steps the loop until the server has closed; what it sent. False after 5 seconds without an end. */
static inline bool client_read_all(struct loop *l, int fd, struct buf *ret)
{
    int64_t end = clock_mono_ms() + 5000;
    while (clock_mono_ms() < end) {
        char in[4096];
        ssize_t n = recv(fd, in, sizeof(in), MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
            return true;
        if (n > 0)
            buf_add(ret, (signet_str){ in, (size_t)n });
        else
            loop_step(l, 10);
    }
    return false;
}

static inline void client_send(int fd, signet_str s)
{
    while (s.n) {
        ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        s = str_skip(s, (size_t)n);
    }
}

#endif
