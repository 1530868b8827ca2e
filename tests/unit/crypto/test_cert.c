#include "crypto/cert.h"
#include "crypto/pem.h"
#include "testlib.h"

static struct mk leaf(void)
{
    return (struct mk){ .subject = "example.com",
                        .issuer = "Test CA 2",
                        .key = test_key("leaf"),
                        .signer = test_key("ca2"),
                        .dns = "example.com,*.example.com",
                        .ips = "192.0.2.1,2001:db8::7" };
}

static void assert_list(const struct strlist *l, const char *csv)
{
    BUF_AUTO(text, 65536);
    strlist_join(l, ",", &text);
    assert_string_equal(buf_z(&text), csv);
}

static void everything_is_read(void **state)
{
    (void)state;
    BUF_AUTO(pem, 65536);
    BUF_AUTO(der, 65536);
    struct mk m = leaf();
    struct cert_info i;
    m.ocsp = "OCSP;URI:http://ocsp.example/x";
    buf_addz(&pem, "0 some words in front\n"); /* '0' is also the first byte of DER */
    mk_cert(&pem, &m);
    mk_chain(&pem);
    assert_int_equal(cert_to_der(buf_str(&pem), &der, NULL), 0);
    signet_str forms[] = { buf_str(&pem), buf_str(&der) };
    for (size_t k = 0; k < 2; k++) {
        assert_int_equal(cert_read(&i, forms[k], NULL), 0);
        assert_int_equal(i.not_before, NOW - DAY);
        assert_int_equal(i.not_after, NOW + 90 * DAY);
        assert_list(&i.dns, "example.com,*.example.com");
        assert_list(&i.ips, "192.0.2.1,2001:db8::7");
        assert_string_equal(buf_z(&i.serial_hex), "1234");
        assert_string_equal(buf_z(&i.subject_cn), "example.com");
        assert_string_equal(buf_z(&i.issuer_cn), "Test CA 2");
        assert_string_equal(buf_z(&i.ocsp_url), "http://ocsp.example/x");
        assert_int_equal(i.key_type, KEY_EC);
        assert_int_equal(i.key_size, 256);
        assert_false(i.is_ca);
        assert_true(i.ari_id.n > 0);
        cert_info_done(&i);
    }
    struct key *key = NULL;
    assert_int_equal(cert_key(&key, buf_str(&pem), NULL), 0);
    assert_true(key_same(key, test_key("leaf")));
    key_free(key);
}

