#include "plan/lego_due.h"
#include "plan/names.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define H  INT64_C(3600)
#define D  (24 * H)
#define T0 (INT64_C(1790000000))

static void days_left(void **state)
{
    static const struct {
        int64_t left;
        int days;
        bool due;
    } rows[] = {
        { 31 * D, 30, false },  { 31 * D - 1, 30, true }, { 30 * D, 30, true },
        { 6 * D, 30, true },    { 89 * D, 90, true },     { 1 * D, 0, false },
        { 1 * D - 1, 0, true }, { -5 * D, 30, true },     { 400 * D, -1, true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        BUF_AUTO(why, 512);
        struct lego_due d = { T0, T0 - 90 * D, T0 + rows[i].left, rows[i].days, false };
        if (lego_is_due(&d, &why) != rows[i].due)
            fail_msg("row %zu: %s", i, buf_z(&why));
    }
    BUF_AUTO(why, 512);
    struct lego_due d = { T0, T0, T0 + 90 * D - 1, 30, false };
    assert_false(lego_is_due(&d, &why));
    assert_string_equal(
        buf_z(&why),
        "The certificate expires in 89 days, the number of days defined to perform the renewal is 30: no renewal.");
}

static void part_of_the_lifetime(void **state)
{
    static const struct {
        int64_t life, age;
        bool due;
    } rows[] = {
        { 90 * D, 60 * D - 1, false }, { 90 * D, 60 * D + 1, true }, { 10 * D, 5 * D - 1, false },
        { 10 * D, 5 * D + 1, true },   { 6 * D, 3 * D + 1, true },   { 11 * D, 7 * D, false },
        { 11 * D, 8 * D, true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        BUF_AUTO(why, 512);
        struct lego_due d = { T0 + rows[i].age, T0, T0 + rows[i].life, 0, true };
        if (lego_is_due(&d, &why) != rows[i].due)
            fail_msg("row %zu: %s", i, buf_z(&why));
    }
    BUF_AUTO(why, 512);
    struct lego_due d = { T0, T0 - 3 * D, T0 + 3 * D + 72 * H - 2, 0, true };
    assert_false(lego_is_due(&d, &why));
    assert_non_null(strstr(buf_z(&why), "the renewal can be performed in "));
}

static void the_window_of_the_ca(void **state)
{
    (void)state;
    int64_t at = 0;
    struct lego_window w = { T0, T0 - 100, T0 - 50, 0, 7 };
    assert_true(lego_window_at(&w, &at));
    assert_int_equal(at, T0); /* past: now */
    w = (struct lego_window){ T0, T0 + 100, T0 + 200, 0, 7 };
    assert_false(lego_window_at(&w, &at));
    w.wait_s = 107;
    assert_true(lego_window_at(&w, &at));
    assert_int_equal(at, T0 + 107);
    w.wait_s = 106;
    assert_false(lego_window_at(&w, &at));
    w = (struct lego_window){ T0, T0 + 10, T0 + 10, 100, UINT64_MAX }; /* no length */
    assert_true(lego_window_at(&w, &at));
}

static void names_of_files(void **state)
{
    static const struct {
        const char *given, *v4, *v5;
    } rows[] = {
        { "example.com", "example.com", "example.com" },
        { "*.example.com", "_.example.com", "_.example.com" },
        { "2001:db8::7", "2001-db8--7", "2001-db8--7" },
        { "b\xc3\xbc"
          "cher.example",
          "xn--bcher-kva.example", "xn--bcher-kva.example" },
        { "My Cert!", "My Cert!", "MyCert" },
        { "a/b", NULL, "ab" },
        { "", NULL, NULL },
        { "..", NULL, NULL },
        { "a\nb", NULL, "ab" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int v5 = 0; v5 < 2; v5++) {
            BUF_AUTO(name, 1024);
            struct err e = { 0 };
            const char *want = v5 ? rows[i].v5 : rows[i].v4;
            int rc = name_for_lego(&name, str_of(rows[i].given), v5, &e);
            if ((rc == 0) != (want != NULL) || (want && strcmp(buf_z(&name), want)))
                fail_msg("row %zu: %d \"%s\" %s", i, rc, buf_z(&name), e.text);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(days_left), cmocka_unit_test(part_of_the_lifetime),
                                        cmocka_unit_test(the_window_of_the_ca), cmocka_unit_test(names_of_files) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
