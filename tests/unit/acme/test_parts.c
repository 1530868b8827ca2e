/* The small parts: URLs, identifiers, JSON caps, timers, arenas, problems, JWS with real keys. */
#include "crypto/key.h"
#include "fakeca.h"
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <signet/crypto.h>
#include <stdlib.h>

static void urls(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        bool https_ok, http_ok;
        const char *origin;
    } T[] = {
        { "https://ca.test", true, true, "https://ca.test:443" },
        { "https://CA.Test/x?y=z", true, true, "https://ca.test:443" },
        { "HTTPS://ca.test:8443/", true, true, "https://ca.test:8443" },
        { "https://ca.test?x", true, true, "https://ca.test:443" },
        { "https://[2001:db8::1]:1/x", true, true, "https://[2001:db8::1]:1" },
        { "http://127.9.9.9/x", false, true, "http://127.9.9.9:80" },
        { "http://[::1]:14000/x", false, true, "http://[::1]:14000" },
        { "http://localhost:1/x", false, true, "http://localhost:1" },
        { "http://127.0.0.1.evil.test/", false, false, "http://127.0.0.1.evil.test:80" },
        { "http://ca.test/", false, false, "http://ca.test:80" },
        { "https://", false, false, NULL },
        { "https:///x", false, false, NULL },
        { "https://u@ca.test/", false, false, NULL },
        { "https://u:p@ca.test/", false, false, NULL },
        { "https://ca.test:/", false, false, NULL },
        { "https://ca.test:0/", false, false, NULL },
        { "https://ca.test:65536/", false, false, NULL },
        { "https://ca.test:+1/", false, false, NULL },
        { "https://ca.test/a b", false, false, NULL },
        { "https://ca.test/\x7f", false, false, NULL },
        { "https://ca.test/#frag", false, false, NULL },
        { "https://ca.test\\x", false, false, NULL },
        { "https://[::1", false, false, NULL },
        { "https://[ca.test]/", false, false, NULL },
        { "https://[1.2.3.4]/", false, false, NULL },
        { "https:/ca.test", false, false, NULL },
        { "//ca.test/", false, false, NULL },
        { "", false, false, NULL },
    };
    for (size_t i = 0; i < sizeof(T) / sizeof(T[0]); i++) {
        assert_int_equal(url_ok(str_of(T[i].url), false), T[i].https_ok);
        assert_int_equal(url_ok(str_of(T[i].url), true), T[i].http_ok);
        char *o = url_origin(str_of(T[i].url));
        if (T[i].origin)
            assert_string_equal(o, T[i].origin);
        else
            assert_null(o);
        if (o)
            assert_true(url_same_origin(str_of(T[i].url), o));
        free(o);
    }
    char big[LIM_URL + 2];
    memset(big, 'a', sizeof(big));
    memcpy(big, "https://a/", 10);
    assert_true(url_ok((signet_str){ big, LIM_URL }, false));
    assert_false(url_ok((signet_str){ big, LIM_URL + 1 }, false));
    assert_false(url_same_origin(STR("https://a/"), "http://a/"));
    assert_false(url_same_origin(STR("https://a/"), NULL));
}

