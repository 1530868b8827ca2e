/* A certificate chain as a CA sends it. What passes is in normal form, and nothing but certificates. */
#include "crypto/cert.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct key *key;
    if (!key)
        check(key_new(&key, KEY_EC, 256, NULL) == 0);
    signet_str in = { (const char *)data, size };
    struct err e = { 0 };
    BUF_AUTO(cert, 2 * CHAIN_MAX_BYTES);
    BUF_AUTO(chain, 2 * CHAIN_MAX_BYTES);
    BUF_AUTO(full, 2 * CHAIN_MAX_BYTES);
    BUF_AUTO(again, 2 * CHAIN_MAX_BYTES);
    BUF_AUTO(cn, 4096);
    STRLIST_AUTO(names);
    int r = chain_split(in, &cert, &chain, &full, &e);
    check(r == 0 || (r == SIGNET_ECERT && e.text[0] && full.n == 0));
    check(chain_check(in, key, &names, &names, 1700000000, NULL, &e) < 0); /* nobody has this key */
    chain_check(in, NULL, &names, &names, 1700000000, NULL, &e);
    chain_top_issuer(in, &cn, &e);
    if (r)
        return 0;
    check(chain_split(buf_str(&full), NULL, NULL, &again, NULL) == 0 && str_eq(buf_str(&again), buf_str(&full)));
    check(cert.n + chain.n == full.n && str_starts(buf_str(&full), buf_str(&cert)));
    for (const char *p = full.p; (p = strstr(p, "-----BEGIN ")) != NULL; p++)
        check(strncmp(p, "-----BEGIN CERTIFICATE-----\n", 28) == 0);
    return 0;
}
