/* Inside of the journal: entries and how a file spells them. Only journal*.c include this. */
#ifndef STORE_JOURNAL_IN_H
#define STORE_JOURNAL_IN_H

#include "base/buf.h"
#include "store/journal.h"

struct entries {
    struct journal_entry *v; /* oldest first */
    size_t n, cap;
    uint64_t last_id; /* the highest ever seen */
};
void entries_done(struct entries *s);
struct journal_entry *entries_find(struct entries *s, uint64_t id); /* or NULL */
/* Adds one, or replaces the one of that id. */
int entries_put(struct entries *s, uint64_t id, enum journal_type type, const struct record *data);
void entries_remove(struct entries *s, struct journal_entry *e);

/* One line, newline and all. */
int journal_print(struct buf *to, const struct journal_entry *e);
void journal_print_done(struct buf *to, uint64_t id);
/* A whole file: its open entries, and how many bytes of it count (a cut last line does not). SIGNET_EFORMAT with the
 * line's number. */
int journal_parse(struct entries *ret, signet_str text, size_t *ret_used, struct err *e);

#endif
