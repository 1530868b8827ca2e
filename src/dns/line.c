#include "dns/line.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "net/role.h"
#include "net/role_guard.h"
#include "talker/ca_int.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define ROOM            "dns"
#define PROGRAM         "signet-dns"
#define WORDS           16384u
#define ACMEDNS_STORAGE "ACME_DNS_STORAGE_PATH"
#define UNREAD          (256u << 10) /* bytes that may wait for dns_line_next; beyond, nothing more is taken in */

extern char **environ;

struct dns_line {
    struct loop *loop;
    struct wire wire;
    struct watch *watch; /* NULL: hung up */
    pid_t pid;
    struct role_guard *guard;
    bool ready, lost;
    struct err why; /* lost */
    struct record said, current;
    uint32_t last_job;
};

static void lose(struct dns_line *d, const struct err *why)
{
    BUF_AUTO(words, 256);
    if (d->lost)
        return;
    d->lost = true;
    role_guard_end(d->guard);
    d->guard = NULL;
    loop_unwatch(d->watch);
    d->watch = NULL;
    role_reap(d->pid, ROLE_GRACE_MS, &words);
    d->pid = -1;
    if (why && why->code)
        d->why = *why;
    else
        err_set(&d->why, SIGNET_ENET, "the program " PROGRAM " is gone: %s", buf_z(&words));
}

static void on_stopped(void *ctx)
{
    struct dns_line *d = ctx;
    struct err why = { 0 };
    err_set(&why, SIGNET_ENET, "the program " PROGRAM " was stopped and did not go on");
    lose(d, &why);
    loop_poke(d->loop);
}

static void set_events(struct dns_line *d)
{
    bool full = d->wire.in.n - d->wire.taken > UNREAD;
    if (d->watch)
        loop_watch_set(d->watch, (short)((full ? 0 : POLLIN) | (wire_queued(&d->wire) ? POLLOUT : 0)));
}

static void on_ready(void *ctx, short revents)
{
    struct dns_line *d = ctx;
    if (revents & POLLOUT && wire_flush(&d->wire))
        revents |= POLLHUP;
    if (revents & (POLLIN | POLLHUP | POLLERR)) {
        int rc = wire_fill(&d->wire);
        loop_poke(d->loop);
        if (rc < 0) { /* what it said at last is still in the buffer: dns_line_next reads it */
            loop_unwatch(d->watch);
            d->watch = NULL;
            return;
        }
    }
    set_events(d);
}

static int start(struct dns_line *d, struct err *e)
{
    BUF_AUTO(program, 4096);
    int pair[2], roots = -1;
    int rc = role_find(PROGRAM, LIBEXECDIR, &program, e);
    if (rc)
        return rc;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        return err_sys(e, errno, "no socket to a process of our own");
    (void)ca_open_roots(NULL, &roots, NULL); /* where it needs them and there are none, it says so */
    struct role_spec spec = { .program = buf_z(&program),
                              .name = PROGRAM,
                              .env = environ,
                              .fd = { pair[1], roots },
                              .n_fds = roots >= 0 ? 2 : 1 };
    rc = role_spawn(&spec, &d->pid, e);
    close(pair[1]);
    if (roots >= 0)
        close(roots);
    wire_init(&d->wire, pair[0], WIRE_DNS);
    if (!rc)
        rc = loop_watch(d->loop, &d->watch, pair[0], POLLIN, on_ready, d);
    return rc ? rc : role_guard_start(&d->guard, d->loop, d->pid, on_stopped, d);
}

static int wait_ready(struct dns_line *d, struct err *e)
{
    int64_t until = clock_mono_ms() + DNS_READY_MS;
    struct dns_event ev;
    while (!d->ready) {
        int rc = dns_line_next(d, &ev, e);
        if (rc < 0)
            return rc;
        if (rc || d->ready)
            continue;
        if (clock_mono_ms() > until)
            return err_set(e, SIGNET_ETIMEOUT, "the program " PROGRAM " is not ready after %d s", DNS_READY_MS / 1000);
        if (loop_step(d->loop, 1000) == SIGNET_ECANCELED)
            return err_set(e, SIGNET_ECANCELED, "Exiting due to user request.");
    }
    return 0;
}

int dns_line_open(struct dns_line **ret, struct loop *l, const struct record *config, struct err *e)
{
    struct dns_line *d = calloc(1, sizeof(*d));
    if (!d)
        return err_nomem(e);
    d->loop = l;
    d->pid = -1;
    d->wire.fd = -1;
    int rc = start(d, e);
    if (!rc)
        rc = dns_line_send(d, DNSF_CONFIG, 0, config, e);
    if (!rc)
        rc = wait_ready(d, e);
    if (rc)
        dns_line_close(d);
    else
        *ret = d;
    return rc;
}

