#include "talker/signer.h"

#include "base/log.h"
#include "net/role.h"
#include "net/role_guard.h"
#include "talker/signer_msg.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOST_GRACE_MS 200   /* the line closes a moment before the process is gone */
#define ANSWER_MS     30000 /* a signature: seconds at most, even by RSA on a slow board. Keys are not made there */
#define QUEUE_MAX     4096u /* packets that wait for a signer that is busy */

struct packet {
    struct packet *next;
    size_t n;
    char bytes[];
};

struct signer_line {
    struct loop *loop;
    struct watch *watch;
    int fd; /* -1: none, or lost */
    pid_t pid;
    struct role_guard *guard;
    unsigned n_asked; /* signatures that it owes */
    struct packet *first, **last;
    unsigned n_waiting;
    struct signing *inside; /* no process */
    signer_fn *fn;
    void *ctx;
};

static void packet_free(struct packet *p)
{
    explicit_bzero(p->bytes, p->n);
    free(p);
}

static void hang_up(struct signer_line *s, int grace_ms, struct buf *words)
{
    role_guard_end(s->guard);
    s->guard = NULL;
    loop_unwatch(s->watch);
    s->watch = NULL;
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    role_reap(s->pid, grace_ms, words);
    s->pid = -1;
    while (s->first) {
        struct packet *p = s->first;
        s->first = p->next;
        packet_free(p);
    }
    s->last = &s->first;
}

static void lose(struct signer_line *s, const char *why)
{
    BUF_AUTO(text, 4096);
    BUF_AUTO(words, 256);
    hang_up(s, LOST_GRACE_MS, &words);
    buf_addf(&text, "%s (%s)", why, buf_z(&words));
    s->fn(s->ctx, 0, SIGNET_ENET, (signet_str){ 0 }, buf_z(&text));
}

/* ---- to the signer ---- */

/* Sends what the line takes; false when it is broken. */
static bool flush(struct signer_line *s)
{
    while (s->first) {
        struct packet *p = s->first;
        ssize_t n = send(s->fd, p->bytes, p->n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS))
            break;
        if (n < 0)
            return false; /* its end shows when it is read */
        s->first = p->next;
        if (!s->first)
            s->last = &s->first;
        s->n_waiting--;
        packet_free(p);
    }
    loop_watch_set(s->watch, (short)(POLLIN | (s->first ? POLLOUT : 0)));
    return true;
}

static int put(struct signer_line *s, struct signer_head h, signet_str body)
{
    if (s->fd < 0)
        return 0; /* lost, and told */
    if (body.n > SIGNER_BODY_MAX || s->n_waiting == QUEUE_MAX)
        return SIGNET_ELIMIT;
    struct packet *p = malloc(sizeof(*p) + sizeof(h) + body.n);
    if (!p)
        return SIGNET_ENOMEM;
    h.len = (uint32_t)body.n;
    p->next = NULL;
    p->n = sizeof(h) + body.n;
    memcpy(p->bytes, &h, sizeof(h));
    if (body.n)
        memcpy(p->bytes + sizeof(h), body.p, body.n);
    *s->last = p;
    s->last = &p->next;
    s->n_waiting++;
    (void)flush(s);
    return 0;
}

/* ---- from the signer ---- */

static bool take(struct signer_line *s, const struct signer_head *h, signet_str body)
{
    BUF_AUTO(text, 8192);
    switch (h->type) {
    case SIGNER_SIGNED:
        s->n_asked -= s->n_asked > 0;
        role_guard_expect(s->guard, s->n_asked ? ANSWER_MS : 0);
        if (h->what == 0 && (body.n == 0 || body.n > KEY_SIG_MAX))
            return false;
        buf_add_escaped(&text, h->what ? body : (signet_str){ 0 }, 1024);
        s->fn(s->ctx, h->id, h->what, h->what ? (signet_str){ 0 } : body, buf_z(&text));
        return true;
    case SIGNER_SANDBOX:
        buf_add_escaped(&text, body, 1024);
        log_debug("talker", "sandbox of the signer: %s", buf_z(&text));
        return true;
    case SIGNER_REFUSES:
        buf_add_escaped(&text, body, 1024);
        lose(s, buf_z(&text));
        return true;
    default:
        return false;
    }
}

static void on_line(void *ctx, short revents)
{
    struct signer_line *s = ctx;
    char in[sizeof(struct signer_head) + 2048];
    struct signer_head h;
    if (revents & POLLOUT)
        (void)flush(s);
    if (!(revents & (POLLIN | POLLHUP | POLLERR)))
        return;
    ssize_t n = recv(s->fd, in, sizeof(in), MSG_DONTWAIT | MSG_TRUNC);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return;
    if (n <= 0) {
        lose(s, "the process that holds the keys is gone");
        return;
    }
    bool ok = (size_t)n >= sizeof(h) && (size_t)n <= sizeof(in);
    if (ok) {
        memcpy(&h, in, sizeof(h));
        ok = h.len == (size_t)n - sizeof(h) && take(s, &h, (signet_str){ in + sizeof(h), h.len });
    }
    if (!ok)
        lose(s, "the process that holds the keys said what it may not say");
}