static void addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n;
        const char *same;
    } T[] = { { "1.2.3.4", 4, "1.2.3.4" },
              { "1.2.3", 0, NULL },
              { "1.2.3.4.5", 0, NULL },
              { "1.2.3.256", 0, NULL },
              { "01.2.3.4", 0, NULL },
              { "1..2.3", 0, NULL },
              { "::", 16, "0:0:0:0:0:0:0:0" },
              { "::1", 16, "0:0::0:1" },
              { "2001:DB8::", 16, "2001:db8:0:0:0:0:0:0" },
              { "1:2:3:4:5:6:7:8", 16, "1:2:3:4:5:6:7:8" },
              { "1:2:3:4:5:6:1.2.3.4", 16, "1:2:3:4:5:6:102:304" },
              { "::ffff:1.2.3.4", 16, "::ffff:102:304" },
              { "1:2:3:4:5:6:7", 0, NULL },
              { "1:2:3:4:5:6:7:8:9", 0, NULL },
              { "1::2::3", 0, NULL },
              { ":1", 0, NULL },
              { "1:", 0, NULL },
              { "12345::", 0, NULL },
              { "g::", 0, NULL },
              { ":::", 0, NULL },
              { "1.2.3.4::", 0, NULL },
              { "::1.2.3", 0, NULL },
              { "", 0, NULL },
              { "1:2:3:4:5:6:7::8", 0, NULL } };
    for (size_t i = 0; i < sizeof(T) / sizeof(T[0]); i++) {
        uint8_t a[16], b[16];
        size_t n = 0, m = 0;
        bool ok = ip_parse(str_of(T[i].text), a, &n);
        assert_int_equal(ok ? n : 0, T[i].n);
        if (!ok)
            continue;
        assert_true(ip_parse(str_of(T[i].same), b, &m));
        assert_int_equal(n, m);
        assert_memory_equal(a, b, n);
    }
}

static void json_caps(void **state)
{
    (void)state;
    const char *why;
    BUF_AUTO(b, 1u << 20);
    for (size_t depth = LIM_JSON_DEPTH - 1; depth <= LIM_JSON_DEPTH; depth++) {
        buf_clear(&b);
        for (size_t i = 0; i <= depth; i++)
            buf_addz(&b, "{\"a\":");
        buf_addz(&b, "\"{[{[{[{[{[{[{[{[{[\\\"\"");
        for (size_t i = 0; i <= depth; i++)
            buf_addc(&b, '}');
        json_t *o = js_load(buf_str(&b), &why);
        assert_int_equal(o != NULL, depth < LIM_JSON_DEPTH);
        json_decref(o);
    }
    for (size_t n = LIM_JSON_NODES - 3; n <= LIM_JSON_NODES; n++) {
        buf_clear(&b);
        buf_addz(&b, "{\"a\":[1");
        for (size_t i = 3; i < n; i++)
            buf_addz(&b, ",1");
        buf_addz(&b, "]}");
        json_t *o = js_load(buf_str(&b), &why);
        assert_int_equal(o != NULL, n < LIM_JSON_NODES + 1);
        json_decref(o);
    }
    buf_addz(&b, ",1");
    assert_null(js_load(buf_str(&b), &why));
    assert_null(js_load(STR("[]"), &why));
    assert_null(js_load(STR("{\"a\":1,\"a\":2}"), &why));
    assert_null(js_load(STR("{\"a\":\"\\u0000\"}"), &why));
    assert_null(js_load(STR("{\"a\":1}{"), &why));
}

static unsigned fired;
static int64_t last_at;
static void fire(struct tmr *t)
{
    assert_true(t->at >= last_at);
    last_at = t->at;
    fired++;
}

static void timers_fire_in_order(void **state)
{
    (void)state;
    static struct tmr t[500];
    struct tmr_heap h = { 0 };
    uint32_t x = 7;
    for (int round = 0; round < 20; round++) {
        fired = 0;
        last_at = 0;
        for (size_t i = 0; i < 500; i++) {
            x = x * 1664525 + 1013904223;
            tmr_set(&h, &t[i], x >> 20, fire);
        }
        for (size_t i = 0; i < 500; i++) {
            x = x * 1664525 + 1013904223;
            if (x >> 30 == 0)
                tmr_clear(&h, &t[i]);
            else if (x >> 30 == 1)
                tmr_set(&h, &t[i], x >> 22 & 0xfff, fire);
        }
        unsigned on = 0;
        for (size_t i = 0; i < 500; i++)
            on += t[i].on;
        while (h.root) {
            struct tmr *first = h.root;
            tmr_clear(&h, first);
            first->fire(first);
        }
        assert_int_equal(fired, on);
    }
}

