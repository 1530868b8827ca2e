#include "talker/put.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/role.h"
#include "talker/ca_int.h"
#include "talker/put_msg.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOST_GRACE_MS 200

struct put_line {
    struct loop *loop;
    struct watch *watch;
    int fd; /* -1: lost */
    pid_t pid;
    uint32_t seq;
    bool answered;
    struct put_reply reply;
};

static void lose(struct put_line *p)
{
    loop_unwatch(p->watch);
    p->watch = NULL;
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
}

static void on_line(void *ctx, short revents)
{
    struct put_line *p = ctx;
    struct put_reply a;
    (void)revents;
    ssize_t n = recv(p->fd, &a, sizeof a, MSG_DONTWAIT | MSG_TRUNC);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    a.text[sizeof a.text - 1] = '\0';
    if (n != (ssize_t)sizeof a || a.seq != p->seq || p->answered) {
        lose(p);
        return;
    }
    p->reply = a;
    p->answered = true;
}

static int say(const struct put_line *p, const struct put_ask *q)
{
    return send(p->fd, q, sizeof *q, MSG_NOSIGNAL) == (ssize_t)sizeof *q ? 0 : SIGNET_ENET;
}

static int spawn(struct put_line *p, int roots, struct err *e)
{
    BUF_AUTO(program, 4096);
    int pair[2];
    int rc = ca_find_program(&program, e);
    if (rc)
        return rc;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
        return err_sys(e, errno, "no socket to signet-talker");
    struct role_spec spec = { .program = buf_z(&program),
                              .name = "signet-talker",
                              .arg = PUT_WORD,
                              .fd = { pair[1], roots },
                              .n_fds = roots >= 0 ? 2 : 1 };
    rc = role_spawn(&spec, &p->pid, e);
    close(pair[1]);
    p->fd = pair[0];
    return rc;
}

int put_open(struct put_line **ret, struct loop *l, bool require_sandbox, struct err *e)
{
    int roots = -1;
    struct put_line *p = calloc(1, sizeof *p);
    if (!p)
        return err_nomem(e);
    *p = (struct put_line){ .loop = l, .fd = -1, .pid = -1 };
    /* Without a bundle nothing over https is trusted; a memcached needs none. */
    if (ca_open_roots(NULL, &roots, NULL))
        roots = -1;
    struct put_ask start = { .kind = PUT_START, .strict = require_sandbox, .has_roots = roots >= 0 };
    int rc = spawn(p, roots, e);
    if (roots >= 0)
        close(roots);
    if (!rc && (say(p, &start) || loop_watch(l, &p->watch, p->fd, POLLIN, on_line, p)))
        rc = err_set(e, SIGNET_ENET, "the process that puts answers up cannot be spoken to");
    if (rc)
        put_close(p);
    else
        *ret = p;
    return rc;
}

void put_close(struct put_line *p)
{
    if (!p)
        return;
    lose(p);
    if (p->pid > 0)
        role_reap(p->pid, ROLE_GRACE_MS, NULL);
    free(p);
}

/* After Ctrl-C the loop waits for nothing any more, but what is up must still be taken away. */
static void wait_once(struct put_line *p, int left_ms)
{
    struct pollfd f = { .fd = p->fd, .events = POLLIN };
    if (loop_step(p->loop, left_ms) && !p->answered && p->fd >= 0 && poll(&f, 1, left_ms) == 1)
        on_line(p, f.revents);
}

static int ask(struct put_line *p, struct put_ask *q, struct err *e)
{
    int64_t until = clock_mono_ms() + PUT_WAIT_MS, now;
    q->seq = ++p->seq;
    p->answered = false;
    if (p->fd < 0 || say(p, q))
        return err_set(e, SIGNET_ENET, "the process that puts answers up is gone");
    while (p->fd >= 0 && !p->answered && (now = clock_mono_ms()) < until)
        wait_once(p, (int)(until - now));
    if (!p->answered) {
        lose(p);
        return err_set(e, SIGNET_ETIMEOUT, "the process that puts answers up does not react");
    }
    return p->reply.code < 0 ? err_set(e, p->reply.code, "%s", p->reply.text) : 0;
}

static bool put_text(char *to, size_t room, signet_str s)
{
    if (s.n >= room || str_has(s, '\0'))
        return false;
    if (s.n)
        memcpy(to, s.p, s.n);
    to[s.n] = '\0';
    return true;
}

int put_http(struct put_line *p, const struct put_request *q, int *ret_status, struct buf *ret_text, struct err *e)
{
    struct put_ask a = { .kind = PUT_HTTP, .text_len = (uint32_t)q->body.n };
    if (q->body.n > sizeof a.text || !put_text(a.method, sizeof a.method, q->method) ||
        !put_text(a.url, sizeof a.url, q->url) || !put_text(a.headers, sizeof a.headers, q->headers))
        return err_set(e, SIGNET_ELIMIT, "the request is too long");
    if (q->body.n)
        memcpy(a.text, q->body.p, q->body.n);
    int rc = ask(p, &a, e);
    explicit_bzero(&a, sizeof a);
    if (rc)
        return rc;
    *ret_status = p->reply.status;
    buf_add_escaped(ret_text, str_of(p->reply.text), 400);
    return 0;
}

int put_tcp(struct put_line *p, const char *host, unsigned port, signet_str text, struct buf *ret_line, struct err *e)
{
    struct put_ask a = { .kind = PUT_TCP, .port = port, .text_len = (uint32_t)text.n };
    if (text.n > sizeof a.text || !put_text(a.host, sizeof a.host, str_of(host)))
        return err_set(e, SIGNET_ELIMIT, "what is to be said is too long");
    if (text.n)
        memcpy(a.text, text.p, text.n);
    int rc = ask(p, &a, e);
    if (!rc)
        buf_add_escaped(ret_line, str_of(p->reply.text), 400);
    return rc;
}
