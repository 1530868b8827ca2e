#include "store/inflate.h"

#define ZLIB_CONST
#include <zlib.h>

#define PART 16384u

static int step(z_stream *z, struct buf *ret, bool *done)
{
    unsigned char part[PART];
    z->next_out = part;
    z->avail_out = PART;
    int rc = inflate(z, Z_NO_FLUSH);
    if (rc == Z_MEM_ERROR)
        return SIGNET_ENOMEM;
    if (rc != Z_OK && rc != Z_STREAM_END)
        return SIGNET_EFORMAT;
    buf_add(ret, (signet_str){ (const char *)part, PART - z->avail_out });
    *done = rc == Z_STREAM_END;
    return buf_err(ret);
}

int inflate_raw(struct buf *ret, signet_str in)
{
    z_stream z = { .next_in = (const unsigned char *)in.p, .avail_in = (uInt)in.n };
    bool done = false;
    if (in.n > UINT32_MAX)
        return SIGNET_ELIMIT;
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK) /* negative: without a header of zlib's or gzip's */
        return SIGNET_ENOMEM;
    int rc = 0;
    while (!rc && !done)
        rc = step(&z, ret, &done);
    (void)inflateEnd(&z);
    return rc;
}
