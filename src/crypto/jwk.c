/* Keys as JWK (RFC 7517, RFC 7518 section 6, RFC 8037 section 2). */
#include "base/b64.h"
#include "crypto/digest.h"
#include "crypto/ossl.h"

#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#define JWK_TEXT_MAX   (32u * 1024u)
#define JWK_NUMBER_MAX (KEY_RSA_MAX / 8)
#define ED25519_BYTES  32

enum { RSA_N, RSA_E, RSA_D, RSA_P, RSA_Q, RSA_DP, RSA_DQ, RSA_QI, RSA_MEMBERS };

/* In the order in which certbot writes them. */
static const struct {
    const char *jwk, *param;
} rsa_members[RSA_MEMBERS] = {
    [RSA_N] = { "n", OSSL_PKEY_PARAM_RSA_N },           [RSA_E] = { "e", OSSL_PKEY_PARAM_RSA_E },
    [RSA_D] = { "d", OSSL_PKEY_PARAM_RSA_D },           [RSA_P] = { "p", OSSL_PKEY_PARAM_RSA_FACTOR1 },
    [RSA_Q] = { "q", OSSL_PKEY_PARAM_RSA_FACTOR2 },     [RSA_DP] = { "dp", OSSL_PKEY_PARAM_RSA_EXPONENT1 },
    [RSA_DQ] = { "dq", OSSL_PKEY_PARAM_RSA_EXPONENT2 }, [RSA_QI] = { "qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1 },
};

/* ---- reading ---- */

static signet_str member(const json_t *o, const char *name)
{
    const json_t *v = json_object_get(o, name);
    return json_is_string(v) ? (signet_str){ json_string_value(v), json_string_length(v) } : (signet_str){ 0 };
}

static int read_bytes(struct buf *to, const json_t *o, const char *name, struct err *e)
{
    signet_str text = member(o, name);
    if (text.n == 0)
        return err_set(e, SIGNET_EFORMAT, "the key (JWK) has no text member \"%s\"", name);
    if (b64url_dec(to, text) || to->n == 0)
        return err_set(e, SIGNET_EFORMAT, "the key (JWK) has a member \"%s\" that is not base64url", name);
    return 0;
}

static int read_number(BIGNUM **ret, const json_t *o, const char *name, struct err *e)
{
    BUF_AUTO(bytes, JWK_NUMBER_MAX + 1);
    int r = read_bytes(&bytes, o, name, e);
    if (r)
        return r;
    /* "secure" makes OSSL_PARAM wipe its copy, too */
    *ret = BN_secure_new();
    if (!*ret || !BN_bin2bn((const unsigned char *)bytes.p, (int)bytes.n, *ret))
        return err_nomem(e);
    return 0;
}

/* Takes the pushed numbers, which must still be alive. */
static int make_key(struct key **ret, const char *type, OSSL_PARAM_BLD *bld, struct err *e)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
    OSSL_AUTO(auto_pkey_ctx) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;
    bool ok = params && ctx && EVP_PKEY_fromdata_init(ctx) == 1 &&
              EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) == 1;
    OSSL_PARAM_free(params);
    if (!ok)
        return ossl_fail(e, SIGNET_EFORMAT, "the numbers of the key (JWK) make no %s key", type);
    return key_wrap(ret, pkey, true, e);
}

/* What OpenSSL does not look at before it calculates with them. */
static int check_rsa(BIGNUM *v[RSA_MEMBERS], struct err *e)
{
    int bits = BN_num_bits(v[RSA_N]);
    bool ok = bits >= KEY_RSA_MIN && bits <= KEY_RSA_MAX && BN_is_odd(v[RSA_N]) && BN_is_odd(v[RSA_E]) &&
              !BN_is_one(v[RSA_E]) && BN_num_bits(v[RSA_E]) <= 64;
    for (size_t i = RSA_D; ok && i < RSA_MEMBERS; i++)
        ok = !BN_is_zero(v[i]) && BN_cmp(v[i], v[RSA_N]) < 0;
    ok = ok && BN_is_odd(v[RSA_P]) && BN_is_odd(v[RSA_Q]) && !BN_is_one(v[RSA_P]) && !BN_is_one(v[RSA_Q]);
    return ok ? 0
              : err_set(e, SIGNET_EFORMAT, "the numbers of the key (JWK) make no RSA key of %d to %d bits", KEY_RSA_MIN,
                        KEY_RSA_MAX);
}

