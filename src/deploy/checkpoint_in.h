/* Inside checkpoint*.c. */
#ifndef DEPLOY_CHECKPOINT_IN_H
#define DEPLOY_CHECKPOINT_IN_H

#include "deploy/checkpoint.h"

#define CHECKPOINT_SERVER         "SIGNET"
#define CHECKPOINT_NEW            "signet/checkpoint.new"
#define CHECKPOINT_OLD            "signet/checkpoint.old"
#define CHECKPOINT_LIST_BYTES_MAX (8u << 20)

int checkpoint_path(const char *work_dir, enum checkpoint_kind kind, struct buf *to);
/* Gone in one step, then removed. */
int checkpoint_remove(const char *work_dir, const char *path, struct err *e);

#endif
