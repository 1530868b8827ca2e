/* Notices that a process of ours was stopped (SIGSTOP) and does not go on, or owes an answer and does not give it: it
 * keeps its line open and says nothing, so whoever waits for its word would wait for ever. Time is counted while we
 * run, not while all of us are stopped or asleep. */
#ifndef NET_ROLE_GUARD_H
#define NET_ROLE_GUARD_H

#include "net/loop.h"
#include <sys/types.h>

#define ROLE_STOPPED_MS 10000 /* so long one that is stopped is waited for */

struct role_guard;

/* Looks at the child `pid` while the loop is stepped. When it stands still it is killed, and `fn` runs, once: it may
 * end the guard. pid <= 0: *ret is NULL, and that is fine. SIGNET_ENOMEM. */
int role_guard_start(struct role_guard **ret, struct loop *l, pid_t pid, timer_fn *fn, void *ctx);
void role_guard_end(struct role_guard *g); /* NULL is fine */

/* From now on it owes an answer within `ms` (looked at each second); 0: it owes none. NULL is fine. */
void role_guard_expect(struct role_guard *g, int64_t ms);
/* Within `fn`: what it did, for "the process that … ": a static text. */
const char *role_guard_words(const struct role_guard *g);

#endif