static int build_rsa(struct key **ret, BIGNUM *v[RSA_MEMBERS], struct err *e)
{
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    bool ok = bld != NULL;
    for (size_t i = 0; ok && i < RSA_MEMBERS; i++)
        ok = OSSL_PARAM_BLD_push_BN(bld, rsa_members[i].param, v[i]) == 1;
    int r = ok ? make_key(ret, "RSA", bld, e) : err_nomem(e);
    OSSL_PARAM_BLD_free(bld);
    return r;
}

static int read_rsa(struct key **ret, const json_t *o, struct err *e)
{
    BIGNUM *v[RSA_MEMBERS] = { 0 };
    int r = 0;
    if (json_object_get(o, "oth"))
        return err_set(e, SIGNET_EFORMAT, "the key (JWK) has more than two primes");
    /* RFC 7518 section 6.3.2 lets the factors be left out; nobody does, and such a key could not be stored as PEM. */
    for (size_t i = 0; !r && i < RSA_MEMBERS; i++)
        r = read_number(&v[i], o, rsa_members[i].jwk, e);
    if (!r)
        r = check_rsa(v, e);
    if (!r)
        r = build_rsa(ret, v, e);
    for (size_t i = 0; i < RSA_MEMBERS; i++)
        BN_clear_free(v[i]);
    return r;
}

/* x, y and d are of the curve's width (RFC 7518 section 6.2.1.2). */
static int read_wide(struct buf *to, const json_t *o, const char *name, size_t width, struct err *e)
{
    size_t had = to->n;
    int r = read_bytes(to, o, name, e);
    if (!r && to->n - had != width)
        r = err_set(e, SIGNET_EFORMAT, "the key (JWK) has a member \"%s\" of %zu bytes instead of %zu", name,
                    to->n - had, width);
    return r;
}

static int read_ec(struct key **ret, const json_t *o, struct err *e)
{
    const struct curve *c = curve_by_jwk(member(o, "crv"));
    if (!c)
        return err_set(e, SIGNET_EFORMAT, "the key (JWK) names no curve that can be used: P-256, P-384 and P-521 can");
    BUF_AUTO(point, 2 * c->width + 1);
    OSSL_AUTO(auto_bn) BIGNUM *d = NULL;
    BUF_AUTO(private, c->width + 1);
    buf_addc(&point, 4); /* an uncompressed point (SEC 1 section 2.3.3) */
    int r = read_wide(&point, o, "x", c->width, e);
    if (!r)
        r = read_wide(&point, o, "y", c->width, e);
    if (!r)
        r = read_wide(&private, o, "d", c->width, e);
    if (!r)
        r = read_number(&d, o, "d", e);
    if (r)
        return r;
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    bool ok = bld && OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, c->group, 0) == 1 &&
              OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, point.p, point.n) == 1 &&
              OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, d) == 1;
    r = ok ? make_key(ret, "EC", bld, e) : err_nomem(e);
    OSSL_PARAM_BLD_free(bld);
    return r;
}

