/* Private to the filters: one row of the table, and what a filter is given. */
#ifndef PROVIDER_FILTER_H
#define PROVIDER_FILTER_H

#include "provider/scope.h"

struct filter_call {
    struct scope *sc;
    json_t *v;         /* borrowed: the value that came in */
    signet_str in;     /* the same as text */
    signet_str arg[3]; /* expanded */
    size_t n_arg;
    struct buf *out; /* text that goes out … */
    json_t *ret;     /* … unless this is set: owned, taken by the caller */
    bool encoded;
};

struct filter {
    signet_str name;
    unsigned min, max;                 /* arguments */
    int (*run)(struct filter_call *c); /* 0 or a negative code; may fill c->sc->e */
};

/* Each ends in one without a name. */
extern const struct filter filters_text[], filters_list[], filters_bytes[], filters_keys[];

int filter_bad(struct filter_call *c, const char *why); /* SIGNET_EINVAL with text */

#endif
