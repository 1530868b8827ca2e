/* A growing list of owned strings. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/str.h"

struct strlist {
    char **v; /* NULL-terminated whenever not NULL; each string is owned */
    size_t n, cap;
};

#define STRLIST_AUTO(name) __attribute__((cleanup(strlist_done))) struct strlist name = { 0 }

void strlist_done(struct strlist *l);
int strlist_add(struct strlist *l,
                signet_str s); /* copies; 0, SIGNET_ENOMEM, SIGNET_ELIMIT, or SIGNET_EINVAL when `s` holds a NUL */
int strlist_addz(struct strlist *l, const char *z);
int strlist_add_new(struct strlist *l, signet_str s);             /* only if it is not there yet */
int strlist_copy(struct strlist *to, const struct strlist *from); /* replaces what `to` held */
bool strlist_has(const struct strlist *l, signet_str s);
bool strlist_same_set(const struct strlist *a, const struct strlist *b); /* without regard to order and repeats */
bool strlist_subset(const struct strlist *a, const struct strlist *b);   /* every one of a is in b */
void strlist_remove(struct strlist *l, size_t i);
void strlist_sort(struct strlist *l);                         /* byte order */
int strlist_split(struct strlist *l, signet_str s, char sep); /* appends the trimmed, non-empty parts */
struct buf;
void strlist_join(const struct strlist *l, const char *sep, struct buf *to);

#endif
