/* PKCS#12: what we write, OpenSSL's own program reads. */
#include "testlib.h"

#include "crypto/pkcs12.h"
#include "crypto/tlsalpn.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void make(struct buf *to, const struct key *k, signet_str cert, enum pkcs12_form form, const char *password)
{
    struct err e = { 0 };
    struct pkcs12_params p = { .key = k, .cert = cert, .chain = cert, .password = password, .form = form };
    if (pkcs12_make(to, &p, &e))
        fail_msg("%s", e.text);
}

/* The private key in it, through `openssl pkcs12`; what it says of the encryption in `info`. */
static void read_back(const struct buf *p12, const char *password, struct buf *key, struct buf *info)
{
    char path[] = "/tmp/pkcs12-test-XXXXXX", command[512], part[4096];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, p12->p, p12->n), p12->n);
    close(fd);
    snprintf(command, sizeof command, "openssl pkcs12 -legacy -in %s -passin 'pass:%s' -nodes -info 2>&1", path,
             password);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;) {
        buf_add(key, (signet_str){ part, n });
        buf_add(info, (signet_str){ part, n });
    }
    assert_int_equal(pclose(f), 0);
    unlink(path);
}

static void every_form(void **state)
{
    static const struct {
        enum pkcs12_form form;
        const char *certs, *mac;
    } rows[] = {
        { PKCS12_RC2, "pbeWithSHA1And40BitRC2-CBC", "MAC: sha1" },
        { PKCS12_DES, "Encrypted data: pbeWithSHA1And3-KeyTripleDES-CBC", "MAC: sha1" },
        { PKCS12_SHA256, "AES-256-CBC, Iteration 2048, PRF hmacWithSHA256", "MAC: sha256" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct key *k, *back;
        struct err e = { 0 };
        BUF_AUTO(cert, 65536);
        BUF_AUTO(p12, 65536);
        BUF_AUTO(text, 1u << 20);
        BUF_AUTO(info, 1u << 20);
        const signet_ident id = { SIGNET_IDENT_DNS, STR("a.test") };
        assert_int_equal(key_new(&k, i ? KEY_EC : KEY_RSA, i ? 256 : 2048, &e), 0);
        assert_int_equal(tlsalpn_cert(&cert, k, &id, STR("token.thumbprint"), &e), 0);
        make(&p12, k, buf_str(&cert), rows[i].form, "s\xc3\xbc\xc3\x9f 1");
        read_back(&p12, "s\xc3\xbc\xc3\x9f 1", &text, &info);
        assert_int_equal(key_from_pem(&back, buf_str(&text), &e), 0);
        assert_true(key_same(k, back));
        assert_non_null(strstr(buf_z(&info), rows[i].certs));
        assert_non_null(strstr(buf_z(&info), rows[i].mac));
        key_free(back);
        key_free(k);
    }
}

static void nonsense_is_refused(void **state)
{
    struct key *k;
    struct err e = { 0 };
    BUF_AUTO(to, 65536);
    (void)state;
    assert_int_equal(key_new(&k, KEY_EC, 256, &e), 0);
    struct pkcs12_params p = { .key = k, .cert = STR("no certificate"), .password = "x", .form = PKCS12_DES };
    assert_int_not_equal(pkcs12_make(&to, &p, &e), 0);
    assert_int_equal(to.n, 0);
    key_free(k);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_form), cmocka_unit_test(nonsense_is_refused) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
