/* Inside of conf: a document as a row of items, and how values are written. Only conf*.c include this. */
#ifndef STORE_CONF_ITEM_H
#define STORE_CONF_ITEM_H

#include "store/conf.h"

enum item_type { ITEM_NOTE, ITEM_SECTION, ITEM_ENTRY }; /* a note is a comment or an empty line */

struct item {
    enum item_type type;
    unsigned depth;   /* of a section: 1 or 2 */
    signet_str raw;   /* all its bytes, line end and all */
    signet_str name;  /* of a section or an entry, unquoted; within raw */
    signet_str value; /* of an entry, as written, without what stands around it; within raw */
    char *own;        /* raw's memory when it is not the document's text */
};

struct conf {
    char *text;
    bool bom, crlf;
    struct item *v;
    size_t n, cap;
};

int conf_item_insert(struct conf *c, size_t at, const struct item *it);
void conf_item_remove(struct conf *c, size_t from, size_t to);
/* Header and end of a section's own entries (not its subsections): first is the index after the header. */
bool conf_section_find(const struct conf *c, const char *section, size_t *first, size_t *end);
/* Index of an entry, or c->n. */
size_t conf_entry_find(const struct conf *c, const char *section, signet_str key);

bool value_space(char ch); /* white space as Python's \s has it, of ASCII */
/* Reads one value that fits on a line: each element goes to `fn` (a view into `s`). *ret_len: bytes of `s` that are the
 * value; what follows is white space or a comment. SIGNET_EFORMAT: badly quoted. */
typedef int value_piece(void *ctx, signet_str piece);
int value_scan(signet_str s, value_piece *fn, void *ctx, bool *ret_list, size_t *ret_len);
/* Is the rest of a line nothing but white space and, perhaps, a comment? */
bool value_rest_ok(signet_str s);
/* Is it a value in triple quotes? Its content then (CR before LF dropped by whoever copies it). */
bool value_triple(signet_str s);
/* Adds a value in the quotes it needs. SIGNET_EINVAL: it cannot be written. `multiline`: may take triple quotes (not
 * for keys and elements). */
int value_quote(struct buf *to, signet_str v, bool multiline);

#endif
