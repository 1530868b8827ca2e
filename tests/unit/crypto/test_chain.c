#include "crypto/cert.h"
#include "crypto/pem.h"
#include "testlib.h"

/* The parts that the cases are put together from. */
static struct buf leaf_pem, ca2_pem, chain_pem, key_pem;

static int make_parts(void **state)
{
    (void)state;
    leaf_pem = ca2_pem = chain_pem = key_pem = BUF_INIT(65536);
    mk_chain(&chain_pem);
    const char *second = strstr(chain_pem.p + 1, "-----BEGIN");
    size_t n = (size_t)(second - chain_pem.p);
    buf_add(&leaf_pem, (signet_str){ chain_pem.p, n });
    buf_add(&ca2_pem, str_skip(buf_str(&chain_pem), n));
    return key_to_pem(test_key("leaf2"), &key_pem);
}

static int free_parts(void **state)
{
    (void)state;
    buf_done(&leaf_pem);
    buf_done(&ca2_pem);
    buf_done(&chain_pem);
    buf_done(&key_pem);
    test_keys_free();
    return 0;
}

/* '1' leaf, '2' its issuer, '3' a key; other characters stand for themselves. */
static void assemble(struct buf *to, const char *recipe)
{
    for (; *recipe; recipe++) {
        if (*recipe == '1')
            buf_add(to, buf_str(&leaf_pem));
        else if (*recipe == '2')
            buf_add(to, buf_str(&ca2_pem));
        else if (*recipe == '3')
            buf_add(to, buf_str(&key_pem));
        else
            buf_addc(to, *recipe);
    }
}

static void a_chain_comes_out_in_normal_form(void **state)
{
    (void)state;
    static const char *const recipes[] = { "12", "\n\n1\n\n\n2\n", "hello: x\n1and then\n2the end", "\r\n1\r\n\r\n2" };
    for (size_t i = 0; i < sizeof recipes / sizeof recipes[0]; i++) {
        BUF_AUTO(in, 65536);
        BUF_AUTO(cert, 65536);
        BUF_AUTO(chain, 65536);
        BUF_AUTO(full, 65536);
        assemble(&in, recipes[i]);
        assert_int_equal(chain_split(buf_str(&in), &cert, &chain, &full, NULL), 0);
        assert_string_equal(buf_z(&cert), buf_z(&leaf_pem));
        assert_string_equal(buf_z(&chain), buf_z(&ca2_pem));
        assert_string_equal(buf_z(&full), buf_z(&chain_pem));
        assert_int_equal(chain_split(buf_str(&in), NULL, NULL, NULL, NULL), 0);
    }
}

static void line_ends_and_widths_are_made_regular(void **state)
{
    (void)state;
    BUF_AUTO(crlf, 65536);
    BUF_AUTO(narrow, 65536);
    BUF_AUTO(full, 65536);
    size_t column = 0;
    for (size_t i = 0; i < chain_pem.n; i++) {
        char c = chain_pem.p[i];
        if (c == '\n')
            buf_addc(&crlf, '\r');
        buf_addc(&crlf, c);
        buf_addc(&narrow, c);
        bool base64 = c != '-' && c != '\n' && c != ' ' && !str_ends(buf_str(&narrow), STR("-----"));
        column = base64 ? column + 1 : 0;
        if (column > 20 && strchr(chain_pem.p + i, '-') > chain_pem.p + i + 30)
            buf_addz(&narrow, column % 7 == 0 ? "\n  " : "");
    }
    assert_int_equal(chain_split(buf_str(&crlf), NULL, NULL, &full, NULL), 0);
    assert_string_equal(buf_z(&full), buf_z(&chain_pem));
    buf_clear(&full);
    assert_int_equal(chain_split(buf_str(&narrow), NULL, NULL, &full, NULL), 0);
    assert_string_equal(buf_z(&full), buf_z(&chain_pem));
}

static void a_lone_certificate_has_an_empty_chain(void **state)
{
    (void)state;
    BUF_AUTO(cert, 65536);
    BUF_AUTO(chain, 65536);
    assert_int_equal(chain_split(buf_str(&leaf_pem), &cert, &chain, NULL, NULL), 0);
    assert_string_equal(buf_z(&cert), buf_z(&leaf_pem));
    assert_int_equal(chain.n, 0);
}

