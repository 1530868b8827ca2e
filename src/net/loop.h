/* main's one event loop: descriptors, timers, signals, children. Handlers run inside loop_step and stay inside net/ and
 * the few rooms that own a descriptor; nobody above them sees a callback. A loop may be stepped from within a wait for
 * something (a child, a message), so that listeners go on being served meanwhile. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "base/err.h"
#include <stdbool.h>

struct loop;
struct watch; /* one descriptor */
struct timer; /* one deadline */

typedef void watch_fn(void *ctx, short revents);
typedef void timer_fn(void *ctx);

#define LOOP_WATCHES_MAX 256

/* Also catches SIGINT, SIGTERM, SIGHUP, SIGQUIT (see loop_signal; one that was ignored stays ignored, as nohup wants
 * it) and SIGCHLD, and ignores SIGPIPE. One loop per process: a second gives SIGNET_ESTATE. */
int loop_new(struct loop **ret, struct err *e);
/* Puts the signals back as they were. Frees what is still watched or timed. */
void loop_free(struct loop *l);

/* Descriptors should be non-blocking: when handlers step the loop themselves, one may be called for what another has
 * dealt with. 0, SIGNET_ENOMEM, or SIGNET_ELIMIT beyond LOOP_WATCHES_MAX. */
int loop_watch(struct loop *l, struct watch **ret, int fd, short events, watch_fn *fn, void *ctx); /* poll(2) events */
void loop_watch_set(struct watch *w, short events); /* 0: not looked at at all for now */
void loop_unwatch(struct watch *w);                 /* does not close; safe inside a handler; NULL is fine */

/* Runs once, when clock_mono_ms() has reached mono_ms; the timer is the caller's to free, before or after. */
int loop_timer(struct loop *l, struct timer **ret, int64_t mono_ms, timer_fn *fn, void *ctx);
void loop_timer_free(struct timer *t); /* safe inside its handler; NULL is fine */

/* Waits at most timeout_ms (negative: until something happens) and runs the handlers of what happened.
 * Returns 0, or SIGNET_ECANCELED once a terminating signal came (and on every later call, which then waits
 * for nothing, until loop_signal_clear). A child that ended wakes it, too. */
int loop_step(struct loop *l, int timeout_ms);
/* For a handler that has brought something which whoever waits should look at: a wait with a timeout of its own ends
 * early, once. */
void loop_poke(struct loop *l);
bool loop_poked(struct loop *l);        /* was it, since the last call? */
int loop_signal(const struct loop *l);  /* the terminating signal that came, or 0; `l` NULL: to the process' loop */
void loop_signal_clear(struct loop *l); /* for the time of cleaning up: a second signal of the same kind is then kept
                                           for loop_signal again */
void loop_signal_raise(struct loop *l, int sig); /* as if `sig` had come: puts back what was cleared for a while */

#endif