static int read_okp(struct key **ret, const json_t *o, struct err *e)
{
    if (!str_eq(member(o, "crv"), STR("Ed25519")))
        return err_set(e, SIGNET_EFORMAT, "the key (JWK) names no curve that can be used: of kty OKP only Ed25519 can");
    BUF_AUTO(d, ED25519_BYTES + 1);
    BUF_AUTO(x, ED25519_BYTES + 1);
    uint8_t made[ED25519_BYTES];
    size_t n = sizeof made;
    int r = read_wide(&d, o, "d", ED25519_BYTES, e);
    if (!r)
        r = read_wide(&x, o, "x", ED25519_BYTES, e);
    if (r)
        return r;
    /* x is compared, not used: signing with a public key that is not d's own gives d away. */
    OSSL_AUTO(auto_pkey)
    EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)d.p, d.n);
    if (!pkey || EVP_PKEY_get_raw_public_key(pkey, made, &n) != 1)
        return ossl_fail(e, SIGNET_ECRYPTO, "reading an Ed25519 key failed");
    if (n != x.n || memcmp(made, x.p, n) != 0)
        return err_set(e, SIGNET_EFORMAT, "the key is damaged: its private and public parts do not belong together");
    EVP_PKEY *taken = pkey;
    pkey = NULL;
    return key_wrap(ret, taken, true, e);
}

/* jansson frees without wiping. Its strings are ours to overwrite: nobody else holds the object. */
static void json_wipe(json_t *o)
{
    const char *name;
    json_t *v;
    json_object_foreach(o, name, v) if (json_is_string(v))
        OPENSSL_cleanse((void *)(uintptr_t)json_string_value(v), json_string_length(v));
    json_decref(o);
}

static int read_object(struct key **ret, const json_t *o, struct err *e)
{
    signet_str kty = member(o, "kty");
    if (!json_is_object(o) || kty.n == 0)
        return err_set(e, SIGNET_EFORMAT, "the key is no JWK: it has no \"kty\"");
    if (!json_object_get(o, "d"))
        return err_set(e, SIGNET_EFORMAT, "the key (JWK) has no private part");
    if (str_eq(kty, STR("RSA")))
        return read_rsa(ret, o, e);
    if (str_eq(kty, STR("EC")))
        return read_ec(ret, o, e);
    if (str_eq(kty, STR("OKP")))
        return read_okp(ret, o, e);
    return err_set(e, SIGNET_EFORMAT, "the key (JWK) is of a kind that cannot be used: RSA, EC and OKP can");
}

int key_from_jwk(struct key **ret, signet_str json, struct err *e)
{
    if (json.n > JWK_TEXT_MAX)
        return err_set(e, SIGNET_ELIMIT, "the key (JWK) is longer than %u bytes", JWK_TEXT_MAX);
    json_t *o = json_loadb(json.n ? json.p : "", json.n, JSON_REJECT_DUPLICATES, NULL);
    if (!o)
        return err_set(e, SIGNET_EFORMAT, "the key is no JWK: it is not JSON");
    OSSL_AUTO(auto_key) struct key *k = NULL;
    int r = read_object(&k, o, e);
    json_wipe(o);
    if (!r)
        r = key_check_pair(k, e);
    ERR_clear_error();
    if (r)
        return r;
    *ret = k;
    k = NULL;
    return 0;
}

/* ---- writing ---- */

static int put_bytes(json_t *o, const char *name, signet_str bytes)
{
    BUF_AUTO(text, 2 * JWK_NUMBER_MAX);
    b64url_enc(&text, bytes);
    if (buf_err(&text))
        return buf_err(&text);
    return json_object_set_new(o, name, json_stringn(text.p, text.n)) ? SIGNET_ENOMEM : 0;
}

static int put_text(json_t *o, const char *name, const char *value)
{
    return json_object_set_new(o, name, json_string(value)) ? SIGNET_ENOMEM : 0;
}

