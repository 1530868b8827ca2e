/* DEFLATE (RFC 1951), decompressing only, by zlib: the members of archives that lego has packed. */
#ifndef STORE_INFLATE_H
#define STORE_INFLATE_H

#include "base/buf.h"

/* Appends what `in` holds, to its final block, to `ret`, whose maximum bounds it. SIGNET_EFORMAT: broken, or bytes are
 * missing; SIGNET_ELIMIT: more than fits; SIGNET_ENOMEM. */
int inflate_raw(struct buf *ret, signet_str in);

#endif
