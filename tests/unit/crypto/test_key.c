#include "base/b64.h"
#include "crypto/key.h"
#include "testlib.h"
#include "vectors.h"

static const struct {
    enum key_type type;
    unsigned size;
    signet_alg alg;
    const char *curve;
    size_t sig;
} kinds[] = {
    { KEY_RSA, 2048, SIGNET_ALG_RS256, "", 256 },       { KEY_EC, 256, SIGNET_ALG_ES256, "secp256r1", 64 },
    { KEY_EC, 384, SIGNET_ALG_ES384, "secp384r1", 96 }, { KEY_EC, 521, SIGNET_ALG_ES512, "secp521r1", 132 },
    { KEY_ED25519, 255, SIGNET_ALG_EDDSA, "", 64 },
};
#define KINDS (sizeof kinds / sizeof kinds[0])
static struct key *made[KINDS];

static int make_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++)
        if (key_new(&made[i], kinds[i].type, kinds[i].size, NULL))
            return -1;
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++)
        key_free(made[i]);
    return 0;
}

static void new_keys_are_what_was_asked_for(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        assert_int_equal(key_kind(made[i]), kinds[i].type);
        assert_int_equal(key_size(made[i]), kinds[i].size);
        assert_int_equal(key_alg(made[i]), kinds[i].alg);
        assert_string_equal(key_curve(made[i]), kinds[i].curve);
        assert_true(key_is_private(made[i]));
        for (size_t k = 0; k < KINDS; k++)
            assert_int_equal(key_same(made[i], made[k]), i == k);
    }
}

static void impossible_keys_are_refused(void **state)
{
    (void)state;
    static const struct {
        enum key_type type;
        unsigned size;
    } cases[] = { { KEY_RSA, 1024 }, { KEY_RSA, 2047 }, { KEY_RSA, 16384 }, { KEY_RSA, 0 },
                  { KEY_EC, 224 },   { KEY_EC, 0 },     { KEY_UNKNOWN, 0 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct key *k = NULL;
        struct err e = { 0 };
        assert_int_equal(key_new(&k, cases[i].type, cases[i].size, &e), SIGNET_EINVAL);
        assert_null(k);
        assert_true(e.text[0] != '\0');
    }
}

static void pem_round_trip_keeps_the_key(void **state)
{
    (void)state;
    int (*const forms[])(const struct key *, struct buf *) = { key_to_pem, key_to_pem_traditional };
    for (size_t i = 0; i < KINDS; i++)
        for (size_t f = 0; f < 2; f++) {
            BUF_AUTO(pem, 8192);
            BUF_AUTO(again, 8192);
            struct key *k = NULL;
            assert_int_equal(forms[f](made[i], &pem), 0);
            assert_int_equal(key_from_pem(&k, buf_str(&pem), NULL), 0);
            assert_true(key_same(k, made[i]));
            assert_int_equal(forms[f](k, &again), 0);
            assert_string_equal(buf_z(&again), buf_z(&pem));
            key_free(k);
        }
}

/* The files are to be the ones that OpenSSL itself would write, byte for byte. */
static void openssl_writes_the_same_pem(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        BUF_AUTO(pem, 8192);
        BUF_AUTO(old, 8192);
        BUF_AUTO(pub, 8192);
        BUF_AUTO(theirs, 8192);
        assert_int_equal(key_to_pem(made[i], &pem), 0);
        assert_int_equal(key_to_pem_traditional(made[i], &old), 0);
        assert_int_equal(key_to_spki_pem(made[i], &pub), 0);
        assert_int_equal(run_program((const char *[]){ "openssl", "pkey", NULL }, buf_str(&old), &theirs), 0);
        assert_string_equal(buf_z(&theirs), buf_z(&pem));
        buf_clear(&theirs);
        assert_int_equal(run_program((const char *[]){ "openssl", "pkey", "-pubout", NULL }, buf_str(&pem), &theirs),
                         0);
        assert_string_equal(buf_z(&theirs), buf_z(&pub));
        if (kinds[i].type == KEY_ED25519)
            continue;
        buf_clear(&theirs);
        assert_int_equal(
            run_program((const char *[]){ "openssl", "pkey", "-traditional", NULL }, buf_str(&pem), &theirs), 0);
        assert_string_equal(buf_z(&theirs), buf_z(&old));
    }
}