/* `width` 0: as few bytes as the number needs. */
static int put_number(json_t *o, const char *name, const struct key *k, const char *param, size_t width)
{
    OSSL_AUTO(auto_bn) BIGNUM *v = NULL;
    uint8_t bytes[JWK_NUMBER_MAX * 2]; /* a stranger's public key may be larger than ours */
    if (EVP_PKEY_get_bn_param(k->pkey, param, &v) != 1) {
        ERR_clear_error();
        return SIGNET_ECRYPTO;
    }
    size_t n = width ? width : (size_t)BN_num_bytes(v);
    if (n > sizeof bytes || BN_bn2binpad(v, bytes, (int)n) < 0)
        return SIGNET_ELIMIT;
    int r = put_bytes(o, name, (signet_str){ (const char *)bytes, n });
    OPENSSL_cleanse(bytes, sizeof bytes);
    return r;
}

static int put_rsa(json_t *o, const struct key *k, bool private)
{
    int r = 0;
    for (size_t i = 0; !r && i < (private ? RSA_MEMBERS : RSA_D); i++)
        r = put_number(o, rsa_members[i].jwk, k, rsa_members[i].param, 0);
    return r ? r : put_text(o, "kty", "RSA");
}

static int put_ec(json_t *o, const struct key *k, bool private)
{
    const struct curve *c = curve_by_bits(k->size);
    int r = private ? put_number(o, "d", k, OSSL_PKEY_PARAM_PRIV_KEY, c->width) : 0;
    if (!r)
        r = put_number(o, "x", k, OSSL_PKEY_PARAM_EC_PUB_X, c->width);
    if (!r)
        r = put_number(o, "y", k, OSSL_PKEY_PARAM_EC_PUB_Y, c->width);
    if (!r)
        r = put_text(o, "crv", c->jwk);
    return r ? r : put_text(o, "kty", "EC");
}

static int put_okp(json_t *o, const struct key *k, bool private)
{
    uint8_t raw[ED25519_BYTES];
    size_t n = sizeof raw;
    int r = 0;
    if (private) {
        if (EVP_PKEY_get_raw_private_key(k->pkey, raw, &n) != 1)
            return SIGNET_ECRYPTO;
        r = put_bytes(o, "d", (signet_str){ (const char *)raw, n });
        OPENSSL_cleanse(raw, sizeof raw);
    }
    n = sizeof raw;
    if (!r && EVP_PKEY_get_raw_public_key(k->pkey, raw, &n) != 1)
        r = SIGNET_ECRYPTO;
    if (!r)
        r = put_bytes(o, "x", (signet_str){ (const char *)raw, n });
    if (!r)
        r = put_text(o, "crv", "Ed25519");
    return r ? r : put_text(o, "kty", "OKP");
}

static int add_chunk(const char *text, size_t n, void *to)
{
    buf_add(to, (signet_str){ text, n });
    return buf_err(to) ? -1 : 0;
}

static int write_jwk(const struct key *k, struct buf *to, bool private, size_t flags)
{
    json_t *o = json_object();
    int r = o ? SIGNET_EINVAL : SIGNET_ENOMEM;
    if (o && k->type == KEY_RSA)
        r = put_rsa(o, k, private);
    else if (o && k->type == KEY_EC)
        r = put_ec(o, k, private);
    else if (o && k->type == KEY_ED25519)
        r = put_okp(o, k, private);
    if (!r && json_dump_callback(o, add_chunk, to, flags))
        r = buf_err(to) ? buf_err(to) : SIGNET_ENOMEM;
    if (o)
        json_wipe(o);
    return r;
}

int key_to_jwk(const struct key *k, struct buf *to)
{
    return k->is_private ? write_jwk(k, to, true, 0) : SIGNET_EINVAL;
}

int key_public_jwk(const struct key *k, struct buf *to)
{
    return write_jwk(k, to, false, JSON_COMPACT | JSON_SORT_KEYS);
}

int key_thumbprint(const struct key *k, struct buf *to)
{
    BUF_AUTO(jwk, JWK_TEXT_MAX);
    uint8_t md[32];
    int r = key_public_jwk(k, &jwk);
    if (!r)
        r = digest_sha256(buf_str(&jwk), md);
    if (r)
        return r;
    b64url_enc(to, (signet_str){ (const char *)md, sizeof md });
    return buf_err(to);
}
