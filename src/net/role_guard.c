#include "net/role_guard.h"

#include "base/clock.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#define LOOK_MS 1000

struct role_guard {
    struct loop *loop;
    struct timer *timer;
    pid_t pid;
    unsigned seen;  /* looks in a row that found it stopped */
    int64_t most;   /* 0: it owes nothing; else how long … */
    int64_t waited; /* … and how long it was waited for */
    timer_fn *fn;
    void *ctx;
};

/* Without taking the news away: the state stays to be asked for until the process goes on. */
static bool is_stopped(pid_t pid)
{
    siginfo_t info = { 0 };
    return waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid &&
           info.si_code == CLD_STOPPED;
}

static void look(void *ctx);

static int again(struct role_guard *g)
{
    return loop_timer(g->loop, &g->timer, clock_mono_ms() + LOOK_MS, look, g);
}

static void look(void *ctx)
{
    struct role_guard *g = ctx;
    loop_timer_free(g->timer);
    g->timer = NULL;
    g->seen = is_stopped(g->pid) ? g->seen + 1 : 0;
    g->waited += LOOK_MS;
    if (g->seen * LOOK_MS < ROLE_STOPPED_MS && (!g->most || g->waited <= g->most)) {
        (void)again(g); /* without memory for it nobody looks any more: no worse than before */
        return;
    }
    kill(g->pid, SIGKILL);
    g->fn(g->ctx);
}

int role_guard_start(struct role_guard **ret, struct loop *l, pid_t pid, timer_fn *fn, void *ctx)
{
    *ret = NULL;
    if (pid <= 0)
        return 0;
    struct role_guard *g = calloc(1, sizeof *g);
    if (!g)
        return SIGNET_ENOMEM;
    *g = (struct role_guard){ .loop = l, .pid = pid, .fn = fn, .ctx = ctx };
    int rc = again(g);
    if (rc)
        free(g);
    else
        *ret = g;
    return rc;
}

void role_guard_end(struct role_guard *g)
{
    if (!g)
        return;
    loop_timer_free(g->timer);
    free(g);
}

void role_guard_expect(struct role_guard *g, int64_t ms)
{
    if (!g)
        return;
    g->most = ms;
    g->waited = 0;
}

const char *role_guard_words(const struct role_guard *g)
{
    return g->seen * LOOK_MS >= ROLE_STOPPED_MS ? "was stopped and did not go on" : "did not answer in time";
}
