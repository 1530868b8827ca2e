#include "base/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void names_hold_values(void **state)
{
    (void)state;
    RECORD_AUTO(r);
    STRLIST_AUTO(all);
    assert_int_equal(record_addz(&r, "a", "1"), 0);
    assert_int_equal(record_addz(&r, "b", "x"), 0);
    assert_int_equal(record_addz(&r, "a", "2"), 0);
    assert_int_equal(record_addz(&r, "c", NULL), 0);
    assert_int_equal(record_add(&r, "d", (signet_str){ "x\0y", 3 }), SIGNET_EINVAL);
    assert_int_equal(r.names.n, 3);
    assert_int_equal(r.values.n, 3);
    assert_string_equal(record_get(&r, "a"), "1");
    assert_null(record_get(&r, "c"));
    assert_int_equal(record_get_list(&r, "a", &all), 0);
    assert_int_equal(all.n, 2);
    assert_string_equal(all.v[1], "2");
    assert_int_equal(record_set(&r, "a", STR("3")), 0);
    assert_string_equal(record_get(&r, "a"), "3");
    assert_int_equal(r.names.n, 2);
    assert_int_equal(record_set(&r, "a", STR("")), 0);
    assert_null(record_get(&r, "a"));
}

static void numbers_are_decimal_or_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t want;
    } rows[] = {
        { "0", 0 },  { "42", 42 }, { "18446744073709551615", UINT64_MAX }, { "18446744073709551616", 0 }, { "-1", 0 },
        { "4x", 0 }, { "", 0 }
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        RECORD_AUTO(r);
        assert_int_equal(record_addz(&r, "n", rows[i].text), 0);
        assert_true(record_number(&r, "n") == rows[i].want);
    }
    RECORD_AUTO(empty);
    assert_true(record_number(&empty, "n") == 0);
}

static void copies_are_the_same(void **state)
{
    (void)state;
    RECORD_AUTO(r);
    RECORD_AUTO(copy);
    assert_int_equal(record_addz(&r, "a", "1"), 0);
    assert_int_equal(record_addz(&copy, "old", "x"), 0);
    assert_false(record_same(&r, &copy));
    assert_int_equal(record_copy(&copy, &r), 0);
    assert_true(record_same(&r, &copy));
    assert_int_equal(record_set(&copy, "a", STR("2")), 0);
    assert_false(record_same(&r, &copy));
    assert_string_equal(record_get(&r, "a"), "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_hold_values),
        cmocka_unit_test(numbers_are_decimal_or_nothing),
        cmocka_unit_test(copies_are_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
