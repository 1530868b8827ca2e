#include "base/b64.h"
#include "crypto/key.h"
#include "testlib.h"
#include "vectors.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>

#define A2_MEMBERS "\"n\":\"" A2_N "\",\"e\":\"AQAB\",\"d\":\"" A2_D "\"," A2_FACTORS ",\"kty\":\"RSA\""
#define A2_FACTORS                                                                                                     \
    "\"p\":\"" A2_P "\",\"q\":\"" A2_Q "\",\"dp\":\"" A2_DP "\",\"dq\":\"" A2_DQ "\",\"qi\":\"" A2_QI "\""

static struct key *read_jwk(const char *json)
{
    struct key *k = NULL;
    struct err e = { 0 };
    int r = key_from_jwk(&k, str_of(json), &e);
    if (r)
        print_error("%s\n", e.text);
    assert_int_equal(r, 0);
    return k;
}

static void assert_signs(const char *jwk, const char *input, const char *sig)
{
    struct key *k = read_jwk(jwk);
    uint8_t raw[KEY_SIG_MAX];
    size_t n = sizeof raw;
    BUF_AUTO(text, 2048);
    assert_int_equal(key_sign(k, str_of(input), raw, &n), 0);
    b64url_enc(&text, (signet_str){ (const char *)raw, n });
    assert_string_equal(buf_z(&text), sig);
    key_free(k);
}

static void rs256_signs_rfc7515_a2(void **state)
{
    (void)state;
    assert_signs("{" A2_MEMBERS "}", A2_INPUT, A2_SIG);
    /* in any order, with members that say nothing here */
    assert_signs("{\"kty\":\"RSA\",\"use\":\"sig\",\"qi\":\"" A2_QI "\",\"q\":\"" A2_Q "\",\"p\":\"" A2_P
                 "\",\"dq\":\"" A2_DQ "\",\"dp\":\"" A2_DP "\",\"d\":\"" A2_D "\",\"e\":\"AQAB\",\"n\":\"" A2_N "\"}",
                 A2_INPUT, A2_SIG);
}

static void eddsa_signs_rfc8037_a4(void **state)
{
    (void)state;
    assert_signs(R8037_JWK, R8037_INPUT, R8037_SIG);
}

static void thumbprints_are_those_of_the_rfcs(void **state)
{
    (void)state;
    BUF_AUTO(text, 2048);
    struct key *k = read_jwk(R8037_JWK);
    assert_int_equal(key_thumbprint(k, &text), 0);
    assert_string_equal(buf_z(&text), R8037_THUMB);
    key_free(k);

    /* RFC 7638 gives a public key only */
    BUF_AUTO(n, 512);
    assert_int_equal(b64url_dec(&n, STR(R7638_N)), 0);
    BIGNUM *bn = BN_bin2bn((const unsigned char *)n.p, (int)n.n, NULL), *be = BN_new();
    BN_set_word(be, 65537);
    OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, bn);
    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, be);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(bld);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *pkey = NULL;
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params), 1);
    assert_int_equal(key_wrap(&k, pkey, false, NULL), 0);
    buf_clear(&text);
    assert_int_equal(key_thumbprint(k, &text), 0);
    assert_string_equal(buf_z(&text), R7638_THUMB);
    buf_clear(&text);
    assert_int_equal(key_public_jwk(k, &text), 0);
    assert_string_equal(buf_z(&text), "{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"" R7638_N "\"}");
    key_free(k);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(bld);
    BN_free(bn);
    BN_free(be);
}

static void public_jwk_is_canonical(void **state)
{
    (void)state;
    BUF_AUTO(text, 2048);
    struct key *k = read_jwk(A3_JWK);
    assert_int_equal(key_alg(k), SIGNET_ALG_ES256);
    assert_int_equal(key_public_jwk(k, &text), 0);
    assert_string_equal(buf_z(&text),
                        "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                        "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}");
    key_free(k);
}

static void private_jwk_is_written_as_certbot_does(void **state)
{
    (void)state;
    BUF_AUTO(text, 8192);
    struct key *k = read_jwk("{" A2_MEMBERS "}");
    assert_int_equal(key_to_jwk(k, &text), 0);
    assert_string_equal(buf_z(&text), "{\"n\": \"" A2_N "\", \"e\": \"AQAB\", \"d\": \"" A2_D "\", \"p\": \"" A2_P
                                      "\", \"q\": \"" A2_Q "\", \"dp\": \"" A2_DP "\", \"dq\": \"" A2_DQ
                                      "\", \"qi\": \"" A2_QI "\", \"kty\": \"RSA\"}");
    key_free(k);
}

