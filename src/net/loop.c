#include "net/loop.h"

#include "base/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct watch {
    struct loop *loop;
    struct watch *next;
    int fd;
    short events;
    bool dead;    /* unwatched while handlers run: freed when the last of them is done */
    bool running; /* its own handler is stepping the loop */
    watch_fn *fn;
    void *ctx;
};

struct timer {
    struct loop *loop;
    struct timer *next; /* sorted by time */
    int64_t when;
    uint64_t seq;
    bool armed;
    timer_fn *fn;
    void *ctx;
};

static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD, SIGPIPE };
enum { N_CAUGHT = sizeof(caught) / sizeof(caught[0]) };

struct loop {
    struct watch *watches;
    unsigned n_watches;
    struct timer *timers;
    uint64_t next_seq;
    unsigned depth; /* of steps within steps */
    int wake[2];
    bool poked;
    struct sigaction before[N_CAUGHT];
};

/* What a signal handler may touch. */
static volatile sig_atomic_t signal_came;
static volatile sig_atomic_t wake_fd = -1;

static void on_signal(int sig)
{
    int saved = errno;
    if (sig != SIGCHLD)
        signal_came = sig;
    /* A full pipe wakes the loop just as well. */
    ssize_t ignored = write((int)wake_fd, "", 1);
    (void)ignored;
    errno = saved;
}

static void catch_signals(struct loop *l)
{
    for (int i = 0; i < N_CAUGHT; i++) {
        /* Without SA_RESTART: whoever waits in a read for the user's answer must hear of it. */
        struct sigaction sa = { .sa_handler = on_signal,
                                .sa_flags = caught[i] == SIGCHLD ? SA_RESTART | SA_NOCLDSTOP : 0 };
        sigemptyset(&sa.sa_mask);
        if (caught[i] == SIGPIPE)
            sa.sa_handler = SIG_IGN;
        sigaction(caught[i], NULL, &l->before[i]);
        if (l->before[i].sa_handler != SIG_IGN || caught[i] == SIGCHLD)
            sigaction(caught[i], &sa, NULL);
    }
}

int loop_new(struct loop **ret, struct err *e)
{
    if (wake_fd >= 0)
        return err_set(e, SIGNET_ESTATE, "a process has one event loop only");
    struct loop *l = calloc(1, sizeof(*l));
    if (!l)
        return err_nomem(e);
    if (pipe2(l->wake, O_CLOEXEC | O_NONBLOCK)) {
        int errnum = errno;
        free(l);
        return err_sys(e, errnum, "cannot make the pipe of the event loop");
    }
    signal_came = 0;
    wake_fd = l->wake[1];
    catch_signals(l);
    *ret = l;
    return 0;
}

static void free_dead(struct loop *l)
{
    for (struct watch **at = &l->watches; *at;) {
        struct watch *w = *at;
        if (w->dead) {
            *at = w->next;
            free(w);
        } else
            at = &w->next;
    }
}

void loop_free(struct loop *l)
{
    if (!l)
        return;
    for (int i = 0; i < N_CAUGHT; i++)
        sigaction(caught[i], &l->before[i], NULL);
    wake_fd = -1;
    for (struct watch *w = l->watches; w; w = w->next)
        w->dead = true;
    free_dead(l);
    while (l->timers)
        loop_timer_free(l->timers);
    close(l->wake[0]);
    close(l->wake[1]);
    free(l);
}

int loop_watch(struct loop *l, struct watch **ret, int fd, short events, watch_fn *fn, void *ctx)
{
    if (l->n_watches >= LOOP_WATCHES_MAX)
        return SIGNET_ELIMIT;
    struct watch *w = calloc(1, sizeof(*w));
    if (!w)
        return SIGNET_ENOMEM;
    *w = (struct watch){ .loop = l, .next = l->watches, .fd = fd, .events = events, .fn = fn, .ctx = ctx };
    l->watches = w;
    l->n_watches++;
    *ret = w;
    return 0;
}

