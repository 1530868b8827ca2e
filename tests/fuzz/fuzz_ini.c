#include "cli/ini.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Keys are never empty and never repeated; a value that is no list is one text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ini ini = { 0 };
    struct err e = { 0 };
    if (ini_parse(&ini, (signet_str){ (const char *)data, size }, "fuzz", &e)) {
        if (!e.text[0] || ini.n)
            abort();
        return 0;
    }
    for (size_t i = 0; i < ini.n; i++) {
        if (!ini.v[i].key[0] || (!ini.v[i].list && ini.v[i].values.n != 1))
            abort();
        for (size_t k = 0; k < i; k++)
            if (str_eq(str_of(ini.v[i].key), str_of(ini.v[k].key)))
                abort();
    }
    ini_done(&ini);
    return 0;
}
