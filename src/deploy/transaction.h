/* A change of a server's configuration as one thing: a checkpoint, all files (base/stage.h), the server's own test, a
 * reload, and the proof that it does what was meant. Whatever fails takes everything back and reloads again. A run that
 * is killed in between leaves the checkpoint, and the next one takes it back (transaction_recover). */
#ifndef DEPLOY_TRANSACTION_H
#define DEPLOY_TRANSACTION_H

#include "base/record.h"
#include "deploy/change.h"
#include "deploy/checkpoint.h"
#include "deploy/server.h"

struct transaction {
    struct server *server; /* tests, reloads; a signal that came is kept for later while things are taken back */
    const char *work_dir, *title;
    int (*prove)(void *ctx, struct err *e); /* is it so now? NULL: not asked */
    void *ctx;
};

/* Carries the changes out for good: the checkpoint becomes a backup. Without changes it only reloads and proves. */
int transaction_run(const struct transaction *t, const struct changes *c, struct err *e);

/* The same for a while: the files are swapped, tested and the server reloaded; they come back with transaction_revert,
 * which reloads again. */
struct temporary;
int transaction_begin(struct temporary **ret, const struct transaction *t, const struct changes *c, struct err *e);
/* `t` as given to begin, or another of the same server. Frees in every case. */
int transaction_revert(struct temporary *x, const struct transaction *t, struct err *e);

/* What a run that was killed has left: temporary changes first, then unfinished ones. What was done is said in `did`.
 * Nothing left: two looks at the file system. */
typedef int tx_server_fn(void *ctx, const struct record *server, struct err *e);
struct tx_recovery {
    const char *work_dir;
    checkpoint_run_fn *run;
    tx_server_fn *lock;   /* takes the lock of the server that a record speaks of, until all is done; SIGNET_EBUSY: the
                             next run takes it back */
    tx_server_fn *reload; /* tells it */
    void *ctx;
};
int transaction_recover(const struct tx_recovery *r, struct strlist *did, struct err *e);

#endif