void loop_watch_set(struct watch *w, short events)
{
    w->events = events;
}

void loop_unwatch(struct watch *w)
{
    if (!w)
        return;
    w->dead = true;
    w->loop->n_watches--;
    if (!w->loop->depth)
        free_dead(w->loop);
}

int loop_timer(struct loop *l, struct timer **ret, int64_t mono_ms, timer_fn *fn, void *ctx)
{
    struct timer *t = calloc(1, sizeof(*t));
    if (!t)
        return SIGNET_ENOMEM;
    *t = (struct timer){ .loop = l, .when = mono_ms, .seq = l->next_seq++, .armed = true, .fn = fn, .ctx = ctx };
    struct timer **at = &l->timers;
    while (*at && (*at)->when <= mono_ms)
        at = &(*at)->next;
    t->next = *at;
    *at = t;
    *ret = t;
    return 0;
}

static void disarm(struct timer *t)
{
    struct timer **at = &t->loop->timers;
    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    t->armed = false;
}

void loop_timer_free(struct timer *t)
{
    if (!t)
        return;
    if (t->armed)
        disarm(t);
    free(t);
}

/* A timer that a handler sets is for the next step, even when due at once: else two could go on for ever. */
static void run_timers(struct loop *l)
{
    int64_t now = clock_mono_ms();
    uint64_t limit = l->next_seq;
    struct timer *t = l->timers;
    while (t && t->when <= now) {
        if (t->seq >= limit) {
            t = t->next;
            continue;
        }
        disarm(t);
        t->fn(t->ctx);
        t = l->timers; /* the handler may have freed any of them */
    }
}

static int wait_ms(const struct loop *l, int timeout_ms)
{
    if (signal_came)
        return 0;
    if (!l->timers)
        return timeout_ms;
    int64_t left = l->timers->when - clock_mono_ms();
    if (left < 0)
        left = 0;
    if (timeout_ms >= 0 && left > timeout_ms)
        return timeout_ms;
    return left > INT_MAX ? INT_MAX : (int)left;
}

static void drain(int fd)
{
    char bin[64];
    while (read(fd, bin, sizeof(bin)) > 0)
        ;
}

/* Handlers may unwatch anything: what is dead is skipped, and freed only when no step looks at it any more. */
static void run_watches(struct watch *const *who, const struct pollfd *fds, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct watch *w = who[i];
        if (!fds[i].revents || w->dead || w->running)
            continue;
        w->running = true;
        w->fn(w->ctx, fds[i].revents);
        w->running = false;
    }
}

int loop_step(struct loop *l, int timeout_ms)
{
    struct pollfd fds[LOOP_WATCHES_MAX + 1];
    struct watch *who[LOOP_WATCHES_MAX];
    unsigned n = 0;
    for (struct watch *w = l->watches; w; w = w->next) {
        if (w->dead || w->running || !w->events)
            continue;
        who[n] = w;
        fds[n++] = (struct pollfd){ .fd = w->fd, .events = w->events };
    }
    fds[n] = (struct pollfd){ .fd = l->wake[0], .events = POLLIN };
    int got = poll(fds, n + 1, wait_ms(l, timeout_ms));
    l->depth++;
    if (got > 0) {
        if (fds[n].revents)
            drain(l->wake[0]);
        run_watches(who, fds, n);
    }
    run_timers(l);
    if (!--l->depth)
        free_dead(l);
    return signal_came ? SIGNET_ECANCELED : 0;
}

void loop_poke(struct loop *l)
{
    l->poked = true;
}

bool loop_poked(struct loop *l)
{
    bool was = l->poked;
    l->poked = false;
    return was;
}

int loop_signal(const struct loop *l)
{
    (void)l; /* there is one for each process */
    return (int)signal_came;
}

void loop_signal_clear(struct loop *l)
{
    (void)l;
    signal_came = 0;
}

void loop_signal_raise(struct loop *l, int sig)
{
    (void)l;
    signal_came = sig;
}