static void arenas(void **state)
{
    (void)state;
    struct arena a = { 0 };
    signet_str s[300];
    for (size_t i = 0; i < 300; i++) {
        char text[16000];
        memset(text, (int)('a' + i % 26), sizeof(text));
        s[i] = arena_str(&a, (signet_str){ text, i % 30 == 0 ? 15000 : i });
        assert_int_equal(s[i].p[s[i].n], 0);
    }
    for (size_t i = 0; i < 300; i++)
        for (size_t k = 0; k < s[i].n; k++)
            assert_int_equal(s[i].p[k], 'a' + i % 26);
    assert_non_null(arena_str(&a, (signet_str){ NULL, 0 }).p);
    arena_done(&a);
}

static void long_texts_are_cut_between_characters(void **state)
{
    (void)state;
    struct problem p = { 0 };
    BUF_AUTO(b, 1u << 16);
    for (int i = 0; i < 3000; i++)
        buf_addz(&b, "\xc3\xa4");
    prob_sub(&p, STR("t"), (signet_str){ b.p, b.n }, STR(""), SIGNET_CHAL_UNKNOWN);
    assert_int_equal(p.pub.sub[0].detail.n, LIM_TEXT);
    prob_sub(&p, STR("t"), (signet_str){ b.p + 1, b.n - 1 }, STR(""), SIGNET_CHAL_UNKNOWN);
    assert_int_equal(p.pub.sub[1].detail.n, LIM_TEXT - 1);
    for (int i = 0; i < 300; i++)
        prob_sub(&p, STR("t"), STR("d"), STR("x"), SIGNET_CHAL_UNKNOWN);
    assert_int_equal(p.pub.n_sub, LIM_SUBPROBLEMS);
    struct problem q = { 0 };
    prob_copy(&q, &p);
    assert_int_equal(q.pub.n_sub, p.pub.n_sub);
    prob_move(&p, &q);
    prob_done(&p);
    prob_done(&q);
}

/* R and S as OpenSSL wants them to check an ECDSA signature. */
static size_t ecdsa_der(const uint8_t *sig, size_t n, uint8_t **der)
{
    ECDSA_SIG *s = ECDSA_SIG_new();
    ECDSA_SIG_set0(s, BN_bin2bn(sig, (int)n / 2, NULL), BN_bin2bn(sig + n / 2, (int)n / 2, NULL));
    int len = i2d_ECDSA_SIG(s, der);
    ECDSA_SIG_free(s);
    return (size_t)len;
}

static bool verify(const signet_key *k, signet_alg alg, signet_str tbs, const uint8_t *sig, size_t n)
{
    signet_buf pem = { 0 };
    assert_int_equal(signet_key_to_pem(k, &pem), 0);
    BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    const EVP_MD *md = alg == SIGNET_ALG_EDDSA   ? NULL
                       : alg == SIGNET_ALG_ES384 ? EVP_sha384()
                       : alg == SIGNET_ALG_ES512 ? EVP_sha512()
                                                 : EVP_sha256();
    uint8_t *der = NULL;
    bool ec = alg == SIGNET_ALG_ES256 || alg == SIGNET_ALG_ES384 || alg == SIGNET_ALG_ES512;
    size_t len = ec ? ecdsa_der(sig, n, &der) : n;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool ok = EVP_DigestVerifyInit(c, NULL, md, NULL, key) == 1 &&
              EVP_DigestVerify(c, ec ? der : sig, len, (const unsigned char *)tbs.p, tbs.n) == 1;
    EVP_MD_CTX_free(c);
    OPENSSL_free(der);
    EVP_PKEY_free(key);
    BIO_free(in);
    signet_buf_free(&pem);
    return ok;
}

