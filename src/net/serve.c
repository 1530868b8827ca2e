#include "net/serve.h"

#include "base/clock.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READ_CHUNK = 4096,
    DRAIN_MS = 1000,  /* for the peer to take the answer and close, so that no reset overtakes it */
    PAUSE_MS = 100,   /* no accept after descriptors ran out */
    GRACE_MS = 200,   /* for whoever has just come, however many wait behind it */
    ACCEPTS_MAX = 64, /* at once */
};

enum phase { PHASE_READING, PHASE_SENDING, PHASE_DRAINING };

struct conn {
    struct server *server;
    struct conn *next; /* older first */
    int fd;
    enum phase phase;
    struct watch *watch;
    struct timer *timer;
    void *proto;
    struct buf out;
    int64_t started, last; /* when something last arrived or began */
};

struct server {
    struct loop *loop;
    struct serve_config config;
    struct listen_sockets sockets;
    struct watch *watches[LISTEN_SOCKETS_MAX];
    struct timer *pause;
    struct conn *conns;
    unsigned n_conns;
};

static void set_accepting(struct server *s, bool on)
{
    for (unsigned i = 0; i < s->sockets.n; i++)
        loop_watch_set(s->watches[i], on ? POLLIN : 0);
}

static void resume(void *ctx)
{
    struct server *s = ctx;
    loop_timer_free(s->pause);
    s->pause = NULL;
    set_accepting(s, true);
}

/* The sockets stay readable, and looking again at once would only burn time. */
static void pause_until(struct server *s, int64_t at)
{
    if (!s->pause && loop_timer(s->loop, &s->pause, at, resume, s) == 0)
        set_accepting(s, false);
}

static void conn_free(struct conn *c)
{
    struct server *s = c->server;
    struct conn **at = &s->conns;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    s->n_conns--;
    if (s->pause)
        resume(s);
    loop_unwatch(c->watch);
    loop_timer_free(c->timer);
    if (c->proto)
        s->config.ops->close(c->proto);
    buf_done(&c->out);
    close(c->fd);
    free(c);
}

static int64_t conn_deadline(const struct conn *c)
{
    int64_t idle = c->last + (c->phase == PHASE_DRAINING ? DRAIN_MS : c->server->config.limits.idle_ms);
    int64_t total = c->started + c->server->config.limits.total_ms;
    return idle < total ? idle : total;
}

static void on_deadline(void *ctx)
{
    struct conn *c = ctx;
    int64_t at = conn_deadline(c);
    loop_timer_free(c->timer);
    c->timer = NULL;
    if (clock_mono_ms() >= at || loop_timer(c->server->loop, &c->timer, at, on_deadline, c))
        conn_free(c);
}

/* The drain ends sooner than the timer that is set: it needs one of its own. */
static int start_drain(struct conn *c)
{
    c->phase = PHASE_DRAINING;
    c->last = clock_mono_ms();
    shutdown(c->fd, SHUT_WR);
    loop_timer_free(c->timer);
    c->timer = NULL;
    loop_watch_set(c->watch, POLLIN);
    return loop_timer(c->server->loop, &c->timer, conn_deadline(c), on_deadline, c);
}

/* Sends what waits. Negative: the connection is of no more use. */
static int flush(struct conn *c)
{
    while (c->out.n) {
        ssize_t n = send(c->fd, c->out.p, c->out.n, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            loop_watch_set(c->watch, c->phase == PHASE_READING ? POLLIN | POLLOUT : POLLOUT);
            return 0;
        }
        if (n < 0)
            return -1;
        buf_cut(&c->out, (size_t)n);
    }
    if (c->phase == PHASE_SENDING)
        return start_drain(c);
    loop_watch_set(c->watch, POLLIN);
    return 0;
}

