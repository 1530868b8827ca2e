#include "dns/exchange.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

void exchange_init(struct exchange *x)
{
    *x = (struct exchange){ .fd = -1, .out = BUF_INIT(DNS_MESSAGE_MAX + 2), .in = BUF_INIT(DNS_MESSAGE_MAX + 2) };
}

static void hang_up(struct exchange *x)
{
    if (x->fd >= 0)
        close(x->fd);
    x->fd = -1;
    x->connected = false;
    x->sent = 0;
}

void exchange_done(struct exchange *x)
{
    hang_up(x);
    buf_done(&x->out);
    buf_done(&x->in);
}

static socklen_t address(const struct exchange *x, struct sockaddr_storage *to)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)to;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)to;
    memset(to, 0, sizeof(*to));
    if (inet_pton(AF_INET, x->addr, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)x->port);
        return sizeof(*v4);
    }
    if (inet_pton(AF_INET6, x->addr, &v6->sin6_addr) != 1)
        return 0;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons((uint16_t)x->port);
    return sizeof(*v6);
}

static int failed(const struct exchange *x, int code, const char *what, struct err *e)
{
    return err_set(e, code, "the name server %s (port %u, %s) %s", x->addr, x->port, x->udp ? "UDP" : "TCP", what);
}

/* A connected socket for either protocol, so that answers of others are not even seen. */
static int dial(struct exchange *x, int64_t now_ms, struct err *e)
{
    struct sockaddr_storage to;
    socklen_t n = address(x, &to);
    hang_up(x);
    buf_clear(&x->in);
    if (!n)
        return err_set(e, SIGNET_EINVAL, "\"%s\" is no address of a name server", x->addr);
    x->fd = socket(to.ss_family, (x->udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (x->fd < 0)
        return err_sys(e, errno, "no socket to the name server %s", x->addr);
    if (connect(x->fd, (struct sockaddr *)&to, n) == 0)
        x->connected = true;
    else if (errno != EINPROGRESS)
        return failed(x, SIGNET_ENET, "cannot be reached", e);
    x->deadline = now_ms + (x->udp ? EXCHANGE_UDP_MS : EXCHANGE_CONNECT_MS);
    return 0;
}

static bool fits_udp(const struct exchange *x)
{
    return x->out.n - 2 <= EXCHANGE_UDP_MAX;
}

/* The next way: from TCP to UDP once, then UDP again. */
static int other_way(struct exchange *x, int64_t now_ms, struct err *e)
{
    if (!fits_udp(x) || now_ms >= x->end || (x->udp && ++x->tries >= EXCHANGE_UDP_TRIES))
        return e->code;
    err_clear(e);
    x->udp = true;
    return dial(x, now_ms, e);
}

int exchange_start(struct exchange *x, const char *addr, unsigned port, signet_str msg, int64_t now_ms,
                   int64_t timeout_ms, struct err *e)
{
    size_t n = strlen(addr);
    if (n >= sizeof(x->addr))
        return err_set(e, SIGNET_EINVAL, "\"%s\" is no address of a name server", addr);
    memcpy(x->addr, addr, n + 1);
    x->port = port;
    x->udp = false;
    x->tries = 0;
    x->end = now_ms + timeout_ms;
    buf_clear(&x->out);
    dns_put16(&x->out, (unsigned)msg.n);
    buf_add(&x->out, msg);
    if (buf_err(&x->out))
        return err_nomem(e);
    int rc = dial(x, now_ms, e);
    return rc ? other_way(x, now_ms, e) : 0;
}

struct pollfd exchange_fd(const struct exchange *x)
{
    bool sending = !x->connected || x->sent < x->out.n;
    return (struct pollfd){ .fd = x->fd, .events = sending ? POLLOUT : POLLIN };
}

static int send_more(struct exchange *x, struct err *e)
{
    size_t from = x->udp ? 2 : x->sent;
    if (x->sent >= x->out.n)
        return 0;
    ssize_t n = send(x->fd, x->out.p + from, x->out.n - from, MSG_NOSIGNAL);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : failed(x, SIGNET_ENET, "does not take the update", e);
    x->sent = x->udp ? x->out.n : x->sent + (size_t)n;
    return 0;
}

/* 1: a whole answer is there. */
static int receive(struct exchange *x, signet_str *ret, struct err *e)
{
    if (buf_reserve(&x->in, x->in.max - x->in.n))
        return err_nomem(e);
    ssize_t n = recv(x->fd, x->in.p + x->in.n, x->in.max - x->in.n, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n < 0 || (n == 0 && !x->udp))
        return failed(x, SIGNET_ENET, "hung up without an answer", e);
    x->in.n += (size_t)n;
    x->in.p[x->in.n] = '\0';
    if (x->udp) {
        *ret = buf_str(&x->in);
        return 1;
    }
    size_t whole = x->in.n < 2 ? 0 : 2u + dns_get16(buf_str(&x->in), 0);
    if (!whole || x->in.n < whole)
        return 0;
    *ret = (signet_str){ x->in.p + 2, whole - 2 };
    return 1;
}

static int connected(struct exchange *x, int64_t now_ms, struct err *e)
{
    int problem = 0;
    socklen_t n = sizeof(problem);
    if (getsockopt(x->fd, SOL_SOCKET, SO_ERROR, &problem, &n) || problem)
        return failed(x, SIGNET_ENET, "cannot be reached", e);
    x->connected = true;
    int64_t left = x->end - now_ms;
    /* an answer that got lost is asked for once more while there is time: an update that is repeated does no harm */
    x->deadline = now_ms + (x->udp ? EXCHANGE_UDP_MS : fits_udp(x) ? left / 2 : left);
    return 0;
}

int exchange_run(struct exchange *x, short revents, int64_t now_ms, signet_str *ret, struct err *e)
{
    int rc = 0;
    if (revents && !x->connected)
        rc = connected(x, now_ms, e);
    if (!rc && x->connected)
        rc = send_more(x, e);
    if (!rc && revents & (POLLIN | POLLERR | POLLHUP) && x->sent >= x->out.n)
        rc = receive(x, ret, e);
    if (!rc && now_ms >= x->deadline)
        rc = failed(x, SIGNET_ETIMEOUT, x->connected ? "does not answer in time" : "cannot be reached in time", e);
    return rc < 0 ? other_way(x, now_ms, e) : rc;
}
