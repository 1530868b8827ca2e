/* The folders of certbot's tree (contract.md A2), made with their modes, and the locks on them (A11). */
#ifndef STORE_TREE_H
#define STORE_TREE_H

#include "base/err.h"
#include "base/list.h"
#include "base/lock.h"

struct store_ops; /* store/store.h */

struct tree {
    char *config_dir, *work_dir, *logs_dir; /* absolute, owned */
    struct lock *locks[3];                  /* NULL while not held */
    const struct store_ops *ops;            /* whose layout it has; tree_init: certbot's */
    int lock_fd;                            /* lego's: the folder, locked; -1: not held */
};

int tree_init(struct tree *t, const char *config_dir, const char *work_dir, const char *logs_dir);
void tree_done(struct tree *t); /* lets go of locks */
/* Makes config_dir (0755), work_dir (0755), logs_dir (0700), renewal-hooks/{pre,deploy,post} (0755) as far as they are
 * missing. With strict: owner must be us and the mode as wanted, else an error (--strict-permissions). */
int tree_make(struct tree *t, bool strict, struct err *e);
/* Makes accounts (0700), archive, live (0700, with live/README), renewal (0755) as far as missing: before the first
 * change. */
int tree_make_store(struct tree *t, struct err *e);
/* The work directory (0755), and in it `dir` (its whole path; 0700) for what is noted between runs, as far as missing.
 */
int tree_make_notes(const struct tree *t, const char *dir, struct err *e);
/* certbot's three locks. SIGNET_EBUSY: "Another instance of Certbot is already running." */
int tree_lock(struct tree *t, struct err *e);
void tree_unlock(struct tree *t);

/* What the layout has: the folder for certificates (below config_dir); notes of CAs and failures in the work directory;
 * accounts that have the name the user gives. */
const char *tree_folder(const struct tree *t);
bool tree_keeps_notes(const struct tree *t);
bool tree_names_accounts(const struct tree *t);

/* config_dir/FOLDER[/NAME] into `ret` (cleared first); name may be NULL. */
struct buf;
void tree_path(const struct tree *t, const char *folder, const char *name, struct buf *ret);

#endif
