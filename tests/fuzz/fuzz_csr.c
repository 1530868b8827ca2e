/* A certificate signing request that a user gives with --csr, DER or PEM. */
#include "crypto/csr.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csr_info i, again;
    struct key *key = NULL;
    struct err e = { 0 };
    int r = csr_read(&i, (signet_str){ (const char *)data, size }, &e);
    check(r == 0 || e.text[0]);
    if (r)
        return 0;
    check(i.dns.n + i.ips.n > 0);
    check(csr_read(&again, buf_str(&i.der), NULL) == 0);
    check(strlist_same_set(&again.dns, &i.dns) && strlist_same_set(&again.ips, &i.ips) &&
          again.must_staple == i.must_staple);
    if (csr_key(&key, buf_str(&i.der), &e) == 0)
        key_free(key);
    csr_info_done(&again);
    csr_info_done(&i);
    return 0;
}
