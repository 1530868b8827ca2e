/* Keys with passwords and PKCS#12: each form back as plain PEM, and what is wrong with it said. */
#include "testlib.h"

#include "crypto/cert.h"
#include "crypto/pkcs12.h"
#include "crypto/unlock.h"

#include <openssl/pem.h>

/* As `openssl` writes it: PKCS#8 with PBES2, or the form of RFC 1421. */
static void lock(const struct key *k, const char *password, bool old_form, struct buf *to)
{
    BUF_AUTO(pem, 65536);
    assert_int_equal(key_to_pem(k, &pem), 0);
    BIO *in = BIO_new_mem_buf(pem.p, (int)pem.n), *out = BIO_new(BIO_s_mem());
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    int n = (int)strlen(password);
    assert_true(old_form ? PEM_write_bio_PrivateKey_traditional(out, pkey, EVP_aes_128_cbc(), (const uint8_t *)password,
                                                                n, NULL, NULL)
                         : PEM_write_bio_PKCS8PrivateKey(out, pkey, EVP_aes_256_cbc(), password, n, NULL, NULL));
    char *text;
    long len = BIO_get_mem_data(out, &text);
    buf_add(to, (signet_str){ text, (size_t)len });
    EVP_PKEY_free(pkey);
    BIO_free(in);
    BIO_free(out);
}

static void same_key(const struct buf *pem, const struct key *want)
{
    struct key *k = NULL;
    assert_int_equal(key_from_pem(&k, buf_str(pem), NULL), 0);
    assert_true(key_same(k, want));
    key_free(k);
}

static void both_forms_of_pem(void **state)
{
    (void)state;
    const struct key *k = test_key("leaf");
    for (int old_form = 0; old_form < 2; old_form++) {
        struct err e = { 0 };
        BUF_AUTO(locked, 65536);
        BUF_AUTO(open, 65536);
        buf_addz(&locked, "words before it\n");
        lock(k, "a pass word", old_form, &locked);
        assert_int_equal(key_unlock(&open, buf_str(&locked), STR("a pass word"), &e), 0);
        same_key(&open, k);
        assert_int_equal(key_unlock(&open, buf_str(&locked), STR("another"), &e), SIGNET_EFORMAT);
        assert_string_equal(e.text, "the password is another one");
        assert_int_equal(key_unlock(&open, buf_str(&locked), STR(""), &e), SIGNET_EFORMAT);
        assert_string_equal(e.text, "it has a password, and none was given");
    }
}

static void what_has_no_password_stays(void **state)
{
    (void)state;
    const struct key *k = test_key("leaf");
    BUF_AUTO(pem, 65536);
    BUF_AUTO(open, 65536);
    assert_int_equal(key_to_pem(k, &pem), 0);
    assert_int_equal(key_unlock(&open, buf_str(&pem), STR("unused"), NULL), 0);
    assert_true(str_eq(buf_str(&open), buf_str(&pem)));
}

static void pkcs12(void **state)
{
    (void)state;
    const struct key *k = test_key("leaf");
    BUF_AUTO(cert, 65536);
    mk_cert(&cert, &(struct mk){ .subject = "a.example", .issuer = "a.example", .key = k, .signer = k });
    static const char *const password[] = { "p12", "" };
    for (int i = 0; i < 2; i++) {
        struct err e = { 0 };
        struct pkcs12_params p = { .key = k, .cert = buf_str(&cert), .password = password[i], .form = PKCS12_SHA256 };
        BUF_AUTO(p12, 65536);
        BUF_AUTO(open, 65536);
        assert_int_equal(pkcs12_make(&p12, &p, &e), 0);
        assert_int_equal(key_unlock(&open, buf_str(&p12), str_of(password[i]), &e), 0);
        same_key(&open, k);
        assert_true(str_ends(buf_str(&open), buf_str(&cert)));
        assert_int_equal(key_unlock(&open, buf_str(&p12), STR("another"), &e), SIGNET_EFORMAT);
        assert_string_equal(e.text, "the password is another one");
        for (size_t cut = 0; cut < p12.n; cut += 97) {
            err_clear(&e);
            assert_int_equal(key_unlock(&open, (signet_str){ p12.p, cut }, str_of(password[i]), &e), SIGNET_EFORMAT);
            assert_true(e.text[0]);
        }
    }
}

static void subjects(void **state)
{
    (void)state;
    struct err e = { 0 };
    const struct key *k = test_key("leaf");
    BUF_AUTO(pem, 65536);
    BUF_AUTO(line, 4096);
    mk_cert(&pem, &(struct mk){ .subject = "opc-tenant:\xc3\xa4", .issuer = "x", .key = k, .signer = k });
    assert_int_equal(cert_subject(buf_str(&pem), &line, &e), 0);
    assert_string_equal(buf_z(&line), "CN=opc-tenant:\xc3\xa4\n");
    buf_clear(&pem);
    mk_cert(&pem, &(struct mk){ .subject = "a\nCN=b", .issuer = "x", .key = k, .signer = k });
    assert_int_equal(cert_subject(buf_str(&pem), &line, &e), SIGNET_EFORMAT);
    assert_string_equal(e.text, "the certificate's subject is no text");
    err_clear(&e);
    assert_int_equal(cert_subject(STR("no certificate"), &line, &e), SIGNET_EFORMAT);
    assert_true(e.text[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_forms_of_pem),
        cmocka_unit_test(what_has_no_password_stays),
        cmocka_unit_test(pkcs12),
        cmocka_unit_test(subjects),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    test_keys_free();
    return failed;
}
