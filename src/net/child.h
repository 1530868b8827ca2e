/* Running programs: hooks, `nginx -t`. Output is captured through pipes inside the loop; the child has its own process
 * group, default signals, no descriptor but 0, 1, 2, and the environment given. */
#ifndef NET_CHILD_H
#define NET_CHILD_H

#include "base/buf.h"
#include "base/list.h"
#include "net/loop.h"

#define CHILD_OUTPUT_MAX (1u << 20) /* bytes kept of each stream; the rest is read and dropped */

struct child_spec {
    const char *const *argv;   /* argv[0] is looked up in PATH; or … */
    const char *shell;         /* … /bin/sh -c this, when argv is NULL */
    const struct strlist *env; /* "NAME=value" set on top of the inherited environment; NULL: none */
    int64_t timeout_ms;        /* 0: none. After it SIGTERM, 5 s later SIGKILL, to the whole group */
};

struct child_result {
    int exit_code; /* 0 … 255; 128 + n for signal n */
    bool timed_out;
    struct buf out, err;       /* what it printed, trimmed by nothing */
    size_t out_lost, err_lost; /* bytes beyond CHILD_OUTPUT_MAX */
};
void child_result_done(struct child_result *r);

/* Standard input is ours, or /dev/null when ours is a terminal (a group of its own may not read from it). What the
 * child leaves running in the background with its output still open is waited for 200 ms, then left alone. Runs it to
 * its end, stepping the loop meanwhile. SIGNET_ESYS when it could not be started; SIGNET_ECANCELED when a signal ended
 * us (the child's group was terminated first); loop_signal still tells it. *ret is set on success only. */
int child_run(struct loop *l, const struct child_spec *spec, struct child_result *ret, struct err *e);

#endif