void dns_line_close(struct dns_line *d)
{
    if (!d)
        return;
    role_guard_end(d->guard);
    loop_unwatch(d->watch);
    wire_done(&d->wire);
    role_reap(d->pid, 2000, NULL);
    record_done(&d->said);
    record_done(&d->current);
    free(d);
}

const struct record *dns_line_ready(const struct dns_line *d)
{
    return &d->said;
}

uint32_t dns_line_new_job(struct dns_line *d)
{
    return ++d->last_job;
}

int dns_line_send(struct dns_line *d, enum dns_frame type, uint32_t job, const struct record *r, struct err *e)
{
    if (d->lost) {
        *e = d->why;
        return e->code;
    }
    int rc = dns_frame_put(&d->wire, type, job, r);
    if (rc)
        return err_set(e, rc, "the line to " PROGRAM " does not take more: %s", signet_strerror(rc));
    (void)wire_flush(&d->wire);
    set_events(d);
    return 0;
}

static void tell(const struct record *r)
{
    BUF_AUTO(text, WORDS);
    const char *level = record_get(r, "level"), *said = record_get(r, "text");
    signet_str rest = str_of(said), one;
    bool more = rest.n > 0;
    while (more) {
        more = str_cut(rest, '\n', &one, &rest);
        buf_add_escaped(&text, one, WORDS / 4);
        if (more)
            buf_addc(&text, '\n');
    }
    if (level && !strcmp(level, "warning"))
        log_warn(ROOM, "%s", buf_z(&text));
    else if (level && !strcmp(level, "info"))
        log_info(ROOM, "%s", buf_z(&text));
    else
        log_debug(ROOM, "%s", buf_z(&text));
}

/* Where it goes is for our own environment to say: the other end has read what strangers write. */
static void keep(const struct record *r)
{
    const char *word = record_get(r, "word"), *text = record_get(r, "text"), *path = getenv(ACMEDNS_STORAGE);
    struct err e = { 0 };
    if (!word || !text || strcmp(word, "acme-dns") != 0)
        return;
    if (!path || !*path)
        err_set(&e, SIGNET_EINVAL, ACMEDNS_STORAGE " is not set in the environment");
    else
        (void)fs_replace(AT_FDCWD, path, str_of(text), 0600, true, &e);
    if (e.code)
        log_warn(ROOM, "The new account at the acme-dns server is lost, as it could not be kept: %s", e.text);
}

/* 1: for the caller; 0: done here; negative: it is lost. */
static int sort_out(struct dns_line *d, const struct wire_frame *f, struct dns_event *ret)
{
    struct err why = { 0 };
    enum dns_frame type = (enum dns_frame)(int)f->type;
    switch (type) {
    case DNSF_FOUND:
    case DNSF_NOTE:
    case DNSF_DONE:
        if (!d->ready)
            break;
        *ret = (struct dns_event){ type, f->job, &d->current };
        return 1;
    case DNSF_TELL:
        tell(&d->current);
        return 0;
    case DNSF_STORE:
        keep(&d->current);
        return 0;
    case DNSF_READY:
        if (d->ready || record_copy(&d->said, &d->current))
            break;
        d->ready = true;
        log_debug(ROOM, PROGRAM " is confined: %s", record_get(&d->said, "sandbox"));
        return 0;
    case DNSF_FATAL:
        dns_frame_get_err(&d->current, &why);
        lose(d, &why);
        return SIGNET_ENET;
    case DNSF_CONFIG:
    case DNSF_PRESENT:
    case DNSF_PLACED:
    case DNSF_REMOVE:
        break;
    }
    err_set(&why, SIGNET_EPROTO, "the program " PROGRAM " said what it may not say");
    lose(d, &why);
    return SIGNET_EPROTO;
}

int dns_line_next(struct dns_line *d, struct dns_event *ret, struct err *e)
{
    struct wire_frame f;
    int rc = 0;
    while (!d->lost && (rc = wire_next(&d->wire, &f)) == 1) {
        record_done(&d->current);
        rc = dns_frame_get(&f.body, &d->current);
        rc = rc ? rc : sort_out(d, &f, ret);
        if (rc == 1)
            return 1;
        if (rc < 0)
            break;
    }
    if (rc < 0 || (!d->watch && !d->lost))
        lose(d, NULL);
    if (!d->lost) {
        set_events(d);
        return 0;
    }
    *e = d->why;
    return e->code;
}
