/* Inside of lineages: parts of the save protocol that making and repairing need, too. */
#ifndef STORE_SAVE_H
#define STORE_SAVE_H

#include "store/lineage.h"

/* Puts version and paths of `l` into its conf. */
int save_fill_conf(struct lineage *l, struct err *e);
/* Name of the note that a save of this version is under way; cleared first. */
void save_note_name(struct buf *to, unsigned version);
/* The end of step 5: old versions go, then the note. `dir` is the archive folder. */
int save_finish(const struct lineage *l, int dir, unsigned version, struct err *e);

/* lineage_open with a renewal file of another name. */
int lineage_open_at(struct lineage **ret, const struct tree *t, const char *name, const char *path, bool strict,
                    struct err *e);
/* Says that no lineage may be called so. SIGNET_EINVAL. */
int lineage_bad_name(const char *name, struct err *e);

/* The places that making and deleting a lineage use. */
struct places {
    struct buf new_archive, new_live, new_conf; /* of a lineage that is being made */
    struct buf archive, live, conf;             /* where they go */
    struct buf del_conf;                        /* the renewal file of one that is being deleted */
};
int places_init(struct places *p, const struct tree *t, const char *name, struct err *e);
void places_done(struct places *p);
/* Puts what is prepared in its places; safe to be called again after a kill. The folder of archive files goes first:
 * once it is in place, everything is there that is needed to go on. */
int create_publish(const struct places *p, struct err *e);
/* Takes back all of it. */
int create_undo(const struct places *p, struct err *e);
/* Deletes what the renewal file p->del_conf speaks of, then that file. */
int delete_finish(const struct tree *t, const char *name, const struct places *p, struct err *e);

#endif
