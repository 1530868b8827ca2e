#include "challenge/aws_profile.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says which profile. Names are never empty and never repeated, and each has its value. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const profiles[] = { "default", "web", "" };
    RECORD_AUTO(r);
    if (!size)
        return 0;
    int rc = aws_profile_parse(&r, (signet_str){ (const char *)data + 1, size - 1 }, profiles[data[0] % 3]);
    for (size_t i = 0; i < r.names.n; i++)
        for (size_t k = 0; k < i; k++)
            if (!r.names.v[i][0] || str_eq(str_of(r.names.v[i]), str_of(r.names.v[k])))
                abort();
    return rc && rc != SIGNET_EINVAL && rc != SIGNET_ENOMEM ? (abort(), 0) : 0;
}