static int take_input(struct conn *c)
{
    char in[READ_CHUNK];
    ssize_t n = recv(c->fd, in, sizeof(in), 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return 0;
    if (n <= 0)
        return -1;
    if (c->phase != PHASE_READING)
        return 0;
    c->last = clock_mono_ms();
    const struct serve_config *config = &c->server->config;
    if (config->ops->feed(config->owner, c->proto, (signet_str){ in, (size_t)n }, &c->out) != 1)
        c->phase = PHASE_SENDING;
    return buf_err(&c->out) ? -1 : flush(c);
}

static void on_ready(void *ctx, short revents)
{
    struct conn *c = ctx;
    int r = 0;
    if (revents & POLLOUT)
        r = flush(c);
    if (r == 0 && c->phase != PHASE_SENDING && (revents & (POLLIN | POLLHUP | POLLERR)))
        r = take_input(c);
    else if (r == 0 && (revents & (POLLERR | POLLNVAL)))
        r = -1;
    if (r)
        conn_free(c);
}

/* Takes fd. */
static void conn_new(struct server *s, int fd)
{
    struct conn *c = calloc(1, sizeof(*c));
    if (!c) {
        close(fd);
        return;
    }
    int64_t now = clock_mono_ms();
    *c = (struct conn){ .server = s, .fd = fd, .out = BUF_INIT(s->config.limits.out_max), .started = now, .last = now };
    struct conn **at = &s->conns;
    while (*at)
        at = &(*at)->next;
    *at = c;
    s->n_conns++;
    c->proto = s->config.ops->open(s->config.owner);
    if (!c->proto || loop_watch(s->loop, &c->watch, fd, POLLIN, on_ready, c) ||
        loop_timer(s->loop, &c->timer, conn_deadline(c), on_deadline, c))
        conn_free(c);
}

/* A place for one more. When all are taken the oldest must give its place up, but not before it had time to say what it
 * wants: a CA that validates a hundred names comes a hundred times at once. */
static bool has_room(struct server *s)
{
    if (s->n_conns < s->config.limits.conns)
        return true;
    int64_t due = s->conns->started + GRACE_MS;
    if (clock_mono_ms() < due) {
        pause_until(s, due);
        return false;
    }
    conn_free(s->conns);
    return true;
}

static void accept_all(struct server *s, int listener)
{
    for (int i = 0; i < ACCEPTS_MAX && has_room(s); i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            conn_new(s, fd);
            continue;
        }
        if (errno == EINTR || errno == ECONNABORTED)
            continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK) /* out of descriptors */
            pause_until(s, clock_mono_ms() + PAUSE_MS);
        return;
    }
}

static void on_first(void *ctx, short revents)
{
    (void)revents;
    struct server *s = ctx;
    accept_all(s, s->sockets.fd[0]);
}

static void on_second(void *ctx, short revents)
{
    (void)revents;
    struct server *s = ctx;
    accept_all(s, s->sockets.fd[1]);
}

int server_new(struct server **ret, struct loop *l, const struct serve_config *config, struct err *e)
{
    static watch_fn *const handlers[LISTEN_SOCKETS_MAX] = { on_first, on_second };
    struct server *s = calloc(1, sizeof(*s));
    if (!s) {
        listen_refuse(config->sockets);
        return err_nomem(e);
    }
    s->loop = l;
    s->config = *config;
    int r = 0;
    if (config->sockets)
        s->sockets = *config->sockets;
    else
        r = listen_open(&s->sockets, config->address, config->port, e);
    for (unsigned i = 0; !r && i < s->sockets.n && i < LISTEN_SOCKETS_MAX; i++) {
        r = loop_watch(l, &s->watches[i], s->sockets.fd[i], POLLIN, handlers[i], s);
        if (r)
            err_set(e, r, "cannot listen on port %u: %s", config->port, signet_strerror(r));
    }
    if (r)
        server_free(s);
    else
        *ret = s;
    return r;
}

unsigned server_port(const struct server *s)
{
    return s->sockets.port;
}

void server_free(struct server *s)
{
    if (!s)
        return;
    while (s->conns)         /* conn_free takes it out of the list, which the analyzer does not follow */
        conn_free(s->conns); /* NOLINT(clang-analyzer-unix.Malloc) */
    loop_timer_free(s->pause);
    for (unsigned i = 0; i < s->sockets.n; i++)
        loop_unwatch(s->watches[i]);
    listen_close(&s->sockets);
    free(s);
}
