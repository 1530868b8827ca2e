/* What the signer signs and what it refuses: every rule of sign.h with a request that keeps it and one that does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/b64.h"
#include "crypto/digest.h"
#include "talker/sign.h"
#include <cmocka.h>
#include <stdlib.h>

struct fixture {
    struct signing *s;
    struct buf jwk, other_jwk; /* the account's, the job's */
    struct key *other;
    struct buf sig; /* of the latest question */
};

static struct key *copy_of(const struct key *k)
{
    BUF_AUTO(pem, 8192);
    struct key *copy;
    assert_int_equal(key_to_pem(k, &pem), 0);
    assert_int_equal(key_from_pem(&copy, buf_str(&pem), NULL), 0);
    return copy;
}

static int set_up(void **state)
{
    struct fixture *x = calloc(1, sizeof(*x));
    struct key *key;
    assert_non_null(x);
    x->jwk = x->other_jwk = BUF_INIT(8192);
    x->sig = BUF_INIT(KEY_SIG_MAX);
    assert_int_equal(signing_new(&x->s, STR("https://acme.api.ca.example/dir"), false), 0);
    assert_int_equal(key_new(&key, KEY_EC, 256, NULL), 0);
    assert_int_equal(key_public_jwk(key, &x->jwk), 0);
    assert_int_equal(signing_add_key(x->s, 0, SIGN_ACCOUNT, key), 0);
    assert_int_equal(key_new(&x->other, KEY_EC, 256, NULL), 0);
    assert_int_equal(key_public_jwk(x->other, &x->other_jwk), 0);
    *state = x;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *x = *state;
    signing_free(x->s);
    key_free(x->other);
    buf_done(&x->jwk);
    buf_done(&x->other_jwk);
    buf_done(&x->sig);
    free(x);
    return 0;
}

/* "" when it was signed (x->sig), else why not. */
static const char *ask_by(struct fixture *x, uint32_t job, signet_alg alg, const char *head, const char *payload)
{
    BUF_AUTO(tbs, 256u << 10);
    uint8_t sig[KEY_SIG_MAX];
    size_t len = 0;
    const char *why = "?";
    b64url_enc(&tbs, str_of(head));
    buf_addc(&tbs, '.');
    b64url_enc(&tbs, str_of(payload));
    struct sign_request q = { .job = job, .alg = alg, .tbs = buf_str(&tbs) };
    int rc = signing_sign(x->s, &q, sig, &len, &why);
    if (rc == SIGNET_ENOTFOUND)
        return "no key";
    assert_true(rc == 0 || rc == SIGNET_EPROTO);
    assert_true((rc == 0) == (len > 0));
    buf_clear(&x->sig);
    buf_add(&x->sig, (signet_str){ (const char *)sig, len });
    return rc ? why : "";
}

static const char *ask(struct fixture *x, uint32_t job, const char *head, const char *payload)
{
    const char *why = ask_by(x, job, SIGNET_ALG_ES256, head, payload);
    assert_true(*why || x->sig.n == 64);
    return why;
}

#define URL                     "https://acme.api.ca.example/x"
#define KID                     "https://acme.api.ca.example/acct/1"
#define HEAD                    "{\"alg\":\"ES256\",\"kid\":\"" KID "\",\"nonce\":\"n-_1\",\"url\":\"" URL "\"}"
#define H(alg, kid, nonce, url) "{\"alg\":\"" alg "\",\"kid\":\"" kid "\",\"nonce\":\"" nonce "\",\"url\":\"" url "\"}"

