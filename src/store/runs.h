/* When `renew` ran and how it ended, and whether that is often enough: whatever starts the runs (a timer, cron, a
 * container), only that they came counts. The newest RUNS_KEPT stand in WORK_DIR/signet/renewals, a line "SECONDS well"
 * or "SECONDS failed" for each, oldest first. The file can be lost at any time: then no run is known. */
#ifndef STORE_RUNS_H
#define STORE_RUNS_H

#include "store/tree.h"

#define RUNS_KEPT    16
#define RUNS_QUIET_S (3 * 24 * 3600) /* without a run, or without one that ended well */

struct renew_run {
    int64_t at; /* seconds since 1970 */
    bool well;  /* everything due was renewed, or nothing was due */
};

/* How many were read into `ret`; lines that cannot be read are passed over. */
size_t runs_load(const struct tree *t, struct renew_run ret[RUNS_KEPT]);
int runs_note(const struct tree *t, struct renew_run run, struct err *e);

enum runs_state {
    RUNS_WELL,
    RUNS_NONE,    /* none is known, and there is a certificate that should have seen one */
    RUNS_STOPPED, /* the last is too long ago */
    RUNS_FAILING, /* they come, but the last good one is too long ago */
    RUNS_RARE     /* further apart than half the time in which the shortest-lived certificate can be renewed */
};

struct runs_verdict {
    enum runs_state state;
    int64_t last, last_well; /* 0: none known */
    int64_t apart_s;         /* the usual distance (median); 0: fewer than three runs */
};

/* Pure. `v` oldest first, at most RUNS_KEPT. `window_s`: the shortest time from a certificate's becoming due to its
 * end, 0: there is no certificate. `since`: notBefore of the oldest certificate. A run of the future (the clock has
 * gone back) counts as one of now. */
struct runs_verdict runs_judge(const struct renew_run *v, size_t n, int64_t now, int64_t window_s, int64_t since);

#endif
