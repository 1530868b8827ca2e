/* Reading .zip archives (PKWARE APPNOTE 6.3) of a few small files, stored or deflated. Nobody vouches for them: every
 * offset is checked, names and sizes come from the directory at the end and must agree with what lies before the data.
 */
#ifndef STORE_UNZIP_H
#define STORE_UNZIP_H

#include "base/buf.h"
#include "base/err.h"

#define UNZIP_FILES_MAX 256u
#define UNZIP_NAME_MAX  1024u

struct unzip {
    signet_str bytes, comment; /* comment: a view into the bytes, which are borrowed */
    struct unzip_file {
        signet_str name, packed; /* views */
        uint32_t crc, size;
        bool deflated;
    } v[UNZIP_FILES_MAX];
    size_t n;
};

/* SIGNET_EFORMAT: not such an archive, or a broken one; SIGNET_ELIMIT: too many files. */
int unzip_open(struct unzip *ret, signet_str bytes, struct err *e);
/* The content of one file, into `ret`, which is cleared first and whose maximum bounds it. SIGNET_EFORMAT also when its
 * size or checksum is not what the archive says. */
int unzip_read(const struct unzip_file *f, struct buf *ret, struct err *e);

#endif