static void headers(void **state)
{
    struct fixture *x = *state;
    static const struct {
        const char *head, *why; /* a part of why; "" signed */
    } t[] = {
        { HEAD, "" },
        { H("ES256", KID, "n", "https://ACME.api.ca.example:443/x"), "" },
        { H("ES256", KID, "n", "https://acme-02.api.ca.example/x"), "" }, /* beside it in the same domain */
        { H("ES256", KID, "n", "https://acme.api.ca.example:8443/x"), "" },
        { H("ES256", KID, "n", "https://evil.example/x"), "URL" },
        { H("ES256", KID, "n", "https://ca.example/x"), "URL" },
        { H("ES256", KID, "n", "https://evilapi.ca.example/x"), "URL" },
        { H("ES256", KID, "n", "https://acme.api.ca.example.evil.example/x"), "URL" },
        { H("ES256", KID, "n", "https://acme.api.ca.example@evil.example/x"), "URL" },
        { H("ES256", KID, "n", "http://acme.api.ca.example/x"), "URL" },
        { H("ES256", KID, "n", ""), "URL" },
        { H("RS256", KID, "n", URL), "algorithm" },
        { H("none", KID, "n", URL), "algorithm" },
        { H("ES256", "https://evil.example/1", "n", URL), "account" },
        { H("ES256", KID, "", URL), "nonce" },
        { H("ES256", KID, "a b", URL), "nonce" },
        { H("ES256", KID, "a=", URL), "nonce" },
        { "{\"alg\":\"ES256\",\"nonce\":\"n\",\"url\":\"" URL "\"}", "its key" },
        { "{\"alg\":\"ES256\",\"kid\":\"" KID "\",\"nonce\":\"n\",\"url\":\"" URL "\",\"crit\":[\"b64\"]}", "header" },
        { "{\"alg\":\"ES256\",\"alg\":\"ES256\",\"kid\":\"" KID "\",\"nonce\":\"n\",\"url\":\"" URL "\"}", "no JWS" },
        { "{\"alg\":\"ES256\",\"kid\":\"" KID "\",\"nonce\":7,\"url\":\"" URL "\"}", "nonce" },
        { "[]", "no JWS" },
        { "", "no JWS" },
        { "{\"alg\":\"ES256\",\"kid\":\"" KID "\",\"nonce\":\"n\",\"url\":\"" URL "\",\"jwk\":{\"kty\":\"EC\"}}",
          "its key" },
        { "{\"alg\":\"ES256\",\"nonce\":\"n\",\"url\":\"" URL "\",\"jwk\":{\"kty\":\"EC\"}}", "another key" },
    };
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        const char *why = ask(x, 0, t[i].head, "");
        if (t[i].why[0] ? !strstr(why, t[i].why) : *why)
            fail_msg("row %zu: \"%s\"", i, why);
    }
}

static void payloads(void **state)
{
    struct fixture *x = *state;
    static const struct {
        const char *payload, *why;
    } t[] = {
        { "", "" },
        { "{}", "" },
        { "{\"contact\":[\"mailto:a@example.org\"],\"termsOfServiceAgreed\":true,\"externalAccountBinding\":{"
          "\"protected\":\"x\"}}",
          "" },
        { "{\"onlyReturnExisting\":true}", "" },
        { "{\"identifiers\":[],\"profile\":\"x\",\"replaces\":\"y\",\"notBefore\":\"z\"}", "" },
        { "{\"status\":\"deactivated\"}", "" }, /* of an authorization: the URL is not the account's */
        { "{\"status\":\"valid\"}", "status" },
        { "{\"csr\":\"QUJD\"}", "another request" },
        { "{\"certificate\":\"REVS\"}", "not to be revoked" },
        { "{\"Certificate\":\"REVS\"}", "no request has" },
        { "{\"CSR\":\"QUJD\"}", "no request has" },
        { "{\"certificate\":\"REVS\",\"contact\":[]}", "revoked" },
        { "{\"csr\":\"QUJD\",\"certificate\":\"REVS\"}", "no request" },
        { "{\"protected\":\"e30\",\"payload\":\"\",\"signature\":\"\"}", "not ours" },
        { "{\"account\":\"" KID "\",\"oldKey\":{}}", "no request" },
        { "{\"reason\":1}", "no request" },
        { "[1]", "no JWS" },
        { "x", "no JWS" },
    };
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        const char *why = ask(x, 0, HEAD, t[i].payload);
        if (t[i].why[0] ? !strstr(why, t[i].why) : *why)
            fail_msg("row %zu: \"%s\"", i, why);
    }
}

