/* A .zip archive (PKWARE APPNOTE 6.3) of a few small files, stored as they are: what lego 5 keeps of a certificate that
 * is revoked. Writing only; unzip.h reads. */
#ifndef STORE_ZIP_H
#define STORE_ZIP_H

#include "base/buf.h"

#define ZIP_FILES_MAX 16

struct zip {
    struct buf *to;       /* borrowed; its beginning is that of the archive */
    uint16_t day, second; /* as MS-DOS has them, UTC */
    struct zip_entry {
        uint32_t crc, size, offset;
        char name[256];
        uint16_t name_len;
    } v[ZIP_FILES_MAX];
    size_t n;
};
struct zip zip_begin(struct buf *to, int64_t now);
/* SIGNET_ELIMIT: too many, too large or too long a name; SIGNET_ENOMEM. */
int zip_add(struct zip *z, signet_str name, signet_str data);
int zip_end(struct zip *z, signet_str comment);
uint32_t zip_crc32(signet_str s);

#endif
