/* Inside checkpoint*.c. */
#ifndef DEPLOY_CHECKPOINT_IN_H
#define DEPLOY_CHECKPOINT_IN_H

#include "deploy/checkpoint.h"

#define CHECKPOINT_SERVER         "SIGNET"
#define CHECKPOINT_NEW            "signet/checkpoint.new"
#define CHECKPOINT_OLD            "signet/checkpoint.old"
#define CHECKPOINT_LIST_BYTES_MAX (8u << 20)

int checkpoint_path(const char *work_dir, enum checkpoint_kind kind, struct buf *to);
/* Absolute paths, a line each; a missing list is empty. */
int checkpoint_lines(const char *dir, const char *name, struct strlist *ret, struct err *e);
/* Each of COMMANDS, the last first; one that fails is told. */
int checkpoint_commands(const char *dir, checkpoint_run_fn *run, void *ctx, struct err *e);
/* certbot notes the path by which a file is included; what is written is the file that it leads to. */
int checkpoint_real(const char *path, struct buf *to);
/* Gone in one step, then removed. */
int checkpoint_remove(const char *work_dir, const char *path, struct err *e);

#endif
