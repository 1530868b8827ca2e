#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

static void compares_by_length_and_bytes(void **state)
{
    (void)state;
    static const struct {
        signet_str a, b;
        int cmp;
        bool ieq;
    } t[] = {
        { STR(""), { NULL, 0 }, 0, true },   { STR("a"), STR("a"), 0, true },   { STR("a"), STR("A"), 1, true },
        { STR("a"), STR("ab"), -1, false },  { STR("b"), STR("ab"), 1, false }, { STR("a\0b"), STR("a\0c"), -1, false },
        { STR("\xff"), STR("a"), 1, false }, { STR("["), STR("{"), -1, false },
    };
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        int c = str_cmp(t[i].a, t[i].b);
        assert_int_equal((c > 0) - (c < 0), t[i].cmp);
        assert_int_equal(str_eq(t[i].a, t[i].b), t[i].cmp == 0);
        assert_int_equal(str_ieq(t[i].a, t[i].b), t[i].ieq);
    }
}

static void finds_prefix_suffix_and_character(void **state)
{
    (void)state;
    assert_true(str_starts(STR("--help"), STR("--")));
    assert_true(str_starts(STR("x"), STR("")));
    assert_false(str_starts(STR("-"), STR("--")));
    assert_true(str_ends(STR("a.conf"), STR(".conf")));
    assert_false(str_ends(STR("conf"), STR(".conf")));
    assert_true(str_ends((signet_str){ 0 }, STR("")));
    assert_true(str_has(STR("a\0b"), 'b'));
    signet_str text = STR("one two two");
    assert_ptr_equal(str_find(text, STR("two")), text.p + 4);
    assert_null(str_find(text, STR("three")));
    assert_null(str_find(text, STR("")));
    assert_null(str_find((signet_str){ 0 }, STR("two")));
    assert_null(str_find(STR("tw"), STR("two")));
    assert_false(str_has((signet_str){ 0 }, 'b'));
}

static void trims_and_skips(void **state)
{
    (void)state;
    assert_true(str_eq(str_trim(STR(" \t\r\n a b \v\f")), STR("a b")));
    assert_int_equal(str_trim(STR(" \n")).n, 0);
    assert_true(str_eq(str_skip(STR("abc"), 2), STR("c")));
    assert_int_equal(str_skip(STR("abc"), 9).n, 0);
    assert_null(str_skip((signet_str){ 0 }, 1).p);
}

static void cuts_at_the_first_separator(void **state)
{
    (void)state;
    static const struct {
        signet_str in, head, tail;
        bool found;
    } t[] = {
        { STR("a=b=c"), STR("a"), STR("b=c"), true }, { STR("a"), STR("a"), STR(""), false },
        { STR("=a"), STR(""), STR("a"), true },       { STR("a="), STR("a"), STR(""), true },
        { STR(""), STR(""), STR(""), false },
    };
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        signet_str s = t[i].in, head;
        assert_int_equal(str_cut(s, '=', &head, &s), t[i].found);
        assert_true(str_eq(head, t[i].head) && str_eq(s, t[i].tail));
    }
}

static void reads_numbers_strictly(void **state)
{
    (void)state;
    static const struct {
        signet_str in;
        uint64_t max;
        int r;
        uint64_t v;
    } t[] = {
        { STR("0"), 9, 0, 0 },
        { STR("007"), 9, 0, 7 },
        { STR("18446744073709551615"), UINT64_MAX, 0, UINT64_MAX },
        { STR("18446744073709551616"), UINT64_MAX, SIGNET_EINVAL, 42 },
        { STR("99999999999999999999999"), UINT64_MAX, SIGNET_EINVAL, 42 },
        { STR("10"), 9, SIGNET_EINVAL, 42 },
        { STR(""), 9, SIGNET_EINVAL, 42 },
        { STR("-1"), 9, SIGNET_EINVAL, 42 },
        { STR("+1"), 9, SIGNET_EINVAL, 42 },
        { STR(" 1"), 9, SIGNET_EINVAL, 42 },
        { STR("1 "), 9, SIGNET_EINVAL, 42 },
        { STR("0x1"), 9, SIGNET_EINVAL, 42 },
        { STR("1\0"), 9, SIGNET_EINVAL, 42 },
    };
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        uint64_t v = 42;
        assert_int_equal(str_u64(t[i].in, t[i].max, &v), t[i].r);
        assert_int_equal(v, t[i].v);
    }
}

static void copies_unless_a_nul_would_cut_it(void **state)
{
    (void)state;
    char *z = str_dup(STR("abc"));
    assert_string_equal(z, "abc");
    free(z);
    z = str_dup((signet_str){ 0 });
    assert_string_equal(z, "");
    free(z);
    assert_null(str_dup(STR("a\0b")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares_by_length_and_bytes),
        cmocka_unit_test(finds_prefix_suffix_and_character),
        cmocka_unit_test(trims_and_skips),
        cmocka_unit_test(cuts_at_the_first_separator),
        cmocka_unit_test(reads_numbers_strictly),
        cmocka_unit_test(copies_unless_a_nul_would_cut_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
