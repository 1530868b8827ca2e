/* Changing several files as one: each new content is written beside its file and flushed first; then file after file
 * changes place with what was prepared (an exchange of two names, so that the old file itself, with everything that
 * belongs to it, is kept until the end and can come back without needing any room). At every instant a file is the old
 * one or the new one, whole. */
#ifndef BASE_STAGE_H
#define BASE_STAGE_H

#include "base/buf.h"
#include "base/err.h"
#include <sys/types.h>

struct stage {
    char *path, *temp;  /* the file (no symbolic link), and what lies beside it */
    bool is_new;        /* there is no such file yet */
    bool swapped, kept; /* the new content is in place; … and the old file is what lies beside it */
    int fd;             /* until stage_sync */
};

/* Writes `data` beside `path`, with owner, mode, ACL and labels of the file there; a file that is not there yet gets
 * `mode`. Nothing changes. SIGNET_EINVAL when `path` is something else than a file. */
int stage_begin(struct stage *s, const char *path, signet_str data, mode_t mode, struct err *e);
/* The same for a symbolic link that is not there yet. SIGNET_EEXIST when something of that name is. */
int stage_begin_link(struct stage *s, const char *path, const char *target, struct err *e);
/* Waits until it is on the disk. */
int stage_sync(struct stage *s, struct err *e);
/* Puts it in place. SIGNET_EEXIST when a file that was not there is there now. */
int stage_swap(struct stage *s, struct err *e);
/* Puts back what was there; fails with SIGNET_ESTATE when the old file could not be kept (a file system that cannot
 * exchange names): then its content must come from elsewhere. Does nothing when nothing was swapped. */
int stage_back(struct stage *s, struct err *e);
/* Removes what lies beside the file, and frees. */
void stage_end(struct stage *s);

#endif
