#include "net/prober.h"

#include "base/clock.h"
#include "net/prober_msg.h"
#include "net/role.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* One look may take all of its time several times over: connecting, handshake, answer. */
#define REPLY_WAIT_MS (PROBER_WAIT_MS * 4)

struct prober {
    struct loop *loop;
    struct watch *watch;
    int fd; /* -1: lost */
    pid_t pid;
    bool strict, answered;
    uint32_t seq;
    struct prober_reply reply;
};

static void lose(struct prober *p)
{
    if (p->fd < 0)
        return;
    loop_unwatch(p->watch);
    p->watch = NULL;
    close(p->fd);
    p->fd = -1;
    role_reap(p->pid, 0, NULL);
    p->pid = -1;
}

static void on_line(void *ctx, short revents)
{
    struct prober *p = ctx;
    struct prober_reply a;
    (void)revents;
    ssize_t n = recv(p->fd, &a, sizeof a, MSG_DONTWAIT | MSG_TRUNC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n != (ssize_t)sizeof a || a.seq != p->seq || p->answered) {
        lose(p);
        return;
    }
    a.text[sizeof a.text - 1] = '\0';
    p->reply = a;
    p->answered = true;
}

int prober_new(struct prober **ret, struct loop *l, bool require_sandbox, struct err *e)
{
    struct prober *p = calloc(1, sizeof *p);
    if (!p)
        return err_nomem(e);
    *p = (struct prober){ .loop = l, .fd = -1, .strict = require_sandbox };
    int rc = role_start(PROBER_WORD, &p->fd, &p->pid, e);
    if (!rc && (rc = loop_watch(l, &p->watch, p->fd, POLLIN, on_line, p)))
        err_set(e, rc, "the process that looks at the web server cannot be watched");
    if (rc)
        prober_free(p);
    else
        *ret = p;
    return rc;
}

void prober_free(struct prober *p)
{
    if (!p)
        return;
    loop_unwatch(p->watch);
    if (p->fd >= 0) {
        close(p->fd);
        role_reap(p->pid, ROLE_GRACE_MS, NULL);
    }
    free(p);
}

/* After Ctrl-C the loop waits for nothing any more, but the way back must be proved, too. */
static void wait_once(struct prober *p, int left_ms)
{
    struct pollfd fd = { .fd = p->fd, .events = POLLIN };
    if (loop_step(p->loop, left_ms) && !p->answered && p->fd >= 0 && poll(&fd, 1, left_ms) == 1)
        on_line(p, fd.revents);
}

static int ask(struct prober *p, struct prober_ask *q, struct err *e)
{
    int64_t until = clock_mono_ms() + REPLY_WAIT_MS, now;
    q->seq = ++p->seq;
    q->strict = p->strict;
    p->answered = false;
    if (p->fd >= 0 && send(p->fd, q, sizeof *q, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)sizeof *q)
        lose(p);
    while (p->fd >= 0 && !p->answered && (now = clock_mono_ms()) < until)
        wait_once(p, (int)(until - now));
    if (!p->answered) {
        lose(p);
        return err_set(e, SIGNET_ESYS, "the process that looks at the web server is gone");
    }
    return p->reply.code ? err_set(e, p->reply.code < 0 ? p->reply.code : SIGNET_EPROTO, "%s", p->reply.text) : 0;
}

static int put(char *to, size_t size, const char *z)
{
    size_t n = strlen(z);
    if (n >= size)
        return SIGNET_ELIMIT;
    memcpy(to, z, n + 1);
    return 0;
}

int prober_leaf(struct prober *p, const struct probe_place *at, const char *name, enum probe_key key, uint8_t ret[32],
                struct err *e)
{
    struct prober_ask q = { .type = PROBER_TLS, .at = *at, .key = key };
    if (put(q.name, sizeof q.name, name))
        return err_set(e, SIGNET_ELIMIT, "the name is too long to be asked for");
    int rc = ask(p, &q, e);
    if (!rc)
        memcpy(ret, p->reply.sha256, 32);
    return rc;
}

int prober_http(struct prober *p, const struct probe_place *at, const char *name, const char *path, signet_str body,
                struct err *e)
{
    struct prober_ask q = { .type = PROBER_HTTP, .at = *at, .body_len = (uint32_t)body.n };
    if (put(q.name, sizeof q.name, name) || put(q.path, sizeof q.path, path) || body.n > sizeof q.body)
        return err_set(e, SIGNET_ELIMIT, "the challenge is too long to be asked for");
    memcpy(q.body, body.p, body.n);
    return ask(p, &q, e);
}
