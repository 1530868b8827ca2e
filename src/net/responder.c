#include "net/responder.h"

#include "base/clock.h"
#include "base/log.h"
#include "net/responder_msg.h"
#include "net/role.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOST_GRACE_MS 200 /* the line closes a moment before the process is gone */

#define GONE "the process that answers on the ports of the challenges is gone"

struct responder {
    struct loop *loop;
    struct watch *watch;
    int fd; /* -1: lost */
    pid_t pid;
    bool told;
    uint32_t seq;
    bool answered;
    struct responder_reply reply;
    bool used[RESPONDER_PORTS];
    struct buf why_lost;
};

static void lose(struct responder *r, const char *why)
{
    if (r->fd < 0)
        return;
    loop_unwatch(r->watch);
    r->watch = NULL;
    close(r->fd);
    r->fd = -1;
    BUF_AUTO(words, 256);
    role_reap(r->pid, LOST_GRACE_MS, &words);
    r->pid = -1;
    buf_addf(&r->why_lost, "%s (%s)", why, buf_z(&words));
    log_error("net", "%s", buf_z(&r->why_lost));
}

static void on_line(void *ctx, short revents)
{
    struct responder *r = ctx;
    struct responder_reply a;
    (void)revents;
    ssize_t n = recv(r->fd, &a, sizeof(a), MSG_DONTWAIT | MSG_TRUNC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    a.text[sizeof(a.text) - 1] = a.hint[sizeof(a.hint) - 1] = '\0';
    if (n <= 0)
        lose(r, GONE);
    else if (n != (ssize_t)sizeof(a) || a.seq != r->seq || r->answered)
        lose(r, "the process that answers on the ports of the challenges said what it may not say");
    else {
        r->reply = a;
        r->answered = true;
    }
}

/* A packet fits into an empty line, and the line is as good as empty: one question is under way at a time. */
static int put(struct responder *r, const struct responder_ask *q, const struct listen_sockets *s)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(LISTEN_SOCKETS_MAX * sizeof(int))];
    } control = { .room = { 0 } };
    struct iovec part = { (void *)(uintptr_t)q, sizeof(*q) };
    struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
    if (s && s->n) {
        m.msg_control = &control;
        m.msg_controllen = CMSG_SPACE(s->n * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(s->n * sizeof(int));
        memcpy(CMSG_DATA(c), s->fd, s->n * sizeof(int));
    }
    return sendmsg(r->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof(*q) ? 0 : SIGNET_ENET;
}

int responder_new(struct responder **ret, struct loop *l, const struct responder_config *c, struct err *e)
{
    struct responder_ask start = { .type = RESPONDER_START,
                                   .flags =
                                       (c->require_sandbox ? RESPONDER_STRICT : 0u) | (c->alpn ? RESPONDER_ALPN : 0u) };

    struct responder *r = calloc(1, sizeof(*r));
    if (!r)
        return err_nomem(e);
    *r = (struct responder){ .loop = l, .fd = -1, .why_lost = BUF_INIT(512) };
    int rc = role_start(RESPONDER_WORD, &r->fd, &r->pid, e);
    if (!rc && (rc = loop_watch(l, &r->watch, r->fd, POLLIN, on_line, r)))
        err_set(e, rc, "the process that answers on ports cannot be watched");
    if (!rc)
        (void)put(r, &start, NULL); /* a line that is broken shows when it is used */
    if (rc)
        responder_free(r);
    else
        *ret = r;
    return rc;
}

void responder_free(struct responder *r)
{
    if (!r)
        return;
    loop_unwatch(r->watch);
    if (r->fd >= 0) {
        close(r->fd);
        role_reap(r->pid, ROLE_GRACE_MS, NULL);
    }
    buf_done(&r->why_lost);
    free(r);
}

/* After Ctrl-C the loop waits for nothing any more, but what is up must still be taken away. */
static void wait_once(struct responder *r, int left_ms)
{
    struct pollfd p = { .fd = r->fd, .events = POLLIN };
    if (loop_step(r->loop, left_ms) && !r->answered && r->fd >= 0 && poll(&p, 1, left_ms) == 1)
        on_line(r, p.revents);
}

static int ask(struct responder *r, struct responder_ask *q, const struct listen_sockets *s, struct err *e)
{
    int64_t until = clock_mono_ms() + RESPONDER_WAIT_MS, now;
    q->seq = ++r->seq;
    r->answered = false;
    if (r->fd >= 0 && put(r, q, s))
        lose(r, errno == EPIPE || errno == ECONNRESET
                    ? GONE
                    : "the process that answers on the ports of the challenges takes nothing any more");
    while (r->fd >= 0 && !r->answered && (now = clock_mono_ms()) < until)
        wait_once(r, (int)(until - now));
    if (r->fd >= 0 && !r->answered)
        lose(r, "the process that answers on the ports of the challenges does not react");
    if (!r->answered)
        return err_set(e, SIGNET_ENET, "%s", buf_z(&r->why_lost));
    if (!r->reply.code)
        return 0;
    err_set(e, r->reply.code < 0 ? r->reply.code : SIGNET_EPROTO, "%s", r->reply.text);
    if (r->reply.hint[0])
        err_hint(e, "%s", r->reply.hint);
    return r->reply.code < 0 ? r->reply.code : SIGNET_EPROTO;
}

int responder_open(struct responder *r, enum responder_kind kind, const struct listen_sockets *s, unsigned *ret_id,
                   struct err *e)
{
    unsigned id = 0;
    while (id < RESPONDER_PORTS && r->used[id])
        id++;
    if (id == RESPONDER_PORTS)
        return err_set(e, SIGNET_ELIMIT, "more than %u ports at once", RESPONDER_PORTS);
    struct responder_ask q = { .type = RESPONDER_OPEN, .id = id, .kind = kind, .port = s->port };
    int rc = ask(r, &q, s, e);
    if (rc)
        return rc;
    if (!r->told)
        log_debug("net", "sandbox of the responder: %s", r->reply.text);
    r->told = true;
    r->used[id] = true;
    *ret_id = id;
    return 0;
}

void responder_close(struct responder *r, unsigned id)
{
    struct responder_ask q = { .type = RESPONDER_CLOSE, .id = id };
    (void)ask(r, &q, NULL, NULL); /* one that is lost has closed everything */
    r->used[id] = false;
}

static int fill(struct responder_ask *q, const signet_ident *ident, signet_str key_auth)
{
    if (ident->value.n > sizeof(q->name) || key_auth.n > sizeof(q->auth) || !ident->value.n)
        return SIGNET_ELIMIT;
    q->ident_type = ident->type;
    q->name_len = (uint32_t)ident->value.n;
    q->auth_len = (uint32_t)key_auth.n;
    memcpy(q->name, ident->value.p, ident->value.n);
    if (key_auth.n)
        memcpy(q->auth, key_auth.p, key_auth.n);
    return 0;
}

static int fill_host(struct responder_ask *q, const struct responder_answer *a)
{
    if (!a->host.n)
        return 0;
    if (a->header.n > sizeof(q->header) || a->host.n > sizeof(q->host) || !a->header.n)
        return SIGNET_ELIMIT;
    q->header_len = (uint32_t)a->header.n;
    q->host_len = (uint32_t)a->host.n;
    memcpy(q->header, a->header.p, a->header.n);
    memcpy(q->host, a->host.p, a->host.n);
    return 0;
}

int responder_put(struct responder *r, unsigned id, const struct responder_answer *a, struct err *e)
{
    struct responder_ask q = { .type = RESPONDER_ADD, .id = id };
    if (fill(&q, &a->ident, a->key_auth) || fill_host(&q, a))
        return err_set(e, SIGNET_ELIMIT, "the challenge is too long to be answered");
    return ask(r, &q, NULL, e);
}

void responder_remove(struct responder *r, unsigned id, const signet_ident *ident)
{
    struct responder_ask q = { .type = RESPONDER_REMOVE, .id = id };
    if (fill(&q, ident, (signet_str){ 0 }) == 0)
        (void)ask(r, &q, NULL, NULL);
}

unsigned responder_hits(struct responder *r, unsigned id)
{
    struct responder_ask q = { .type = RESPONDER_HITS, .id = id };
    return ask(r, &q, NULL, NULL) ? 0 : r->reply.hits;
}
