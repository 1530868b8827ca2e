/* Memory that belongs to one file of settings and goes with it. */
#ifndef YAML_POOL_H
#define YAML_POOL_H

#include "base/str.h"

struct pool {
    struct pool_block *blocks;
};

void *pool_get(struct pool *p, size_t n);           /* zeroed; NULL: no memory */
signet_str pool_str(struct pool *p, signet_str s);  /* a NUL-terminated copy; p NULL: no memory */
void pool_join(struct pool *to, struct pool *from); /* all of `from` goes over to `to` */
void pool_done(struct pool *p);                     /* wipes: passwords may be in it */

#endif