static void sizes(void **state)
{
    struct fixture *x = *state;
    BUF_AUTO(payload, 256u << 10);
    buf_addz(&payload, "{\"profile\":\"");
    while (payload.n < 48000)
        buf_addc(&payload, 'a');
    buf_addz(&payload, "\"}");
    assert_string_equal(ask(x, 0, HEAD, buf_z(&payload)), "");
    buf_clear(&payload);
    buf_addz(&payload, "{\"profile\":\"");
    while (payload.n < 70000)
        buf_addc(&payload, 'a');
    buf_addz(&payload, "\"}");
    assert_non_null(strstr(ask(x, 0, HEAD, buf_z(&payload)), "no JWS"));
}

static void allow(struct fixture *x, uint32_t job, enum sign_permit what, signet_str bytes)
{
    uint8_t digest[32] = { 0 };
    if (bytes.n)
        assert_int_equal(digest_sha256(bytes, digest), 0);
    assert_int_equal(signing_allow(x->s, job, what, digest), 0);
}

static void permits(void **state)
{
    struct fixture *x = *state;
    allow(x, 4, SIGN_MAY_FINALIZE, STR("ABC"));
    assert_string_equal(ask(x, 0, HEAD, "{\"csr\":\"QUJD\"}"), "");
    assert_string_not_equal(ask(x, 0, HEAD, "{\"csr\":\"QUJE\"}"), "");
    assert_string_not_equal(ask(x, 0, HEAD, "{\"certificate\":\"QUJD\"}"), ""); /* each permit is for one thing */
    signing_forget(x->s, 4);
    assert_string_not_equal(ask(x, 0, HEAD, "{\"csr\":\"QUJD\"}"), "");
    allow(x, 5, SIGN_MAY_REVOKE, STR("DER"));
    assert_string_equal(ask(x, 0, HEAD, "{\"certificate\":\"REVS\",\"reason\":4}"), "");
    static const char end[] = "{\"alg\":\"ES256\",\"kid\":\"" KID "\",\"nonce\":\"n\",\"url\":\"" KID "\"}";
    assert_non_null(strstr(ask(x, 0, end, "{\"status\":\"deactivated\"}"), "ends the account"));
    allow(x, 6, SIGN_MAY_DEACTIVATE, (signet_str){ 0 });
    assert_string_equal(ask(x, 0, end, "{\"status\":\"deactivated\"}"), "");
}

static void permits_wear_out(void **state)
{
    struct fixture *x = *state;
    allow(x, 4, SIGN_MAY_FINALIZE, STR("ABC"));
    for (unsigned i = 0; i < SIGN_PERMIT_USES; i++)
        assert_string_equal(ask(x, 0, HEAD, "{\"csr\":\"QUJD\"}"), "");
    assert_string_not_equal(ask(x, 0, HEAD, "{\"csr\":\"QUJD\"}"), "");
}

static void certificates_key(void **state)
{
    struct fixture *x = *state;
    BUF_AUTO(head, 4096);
    buf_addf(&head, "{\"alg\":\"ES256\",\"nonce\":\"n\",\"url\":\"%s\",\"jwk\":%s}", URL, buf_z(&x->other_jwk));
    assert_string_equal(ask(x, 7, buf_z(&head), "{\"certificate\":\"REVS\"}"), "no key");
    assert_int_equal(signing_add_key(x->s, 7, SIGN_REVOKE, copy_of(x->other)), 0);
    assert_string_not_equal(ask(x, 7, buf_z(&head), "{\"certificate\":\"REVS\"}"), "");
    allow(x, 7, SIGN_MAY_REVOKE, STR("DER"));
    assert_string_equal(ask(x, 7, buf_z(&head), "{\"certificate\":\"REVS\"}"), "");
    assert_string_not_equal(ask(x, 7, buf_z(&head), ""), ""); /* nothing else, not even what is harmless */
    assert_string_not_equal(ask(x, 7, buf_z(&head), "{\"identifiers\":[]}"), "");
    assert_string_not_equal(ask(x, 7, HEAD, "{\"certificate\":\"REVS\"}"), ""); /* by a kid */
    signing_forget(x->s, 7);
    assert_string_equal(ask(x, 7, buf_z(&head), "{\"certificate\":\"REVS\"}"), "no key");
    signing_forget(x->s, 0); /* the account's key stays */
    assert_string_equal(ask(x, 0, HEAD, ""), "");
}

