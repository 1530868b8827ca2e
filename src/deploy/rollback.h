/* Finished checkpoints taken back as one thing: what is there is noted like the beginning of a change, the files come
 * back, each server tests them and is reloaded; only then the checkpoints go. Whatever fails leaves everything as it
 * was, and a run that is killed in between is taken back by the next one (transaction_recover). */
#ifndef DEPLOY_ROLLBACK_H
#define DEPLOY_ROLLBACK_H

#include "deploy/checkpoint.h"
#include "deploy/server.h"

struct rollback {
    const char *work_dir;
    const struct strlist *names;   /* of checkpoints, oldest first (checkpoint_list) */
    size_t n;                      /* how many of them, from the last */
    struct server *const *servers; /* that are told; at least one, locked by the caller */
    size_t n_servers;
    checkpoint_run_fn *run; /* carries out what is noted in COMMANDS */
    void *ctx;
};

/* `did`: the files that were put back or removed. Errors hold the server's own words. SIGNET_EEXIST when changes of
 * another run are not finished. */
int rollback_run(const struct rollback *r, struct strlist *did, struct err *e);

#endif
