#include "options/dotenv.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Names are never empty and never repeated, and each has its value. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RECORD_AUTO(r);
    struct err e = { 0 };
    int rc = dotenv_parse(&r, (signet_str){ (const char *)data, size }, "fuzz", &e);
    if ((rc && !e.text[0]) || r.names.n != r.values.n || r.names.n > DOTENV_NAMES_MAX)
        abort();
    for (size_t i = 0; i < r.names.n; i++) {
        if (!r.names.v[i][0])
            abort();
        for (size_t k = 0; k < i; k++)
            if (str_eq(str_of(r.names.v[i]), str_of(r.names.v[k])))
                abort();
    }
    return 0;
}
