/* A small typed note that one process writes and another understands: names with values, in order. A name may come more
 * than once (a list). The journal keeps records; solvers and hooks fill and read them without knowing how. */
#ifndef BASE_RECORD_H
#define BASE_RECORD_H

#include "base/list.h"

struct record {
    struct strlist names, values; /* in step */
};
#define RECORD_AUTO(name) __attribute__((cleanup(record_done))) struct record name = { 0 }

void record_done(struct record *r); /* wipes the values: keys may be among them */
/* 0; SIGNET_ENOMEM; SIGNET_EINVAL when the value holds a NUL. */
int record_add(struct record *r, const char *name, signet_str value);
int record_addz(struct record *r, const char *name, const char *value); /* NULL: adds nothing */
int record_add_list(struct record *r, const char *name, const struct strlist *values);
/* Every value of that name goes; then, unless it is empty, `value` is added. */
int record_set(struct record *r, const char *name, signet_str value);
const char *record_get(const struct record *r, const char *name); /* the first value; NULL when there is none */
int record_get_list(const struct record *r, const char *name,
                    struct strlist *to);                          /* adds all of them; 0 or SIGNET_ENOMEM */
uint64_t record_number(const struct record *r, const char *name); /* 0 when it is missing or no number */
int record_copy(struct record *to, const struct record *from);    /* replaces what `to` held */
bool record_same(const struct record *a, const struct record *b);

#endif