static void jwk_round_trip_keeps_the_key(void **state)
{
    (void)state;
    static const struct {
        enum key_type type;
        unsigned size;
    } cases[] = { { KEY_RSA, 2048 }, { KEY_EC, 256 }, { KEY_EC, 384 }, { KEY_EC, 521 }, { KEY_ED25519, 0 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct key *a = NULL;
        BUF_AUTO(jwk, 8192);
        BUF_AUTO(again, 8192);
        assert_int_equal(key_new(&a, cases[i].type, cases[i].size, NULL), 0);
        assert_int_equal(key_to_jwk(a, &jwk), 0);
        struct key *b = read_jwk(buf_z(&jwk));
        assert_true(key_same(a, b));
        assert_int_equal(key_to_jwk(b, &again), 0);
        assert_string_equal(buf_z(&jwk), buf_z(&again));
        key_free(a);
        key_free(b);
    }
}

#define PYTHON_KEY                                                                                                     \
    "import sys, json, josepy\n"                                                                                       \
    "from cryptography.hazmat.primitives.asymmetric import rsa, ec\n"                                                  \
    "from cryptography.hazmat.primitives.serialization import *\n"

/* What certbot wrote: read it, find the same key and thumbprint. */
static void keys_that_josepy_wrote_are_read(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        PYTHON_KEY "k = josepy.JWKRSA(key=rsa.generate_private_key(65537, 2048))\n",
        PYTHON_KEY "k = josepy.JWKRSA(key=rsa.generate_private_key(65537, 4096))\n",
        PYTHON_KEY "k = josepy.JWKEC(key=ec.generate_private_key(ec.SECP256R1()))\n",
        PYTHON_KEY "k = josepy.JWKEC(key=ec.generate_private_key(ec.SECP384R1()))\n",
        PYTHON_KEY "k = josepy.JWKEC(key=ec.generate_private_key(ec.SECP521R1()))\n",
    };
    static const char print[] =
        "pem = k.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)\n"
        "sys.stdout.write('\\0'.join([k.json_dumps(), pem.decode(), "
        "josepy.encode_b64jose(k.thumbprint())]))\n";
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        BUF_AUTO(script, 4096);
        BUF_AUTO(out, 16384);
        BUF_AUTO(spki, 8192);
        BUF_AUTO(thumb, 64);
        signet_str jwk, rest, pem, their_thumb;
        buf_addf(&script, "%s%s", scripts[i], print);
        assert_int_equal(run_program((const char *[]){ "/usr/bin/python3", "-c", buf_z(&script), NULL }, STR(""), &out),
                         0);
        assert_true(str_cut(buf_str(&out), '\0', &jwk, &rest));
        assert_true(str_cut(rest, '\0', &pem, &their_thumb));
        struct key *k = NULL;
        assert_int_equal(key_from_jwk(&k, jwk, NULL), 0);
        assert_int_equal(key_to_spki_pem(k, &spki), 0);
        assert_true(str_eq(buf_str(&spki), pem));
        assert_int_equal(key_thumbprint(k, &thumb), 0);
        assert_true(str_eq(buf_str(&thumb), their_thumb));
        key_free(k);
    }
}