static void key_change(void **state)
{
    struct fixture *x = *state;
    BUF_AUTO(inner, 8192);
    BUF_AUTO(b64, 8192);
    BUF_AUTO(outer, 16384);
    BUF_AUTO(old, 8192);
    buf_addf(&inner, "{\"alg\":\"ES256\",\"url\":\"%s\",\"jwk\":%s}", URL, buf_z(&x->other_jwk));
    b64url_enc(&b64, buf_str(&inner));
    buf_addf(&outer, "{\"protected\":\"%s\",\"payload\":\"e30\",\"signature\":\"AA\"}", buf_z(&b64));
    buf_addf(&old, "{\"account\":\"%s\",\"oldKey\":%s}", KID, buf_z(&x->jwk));
    assert_int_equal(signing_add_key(x->s, 9, SIGN_ROLLOVER, copy_of(x->other)), 0);
    assert_string_not_equal(ask(x, 0, HEAD, buf_z(&outer)), "");
    assert_string_not_equal(ask(x, 9, buf_z(&inner), buf_z(&old)), "");
    allow(x, 9, SIGN_MAY_ROLL_OVER, buf_str(&x->other_jwk));
    assert_string_equal(ask(x, 9, buf_z(&inner), buf_z(&old)), "");
    assert_string_equal(ask(x, 0, HEAD, buf_z(&outer)), "");
    assert_string_not_equal(ask(x, 9, buf_z(&inner), "{\"account\":\"https://evil.example/1\",\"oldKey\":{}}"), "");
    assert_string_not_equal(ask(x, 9, buf_z(&inner), ""), "");
    buf_clear(&inner);
    buf_addf(&inner, "{\"alg\":\"ES256\",\"nonce\":\"n\",\"url\":\"%s\",\"jwk\":%s}", URL, buf_z(&x->other_jwk));
    assert_non_null(strstr(ask(x, 9, buf_z(&inner), buf_z(&old)), "nonce")); /* it would pass for a request */
}

/* RFC 8555 section 7.3.4, and what a broken talker might want MACed instead. */
static void binding(void **state)
{
    struct fixture *x = *state;
    struct sign_mac m = { .alg = SIGNET_ALG_HS384, .kid = STR("kid-1"), .key = STR("ge\0heim") };
    static const char good[] = "{\"alg\":\"HS384\",\"kid\":\"kid-1\",\"url\":\"" URL "\"}";
    static const struct {
        const char *head, *why;
    } t[] = {
        { good, "" },
        { "{\"alg\":\"HS256\",\"kid\":\"kid-1\",\"url\":\"" URL "\"}", "header" },
        { "{\"alg\":\"HS384\",\"kid\":\"kid-2\",\"url\":\"" URL "\"}", "header" },
        { "{\"alg\":\"HS384\",\"url\":\"" URL "\"}", "header" },
        { "{\"alg\":\"HS384\",\"kid\":\"kid-1\",\"nonce\":\"n\",\"url\":\"" URL "\"}", "header" },
        { "{\"alg\":\"HS384\",\"kid\":\"kid-1\",\"url\":\"https://evil.example/x\"}", "URL" },
        { "x", "no JWS" },
    };
    BUF_AUTO(tbs, 8192);
    uint8_t mac[64];
    size_t n;
    assert_string_equal(ask_by(x, 3, SIGNET_ALG_HS384, good, buf_z(&x->jwk)), "no key");
    assert_int_equal(signing_add_mac(x->s, 3, &m), 0);
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        const char *why = ask_by(x, 3, SIGNET_ALG_HS384, t[i].head, buf_z(&x->jwk));
        if (t[i].why[0] ? !strstr(why, t[i].why) : *why)
            fail_msg("row %zu: \"%s\"", i, why);
    }
    b64url_enc(&tbs, str_of(good));
    buf_addc(&tbs, '.');
    b64url_enc(&tbs, buf_str(&x->jwk));
    assert_int_equal(digest_hmac(SIGNET_ALG_HS384, m.key, buf_str(&tbs), mac, &n), 0);
    assert_string_equal(ask_by(x, 3, SIGNET_ALG_HS384, good, buf_z(&x->jwk)), "");
    assert_int_equal(x->sig.n, n);
    assert_memory_equal(x->sig.p, mac, n);

    assert_non_null(strstr(ask_by(x, 3, SIGNET_ALG_HS384, good, buf_z(&x->other_jwk)), "binds another key"));
    assert_string_not_equal(ask_by(x, 3, SIGNET_ALG_HS384, good, ""), "");
    assert_string_not_equal(ask_by(x, 3, SIGNET_ALG_HS384, good, "{\"csr\":\"QUJD\"}"), "");
    assert_non_null(strstr(ask_by(x, 3, SIGNET_ALG_HS256, good, buf_z(&x->jwk)), "algorithm"));
    assert_string_not_equal(ask(x, 0, good, buf_z(&x->jwk)), ""); /* and the account's key does not take its place */
    signing_forget(x->s, 3);
    assert_string_equal(ask_by(x, 3, SIGNET_ALG_HS384, good, buf_z(&x->jwk)), "no key");
}

