#include "base/b64.h"
#include "crypto/digest.h"
#include "testlib.h"
#include "vectors.h"

static void sha256_knows_fips_180_answers(void **state)
{
    (void)state;
    static const struct {
        const char *in, *hex;
    } cases[] = {
        { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t md[32];
        BUF_AUTO(hex, 64);
        assert_int_equal(digest_sha256(str_of(cases[i].in), md), 0);
        hex_enc(&hex, (signet_str){ (const char *)md, sizeof md });
        assert_string_equal(buf_z(&hex), cases[i].hex);
    }
}

static void hmac_signs_rfc7515_a1(void **state)
{
    (void)state;
    BUF_AUTO(key, 128);
    BUF_AUTO(text, 128);
    uint8_t mac[64];
    size_t n;
    assert_int_equal(b64url_dec(&key, STR(A1_KEY)), 0);
    assert_int_equal(digest_hmac(SIGNET_ALG_HS256, buf_str(&key), STR(A1_INPUT), mac, &n), 0);
    assert_int_equal(n, 32);
    b64url_enc(&text, (signet_str){ (const char *)mac, n });
    assert_string_equal(buf_z(&text), A1_MAC);
}

/* RFC 4231 section 4.3 */
static void hmac_knows_rfc4231_answers(void **state)
{
    (void)state;
    static const struct {
        signet_alg alg;
        const char *hex;
    } cases[] = {
        { SIGNET_ALG_HS256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
        { SIGNET_ALG_HS384,
          "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649" },
        { SIGNET_ALG_HS512,
          "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd"
          "caeab1a34d4a6b4b636e070a38bce737" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t mac[64];
        size_t n;
        BUF_AUTO(hex, 128);
        assert_int_equal(digest_hmac(cases[i].alg, STR("Jefe"), STR("what do ya want for nothing?"), mac, &n), 0);
        hex_enc(&hex, (signet_str){ (const char *)mac, n });
        assert_string_equal(buf_z(&hex), cases[i].hex);
    }
}

static void hmac_refuses_other_algorithms_and_empty_keys(void **state)
{
    (void)state;
    uint8_t mac[64];
    size_t n = 7;
    assert_int_equal(digest_hmac(SIGNET_ALG_ES256, STR("k"), STR("x"), mac, &n), SIGNET_EINVAL);
    assert_int_equal(digest_hmac(SIGNET_ALG_HS256, STR(""), STR("x"), mac, &n), SIGNET_EINVAL);
    assert_int_equal(n, 7);
}

static void random_numbers_stay_below(void **state)
{
    (void)state;
    static const uint64_t bounds[] = { 1, 2, 3, 10, UINT64_MAX, (1ull << 63) + 1 };
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++)
        for (int k = 0; k < 200; k++) {
            uint64_t v;
            assert_int_equal(random_below(bounds[i], &v), 0);
            assert_true(v < bounds[i]);
        }
    uint64_t v;
    assert_int_equal(random_below(0, &v), SIGNET_EINVAL);
    uint8_t a[32] = { 0 }, b[32] = { 0 };
    assert_int_equal(random_bytes(a, sizeof a), 0);
    assert_int_equal(random_bytes(b, sizeof b), 0);
    assert_memory_not_equal(a, b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_knows_fips_180_answers), cmocka_unit_test(hmac_signs_rfc7515_a1),
        cmocka_unit_test(hmac_knows_rfc4231_answers),    cmocka_unit_test(hmac_refuses_other_algorithms_and_empty_keys),
        cmocka_unit_test(random_numbers_stay_below),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
