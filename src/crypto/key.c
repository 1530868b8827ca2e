#include "crypto/ossl.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>

static const struct curve curves[] = {
    { 256, SIGNET_ALG_ES256, 32, "prime256v1", "secp256r1", "P-256", "SHA256" },
    { 384, SIGNET_ALG_ES384, 48, "secp384r1", "secp384r1", "P-384", "SHA384" },
    { 521, SIGNET_ALG_ES512, 66, "secp521r1", "secp521r1", "P-521", "SHA512" },
};
#define CURVE_COUNT (sizeof curves / sizeof curves[0])

const struct curve *curve_by_bits(unsigned bits)
{
    for (size_t i = 0; i < CURVE_COUNT; i++)
        if (curves[i].bits == bits)
            return &curves[i];
    return NULL;
}

const struct curve *curve_by_group(const char *group)
{
    for (size_t i = 0; i < CURVE_COUNT; i++)
        if (strcmp(curves[i].group, group) == 0)
            return &curves[i];
    return NULL;
}

const struct curve *curve_by_jwk(signet_str name)
{
    for (size_t i = 0; i < CURVE_COUNT; i++)
        if (str_eq(str_of(curves[i].jwk), name))
            return &curves[i];
    return NULL;
}

static int identify_ec(struct key *k, struct err *e)
{
    char group[64] = "";
    if (EVP_PKEY_get_group_name(k->pkey, group, sizeof group, NULL) != 1)
        group[0] = '\0';
    const struct curve *c = curve_by_group(group);
    if (!c)
        return err_set(e, SIGNET_EFORMAT,
                       "the key is on a curve that cannot be used (%s): only P-256, P-384 and P-521 can",
                       group[0] ? group : "without a name");
    k->type = KEY_EC;
    k->size = c->bits;
    return 0;
}

static int identify_rsa(struct key *k, struct err *e)
{
    int bits = EVP_PKEY_get_bits(k->pkey);
    if (bits < KEY_RSA_MIN)
        return err_set(e, SIGNET_EFORMAT, "the RSA key has only %d bits", bits);
    if (k->is_private && bits > KEY_RSA_MAX)
        return err_set(e, SIGNET_EFORMAT, "the RSA key has %d bits; at most %d can be used", bits, KEY_RSA_MAX);
    k->type = KEY_RSA;
    k->size = (unsigned)bits;
    return 0;
}

static int identify(struct key *k, struct err *e)
{
    if (EVP_PKEY_is_a(k->pkey, "RSA"))
        return identify_rsa(k, e);
    if (EVP_PKEY_is_a(k->pkey, "EC"))
        return identify_ec(k, e);
    if (EVP_PKEY_is_a(k->pkey, "ED25519")) {
        k->type = KEY_ED25519;
        k->size = 255;
        return 0;
    }
    return err_set(e, SIGNET_EFORMAT, "the key is neither RSA nor EC nor Ed25519");
}

int key_wrap(struct key **ret, EVP_PKEY *pkey, bool is_private, struct err *e)
{
    struct key *k = calloc(1, sizeof *k);
    if (!k) {
        EVP_PKEY_free(pkey);
        return err_nomem(e);
    }
    k->pkey = pkey;
    k->is_private = is_private;
    int r = identify(k, e);
    ERR_clear_error(); /* decoders leave notes of what they tried in vain */
    if (r)
        key_free(k);
    else
        *ret = k;
    return r;
}

void key_free(struct key *k)
{
    if (!k)
        return;
    EVP_PKEY_free(k->pkey); /* wipes the private numbers */
    free(k);
}

static EVP_PKEY *generate(enum key_type type, unsigned size)
{
    switch (type) {
    case KEY_RSA:
        return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)size);
    case KEY_EC:
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve_by_bits(size)->group);
    case KEY_ED25519:
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    case KEY_UNKNOWN:
        break;
    }
    return NULL;
}

int key_new(struct key **ret, enum key_type type, unsigned size, struct err *e)
{
    if (type == KEY_RSA && (size < 2048 || size > KEY_RSA_MAX))
        return err_set(e, SIGNET_EINVAL, "an RSA key of %u bits cannot be made: 2048 to %d are possible", size,
                       KEY_RSA_MAX);
    if (type == KEY_EC && !curve_by_bits(size))
        return err_set(e, SIGNET_EINVAL, "there is no EC key of %u bits: 256, 384 and 521 are possible", size);
    if (type == KEY_UNKNOWN)
        return err_set(e, SIGNET_EINVAL, "a key of unknown type cannot be made");
    EVP_PKEY *pkey = generate(type, size);
    if (!pkey)
        return ossl_fail(e, SIGNET_ECRYPTO, "making a private key failed");
    return key_wrap(ret, pkey, true, e);
}

