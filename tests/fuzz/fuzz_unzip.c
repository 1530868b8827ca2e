#include "store/unzip.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Names lie within the archive and are never empty; a file that is read has the size that it should. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct unzip z;
    signet_str all = { (const char *)data, size };
    struct err e = { 0 };
    if (unzip_open(&z, all, &e)) {
        if (!e.text[0])
            abort();
        return 0;
    }
    for (size_t i = 0; i < z.n; i++) {
        const struct unzip_file *f = &z.v[i];
        BUF_AUTO(text, 1u << 20);
        if (!f->name.n || f->name.p < all.p || f->name.p + f->name.n > all.p + all.n)
            abort();
        if (!unzip_read(f, &text, &e) && text.n != f->size)
            abort();
    }
    return 0;
}
