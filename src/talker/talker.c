#include "talker/talker.h"
#include "base/clock.h"
#include "net/role.h"
#include "talker/put.h"
#include "talker/put_msg.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static int give_up_rights(struct err *e)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return err_sys(e, errno, "signet-talker cannot restrict itself");
    struct rlimit no_core = { 0, 0 };
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)close_range(TALKER_ROOTS_FD + 1, ~0u, 0);
    return 0;
}

int64_t talker_now(const struct talker *t)
{
    return t->wall_ahead + clock_mono_ms();
}

static int clamp_wait(const struct talker *t, int64_t deadline_ms)
{
    if (deadline_ms == INT64_MAX)
        return ROLE_WAIT_MS;
    int64_t left = deadline_ms - talker_now(t);
    return left < 0 ? 0 : left > ROLE_WAIT_MS ? ROLE_WAIT_MS : (int)left;
}

/* Before there is a session only main can have something to say. */
static int wait_for_work(struct talker *t, short *revents)
{
    short events = (short)(POLLIN | (wire_queued(&t->wire) ? POLLOUT : 0));
    if (t->session) {
        /* with the queue full the session is left alone: its deadline would only spin */
        bool full = wire_queued(&t->wire) >= TALKER_QUEUE;
        /* until a request may be begun again the session is not asked what to do, so its deadline would only spin */
        int64_t free_at = talker_free_at(t), due = free_at ? free_at : signet_deadline(t->session);
        return https_wait(t->https, t->wire.fd, events, full ? ROLE_WAIT_MS : clamp_wait(t, due), revents);
    }
    struct pollfd p = { .fd = t->wire.fd, .events = events };
    if (poll(&p, 1, -1) < 0 && errno != EINTR)
        return SIGNET_ESYS;
    *revents = p.revents;
    return 0;
}

static int take_frames(struct talker *t, struct err *e)
{
    int rc = wire_fill(&t->wire);
    if (rc < 0)
        return rc; /* SIGNET_ENET: main has gone or is done with us */
    struct wire_frame f;
    while ((rc = wire_next(&t->wire, &f)) == 1) {
        rc = talker_take(t, &f, e);
        if (rc)
            return rc;
    }
    return rc ? err_set(e, SIGNET_EPROTO, "the line from the main process is garbled") : 0;
}

static int advance(struct talker *t, struct err *e)
{
    struct https_answer a;
    int rc = t->session ? talker_pump(t, e) : 0;
    while (t->session && rc == 0 && https_next(t->https, &a)) {
        rc = talker_answer(t, &a, e);
        if (rc == 0)
            rc = talker_pump(t, e);
    }
    return rc;
}

static int run(struct talker *t, struct err *e)
{
    for (;;) {
        short revents = 0;
        role_watchdog(t->session ? ROLE_STUCK_MS : 0);
        int rc = advance(t, e);
        if (rc)
            return rc;
        if (wire_flush(&t->wire))
            return SIGNET_ENET;
        rc = wait_for_work(t, &revents);
        if (rc)
            return err_set(e, rc, "signet-talker cannot wait");
        if (revents & (POLLIN | POLLHUP | POLLERR))
            rc = take_frames(t, e);
        if (rc)
            return rc;
    }
}

static void say_why(struct talker *t, const struct err *e)
{
    if (e->code && msg_put_outcome(&t->wire, WIRE_FATAL, 0, e->code, str_of(e->text)) == 0)
        (void)wire_flush(&t->wire);
}

int main(int argc, char *argv[])
{
    struct err e = { 0 };
    struct talker t = { .wall_ahead = clock_wall_ms() - clock_mono_ms() };
    role_settle();
    if (give_up_rights(&e)) {
        fprintf(stderr, "%s\n", e.text);
        return EXIT_FAILURE;
    }
    if (argc > 1 && !strcmp(argv[1], PUT_WORD))
        return put_main();
    wire_init(&t.wire, TALKER_FD, WIRE_MAIN);
    t.saved = BUF_INIT(64u << 10);
    t.account = BUF_INIT(HTTPS_URL_MAX);
    int rc = run(&t, &e);
    if (rc != SIGNET_ENET)
        say_why(&t, &e);
    int status = rc == SIGNET_ENET ? EXIT_SUCCESS : EXIT_FAILURE;
    /* an idle connection is closed as TLS wants it; jobs end with the session, without a word more */
    https_free(t.https);
    signet_session_free(t.session);
    talker_jobs_free(&t);
    buf_done(&t.saved);
    buf_done(&t.account);
    wire_done(&t.wire);
    return status;
}
