/* Whether a web server on this machine still needs a lineage's files: one that lost them would not start again. */
#ifndef CLIENT_IN_USE_H
#define CLIENT_IN_USE_H

#include "client/client.h"

/* The places in web servers' configurations that name files of the lineage, "FILE:LINE" each, appended; none when
 * nothing does. A server whose configuration cannot be read is told of in the log and passed over. */
int in_use_find(struct run *r, const char *name, struct strlist *ret, struct err *e);
#define IN_USE_BYTES_MAX 65536u
/* Those places for a message, in a buffer of that limit: at most a few of them, and how many more there are. */
void in_use_tell(const struct strlist *places, struct buf *to);

#endif
