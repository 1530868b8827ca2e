/* The responder's end: its own loop, in which the listeners run. */
#include "crypto/tlsalpn.h"
#include "net/listen.h"
#include "net/responder_msg.h"
#include "net/role.h"
#include "sandbox/sandbox.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct slot {
    struct http_listener *http;
    struct alpn_listener *alpn;
};

struct role {
    struct loop *loop;
    struct watch *watch;
    struct slot slot[RESPONDER_PORTS];
    struct sandbox_report sandbox;
    bool strict, over;
};

static void close_slot(struct slot *s)
{
    http_listener_free(s->http);
    alpn_listener_free(s->alpn);
    *s = (struct slot){ 0 };
}

static int open_slot(struct role *x, const struct responder_ask *q, struct listen_sockets *got, struct err *e)
{
    struct slot *s = &x->slot[q->id];
    struct listen_sockets sockets = *got;
    got->n = 0; /* taken, also on failure */
    sockets.port = q->port;
    if (x->strict) {
        int rc = sandbox_require(sandbox_profile(SANDBOX_RESPONDER), &x->sandbox, e);
        if (rc) {
            listen_close(&sockets);
            return rc;
        }
    }
    return q->kind == RESPOND_HTTP ? http_listen_on(&s->http, x->loop, &sockets, e)
                                   : alpn_listen_on(&s->alpn, x->loop, &sockets, e);
}

static int add(struct slot *s, const struct responder_ask *q, struct err *e)
{
    signet_ident id = { (signet_ident_type)q->ident_type, { q->name, q->name_len } };
    signet_str auth = { q->auth, q->auth_len };
    if (s->alpn)
        return alpn_listener_add(s->alpn, &id, auth, e);
    int rc = http_listener_add(s->http, id.value, auth);
    if (!rc && q->host_len)
        rc = http_listener_guard(s->http, id.value, (signet_str){ q->header, q->header_len },
                                 (signet_str){ q->host, q->host_len });
    return rc ? err_set(e, rc, "the challenge cannot be answered: %s", signet_strerror(rc)) : 0;
}

static void drop(struct slot *s, const struct responder_ask *q)
{
    signet_ident id = { (signet_ident_type)q->ident_type, { q->name, q->name_len } };
    if (s->http)
        http_listener_remove(s->http, id.value);
    else
        alpn_listener_remove(s->alpn, &id);
}

static bool is_sane(const struct role *x, const struct responder_ask *q, const struct listen_sockets *got)
{
    if (q->id >= RESPONDER_PORTS || q->name_len > RESPONDER_NAME_MAX || q->auth_len > RESPONDER_AUTH_MAX ||
        q->header_len > RESPONDER_HEADER_MAX || q->host_len > RESPONDER_NAME_MAX)
        return false;
    bool used = x->slot[q->id].http || x->slot[q->id].alpn;
    if (q->type == RESPONDER_OPEN)
        return !used && got->n > 0 && q->kind <= RESPOND_ALPN && q->port <= 65535;
    return used && q->type >= RESPONDER_CLOSE && q->type <= RESPONDER_HITS;
}

static int act(struct role *x, const struct responder_ask *q, struct listen_sockets *got, struct responder_reply *a)
{
    struct err e = { 0 };
    struct slot *s = &x->slot[q->id];
    switch ((enum responder_type)q->type) {
    case RESPONDER_START: /* not twice */
        break;
    case RESPONDER_OPEN:
        a->code = open_slot(x, q, got, &e);
        (void)sandbox_describe(&x->sandbox, a->text, sizeof(a->text));
        break;
    case RESPONDER_CLOSE:
        close_slot(s);
        break;
    case RESPONDER_ADD:
        a->code = add(s, q, &e);
        break;
    case RESPONDER_REMOVE:
        drop(s, q);
        break;
    case RESPONDER_HITS:
        a->hits = s->http ? http_listener_hits(s->http) : 0;
        break;
    }
    if (a->code) {
        (void)snprintf(a->text, sizeof(a->text), "%.*s", (int)sizeof(a->text) - 1, e.text);
        (void)snprintf(a->hint, sizeof(a->hint), "%.*s", (int)sizeof(a->hint) - 1, e.hint);
    }
    return a->code;
}

/* The descriptors that came with a packet. */
static void take_sockets(struct msghdr *m, struct listen_sockets *ret)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
            if (ret->n < LISTEN_SOCKETS_MAX)
                ret->fd[ret->n++] = fd;
            else
                close(fd);
        }
    }
}

/* 1: a question, 0: none now, negative: the line is at its end or garbled. */
static int hear(struct responder_ask *q, struct listen_sockets *got)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(LISTEN_SOCKETS_MAX * sizeof(int))];
    } control;
    struct iovec part = { q, sizeof(*q) };
    struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
    ssize_t n = recvmsg(ROLE_FD, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n > 0)
        take_sockets(&m, got);
    return n == (ssize_t)sizeof(*q) && !(m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) ? 1 : -1;
}

static void on_line(void *ctx, short revents)
{
    struct role *x = ctx;
    struct responder_ask q;
    struct listen_sockets got = { .n = 0 };
    struct responder_reply a = { 0 };
    (void)revents;
    int rc = hear(&q, &got);
    if (rc == 1 && is_sane(x, &q, &got)) {
        a.seq = q.seq;
        (void)act(x, &q, &got, &a);
        if (send(ROLE_FD, &a, sizeof(a), MSG_NOSIGNAL) != (ssize_t)sizeof(a))
            x->over = true;
    } else if (rc) {
        x->over = true;
    }
    listen_close(&got);
}

/* OpenSSL reads its configuration when it is first used: that has to be before the files are out of reach. */
static int warm_up(struct role *x, struct err *e)
{
    struct responder_ask q;
    struct tlsalpn *t;
    ssize_t n = recv(ROLE_FD, &q, sizeof(q), MSG_TRUNC);
    if (n != (ssize_t)sizeof(q) || q.type != RESPONDER_START)
        return err_set(e, SIGNET_EPROTO, "no start");
    x->strict = q.flags & RESPONDER_STRICT;
    int rc = q.flags & RESPONDER_ALPN ? tlsalpn_new(&t, e) : 0;
    if (!rc && q.flags & RESPONDER_ALPN)
        tlsalpn_free(t);
    return rc;
}

int responder_main(void)
{
    static struct role x;
    struct err e = { 0 };
    role_settle();
    int rc = warm_up(&x, &e);
    if (!rc)
        rc = loop_new(&x.loop, &e);
    if (!rc)
        rc = sandbox_enter(sandbox_profile(SANDBOX_RESPONDER), &x.sandbox, &e);
    if (!rc)
        rc = loop_watch(x.loop, &x.watch, ROLE_FD, POLLIN, on_line, &x);
    if (rc)
        return EXIT_FAILURE;
    while (!x.over)
        (void)loop_step(x.loop, -1);
    for (unsigned i = 0; i < RESPONDER_PORTS; i++)
        close_slot(&x.slot[i]);
    loop_free(x.loop);
    return EXIT_SUCCESS;
}