static void bindings_that_are_none(void **state)
{
    struct fixture *x = *state;
    static char big[SIGN_MAC_KEY_MAX + 1];
    const struct sign_mac good = { .alg = SIGNET_ALG_HS256, .kid = STR("k"), .key = { big, SIGN_MAC_KEY_MAX } };
    struct sign_mac m = good;
    assert_int_equal(signing_add_mac(x->s, 3, &m), 0);
    m.key.n++;
    assert_int_equal(signing_add_mac(x->s, 3, &m), SIGNET_ELIMIT);
    m = good, m.kid = (signet_str){ big, SIGN_MAC_KID_MAX + 1 };
    assert_int_equal(signing_add_mac(x->s, 3, &m), SIGNET_ELIMIT);
    m = good, m.key.n = 0;
    assert_int_equal(signing_add_mac(x->s, 3, &m), SIGNET_EINVAL);
    m = good, m.kid.n = 0;
    assert_int_equal(signing_add_mac(x->s, 3, &m), SIGNET_EINVAL);
    m = good, m.alg = SIGNET_ALG_ES256;
    assert_int_equal(signing_add_mac(x->s, 3, &m), SIGNET_EINVAL);
    assert_int_equal(signing_add_mac(x->s, 0, &good), SIGNET_EINVAL); /* the account's place */
}

static void hosts(void **state)
{
    static const struct {
        const char *directory, *url;
        bool http, ok;
    } t[] = {
        { "https://127.0.0.1:14000/dir", "https://127.0.0.1:14000/x", false, true },
        { "https://127.0.0.1:14000/dir", "https://127.0.0.2:14000/x", false, false },
        { "https://127.0.0.1:14000/dir", "https://1.0.0.1/x", false, false },
        { "https://[::1]:14000/dir", "https://[::1]:14000/x", false, true },
        { "https://[::1]:14000/dir", "https://[::2]:14000/x", false, false },
        { "https://localhost/dir", "https://localhost/x", false, true },
        { "https://ca.example/dir", "https://other.example/x", false, false }, /* "example" is nobody's */
        { "http://127.0.0.1/dir", "http://127.0.0.1/x", true, true },
        { "http://127.0.0.1/dir", "http://127.0.0.1/x", false, false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct fixture x = { .sig = BUF_INIT(KEY_SIG_MAX) };
        struct key *key;
        BUF_AUTO(head, 4096);
        assert_int_equal(signing_new(&x.s, str_of(t[i].directory), t[i].http), 0);
        assert_int_equal(key_new(&key, KEY_EC, 256, NULL), 0);
        assert_int_equal(signing_add_key(x.s, 0, SIGN_ACCOUNT, key), 0);
        buf_addf(&head, "{\"alg\":\"ES256\",\"kid\":\"%s\",\"nonce\":\"n\",\"url\":\"%s\"}", t[i].url, t[i].url);
        const char *why = ask(&x, 0, buf_z(&head), "");
        if ((*why == '\0') != t[i].ok)
            fail_msg("row %zu: \"%s\"", i, why);
        signing_free(x.s);
        buf_done(&x.sig);
    }
    struct signing *s;
    assert_int_equal(signing_new(&s, STR("not a URL"), false), SIGNET_EINVAL);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(headers),          T(payloads),   T(sizes), T(permits), T(permits_wear_out),
        T(certificates_key), T(key_change), T(hosts), T(binding), T(bindings_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