/* ---- life ---- */

static void on_stuck(void *ctx)
{
    struct signer_line *s = ctx;
    BUF_AUTO(why, 256);
    buf_addf(&why, "the process that holds the keys %s", role_guard_words(s->guard));
    lose(s, buf_z(&why));
    loop_poke(s->loop);
}

static int start(struct signer_line *s, const struct signer_config *c, struct err *e)
{
    if (c->in_process) {
        int rc = signing_new(&s->inside, c->directory_url, c->allow_http);
        return rc ? err_set(e, rc, "the signer cannot be set up: %s", signet_strerror(rc)) : 0;
    }
    int rc = role_start(SIGNER_WORD, &s->fd, &s->pid, e);
    if (!rc && (rc = loop_watch(s->loop, &s->watch, s->fd, POLLIN, on_line, s)))
        err_set(e, rc, "the signer cannot be watched: %s", signet_strerror(rc));
    if (!rc && (rc = role_guard_start(&s->guard, s->loop, s->pid, on_stuck, s)))
        err_set(e, rc, "the signer cannot be watched: %s", signet_strerror(rc));
    struct signer_head h = { .type = SIGNER_CONFIG,
                             .what =
                                 (c->allow_http ? SIGNER_ALLOW_HTTP : 0) | (c->require_sandbox ? SIGNER_STRICT : 0) };
    if (!rc && (rc = put(s, h, c->directory_url)))
        err_set(e, rc, "the signer cannot be set up: %s", signet_strerror(rc));
    return rc;
}

int signer_open(struct signer_line **ret, struct loop *l, const struct signer_config *c, signer_fn *fn, void *ctx,
                struct err *e)
{
    struct signer_line *s = calloc(1, sizeof(*s));
    if (!s)
        return err_nomem(e);
    *s = (struct signer_line){ .loop = l, .fd = -1, .pid = -1, .fn = fn, .ctx = ctx };
    s->last = &s->first;
    int rc = start(s, c, e);
    if (rc)
        signer_close(s);
    else
        *ret = s;
    return rc;
}

void signer_close(struct signer_line *s)
{
    if (!s)
        return;
    hang_up(s, ROLE_GRACE_MS, NULL);
    signing_free(s->inside);
    free(s);
}

static int copy_inside(struct signer_line *s, uint32_t job, enum sign_use use, signet_str pem)
{
    struct key *copy;
    int rc = key_from_pem(&copy, pem, NULL);
    return rc ? rc : signing_add_key(s->inside, job, use, copy);
}

int signer_add_key(struct signer_line *s, uint32_t job, enum sign_use use, const struct key *key)
{
    BUF_AUTO(pem, 32u << 10);
    int rc = key_to_pem(key, &pem);
    if (!rc)
        rc = buf_err(&pem);
    if (rc)
        return rc;
    if (s->inside)
        return copy_inside(s, job, use, buf_str(&pem));
    return put(s, (struct signer_head){ .type = SIGNER_KEY, .job = job, .what = (int32_t)use }, buf_str(&pem));
}

int signer_add_mac(struct signer_line *s, uint32_t job, const struct sign_mac *m)
{
    BUF_AUTO(body, SIGN_MAC_KID_MAX + 1 + SIGN_MAC_KEY_MAX);
    if (s->inside)
        return signing_add_mac(s->inside, job, m);
    buf_add(&body, m->kid);
    buf_addc(&body, '\0');
    buf_add(&body, m->key);
    int rc = buf_err(&body);
    return rc ? rc
              : put(s, (struct signer_head){ .type = SIGNER_MAC, .job = job, .what = (int32_t)m->alg }, buf_str(&body));
}

int signer_allow(struct signer_line *s, uint32_t job, enum sign_permit what, const uint8_t digest[32])
{
    if (s->inside)
        return signing_allow(s->inside, job, what, digest);
    return put(s, (struct signer_head){ .type = SIGNER_ALLOW, .job = job, .what = (int32_t)what },
               (signet_str){ (const char *)digest, 32 });
}

int signer_forget(struct signer_line *s, uint32_t job)
{
    if (s->inside)
        signing_forget(s->inside, job);
    return s->inside ? 0 : put(s, (struct signer_head){ .type = SIGNER_FORGET, .job = job }, (signet_str){ 0 });
}

int signer_ask(struct signer_line *s, uint64_t id, const struct sign_request *q)
{
    uint8_t sig[KEY_SIG_MAX];
    size_t len = 0;
    const char *why;
    int rc;
    if (!s->inside) {
        rc = put(s, (struct signer_head){ .type = SIGNER_SIGN, .job = q->job, .id = id, .what = (int32_t)q->alg },
                 q->tbs);
        if (!rc && s->n_asked++ == 0)
            role_guard_expect(s->guard, ANSWER_MS);
        return rc;
    }
    rc = signing_sign(s->inside, q, sig, &len, &why);
    s->fn(s->ctx, id, rc, (signet_str){ (const char *)sig, rc ? 0 : len }, why);
    explicit_bzero(sig, sizeof(sig));
    return 0;
}