static void what_is_no_chain_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *recipe, *reason;
    } cases[] = {
        { "", "no certificate" },
        { "hello", "begins with \"hello\"" },
        { "<!DOCTYPE html>\n<html><body>Bad gateway</body></html>", "<!DOCTYPE html>" },
        { "3", "\"PRIVATE KEY\"" },
        { "13", "\"PRIVATE KEY\"" },
        { "123", "\"PRIVATE KEY\"" },
        { "132", "\"PRIVATE KEY\"" },
        { "12-----BEGIN X509 CRL-----\nMA==\n-----END X509 CRL-----\n", "X509 CRL" },
        { "12-----BEGIN CERTIFICATE-----", "behind certificate 2" },
        { "12-----BEGIN CERTIFICATE-----\n", "behind certificate 2" },
        { "12-----BEGIN", "behind certificate 2" },
        { "12-----BEGIN private key-----\n", "behind certificate 2" },
        { "1-----END CERTIFICATE-----\n2", "END line" },
        { "12-----END CERTIFICATE-----\n", "END line" },
        { "1-----BEGIN CERTIFICATE-----\n2", "no base64" },
        { "1-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n", "no base64" },
        { "1-----BEGIN CERTIFICATE-----\n\n-----END CERTIFICATE-----\n", "no base64" },
        { "1-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "no DER" },
        { "1-----BEGIN CERTIFICATE-----\nBAEB\n-----END CERTIFICATE-----\n", "no DER" },
        { "1-----BEGIN CERTIFICATE-----\nMAEBAQ==\n-----END CERTIFICATE-----\n", "no DER" },
        { "1-----BEGIN CERTIFICATE-----\nMAEB\n-----END PRIVATE KEY-----\n", "behind certificate 1" },
        { "11", "certificates 1 and 2 of the chain are the same" },
        { "122", "certificates 2 and 3 of the chain are the same" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        BUF_AUTO(in, 65536);
        BUF_AUTO(full, 65536);
        struct err e = { 0 };
        assemble(&in, cases[i].recipe);
        assert_int_equal(chain_split(buf_str(&in), NULL, NULL, &full, &e), SIGNET_ECERT);
        assert_text(&e, cases[i].reason);
        assert_int_equal(full.n, 0);
    }
}

static void limits_hold(void **state)
{
    (void)state;
    BUF_AUTO(pem, 1u << 20);
    struct err e = { 0 };
    for (int i = 0; i < 17; i++) {
        uint8_t der[5] = { 0x30, 3, 2, 1, (uint8_t)i };
        pem_add(&pem, "CERTIFICATE", (signet_str){ (const char *)der, 5 });
        assert_int_equal(chain_split(buf_str(&pem), NULL, NULL, NULL, &e), i < CHAIN_MAX_CERTS ? 0 : SIGNET_ECERT);
    }
    assert_text(&e, "more than 16");
    buf_clear(&pem);
    buf_add(&pem, buf_str(&leaf_pem));
    while (pem.n <= CHAIN_MAX_BYTES)
        buf_addz(&pem, "words words words words words words words words\n");
    assert_int_equal(chain_split(buf_str(&pem), NULL, NULL, NULL, &e), SIGNET_ECERT);
    BUF_AUTO(small, 100);
    assert_int_equal(chain_split(buf_str(&chain_pem), NULL, NULL, &small, &e), SIGNET_ELIMIT);
}

static void a_chain_cut_anywhere_is_refused_or_shorter(void **state)
{
    (void)state;
    for (size_t n = 0; n < chain_pem.n; n++) {
        BUF_AUTO(full, 65536);
        char *copy = malloc(n ? n : 1);
        memcpy(copy, chain_pem.p, n);
        int r = chain_split((signet_str){ copy, n }, NULL, NULL, &full, NULL);
        free(copy);
        if (r == 0)
            assert_true(strcmp(buf_z(&full), buf_z(&leaf_pem)) == 0 || n + 1 == chain_pem.n);
        else
            assert_int_equal(r, SIGNET_ECERT);
    }
}

static void top_issuer_is_that_of_the_last(void **state)
{
    (void)state;
    BUF_AUTO(cn, 1024);
    assert_int_equal(chain_top_issuer(buf_str(&chain_pem), &cn, NULL), 0);
    assert_string_equal(buf_z(&cn), "Test CA 1");
    buf_clear(&cn);
    assert_int_equal(chain_top_issuer(buf_str(&leaf_pem), &cn, NULL), 0);
    assert_string_equal(buf_z(&cn), "Test CA 2");
    assert_int_equal(chain_top_issuer(STR("x"), &cn, NULL), SIGNET_ECERT);
}

/* ---- chain_check ---- */

static int check(signet_str pem, const char *key, const char *dns, const char *ips, int64_t now, int *note,
                 struct err *e)
{
    STRLIST_AUTO(d);
    STRLIST_AUTO(i);
    strlist_split(&d, str_of(dns), ',');
    strlist_split(&i, str_of(ips), ',');
    return chain_check(pem, key ? test_key(key) : NULL, &d, &i, now, note, e);
}

static void a_fitting_chain_passes(void **state)
{
    (void)state;
    static const char *const names[] = { "example.com,www.example.com", "www.example.com,example.com",
                                         "WWW.Example.COM,EXAMPLE.com,example.com" };
    for (size_t i = 0; i < 3; i++) {
        int note = 7;
        struct err e = { 0 };
        assert_int_equal(check(buf_str(&chain_pem), "leaf", names[i], "", NOW, &note, &e), 0);
        assert_int_equal(note, 0);
        assert_int_equal(check(buf_str(&leaf_pem), NULL, names[i], "", NOW, NULL, &e), 0);
    }
}

static void what_does_not_fit_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *recipe, *key, *dns, *ips;
        int64_t now;
        const char *reason;
    } cases[] = {
        { "12", "leaf2", "example.com,www.example.com", "", NOW, "for another key than the one asked for" },
        { "12", "leaf", "example.com,www.example.com,a.example", "", NOW, "names it lacks: a.example" },
        { "12", "leaf", "example.com", "", NOW, "names it has that were not asked for: www.example.com" },
        { "12", "leaf", "example.com,b.example", "", NOW,
          "names it lacks: b.example; names it has that were not asked for: www.example.com" },
        { "12", "leaf", "example.com,www.example.com", "192.0.2.1", NOW, "names it lacks: 192.0.2.1" },
        { "12", "leaf", "example.com,www.example.com", "", NOW + 91 * DAY, "it expired on 2024-02-12T22:13:20Z" },
        { "12", "leaf", "example.com,www.example.com", "", NOW + 90 * DAY, "it expired on" },
        { "12", "leaf", "example.com,www.example.com", "", NOW - 3 * DAY,
          "it is not valid before 2023-11-13T22:13:20Z" },
        { "21", "ca2", "", "", NOW, "that of a certification authority" },
        { "3", "leaf", "", "", NOW, "PRIVATE KEY" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        BUF_AUTO(in, 65536);
        struct err e = { 0 };
        int note = 7;
        assemble(&in, cases[i].recipe);
        assert_int_equal(check(buf_str(&in), cases[i].key, cases[i].dns, cases[i].ips, cases[i].now, &note, &e),
                         SIGNET_ECERT);
        assert_text(&e, cases[i].reason);
        assert_int_equal(e.code, SIGNET_ECERT);
        assert_int_equal(note, 7);
    }
}