static void openssl_made_files_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        enum key_type type;
        unsigned size;
    } cases[] = {
        { "openssl ecparam -genkey -name secp384r1", KEY_EC, 384 }, /* EC PARAMETERS stand in front */
        { "openssl genrsa 2048 2>/dev/null", KEY_RSA, 2048 },
        { "openssl genrsa -traditional 1024 2>/dev/null", KEY_RSA, 1024 },
        { "printf 'Bag Attributes\\n  friendlyName: x\\n'; openssl genpkey -algorithm ed25519", KEY_ED25519, 255 },
        { "openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-521 | sed 's/$/\\r/'", KEY_EC, 521 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        BUF_AUTO(pem, 8192);
        struct key *k = NULL;
        struct err e = { 0 };
        assert_int_equal(run_program((const char *[]){ "sh", "-c", cases[i].script, NULL }, STR(""), &pem), 0);
        assert_int_equal(key_from_pem(&k, buf_str(&pem), &e), 0);
        assert_int_equal(key_kind(k), cases[i].type);
        assert_int_equal(key_size(k), cases[i].size);
        key_free(k);
    }
}

static void unfit_files_are_refused_with_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *script, *reason;
    } cases[] = {
        { "openssl genpkey -algorithm ed25519 -aes256 -pass pass:abcd", "encrypted with a passphrase" },
        { "openssl genrsa -traditional -aes256 -passout pass:abcd 1024 2>/dev/null", "encrypted with a passphrase" },
        { "openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:secp256k1", "secp256k1" },
        { "openssl genpkey -algorithm ed448", "neither RSA nor EC nor Ed25519" },
        { "openssl genpkey -algorithm x25519", "neither RSA nor EC nor Ed25519" },
        { "openssl genrsa 512 2>/dev/null", "only 512 bits" },
        { "openssl genpkey -algorithm ed25519 | head -2", "cut short" },
        { "openssl genpkey -algorithm ed25519 | openssl pkey -pubout", "no private key" },
        { "echo hello", "no private key" },
        { "printf ''", "no private key" },
        { "printf -- '-----BEGIN PRIVATE KEY-----\\nMA==\\n-----END PRIVATE KEY-----\\n'", "cannot be decoded" },
        { "printf -- '-----BEGIN PRIVATE KEY-----\\n!!!!\\n-----END PRIVATE KEY-----\\n'", "not base64" },
        { "printf -- '-----BEGIN PRIVATE KEY-----\\n\\n-----END PRIVATE KEY-----\\n'", "not base64" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        BUF_AUTO(pem, 8192);
        struct key *k = NULL;
        struct err e = { 0 };
        run_program((const char *[]){ "sh", "-c", cases[i].script, NULL }, STR(""), &pem);
        assert_int_equal(key_from_pem(&k, buf_str(&pem), &e), SIGNET_EFORMAT);
        assert_null(k);
        assert_text(&e, cases[i].reason);
    }
}

static void a_key_whose_halves_differ_is_refused(void **state)
{
    (void)state;
    /* SEC1: version, d, [0] curve, [1] public key; the last byte belongs to the public point */
    BUF_AUTO(a, 4096);
    BUF_AUTO(b, 4096);
    struct key *k = NULL;
    struct err e = { 0 };
    unsigned char *der = NULL;
    assert_int_equal(i2d_PrivateKey(test_key("leaf")->pkey, &der), 121);
    unsigned char *other = NULL;
    assert_int_equal(i2d_PrivateKey(test_key("leaf2")->pkey, &other), 121);
    memcpy(der + 121 - 65, other + 121 - 65, 65);
    b64_enc(&a, (signet_str){ (const char *)der, 121 });
    buf_addf(&b, "-----BEGIN EC PRIVATE KEY-----\n%s\n-----END EC PRIVATE KEY-----\n", buf_z(&a));
    assert_int_equal(key_from_pem(&k, buf_str(&b), &e), SIGNET_EFORMAT);
    assert_text(&e, "do not belong together");
    OPENSSL_free(der);
    OPENSSL_free(other);
    test_keys_free();
}

static void pem_cut_at_every_byte_is_refused(void **state)
{
    (void)state;
    BUF_AUTO(pem, 8192);
    assert_int_equal(key_to_pem(made[1], &pem), 0);
    for (size_t n = 0; n + 2 < pem.n; n++) {
        struct key *k = NULL;
        char *copy = malloc(n ? n : 1);
        memcpy(copy, pem.p, n);
        assert_int_equal(key_from_pem(&k, (signet_str){ copy, n }, NULL), SIGNET_EFORMAT);
        free(copy);
    }
}

