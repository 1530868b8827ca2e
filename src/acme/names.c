#include "base/str.h"
#include <signet/acme.h>

static const char *const ALGS[] = {
    [SIGNET_ALG_UNKNOWN] = "unknown", [SIGNET_ALG_ES256] = "ES256", [SIGNET_ALG_ES384] = "ES384",
    [SIGNET_ALG_ES512] = "ES512",     [SIGNET_ALG_RS256] = "RS256", [SIGNET_ALG_EDDSA] = "EdDSA",
    [SIGNET_ALG_HS256] = "HS256",     [SIGNET_ALG_HS384] = "HS384", [SIGNET_ALG_HS512] = "HS512",
};
static const char *const CHALS[] = {
    [SIGNET_CHAL_UNKNOWN] = "unknown",
    [SIGNET_CHAL_HTTP_01] = "http-01",
    [SIGNET_CHAL_DNS_01] = "dns-01",
    [SIGNET_CHAL_TLS_ALPN_01] = "tls-alpn-01",
    [SIGNET_CHAL_DNS_ACCOUNT_01] = "dns-account-01",
    [SIGNET_CHAL_DNS_PERSIST_01] = "dns-persist-01",
};
_Static_assert(sizeof(CHALS) / sizeof(CHALS[0]) == SIGNET_CHAL_COUNT, "every challenge type has a name");

const char *signet_alg_name(signet_alg a)
{
    return (size_t)a < sizeof(ALGS) / sizeof(ALGS[0]) ? ALGS[a] : ALGS[0];
}

const char *signet_chal_name(signet_chal c)
{
    return (size_t)c < SIGNET_CHAL_COUNT ? CHALS[c] : CHALS[0];
}

signet_chal signet_chal_from_name(signet_str name)
{
    for (size_t i = 1; i < SIGNET_CHAL_COUNT; i++)
        if (str_eq(name, str_of(CHALS[i])))
            return (signet_chal)i;
    return SIGNET_CHAL_UNKNOWN;
}
