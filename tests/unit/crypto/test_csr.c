#include "crypto/csr.h"
#include "crypto/pem.h"
#include "testlib.h"

static void fill(struct strlist *l, const char *csv)
{
    assert_int_equal(strlist_split(l, str_of(csv), ','), 0);
}

static void assert_list(const struct strlist *l, const char *csv)
{
    BUF_AUTO(text, 65536);
    strlist_join(l, ",", &text);
    assert_string_equal(buf_z(&text), csv);
}

static void openssl_reads_what_was_asked_for(void **state)
{
    (void)state;
    static const struct {
        enum key_type type;
        unsigned size;
        bool staple;
        const char *cn;
    } cases[] = { { KEY_EC, 256, false, NULL },
                  { KEY_RSA, 2048, true, NULL },
                  { KEY_EC, 521, true, "example.com" },
                  { KEY_ED25519, 0, false, NULL } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct key *k = NULL;
        STRLIST_AUTO(dns);
        STRLIST_AUTO(ips);
        BUF_AUTO(der, 8192);
        BUF_AUTO(text, 65536);
        fill(&dns, "example.com,*.example.com,_x.example.org");
        fill(&ips, "192.0.2.1,2001:db8::7");
        assert_int_equal(key_new(&k, cases[i].type, cases[i].size, NULL), 0);
        struct csr_params p = { .dns = &dns, .ips = &ips, .common_name = cases[i].cn, .must_staple = cases[i].staple };
        assert_int_equal(csr_make(&der, k, &p, NULL), 0);
        const char *argv[] = { "openssl", "req", "-inform", "DER", "-noout", "-text", "-verify", NULL };
        assert_int_equal(run_program(argv, buf_str(&der), &text), 0);
        const char *t = buf_z(&text);
        assert_non_null(strstr(t, "Version: 1 (0x0)"));
        assert_non_null(strstr(t, cases[i].cn ? "Subject: CN = example.com\n" : "Subject: \n"));
        assert_non_null(strstr(t, "X509v3 Subject Alternative Name: \n"));
        assert_non_null(strstr(t, "DNS:example.com, DNS:*.example.com, DNS:_x.example.org, IP Address:192.0.2.1, "
                                  "IP Address:2001:DB8:0:0:0:0:0:7"));
        assert_int_equal(strstr(t, "TLS Feature") != NULL, cases[i].staple);
        if (cases[i].staple)
            assert_non_null(
                memmem(der.p, der.n, "\x06\x08\x2b\x06\x01\x05\x05\x07\x01\x18\x04\x05\x30\x03\x02\x01\x05", 17));
        key_free(k);
    }
}

static void a_request_is_read_back(void **state)
{
    (void)state;
    STRLIST_AUTO(dns);
    STRLIST_AUTO(ips);
    BUF_AUTO(der, 8192);
    BUF_AUTO(pem, 8192);
    fill(&dns, "example.com,*.example.com");
    fill(&ips, "192.0.2.1,2001:db8::7");
    struct csr_params p = { .dns = &dns, .ips = &ips, .common_name = "EXAMPLE.com", .must_staple = true };
    assert_int_equal(csr_make(&der, test_key("leaf"), &p, NULL), 0);
    pem_add(&pem, "NEW CERTIFICATE REQUEST", buf_str(&der));
    signet_str forms[] = { buf_str(&der), buf_str(&pem) };
    for (size_t i = 0; i < 2; i++) {
        struct csr_info info;
        struct key *k = NULL;
        assert_int_equal(csr_read(&info, forms[i], NULL), 0);
        assert_list(&info.dns, "example.com,*.example.com");
        assert_list(&info.ips, "192.0.2.1,2001:db8::7");
        assert_true(info.must_staple);
        assert_true(str_eq(buf_str(&info.der), buf_str(&der)));
        assert_int_equal(csr_key(&k, buf_str(&info.der), NULL), 0);
        assert_true(key_same(k, test_key("leaf")));
        assert_false(key_is_private(k));
        key_free(k);
        csr_info_done(&info);
    }
}

static void requests_made_by_openssl_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *options, *dns, *ips;
    } cases[] = {
        { "-subj /CN=only.example", "only.example", "" },
        { "-subj /CN=192.0.2.9", "", "192.0.2.9" },
        { "-subj / -addext subjectAltName=DNS:a.example,IP:::1,email:x@example.com", "a.example", "::1" },
        { "-subj '/O=My Company/CN=b.example' -addext subjectAltName=DNS:a.example", "a.example,b.example", "" },
        { "-outform DER -subj /CN=c.example", "c.example", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        BUF_AUTO(script, 1024);
        BUF_AUTO(csr, 8192);
        struct csr_info info;
        buf_addf(&script,
                 "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null %s 2>/dev/null",
                 cases[i].options);
        assert_int_equal(run_program((const char *[]){ "sh", "-c", buf_z(&script), NULL }, STR(""), &csr), 0);
        assert_int_equal(csr_read(&info, buf_str(&csr), NULL), 0);
        assert_list(&info.dns, cases[i].dns);
        assert_list(&info.ips, cases[i].ips);
        assert_false(info.must_staple);
        csr_info_done(&info);
    }
}

