/* What a run owes, on disk, so that whoever runs next can pay it when this one is killed: challenges that are up,
 * orders under way, hooks that are due. One file per run, WORK_DIR/signet/journal/MILLISECONDS-PID.jsonl (0600, folder
 * 0700), made with the first entry and gone with the last:
 *
 *     {"v":1,"id":1,"type":"challenge","data":{"solver":"webroot","token":"…"}}
 *     {"v":1,"id":1,"done":true}
 *
 * A later line of the same id replaces the earlier one. The run holds a kernel lock on its file, so a file whose lock
 * is free belongs to a run that is dead. A last line that is cut was never acted upon and does not count. */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include "base/record.h"
#include "store/tree.h"

#define JOURNAL_MAX_BYTES   (64u * 1024u * 1024u) /* of a file; rewritten without what is done long before */
#define JOURNAL_MAX_LINE    (1024u * 1024u)
#define JOURNAL_MAX_ENTRIES 100000u

enum journal_type {
    JOURNAL_CHALLENGE, /* put up; its solver takes it away (solver_ops.undo) */
    JOURNAL_ORDER,     /* placed, and its certificate not in place with all hooks run */
    JOURNAL_POST,      /* a post hook whose pre hook has run */
    JOURNAL_TYPE_COUNT
};

struct journal_entry {
    uint64_t id;
    enum journal_type type;
    struct record data;
    bool inherited; /* of a run that is dead */
};

struct journal;
/* Touches nothing on disk. */
int journal_open(struct journal **ret, const struct tree *t, struct err *e);
/* Entries still open stay on disk for the next run. NULL is fine. */
void journal_close(struct journal *j);

/* Takes over what dead runs have left: their open entries become this journal's, `inherited`. A file that is broken, of
 * a version or a type that we do not know, or not ours alone to write is renamed to NAME.aside and said in `did`; it
 * blocks nothing. Without leftovers this is one look at one folder. */
int journal_inherit(struct journal *j, struct strlist *did, struct err *e);

/* Writes an entry. *id 0: a new one, whose number is put there; else that one is replaced. Not on disk for good before
 * journal_sync: enough against a kill, not against a power cut. */
int journal_put(struct journal *j, enum journal_type type, const struct record *data, uint64_t *id, struct err *e);
/* What was put so far outlives a power cut. Does nothing when it does already. */
int journal_sync(struct journal *j, struct err *e);
/* The debt is paid. *id becomes 0; 0 (or no journal) is fine. Failing to write that is only logged: at worst it is paid
 * twice. */
void journal_done(struct journal *j, uint64_t *id);

/* The open entries, oldest first; index from 0. NULL past the last. Valid until the next change. */
const struct journal_entry *journal_at(const struct journal *j, size_t i);
const struct journal_entry *journal_find(const struct journal *j, uint64_t id); /* NULL */

#endif