static void a_day_in_the_future_is_noted(void **state)
{
    (void)state;
    int note = 7;
    assert_int_equal(check(buf_str(&chain_pem), "leaf", "example.com,www.example.com", "", NOW - 2 * DAY, &note, NULL),
                     0);
    assert_int_equal(note, 1);
}

static void addresses_are_compared_by_their_bytes(void **state)
{
    (void)state;
    BUF_AUTO(pem, 65536);
    struct err e = { 0 };
    mk_cert(&pem, &(struct mk){ .issuer = "Test CA 2",
                                .key = test_key("leaf"),
                                .signer = test_key("ca2"),
                                .ips = "2001:db8::7,192.0.2.1" });
    assert_int_equal(check(buf_str(&pem), "leaf", "", "192.0.2.1,2001:DB8:0:0::0007", NOW, NULL, &e), 0);
    assert_int_equal(check(buf_str(&pem), "leaf", "", "192.0.2.1,2001:db8::8", NOW, NULL, &e), SIGNET_ECERT);
    assert_text(&e, "names it lacks: 2001:db8::8; names it has that were not asked for: 2001:db8::7");
    assert_int_equal(check(buf_str(&pem), "leaf", "", "192.0.2", NOW, NULL, &e), SIGNET_EINVAL);
}

/* leaf <- second, where second is made by the case */
static void links_that_do_not_hold_are_named(void **state)
{
    (void)state;
    const struct {
        struct mk second;
        const char *reason;
    } cases[] = {
        { { .subject = "Test CA 2",
            .issuer = "Test CA 1",
            .key = test_key("ca3"),
            .signer = test_key("ca1"),
            .is_ca = true },
          "certificate 2 did not sign certificate 1" },
        { { .subject = "Test CA 9",
            .issuer = "Test CA 1",
            .key = test_key("ca2"),
            .signer = test_key("ca1"),
            .is_ca = true },
          "certificate 2 did not sign certificate 1" },
        { { .subject = "Test CA 2", .issuer = "Test CA 1", .key = test_key("ca2"), .signer = test_key("ca1") },
          "certificate 2 is not that of a certification authority" },
        { { .subject = "Test CA 2",
            .issuer = "Test CA 1",
            .key = test_key("ca2"),
            .signer = test_key("ca1"),
            .is_ca = true,
            .from = NOW - 9 * DAY,
            .until = NOW - DAY },
          "certificate 2 of the chain expired on 2023-11-13T22:13:20Z" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        BUF_AUTO(pem, 65536);
        struct err e = { 0 };
        buf_add(&pem, buf_str(&leaf_pem));
        mk_cert(&pem, &cases[i].second);
        assert_int_equal(check(buf_str(&pem), "leaf", "example.com,www.example.com", "", NOW, NULL, &e), SIGNET_ECERT);
        assert_text(&e, cases[i].reason);
    }
}

static void longer_chains_are_followed(void **state)
{
    (void)state;
    BUF_AUTO(pem, 65536);
    struct err e = { 0 };
    buf_add(&pem, buf_str(&chain_pem));
    mk_cert(&pem, &(struct mk){ .subject = "Test CA 1",
                                .issuer = "Test CA 1",
                                .key = test_key("ca1"),
                                .signer = test_key("ca1"),
                                .is_ca = true });
    assert_int_equal(check(buf_str(&pem), "leaf", "example.com,www.example.com", "", NOW, NULL, &e), 0);
    BUF_AUTO(wrong, 65536);
    buf_add(&wrong, buf_str(&chain_pem));
    mk_cert(&wrong, &(struct mk){ .subject = "Test CA 1",
                                  .issuer = "Test CA 1",
                                  .key = test_key("ca3"),
                                  .signer = test_key("ca3"),
                                  .is_ca = true });
    assert_int_equal(check(buf_str(&wrong), "leaf", "example.com,www.example.com", "", NOW, NULL, &e), SIGNET_ECERT);
    assert_text(&e, "certificate 3 did not sign certificate 2");
}

static void odd_leaves_are_the_cas_fault(void **state)
{
    (void)state;
    BUF_AUTO(pem, 65536);
    struct err e = { 0 };
    mk_cert(&pem, &(struct mk){ .issuer = "Test CA 2",
                                .key = test_key("leaf"),
                                .signer = test_key("ca2"),
                                .raw_dns = { "example.com\0.evil", 17 } });
    assert_int_equal(check(buf_str(&pem), "leaf", "example.com", "", NOW, NULL, &e), SIGNET_ECERT);
    assert_int_equal(e.code, SIGNET_ECERT);
    assert_text(&e, "no host name");
    buf_clear(&pem);
    mk_cert(&pem, &(struct mk){ .issuer = "Test CA 2",
                                .key = test_key("leaf"),
                                .signer = test_key("ca2"),
                                .dns = "example.com",
                                .from = NOW + 100,
                                .until = NOW + 50 });
    assert_int_equal(check(buf_str(&pem), "leaf", "example.com", "", NOW, NULL, &e), SIGNET_ECERT);
    assert_text(&e, "ends before it begins");
    assert_int_equal(check(STR("-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n"), "leaf",
                           "example.com", "", NOW, NULL, &e),
                     SIGNET_ECERT);
}

static void many_missing_names_are_counted(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_int_equal(
        check(buf_str(&chain_pem), "leaf", "example.com,www.example.com,a,b,c,d,e,f,g,h,i,j,k,l", "", NOW, NULL, &e),
        SIGNET_ECERT);
    assert_text(&e, "names it lacks: a, b, c, d, e, f, g, h, i, j and 2 more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_comes_out_in_normal_form),
        cmocka_unit_test(line_ends_and_widths_are_made_regular),
        cmocka_unit_test(a_lone_certificate_has_an_empty_chain),
        cmocka_unit_test(what_is_no_chain_is_refused),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(a_chain_cut_anywhere_is_refused_or_shorter),
        cmocka_unit_test(top_issuer_is_that_of_the_last),
        cmocka_unit_test(a_fitting_chain_passes),
        cmocka_unit_test(what_does_not_fit_is_named),
        cmocka_unit_test(a_day_in_the_future_is_noted),
        cmocka_unit_test(addresses_are_compared_by_their_bytes),
        cmocka_unit_test(links_that_do_not_hold_are_named),
        cmocka_unit_test(longer_chains_are_followed),
        cmocka_unit_test(odd_leaves_are_the_cas_fault),
        cmocka_unit_test(many_missing_names_are_counted),
    };
    return cmocka_run_group_tests(tests, make_parts, free_parts);
}