/* Verified by OpenSSL from the raw form, so that the conversion of R and S is proved. */
static void signatures_have_the_width_of_rfc7518_and_verify(void **state)
{
    (void)state;
    static const char *const md[] = { "SHA256", "SHA256", "SHA384", "SHA512", NULL };
    for (size_t i = 0; i < KINDS; i++)
        for (int round = 0; round < 20; round++) {
            uint8_t sig[KEY_SIG_MAX], der[256];
            size_t n = sizeof sig;
            signet_str tbs = STR("header.payload");
            assert_int_equal(key_sign(made[i], tbs, sig, &n), 0);
            assert_int_equal(n, kinds[i].sig);
            const uint8_t *p = sig;
            if (kinds[i].type == KEY_EC) {
                ECDSA_SIG *rs = ECDSA_SIG_new();
                ECDSA_SIG_set0(rs, BN_bin2bn(sig, (int)n / 2, NULL), BN_bin2bn(sig + n / 2, (int)n / 2, NULL));
                uint8_t *end = der;
                n = (size_t)i2d_ECDSA_SIG(rs, &end);
                ECDSA_SIG_free(rs);
                p = der;
            }
            EVP_MD_CTX *ctx = EVP_MD_CTX_new();
            assert_int_equal(EVP_DigestVerifyInit_ex(ctx, NULL, md[i], NULL, NULL, made[i]->pkey, NULL), 1);
            assert_int_equal(EVP_DigestVerify(ctx, p, n, (const unsigned char *)tbs.p, tbs.n), 1);
            EVP_MD_CTX_free(ctx);
        }
}

static void signing_needs_room_and_a_private_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        uint8_t sig[KEY_SIG_MAX];
        size_t n = kinds[i].sig - 1;
        assert_int_equal(key_sign(made[i], STR("x"), sig, &n), SIGNET_ELIMIT);
        n = kinds[i].sig;
        assert_int_equal(key_sign(made[i], STR("x"), sig, &n), 0);
        struct key *public = NULL;
        BUF_AUTO(pem, 8192);
        EVP_PKEY_up_ref(made[i]->pkey);
        assert_int_equal(key_wrap(&public, made[i]->pkey, false, NULL), 0);
        n = sizeof sig;
        assert_int_equal(key_sign(public, STR("x"), sig, &n), SIGNET_EINVAL);
        assert_int_equal(key_to_pem(public, &pem), SIGNET_EINVAL);
        assert_int_equal(key_to_pem_traditional(public, &pem), SIGNET_EINVAL);
        assert_int_equal(key_to_jwk(public, &pem), SIGNET_EINVAL);
        assert_int_equal(pem.n, 0);
        key_free(public);
    }
}

/* As certbot calculates it. */
static void account_id_is_certbots(void **state)
{
    (void)state;
    static const char script[] = "import sys, hashlib\n"
                                 "from cryptography.hazmat.primitives.serialization import *\n"
                                 "k = load_pem_private_key(sys.stdin.buffer.read(), None)\n"
                                 "p = k.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)\n"
                                 "sys.stdout.write(hashlib.md5(p).hexdigest())\n";
    for (size_t i = 0; i < KINDS; i++) {
        BUF_AUTO(pem, 8192);
        BUF_AUTO(id, 64);
        BUF_AUTO(theirs, 64);
        assert_int_equal(key_to_pem(made[i], &pem), 0);
        assert_int_equal(key_account_id(made[i], &id), 0);
        assert_int_equal(
            run_program((const char *[]){ "/usr/bin/python3", "-c", script, NULL }, buf_str(&pem), &theirs), 0);
        assert_int_equal(id.n, 32);
        assert_string_equal(buf_z(&id), buf_z(&theirs));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_keys_are_what_was_asked_for),
        cmocka_unit_test(impossible_keys_are_refused),
        cmocka_unit_test(pem_round_trip_keeps_the_key),
        cmocka_unit_test(openssl_writes_the_same_pem),
        cmocka_unit_test(openssl_made_files_are_read),
        cmocka_unit_test(unfit_files_are_refused_with_a_reason),
        cmocka_unit_test(a_key_whose_halves_differ_is_refused),
        cmocka_unit_test(pem_cut_at_every_byte_is_refused),
        cmocka_unit_test(signatures_have_the_width_of_rfc7518_and_verify),
        cmocka_unit_test(signing_needs_room_and_a_private_key),
        cmocka_unit_test(account_id_is_certbots),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
