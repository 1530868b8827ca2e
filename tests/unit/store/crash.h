/* Running something in a child whose system calls that change files are counted, and killing it on entry of one, or
 * letting one fail. */
#ifndef CRASH_H
#define CRASH_H

#include <stdbool.h>

enum crash_way { CRASH_COUNT, CRASH_KILL, CRASH_FAIL };
struct crash {
    enum crash_way way;
    int at;           /* which call, from 1 */
    int errnum;       /* with CRASH_FAIL */
    bool no_exchange; /* renameat2 with RENAME_EXCHANGE gives EINVAL, as on file systems that lack it */
    int calls;        /* out: how many there were */
    int status;       /* out: what fn returned, negative codes and all; -1000: killed */
    char name[32];    /* out: the call that was hit */
};
/* False where this machine cannot do it (no ptrace, a CPU it does not know). */
bool crash_run(struct crash *c, int (*fn)(void *ctx), void *ctx);

#endif
