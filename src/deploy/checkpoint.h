/* certbot's checkpoints (contract.md A17): what files were before they were changed, so that `rollback` of either
 * program takes them back, and so that whoever runs next undoes what a killed run has left half done.
 *
 *     WORK_DIR/backups/IN_PROGRESS/      a change that is under way
 *     WORK_DIR/backups/1795644458.795/   one that is done; the name is the time
 *     WORK_DIR/temp_checkpoint/          changes for the time of a challenge
 *
 * Each holds FILEPATHS (one path a line), the old files as NAME_0, NAME_1, … in that order, NEW_FILES (paths to be
 * removed), COMMANDS (CSV; to be run), CHANGES_SINCE (for people). We add SIGNET: which server must be told afterwards.
 * A checkpoint is written aside and comes to its place by one rename, so it is there whole before anything is changed.
 */
#ifndef DEPLOY_CHECKPOINT_H
#define DEPLOY_CHECKPOINT_H

#include "base/list.h"
#include "base/record.h"
#include "deploy/change.h"
#include <stdint.h>

#define CHECKPOINT_FILES_MAX 20000u

enum checkpoint_kind { CHECKPOINT_CHANGE, CHECKPOINT_TEMPORARY };

/* SIGNET_EEXIST when there is one of that kind already. `server` (may be NULL) is given back by checkpoint_undo. */
int checkpoint_make(const char *work_dir, enum checkpoint_kind kind, const struct changes *c, const char *title,
                    const struct record *server, struct err *e);
/* The change is done: it becomes a backup named by the time (seconds and microseconds), after all others. */
int checkpoint_finish(const char *work_dir, int64_t now_us, struct err *e);
/* What it held is of no use any more (nothing was changed, or it was taken back already). */
int checkpoint_drop(const char *work_dir, enum checkpoint_kind kind, struct err *e);
bool checkpoint_exists(const char *work_dir, enum checkpoint_kind kind);

/* Taking back. `run` carries out a command of COMMANDS (argv); NULL: they are left out. */
typedef int checkpoint_run_fn(void *ctx, const struct strlist *argv);
struct checkpoint_undo {
    checkpoint_run_fn *run;
    void *ctx;
    struct record *ret_server; /* may be NULL */
    struct strlist *did;       /* the paths that were changed; may be NULL */
};
/* Gives every file the content, mode and time it had, removes the new ones, then the checkpoint itself. May be killed
 * and begun again at any point. On failure the checkpoint stays. */
int checkpoint_undo(const char *work_dir, enum checkpoint_kind kind, const struct checkpoint_undo *u, struct err *e);
/* The same for a finished one, by its name, which stays until it is forgotten. */
int checkpoint_restore(const char *work_dir, const char *name, const struct checkpoint_undo *u, struct err *e);
int checkpoint_forget(const char *work_dir, const char *name, struct err *e);
/* Adds to *ret what is there now of all that a finished one would change, so that it can be put back: as if each file
 * were to change to what it is. */
int checkpoint_now(const char *work_dir, const char *name, struct changes *ret, struct err *e);
/* The server that one under way speaks of; nothing when certbot has made it. */
int checkpoint_server(const char *work_dir, enum checkpoint_kind kind, struct record *ret, struct err *e);

/* The names of the finished ones, oldest first. A missing folder has none. */
int checkpoint_list(const char *work_dir, struct strlist *ret, struct err *e);
struct checkpoint_info {
    struct buf notes;
    struct strlist files, new_files;
    struct record server; /* nothing when certbot has made it */
};
int checkpoint_read(const char *work_dir, const char *name, struct checkpoint_info *ret, struct err *e);
void checkpoint_info_done(struct checkpoint_info *i);

#endif