enum key_type key_kind(const struct key *k)
{
    return k->type;
}

unsigned key_size(const struct key *k)
{
    return k->size;
}

const char *key_curve(const struct key *k)
{
    return k->type == KEY_EC ? curve_by_bits(k->size)->sec : "";
}

bool key_same(const struct key *a, const struct key *b)
{
    bool same = EVP_PKEY_eq(a->pkey, b->pkey) == 1;
    ERR_clear_error();
    return same;
}

bool key_is_private(const struct key *k)
{
    return k->is_private;
}

signet_alg key_alg(const struct key *k)
{
    switch (k->type) {
    case KEY_RSA:
        return SIGNET_ALG_RS256;
    case KEY_EC:
        return curve_by_bits(k->size)->alg;
    case KEY_ED25519:
        return SIGNET_ALG_EDDSA;
    case KEY_UNKNOWN:
        break;
    }
    return SIGNET_ALG_UNKNOWN;
}

/* The hash of the JWS algorithm; NULL for Ed25519, which has its own inside. */
static const char *jws_hash(const struct key *k)
{
    if (k->type == KEY_ED25519)
        return NULL;
    return k->type == KEY_EC ? curve_by_bits(k->size)->md : "SHA256";
}

const EVP_MD *key_cert_md(const struct key *k)
{
    return k->type == KEY_ED25519 ? NULL : EVP_sha256();
}

/* OpenSSL's signature as it is: for ECDSA the DER of R and S. */
static int sign_plain(const struct key *k, signet_str tbs, uint8_t *sig, size_t *len)
{
    OSSL_AUTO(auto_md_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!ctx)
        return SIGNET_ENOMEM;
    if (EVP_DigestSignInit_ex(ctx, NULL, jws_hash(k), NULL, NULL, k->pkey, NULL) == 1 &&
        EVP_DigestSign(ctx, sig, len, (const unsigned char *)(tbs.n ? tbs.p : ""), tbs.n) == 1)
        return 0;
    ERR_clear_error();
    return SIGNET_ECRYPTO;
}

static int ecdsa_to_raw(const uint8_t *sig, size_t n, size_t width, uint8_t *out)
{
    ECDSA_SIG *rs = d2i_ECDSA_SIG(NULL, &sig, (long)n);
    bool ok = rs && BN_bn2binpad(ECDSA_SIG_get0_r(rs), out, (int)width) == (int)width &&
              BN_bn2binpad(ECDSA_SIG_get0_s(rs), out + width, (int)width) == (int)width;
    ECDSA_SIG_free(rs);
    return ok ? 0 : SIGNET_ECRYPTO;
}

int key_sign(const struct key *k, signet_str tbs, uint8_t *out, size_t *len)
{
    if (!k->is_private)
        return SIGNET_EINVAL;
    uint8_t sig[KEY_SIG_MAX];
    size_t n = sizeof sig;
    int r = sign_plain(k, tbs, sig, &n);
    if (r)
        return r;
    if (k->type == KEY_EC) {
        size_t width = curve_by_bits(k->size)->width;
        if (*len < 2 * width)
            return SIGNET_ELIMIT;
        r = ecdsa_to_raw(sig, n, width, out);
        if (!r)
            *len = 2 * width;
        return r;
    }
    if (*len < n)
        return SIGNET_ELIMIT;
    memcpy(out, sig, n);
    *len = n;
    return 0;
}

int key_check_pair(const struct key *k, struct err *e)
{
    const signet_str text = STR("signet");
    uint8_t sig[KEY_SIG_MAX];
    size_t n = sizeof sig;
    int r = sign_plain(k, text, sig, &n);
    if (!r) {
        OSSL_AUTO(auto_md_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        if (!ctx)
            return err_nomem(e);
        if (EVP_DigestVerifyInit_ex(ctx, NULL, jws_hash(k), NULL, NULL, k->pkey, NULL) != 1 ||
            EVP_DigestVerify(ctx, sig, n, (const unsigned char *)text.p, text.n) != 1)
            r = SIGNET_ECRYPTO;
    }
    ERR_clear_error();
    if (r == SIGNET_ENOMEM)
        return err_nomem(e);
    return r ? err_set(e, SIGNET_EFORMAT, "the key is damaged: its private and public parts do not belong together")
             : 0;
}
