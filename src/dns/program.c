#include "dns/program.h"

#include "base/clock.h"
#include "base/log.h"
#include "dns/tool.h"
#include "net/https.h"
#include "net/role.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#define GOODBYE_MS 1800 /* main ends us after 2 s */
#define POLL_MAX   (1u + LOOKUPS_FDS + DNS_PROFILES * 8u)

void program_tell(void *program, int level, const char *text)
{
    struct program *p = program;
    static const char *const names[] = {
        [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARNING] = "warning", [LOG_ERROR] = "warning"
    };
    RECORD_AUTO(r);
    if (record_addz(&r, "level", names[level]) || record_addz(&r, "text", text))
        return;
    (void)dns_frame_put(&p->wire, DNSF_TELL, 0, &r); /* words that get lost do no harm */
}

void program_store(void *program, const char *word, const char *text)
{
    struct program *p = program;
    RECORD_AUTO(r);
    if (record_addz(&r, "word", word) || record_addz(&r, "text", text) || dns_frame_put(&p->wire, DNSF_STORE, 0, &r))
        program_tell(p, LOG_WARNING, "what a provider has given to be kept could not be passed on");
}

static int take_frames(struct program *p, struct err *e)
{
    int rc = wire_fill(&p->wire);
    if (rc < 0)
        return rc; /* SIGNET_ENET: main has gone or is done with us */
    struct wire_frame f;
    while ((rc = wire_next(&p->wire, &f)) == 1) {
        enum dns_frame type = (enum dns_frame)(int)f.type;
        if (!p->configured && type != DNSF_CONFIG)
            return err_set(e, SIGNET_EPROTO, "the main process began with something else than its configuration");
        rc = program_take(p, &f, e);
        if (rc)
            return rc;
    }
    return rc ? err_set(e, SIGNET_EPROTO, "the line from the main process is garbled") : 0;
}

static unsigned gather(struct program *p, struct pollfd *to, unsigned *lookups)
{
    unsigned n = 0;
    to[n++] = (struct pollfd){ .fd = p->wire.fd, .events = (short)(POLLIN | (wire_queued(&p->wire) ? POLLOUT : 0)) };
    *lookups = p->lookups ? lookups_fds(p->lookups, to + n, LOOKUPS_FDS) : 0;
    n += *lookups;
    for (unsigned i = 0; i < p->n_profiles; i++) {
        struct profile *f = &p->profile[i];
        f->shown = f->ops->fds ? f->ops->fds(f->backend, to + n, POLL_MAX - n) : 0;
        n += f->shown;
    }
    return n;
}

static int timeout(struct program *p, int64_t wake_ms)
{
    int64_t now = clock_mono_ms();
    int ms = wake_ms <= now ? 0 : wake_ms - now > ROLE_WAIT_MS ? ROLE_WAIT_MS : (int)(wake_ms - now);
    if (p->lookups)
        ms = lookups_timeout(p->lookups, ms);
    for (unsigned i = 0; i < p->n_profiles; i++)
        if (p->profile[i].ops->timeout)
            ms = p->profile[i].ops->timeout(p->profile[i].backend, ms);
    return ms;
}

/* The answers to whom they are for. */
static void take_answers(struct program *p)
{
    struct https_answer a;
    while (p->https && https_next(p->https, &a)) {
        uint64_t i = (a.id >> 48) - 1;
        if (i < p->n_profiles && p->profile[i].ops->answer)
            p->profile[i].ops->answer(p->profile[i].backend, &a);
    }
}

static int wait_for_work(struct program *p, struct pollfd *fds, unsigned n, int ms, struct err *e)
{
    if (p->https) {
        int rc = https_wait_fds(p->https, fds, n, ms);
        return rc ? err_set(e, rc, "signet-dns cannot wait") : 0;
    }
    return poll(fds, n, ms) < 0 && errno != EINTR ? err_sys(e, errno, "signet-dns cannot wait") : 0;
}

static int turn(struct program *p, struct err *e)
{
    static struct pollfd fds[POLL_MAX];
    unsigned n_lookups = 0;
    int64_t wake = INT64_MAX;
    int rc = 0;
    role_watchdog(ROLE_STUCK_MS);
    take_answers(p);
    if (p->configured && wire_queued(&p->wire) < DNS_QUEUE)
        rc = program_advance(p, clock_mono_ms(), &wake, e);
    if (rc)
        return rc;
    if (wire_flush(&p->wire))
        return SIGNET_ENET;
    unsigned n = gather(p, fds, &n_lookups);
    rc = wait_for_work(p, fds, n, timeout(p, wake), e);
    if (rc)
        return rc;
    if (p->lookups)
        (void)lookups_run(p->lookups, fds + 1, n_lookups);
    unsigned at = 1 + n_lookups;
    for (unsigned i = 0; i < p->n_profiles; i++) {
        if (p->profile[i].ops->ready)
            p->profile[i].ops->ready(p->profile[i].backend, fds + at, p->profile[i].shown);
        at += p->profile[i].shown;
    }
    return fds[0].revents & (POLLIN | POLLHUP | POLLERR) ? take_frames(p, e) : 0;
}

static int run(struct program *p, struct err *e)
{
    int rc = 0;
    while (!rc)
        rc = turn(p, e);
    if (rc != SIGNET_ENET && e->code && dns_frame_put_err(&p->wire, DNSF_FATAL, 0, e) == 0)
        (void)wire_flush(&p->wire);
    return rc;
}

/* main is done with us: sessions at providers are ended, as long as it waits for us. */
static void say_goodbye(struct program *p)
{
    int64_t until = clock_mono_ms() + GOODBYE_MS;
    bool all = false;
    struct pollfd none = { .fd = -1 };
    while (p->https && !all && clock_mono_ms() < until) {
        all = true;
        take_answers(p);
        for (unsigned i = 0; i < p->n_profiles; i++)
            if (p->profile[i].ops->finish)
                all &= p->profile[i].ops->finish(p->profile[i].backend);
        if (!all && https_wait_fds(p->https, &none, 0, 100))
            return;
    }
}

int main(int argc, char *argv[])
{
    static struct program p;
    struct err e = { 0 };
    if (argc > 1)
        return dns_tool_main(argc, argv);
    role_settle();
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return EXIT_FAILURE;
    wire_init(&p.wire, DNS_FD, WIRE_DNS_MAIN);
    p.wait_s = DNS_SECONDS_NO;
    p.ctx.log = program_tell;
    p.ctx.store = program_store;
    p.ctx.log_ctx = &p;
    int rc = run(&p, &e);
    if (rc == SIGNET_ENET)
        say_goodbye(&p);
    program_free(&p);
    return rc == SIGNET_ENET ? EXIT_SUCCESS : EXIT_FAILURE;
}
