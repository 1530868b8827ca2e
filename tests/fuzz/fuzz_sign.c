/* What the talker may ask the signer to sign: first byte whose key, then header and payload, cut at the first NUL. What
 * is signed must be for the CA, whatever else it is. */
#include "base/b64.h"
#include "talker/sign.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct signing *set_up(void)
{
    static const uint8_t digest[32];
    struct signing *s;
    struct key *a, *b;
    if (signing_new(&s, STR("https://acme.ca.example/dir"), false) || key_new(&a, KEY_EC, 256, NULL) ||
        key_new(&b, KEY_EC, 256, NULL) || signing_add_key(s, 0, SIGN_ACCOUNT, a) ||
        signing_add_key(s, 1, SIGN_ROLLOVER, b) || signing_allow(s, 1, SIGN_MAY_FINALIZE, digest))
        abort();
    return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct signing *s;
    uint8_t sig[KEY_SIG_MAX];
    size_t len = 0;
    const char *why;
    signet_str head, payload;
    BUF_AUTO(tbs, 256u << 10);
    if (!s)
        s = set_up();
    if (!size)
        return 0;
    (void)str_cut((signet_str){ (const char *)data + 1, size - 1 }, '\0', &head, &payload);
    b64url_enc(&tbs, head);
    buf_addc(&tbs, '.');
    b64url_enc(&tbs, payload);
    struct sign_request q = { .job = data[0] & 1, .alg = SIGNET_ALG_ES256, .tbs = buf_str(&tbs) };
    if (signing_sign(s, &q, sig, &len, &why) == 0 && (!head.n || !memmem(head.p, head.n, "ca.example", 10)))
        abort();
    /* and as it came, without the encoding put on */
    q.tbs = (signet_str){ (const char *)data + 1, size - 1 };
    (void)signing_sign(s, &q, sig, &len, &why);
    return 0;
}