/* RFC 9773 section 4.1 */
static void ari_id_is_that_of_the_rfc(void **state)
{
    (void)state;
    BUF_AUTO(pem, 65536);
    BUF_AUTO(id, 256);
    struct mk m = leaf();
    struct cert_info i;
    m.aki_hex = "69:88:5B:6B:87:46:40:41:E1:B3:7B:84:7B:A0:AE:2C:DE:01:C8:D4";
    m.serial = (signet_str){ "\x87\x65\x43\x21", 4 };
    mk_cert(&pem, &m);
    assert_int_equal(cert_ari_id(buf_str(&pem), &id, NULL), 0);
    assert_string_equal(buf_z(&id), "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
    assert_int_equal(cert_read(&i, buf_str(&pem), NULL), 0);
    assert_string_equal(buf_z(&i.ari_id), "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
    assert_string_equal(buf_z(&i.serial_hex), "87654321");
    cert_info_done(&i);
}

static void without_aki_there_is_no_ari_id(void **state)
{
    (void)state;
    BUF_AUTO(pem, 65536);
    BUF_AUTO(id, 256);
    struct mk m = leaf();
    struct cert_info i;
    struct err e = { 0 };
    m.no_aki = true;
    mk_cert(&pem, &m);
    assert_int_equal(cert_ari_id(buf_str(&pem), &id, &e), SIGNET_ENOTFOUND);
    assert_int_equal(id.n, 0);
    e = (struct err){ 0 };
    assert_int_equal(cert_read(&i, buf_str(&pem), &e), 0);
    assert_string_equal(buf_z(&i.ari_id), "");
    assert_int_equal(e.code, 0);
    cert_info_done(&i);
}

static void serials_are_shown_as_certbot_does(void **state)
{
    (void)state;
    static const char big[65] = { 0x7f };
    static const struct {
        signet_str serial;
        bool negative;
        const char *hex; /* NULL: refused */
    } cases[] = {
        { { "\x0a\xbc", 2 }, false, "abc" },
        { { "\x00", 1 }, false, "0" },
        { { "\x01", 1 }, false, "1" },
        { { "\xff", 1 }, false, "ff" },
        { { "\x01", 1 }, true, "-1" },
        { { "\x80", 1 }, true, "-80" },
        { { "\x01\x00", 2 }, true, "-100" },
        { { "\xff\xff\xff", 3 }, true, "-ffffff" },
        { { "\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 24 },
          false,
          "3ffffffffffffffffffffffffffffffffffffffffffffff" },
        { { big, 65 }, false, NULL },
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        BUF_AUTO(pem, 65536);
        struct mk m = leaf();
        struct cert_info i;
        m.serial = cases[k].serial;
        m.negative_serial = cases[k].negative;
        mk_cert(&pem, &m);
        assert_int_equal(cert_read(&i, buf_str(&pem), NULL), cases[k].hex ? 0 : SIGNET_EFORMAT);
        if (!cases[k].hex)
            continue;
        assert_string_equal(buf_z(&i.serial_hex), cases[k].hex);
        cert_info_done(&i);
    }
}

static void deceiving_names_are_refused(void **state)
{
    (void)state;
    static const signet_str names[] = { { "example.com\0.evil.example", 24 },
                                        { "ex\xc3\xa4mple.com", 12 },
                                        { "a\nb", 3 },
                                        { "a b", 3 },
                                        { "\x7f", 1 },
                                        { "", 0 },
                                        { "\x1b[31m", 5 } };
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        BUF_AUTO(pem, 65536);
        struct mk m = leaf();
        struct cert_info i;
        struct err e = { 0 };
        m.raw_dns = names[k];
        mk_cert(&pem, &m);
        assert_int_equal(cert_read(&i, buf_str(&pem), &e), SIGNET_EFORMAT);
        assert_text(&e, "a name that is no host name");
        assert_null(strchr(e.text, '\x1b'));
    }
}

static void ten_thousand_names_are_no_trouble(void **state)
{
    (void)state;
    BUF_AUTO(pem, 1u << 20);
    BUF_AUTO(names, 1u << 20);
    struct mk m = leaf();
    struct cert_info i;
    for (int k = 0; k < 10000; k++)
        buf_addf(&names, "%sn%d.example", k ? "," : "", k);
    m.dns = buf_z(&names);
    mk_cert(&pem, &m);
    assert_int_equal(cert_read(&i, buf_str(&pem), NULL), 0);
    assert_int_equal(i.dns.n, 10000);
    cert_info_done(&i);
}

static void fast_dates_are_the_slow_ones(void **state)
{
    (void)state;
    static const int64_t dates[][2] = {
        { NOW, NOW + 3600 }, { 1, 2 }, { 2524607999, 2524608000 }, { 951782400, 253402300799 }
    };
    for (size_t k = 0; k < sizeof dates / sizeof dates[0]; k++) {
        BUF_AUTO(pem, 65536);
        struct mk m = leaf();
        int64_t from = 0, until = 0;
        m.from = dates[k][0];
        m.until = dates[k][1];
        mk_cert(&pem, &m);
        assert_int_equal(cert_read_dates(buf_str(&pem), &from, &until, NULL), 0);
        assert_int_equal(from, m.from);
        assert_int_equal(until, m.until);
    }
}

static void damaged_text_is_refused(void **state)
{
    (void)state;
    BUF_AUTO(pem, 65536);
    mk_chain(&pem);
    const char *end = strstr(pem.p, "-----END CERTIFICATE-----");
    size_t whole = (size_t)(end - pem.p) + strlen("-----END CERTIFICATE-----");
    for (size_t n = 0; n < whole; n++) {
        int64_t a = 1, b = 2;
        struct cert_info i;
        BUF_AUTO(id, 256);
        char *copy = malloc(n ? n : 1);
        memcpy(copy, pem.p, n);
        signet_str cut = { copy, n };
        assert_int_equal(cert_read_dates(cut, &a, &b, NULL), SIGNET_EFORMAT);
        assert_int_equal(cert_ari_id(cut, &id, NULL), SIGNET_EFORMAT);
        if (n % 16 == 0)
            assert_int_equal(cert_read(&i, cut, NULL), SIGNET_EFORMAT);
        assert_true(a == 1 && b == 2 && id.n == 0);
        free(copy);
    }
    int64_t a, b;
    assert_int_equal(cert_read_dates((signet_str){ pem.p, whole }, &a, &b, NULL), 0);
}

static void every_flipped_byte_is_survived(void **state)
{
    (void)state;
    BUF_AUTO(pem, 65536);
    BUF_AUTO(der, 65536);
    mk_chain(&pem);
    assert_int_equal(cert_to_der(buf_str(&pem), &der, NULL), 0);
    for (size_t n = 0; n < der.n; n++)
        for (int bit = 0; bit < 8; bit += 3) {
            struct cert_info i;
            der.p[n] = (char)(der.p[n] ^ 1 << bit);
            if (cert_read(&i, buf_str(&der), NULL) == 0)
                cert_info_done(&i);
            der.p[n] = (char)(der.p[n] ^ 1 << bit);
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
        cmocka_unit_test(everything_is_read),
        cmocka_unit_test(ari_id_is_that_of_the_rfc),
        cmocka_unit_test(without_aki_there_is_no_ari_id),
        cmocka_unit_test(serials_are_shown_as_certbot_does),
        cmocka_unit_test(deceiving_names_are_refused),
        cmocka_unit_test(ten_thousand_names_are_no_trouble),
        cmocka_unit_test(fast_dates_are_the_slow_ones),
        cmocka_unit_test(damaged_text_is_refused),
        cmocka_unit_test(every_flipped_byte_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, done);
}
