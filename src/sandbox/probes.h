/* Inside sandbox: things that no role may do, each as one attempt. */
#ifndef SANDBOX_PROBES_H
#define SANDBOX_PROBES_H

#include "sandbox/sandbox.h"
#include <sys/types.h>

struct probe_ctx {
    pid_t parent;
    const char *file; /* a key */
    int sock;         /* a TCP socket from before */
};

struct probe {
    const char *name;
    unsigned roles; /* bit (1 << role): the roles that may not do it */
    /* 0: it worked. Negative: errno says how it was refused. May not return at all. */
    long (*attempt)(const struct probe_ctx *ctx);
};
extern const struct probe sandbox_probes[];
extern const size_t sandbox_n_probes;

#endif