/* A request with this DNS name, bytes as they are, and common name. */
static void odd_request(struct buf *der, signet_str dns, const char *cn, const struct key *signer)
{
    X509_REQ *req = X509_REQ_new();
    GENERAL_NAMES *g = sk_GENERAL_NAME_new_null();
    STACK_OF(X509_EXTENSION) *exts = NULL;
    if (cn)
        X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(req), NID_commonName, MBSTRING_UTF8,
                                   (const unsigned char *)cn, -1, -1, 0);
    if (dns.n) {
        GENERAL_NAME *gn = GENERAL_NAME_new();
        ASN1_IA5STRING *s = ASN1_IA5STRING_new();
        ASN1_STRING_set(s, dns.p, (int)dns.n);
        GENERAL_NAME_set0_value(gn, GEN_DNS, s);
        sk_GENERAL_NAME_push(g, gn);
        X509V3_add1_i2d(&exts, NID_subject_alt_name, g, 0, 0);
        X509_REQ_add_extensions(req, exts);
    }
    X509_REQ_set_pubkey(req, test_key("leaf")->pkey);
    assert_true(X509_REQ_sign(req, signer->pkey, EVP_sha256()) > 0);
    unsigned char *p = NULL;
    int n = i2d_X509_REQ(req, &p);
    buf_add(der, (signet_str){ (const char *)p, (size_t)n });
    OPENSSL_free(p);
    sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
    GENERAL_NAMES_free(g);
    X509_REQ_free(req);
}

static void deceiving_requests_are_refused(void **state)
{
    (void)state;
    static const struct {
        signet_str dns;
        const char *cn, *signer, *reason;
    } cases[] = {
        { { "a.example\0.evil", 15 }, NULL, "leaf", "no host name" },
        { { "b\xc3\xbc.example", 11 }, NULL, "leaf", "no host name" },
        { { "a b.example", 11 }, NULL, "leaf", "no host name" },
        { { "a.example", 9 }, "My Company Inc.", "leaf", "common name" },
        { { "", 0 }, NULL, "leaf", "no host name and no IP address" },
        { { "a.example", 9 }, NULL, "leaf2", "not signed by its own key" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        BUF_AUTO(der, 8192);
        struct csr_info info;
        struct err e = { 0 };
        odd_request(&der, cases[i].dns, cases[i].cn, test_key(cases[i].signer));
        assert_int_equal(csr_read(&info, buf_str(&der), &e), SIGNET_EFORMAT);
        assert_text(&e, cases[i].reason);
    }
}

static void damaged_requests_are_refused(void **state)
{
    (void)state;
    BUF_AUTO(der, 8192);
    struct csr_info info;
    odd_request(&der, STR("a.example"), NULL, test_key("leaf"));
    for (size_t n = 0; n < der.n; n++) {
        char *copy = malloc(n ? n : 1);
        memcpy(copy, der.p, n);
        assert_int_equal(csr_read(&info, (signet_str){ copy, n }, NULL), SIGNET_EFORMAT);
        free(copy);
    }
    buf_addc(&der, '\0');
    assert_int_equal(csr_read(&info, buf_str(&der), NULL), SIGNET_EFORMAT);
    assert_int_equal(csr_read(&info, STR("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"), NULL), SIGNET_EFORMAT);
    assert_int_equal(csr_read(&info, STR("hello"), NULL), SIGNET_EFORMAT);
}

static void names_that_fit_no_request_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *dns, *ips, *cn;
        int r;
    } cases[] = {
        { "", "", NULL, SIGNET_EINVAL },
        { "b\xc3\xbc.example", "", NULL, SIGNET_EINVAL },
        { "a b.example", "", NULL, SIGNET_EINVAL },
        { "a.example/x", "", NULL, SIGNET_EINVAL },
        { "", "192.0.2", NULL, SIGNET_EINVAL },
        { "", "2001:db8::g", NULL, SIGNET_EINVAL },
        { "", "a.example", NULL, SIGNET_EINVAL },
        { "a.example", "", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example", SIGNET_EINVAL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        STRLIST_AUTO(dns);
        STRLIST_AUTO(ips);
        BUF_AUTO(der, 8192);
        struct err e = { 0 };
        fill(&dns, cases[i].dns);
        fill(&ips, cases[i].ips);
        struct csr_params p = { .dns = &dns, .ips = &ips, .common_name = cases[i].cn };
        assert_int_equal(csr_make(&der, test_key("leaf"), &p, &e), cases[i].r);
        assert_int_equal(der.n, 0);
        assert_true(e.text[0] != '\0');
    }
}

static int done(void **state)
{
    (void)state;
    test_keys_free();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openssl_reads_what_was_asked_for),  cmocka_unit_test(a_request_is_read_back),
        cmocka_unit_test(requests_made_by_openssl_are_read), cmocka_unit_test(deceiving_requests_are_refused),
        cmocka_unit_test(damaged_requests_are_refused),      cmocka_unit_test(names_that_fit_no_request_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, done);
}
