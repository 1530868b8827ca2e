#include "base/buf.h"
#include "plan/names.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define L63 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk"

static void domains_that_can_be_ordered(void **state)
{
    static const struct {
        const char *given, *want;
    } rows[] = {
        { "example.com", "example.com" },
        { "EXAMPLE.Com", "example.com" },
        { "example.com.", "example.com" },
        { " example.com ", "example.com" },
        { "*.example.com", "*.example.com" },
        { "xn--bcher-kva.example", "xn--bcher-kva.example" },
        { "b\xc3\xbc"
          "cher.example",
          "xn--bcher-kva.example" },
        { "B\xc3\x9c"
          "CHER.example",
          "xn--bcher-kva.example" },
        { L63 ".example", L63 ".example" },
        { "1.example", "1.example" },
        { L63 "." L63 "." L63 ".abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghi",
          L63 "." L63 "." L63 ".abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghi" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        STRLIST_AUTO(got);
        struct err e = { 0 };
        if (name_add_domain(&got, str_of(rows[i].given), &e))
            fail_msg("%s: %s", rows[i].given, e.text);
        assert_int_equal(got.n, 1);
        assert_string_equal(got.v[0], rows[i].want);
    }
}

static void domains_that_cannot(void **state)
{
    static const struct {
        const char *given, *says;
    } rows[] = {
        { "", "empty" },
        { ".", "empty label" },
        { "a..b", "empty label" },
        { ".example.com", "empty label" },
        { "a_b.example.com", "underscore" },
        { "-a.example", "hyphen" },
        { "a-.example", "hyphen" },
        { "a b.example", "invalid character" },
        { "a/b.example", "invalid character" },
        { "../etc/passwd", "empty label" },
        { "*", "wildcard" },
        { "a.*.example", "wildcard" },
        { "*a.example", "wildcard" },
        { "*.*.example", "wildcard" },
        { "192.0.2.1", "is an IP address" },
        { "2001:db8::1", "is an IP address" },
        { "a" L63 ".example", "63 characters" },
        { L63 "." L63 "." L63 "." L63, "253 characters" },
        { "a\x01.example", "invalid character" },
        { "$(id).example", "invalid character" },
        { "a;b.example", "invalid character" },
        { "\xff.example", "internationalized" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        STRLIST_AUTO(got);
        struct err e = { 0 };
        assert_int_equal(name_add_domain(&got, str_of(rows[i].given), &e), SIGNET_EUSAGE);
        if (!strstr(e.text, rows[i].says))
            fail_msg("\"%s\": \"%s\" does not say \"%s\"", rows[i].given, e.text, rows[i].says);
        assert_int_equal(got.n, 0);
    }
}

static void order_is_kept_and_repeats_go(void **state)
{
    STRLIST_AUTO(got);
    (void)state;
    assert_int_equal(name_add_domain(&got, STR("b.example"), NULL), 0);
    assert_int_equal(name_add_domain(&got, STR("a.example"), NULL), 0);
    assert_int_equal(name_add_domain(&got, STR("B.example."), NULL), 0);
    assert_int_equal(got.n, 2);
    assert_string_equal(got.v[0], "b.example");
}

static void addresses(void **state)
{
    STRLIST_AUTO(got);
    (void)state;
    assert_int_equal(name_add_ip(&got, STR("192.0.2.1"), NULL), 0);
    assert_int_equal(name_add_ip(&got, STR("2001:DB8:0:0::7"), NULL), 0);
    assert_string_equal(got.v[1], "2001:db8::7");
    assert_int_equal(name_add_ip(&got, STR("192.0.2"), NULL), SIGNET_EUSAGE);
    assert_int_equal(name_add_ip(&got, STR("example.com"), NULL), SIGNET_EUSAGE);
    assert_int_equal(name_add_ip(&got, STR("192.0.2.1/24"), NULL), SIGNET_EUSAGE);
    assert_int_equal(got.n, 2);
}

static void lineage_names(void **state)
{
    STRLIST_AUTO(d);
    STRLIST_AUTO(ips);
    BUF_AUTO(name, 512);
    (void)state;
    strlist_addz(&ips, "192.0.2.1");
    assert_int_equal(name_for_lineage(&name, &d, &ips, NULL), 0);
    assert_string_equal(buf_z(&name), "192.0.2.1");
    strlist_addz(&d, "*.example.com");
    assert_int_equal(name_for_lineage(&name, &d, &ips, NULL), 0);
    assert_string_equal(buf_z(&name), "example.com");
}

static void summaries(void **state)
{
    STRLIST_AUTO(d);
    STRLIST_AUTO(ips);
    BUF_AUTO(s, 512);
    (void)state;
    strlist_addz(&d, "a.test");
    name_summary(&s, &d, &ips);
    assert_string_equal(buf_z(&s), "a.test");
    strlist_addz(&ips, "192.0.2.1");
    buf_clear(&s);
    name_summary(&s, &d, &ips);
    assert_string_equal(buf_z(&s), "a.test and 192.0.2.1");
    strlist_addz(&d, "b.test");
    buf_clear(&s);
    name_summary(&s, &d, &ips);
    assert_string_equal(buf_z(&s), "a.test and 2 more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(domains_that_can_be_ordered),
        cmocka_unit_test(domains_that_cannot),
        cmocka_unit_test(order_is_kept_and_repeats_go),
        cmocka_unit_test(addresses),
        cmocka_unit_test(lineage_names),
        cmocka_unit_test(summaries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
