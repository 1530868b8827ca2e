#include "crypto/der.h"
#include "crypto/pem.h"
#include "testlib.h"

static void elements_are_taken_only_in_der(void **state)
{
    (void)state;
    static const struct {
        signet_str in;
        int r;
        size_t body;
    } cases[] = {
        { { "\x04\x00", 2 }, 0, 0 },
        { { "\x04\x02xy", 4 }, 0, 2 },
        { { "\x04\x02xyz", 5 }, 0, 2 },                   /* more behind it */
        { { "", 0 }, SIGNET_EFORMAT, 0 },                 /* nothing */
        { { "\x04", 1 }, SIGNET_EFORMAT, 0 },             /* no length */
        { { "\x04\x03xy", 4 }, SIGNET_EFORMAT, 0 },       /* cut */
        { { "\x30\x80\x00\x00", 4 }, SIGNET_EFORMAT, 0 }, /* indefinite length */
        { { "\x04\x81\x02xy", 5 }, SIGNET_EFORMAT, 0 },   /* long form for a short length */
        { { "\x04\x82\x00\x02xy", 6 }, SIGNET_EFORMAT, 0 },
        { { "\x04\x84\xff\xff\xff\xff", 6 }, SIGNET_EFORMAT, 0 },
        { { "\x04\x85\x01\x00\x00\x00\x00", 7 }, SIGNET_EFORMAT, 0 },
        { { "\x04\x82\x01", 3 }, SIGNET_EFORMAT, 0 },
        { { "\x1f\x81\x01\x00", 4 }, SIGNET_EFORMAT, 0 }, /* long tag */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        signet_str in = cases[i].in;
        struct der_item item;
        assert_int_equal(der_next(&in, &item), cases[i].r);
        if (cases[i].r == 0)
            assert_int_equal(item.body.n, cases[i].body);
    }
}

static void times_are_read_as_rfc5280_writes_them(void **state)
{
    (void)state;
    static const struct {
        uint8_t tag;
        const char *text;
        int r;
        int64_t t;
    } cases[] = {
        { DER_UTC_TIME, "700101000000Z", 0, 0 },
        { DER_UTC_TIME, "500101000000Z", 0, -631152000 },
        { DER_UTC_TIME, "491231235959Z", 0, 2524607999 },
        { DER_UTC_TIME, "231114221320Z", 0, 1700000000 },
        { DER_UTC_TIME, "240229120000Z", 0, 1709208000 },
        { DER_UTC_TIME, "230229120000Z", SIGNET_EFORMAT, 0 },
        { DER_UTC_TIME, "231301000000Z", SIGNET_EFORMAT, 0 },
        { DER_UTC_TIME, "230001000000Z", SIGNET_EFORMAT, 0 },
        { DER_UTC_TIME, "230100000000Z", SIGNET_EFORMAT, 0 },
        { DER_UTC_TIME, "230101240000Z", SIGNET_EFORMAT, 0 },
        { DER_UTC_TIME, "230101006000Z", SIGNET_EFORMAT, 0 },
        { DER_UTC_TIME, "230101000060Z", SIGNET_EFORMAT, 0 },
        { DER_UTC_TIME, "2301010000Z", SIGNET_EFORMAT, 0 },
        { DER_UTC_TIME, "230101000000+0000", SIGNET_EFORMAT, 0 },
        { DER_UTC_TIME, "23010100000 Z", SIGNET_EFORMAT, 0 },
        { DER_UTC_TIME, "-30101000000Z", SIGNET_EFORMAT, 0 },
        { DER_UTC_TIME, "", SIGNET_EFORMAT, 0 },
        { DER_GENERALIZED_TIME, "20500101000000Z", 0, 2524608000 },
        { DER_GENERALIZED_TIME, "99991231235959Z", 0, 253402300799 },
        { DER_GENERALIZED_TIME, "00010101000000Z", 0, -62135596800 },
        { DER_GENERALIZED_TIME, "20000229000000Z", 0, 951782400 },
        { DER_GENERALIZED_TIME, "19000229000000Z", SIGNET_EFORMAT, 0 },
        { DER_GENERALIZED_TIME, "20500101000000.5Z", SIGNET_EFORMAT, 0 },
        { DER_GENERALIZED_TIME, "500101000000Z", SIGNET_EFORMAT, 0 },
        { DER_INTEGER, "700101000000Z", SIGNET_EFORMAT, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct der_item item = { .tag = cases[i].tag, .body = str_of(cases[i].text) };
        int64_t t = 42;
        assert_int_equal(der_time(&item, &t), cases[i].r);
        assert_int_equal(t, cases[i].r ? 42 : cases[i].t);
    }
}

static void a_certificate_is_whole_or_refused(void **state)
{
    (void)state;
    BUF_AUTO(pem, 65536);
    BUF_AUTO(der, 65536);
    mk_chain(&pem);
    assert_int_equal(pem_find(&der, buf_str(&pem), STR("CERTIFICATE")), 0);
    struct der_cert c, old;
    signet_str id;
    assert_int_equal(der_cert(&c, buf_str(&der)), 0);
    assert_int_equal(c.not_before, NOW - DAY);
    assert_int_equal(c.not_after, NOW + 90 * DAY);
    assert_true(str_eq(c.serial, STR("\x12\x34")));
    assert_int_equal(der_cert_aki(&c, &id), 0);
    assert_int_equal(id.n, 20);
    old = c;
    for (size_t n = 0; n < der.n; n++) {
        char *copy = malloc(n ? n : 1); /* exactly as long: the sanitizer sees a step too far */
        memcpy(copy, der.p, n);
        assert_int_equal(der_cert(&c, (signet_str){ copy, n }), SIGNET_EFORMAT);
        free(copy);
    }
    assert_memory_equal(&c, &old, sizeof c); /* untouched on failure */
    buf_addc(&der, 'x');
    assert_int_equal(der_cert(&c, buf_str(&der)), SIGNET_EFORMAT);
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
        cmocka_unit_test(elements_are_taken_only_in_der),
        cmocka_unit_test(times_are_read_as_rfc5280_writes_them),
        cmocka_unit_test(a_certificate_is_whole_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, done);
}