/* What we write: josepy reads it as certbot does, and finds the same private key. */
static void josepy_reads_the_keys_we_write(void **state)
{
    (void)state;
    static const char script[] = PYTHON_KEY
        "k = josepy.JWK.json_loads(sys.stdin.read())\n"
        "sys.stdout.write(k.key._wrapped.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())\n";
    static const struct {
        enum key_type type;
        unsigned size;
    } cases[] = { { KEY_RSA, 2048 }, { KEY_EC, 256 }, { KEY_EC, 384 }, { KEY_EC, 521 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct key *k = NULL;
        BUF_AUTO(jwk, 8192);
        BUF_AUTO(pem, 8192);
        BUF_AUTO(theirs, 8192);
        assert_int_equal(key_new(&k, cases[i].type, cases[i].size, NULL), 0);
        assert_int_equal(key_to_jwk(k, &jwk), 0);
        assert_int_equal(key_to_pem(k, &pem), 0);
        assert_int_equal(
            run_program((const char *[]){ "/usr/bin/python3", "-c", script, NULL }, buf_str(&jwk), &theirs), 0);
        assert_string_equal(buf_z(&theirs), buf_z(&pem));
        key_free(k);
    }
}

static void unfit_jwks_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *json, *reason;
    } cases[] = {
        { "", "not JSON" },
        { "{", "not JSON" },
        { "[]", "no \"kty\"" },
        { "{}", "no \"kty\"" },
        { "{\"kty\":7,\"d\":\"AQ\"}", "no \"kty\"" },
        { "{\"kty\":\"RSA\",\"kty\":\"RSA\"}", "not JSON" },
        { "{\"kty\":\"oct\",\"k\":\"AQ\",\"d\":\"AQ\"}", "cannot be used" },
        { "{\"kty\":\"RSA\",\"n\":\"" A2_N "\",\"e\":\"AQAB\"}", "no private part" },
        { "{\"kty\":\"RSA\",\"n\":\"" A2_N "\",\"d\":\"" A2_D "\"}", "\"e\"" },
        { "{\"kty\":\"RSA\",\"n\":\"" A2_N "\",\"d\":\"" A2_D "\",\"e\":\"AQAB\",\"p\":\"" A2_P "\"}", "\"q\"" },
        { "{\"kty\":\"RSA\",\"n\":\"" A2_N "\",\"d\":\"AQ=\",\"e\":\"AQAB\"}", "base64url" },
        { "{\"kty\":\"RSA\",\"n\":\"" A2_N "\",\"d\":\"" A2_D "\",\"e\":\"AQAB\"}", "\"p\"" },
        { "{\"kty\":\"RSA\",\"n\":\"AQAB\",\"d\":\"AQAB\",\"e\":\"AQAB\"," A2_FACTORS "}", "make no RSA key" },
        { "{\"kty\":\"RSA\",\"n\":\"" A2_D "\",\"d\":\"" A2_N "\",\"e\":\"AQAB\"," A2_FACTORS "}", "make no RSA key" },
        { "{\"kty\":\"RSA\",\"n\":\"" R7638_N "\",\"d\":\"" A2_D "\",\"e\":\"AQAB\"," A2_FACTORS "}",
          "do not belong together" },
        { "{\"kty\":\"RSA\",\"n\":\"" A2_N "\",\"d\":\"" A2_D "\",\"e\":\"AA\"," A2_FACTORS "}", "make no RSA key" },
        { "{\"kty\":\"RSA\",\"n\":\"" A2_N "\",\"d\":\"" A2_D "\",\"e\":\"AQ\"," A2_FACTORS "}", "make no RSA key" },
        { "{" A2_MEMBERS ",\"oth\":[]}", "two primes" },
        { "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"AQ\",\"y\":\"AQ\",\"d\":\"AQ\"}", "no curve" },
        { "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQ\",\"y\":\"AQ\",\"d\":\"AQ\"}", "1 bytes instead of 32" },
        /* not on the curve: the last bit of y */
        { "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
          "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4\",\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-"
          "E9LI\"}",
          "make no EC key" },
        /* another d */
        { "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
          "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\",\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-"
          "E9LM\"}",
          "do not belong together" },
        { "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"AQ\",\"d\":\"AQ\"}", "only Ed25519" },
        { "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"d\":\"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\","
          "\"x\":\"21qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
          "do not belong together" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct key *k = NULL;
        struct err e = { 0 };
        assert_int_equal(key_from_jwk(&k, str_of(cases[i].json), &e), SIGNET_EFORMAT);
        assert_null(k);
        assert_text(&e, cases[i].reason);
        assert_null(strstr(e.text, A2_D)); /* no secret in a message */
    }
}

static void jwk_cut_at_every_byte_is_refused(void **state)
{
    (void)state;
    for (size_t n = 0; n < strlen(A3_JWK); n++) {
        struct key *k = NULL;
        assert_int_equal(key_from_jwk(&k, (signet_str){ A3_JWK, n }, NULL), SIGNET_EFORMAT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rs256_signs_rfc7515_a2),
        cmocka_unit_test(eddsa_signs_rfc8037_a4),
        cmocka_unit_test(thumbprints_are_those_of_the_rfcs),
        cmocka_unit_test(public_jwk_is_canonical),
        cmocka_unit_test(private_jwk_is_written_as_certbot_does),
        cmocka_unit_test(jwk_round_trip_keeps_the_key),
        cmocka_unit_test(keys_that_josepy_wrote_are_read),
        cmocka_unit_test(josepy_reads_the_keys_we_write),
        cmocka_unit_test(unfit_jwks_are_refused),
        cmocka_unit_test(jwk_cut_at_every_byte_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