static void jws_with_real_keys(void **state)
{
    (void)state;
    static const signet_alg algs[] = { SIGNET_ALG_ES256, SIGNET_ALG_ES384, SIGNET_ALG_ES512, SIGNET_ALG_RS256,
                                       SIGNET_ALG_EDDSA };
    for (size_t i = 0; i < 5; i++) {
        signet_key *k;
        signet_signer pub;
        struct signer s;
        uint8_t sig[1024];
        size_t n = sizeof(sig);
        BUF_AUTO(tbs, LIM_REQUEST);
        assert_int_equal(signet_key_new(&k, algs[i]), 0);
        assert_int_equal(signet_key_signer(k, &pub), 0);
        assert_int_equal(pub.alg, algs[i]);
        assert_int_equal(signer_copy(&s, &pub), 0);
        struct jws_head h = { .alg = signet_alg_name(algs[i]), .jwk = s.jwk, .nonce = "n", .url = "https://ca.test/" };
        assert_int_equal(jws_tbs(&tbs, &h, STR("{}")), 0);
        assert_int_equal(s.sign(s.ctx, buf_str(&tbs), sig, &n), 0);
        assert_true(verify(k, algs[i], buf_str(&tbs), sig, n));
        sig[n / 2] ^= 1;
        assert_false(verify(k, algs[i], buf_str(&tbs), sig, n));
        assert_true(str_ends(buf_str(&tbs), STR(".e30")));
        signer_done(&s);
        signet_key_free(k);
    }
}

static void public_helpers(void **state)
{
    (void)state;
    signet_key *k, *again;
    signet_buf pem = { 0 }, der = { 0 }, cert = { 0 }, key = { 0 }, id = { 0 };
    signet_ident names[] = { { SIGNET_IDENT_DNS, STR("a.test") }, { SIGNET_IDENT_IP, STR("192.0.2.1") } };
    assert_int_equal(signet_key_new(&k, SIGNET_ALG_HS256), SIGNET_EINVAL);
    assert_int_equal(signet_key_new(&k, SIGNET_ALG_ES256), 0);
    assert_int_equal(signet_key_to_pem(k, &pem), 0);
    assert_int_equal(signet_key_from_pem(&again, signet_buf_str(&pem)), 0);
    assert_int_equal(signet_csr_new(again, names, 2, &der), 0);
    assert_true(der.n > 100 && (uint8_t)der.p[0] == 0x30);
    assert_int_equal(signet_tlsalpn01_cert(&names[0], STR("token.thumb"), &cert, &key), 0);
    assert_non_null(strstr(cert.p, "BEGIN CERTIFICATE"));
    assert_non_null(strstr(key.p, "BEGIN PRIVATE KEY"));
    signet_buf_free(&der);
    assert_int_equal(signet_cert_der(signet_buf_str(&cert), &der), 0);
    assert_int_equal(signet_cert_ari_id(signet_buf_str(&cert), &id), SIGNET_ENOTFOUND);
    assert_true(signet_key_from_pem(&again, STR("no key")) < 0);
    signet_buf_free(&pem);
    signet_buf_free(&der);
    signet_buf_free(&cert);
    signet_buf_free(&key);
    signet_key_free(again);
    signet_key_free(k);
}

static void names_of_things(void **state)
{
    (void)state;
    for (int i = 1; i < SIGNET_CHAL_COUNT; i++)
        assert_int_equal(signet_chal_from_name(str_of(signet_chal_name((signet_chal)i))), i);
    assert_int_equal(signet_chal_from_name(STR("unknown")), SIGNET_CHAL_UNKNOWN);
    assert_string_equal(signet_chal_name((signet_chal)77), "unknown");
    assert_string_equal(signet_alg_name((signet_alg)-1), "unknown");
    assert_string_equal(signet_alg_name(SIGNET_ALG_EDDSA), "EdDSA");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls),
        cmocka_unit_test(addresses),
        cmocka_unit_test(json_caps),
        cmocka_unit_test(timers_fire_in_order),
        cmocka_unit_test(arenas),
        cmocka_unit_test(long_texts_are_cut_between_characters),
        cmocka_unit_test(jws_with_real_keys),
        cmocka_unit_test(public_helpers),
        cmocka_unit_test(names_of_things),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
