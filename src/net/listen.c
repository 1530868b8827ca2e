#include "net/serve.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024, PORT_TRIES = 10 };

/* The words are certbot's: scripts look for them. */
static int say_refused(int errnum, unsigned port, struct err *e)
{
    if (errnum == EACCES) {
        err_set(e, SIGNET_ESYS, "Could not bind TCP port %u because you don't have the appropriate permissions.", port);
        err_hint(e, "Run it as root, or with the capability CAP_NET_BIND_SERVICE.");
        return SIGNET_ESYS;
    }
    if (errnum != EADDRINUSE)
        return err_sys(e, errnum, "Could not bind TCP port %u", port);
    err_set(e, SIGNET_EBUSY,
            "Could not bind TCP port %u because it is already in use by another process on this system (such as a web "
            "server). Please stop the program in question and then try again.",
            port);
    BUF_AUTO(who, 200);
    if (port_holder(port, &who))
        err_hint(e, "Port %u is held by %s.", port, buf_z(&who));
    else
        err_hint(e, "As root, \"ss -ltnp sport = :%u\" shows which program holds it.", port);
    return SIGNET_EBUSY;
}

/* A listening socket, or -1 with errno. */
static int open_one(const struct sockaddr *sa, socklen_t len)
{
    int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
        (sa->sa_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on))) ||
        bind(fd, sa, len) || listen(fd, BACKLOG)) {
        int errnum = errno;
        close(fd);
        errno = errnum;
        return -1;
    }
    return fd;
}

static unsigned port_of(int fd)
{
    union {
        struct sockaddr_storage room;
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } a = { .room = { 0 } };
    socklen_t len = sizeof(a);
    if (getsockname(fd, &a.any, &len))
        return 0;
    return ntohs(a.any.sa_family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port);
}

void listen_close(struct listen_sockets *s)
{
    for (unsigned i = 0; i < s->n; i++)
        close(s->fd[i]);
    s->n = 0;
}

void listen_refuse(const struct listen_sockets *s)
{
    for (unsigned i = 0; s && i < s->n; i++)
        close(s->fd[i]);
}

static void put(struct listen_sockets *s, int fd)
{
    s->fd[s->n++] = fd;
    s->port = port_of(fd);
}

/* Every address of both families. A machine may lack one of them; but a port that somebody else holds in either is an
 * error, because the CA may well come that way. 0 or an errno. */
static int open_both(struct listen_sockets *s, unsigned port)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = open_one((struct sockaddr *)&v4, sizeof(v4));
    int errnum = fd < 0 ? errno : 0;
    if (fd >= 0)
        put(s, fd);
    else if (errnum != EAFNOSUPPORT && errnum != EADDRNOTAVAIL)
        return errnum;
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)(s->n ? s->port : port)) };
    fd = open_one((struct sockaddr *)&v6, sizeof(v6));
    if (fd >= 0)
        put(s, fd);
    else if (errno == EADDRINUSE || !s->n) {
        errnum = errno;
        listen_close(s);
        return errnum;
    }
    return 0;
}

static int open_any(struct listen_sockets *s, unsigned port)
{
    int errnum = EADDRINUSE;
    /* The port that the kernel chose for IPv4 may be taken in IPv6. */
    for (int i = 0; i < (port ? 1 : PORT_TRIES) && errnum == EADDRINUSE; i++)
        errnum = open_both(s, port);
    return errnum;
}

int listen_open(struct listen_sockets *ret, const char *address, unsigned port, struct err *e)
{
    struct listen_sockets s = { .n = 0 };
    if (port > 65535)
        return err_set(e, SIGNET_EINVAL, "%u is not a TCP port", port);
    if (!address || !*address) {
        int errnum = open_any(&s, port);
        if (errnum)
            return say_refused(errnum, port, e);
        *ret = s;
        return 0;
    }
    struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_PASSIVE, .ai_socktype = SOCK_STREAM }, *ai = NULL;
    if (getaddrinfo(address, NULL, &hints, &ai))
        return err_set(e, SIGNET_EINVAL, "cannot listen on \"%.100s\": it is not an IP address", address);
    if (ai->ai_family == AF_INET6)
        ((struct sockaddr_in6 *)(void *)ai->ai_addr)->sin6_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in *)(void *)ai->ai_addr)->sin_port = htons((uint16_t)port);
    int fd = open_one(ai->ai_addr, ai->ai_addrlen), errnum = errno;
    freeaddrinfo(ai);
    if (fd < 0) {
        int r = say_refused(errnum, port, e);
        if (errnum == EADDRNOTAVAIL)
            err_hint(e, "This machine does not have the address %.100s.", address);
        return r;
    }
    put(&s, fd);
    *ret = s;
    return 0;
}
