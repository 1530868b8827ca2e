#include "base/list.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void split(struct strlist *l, const char *z)
{
    assert_int_equal(strlist_split(l, str_of(z), ','), 0);
}

static void assert_joined(const struct strlist *l, const char *expected)
{
    BUF_AUTO(b, 10000);
    strlist_join(l, ",", &b);
    assert_string_equal(buf_z(&b), expected);
    assert_true(!l->v || l->v[l->n] == NULL);
}

static void grows_and_stays_terminated(void **state)
{
    (void)state;
    STRLIST_AUTO(l);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(strlist_addz(&l, "x"), 0);
        assert_null(l.v[l.n]);
    }
    assert_int_equal(l.n, 100);
    assert_int_equal(strlist_add(&l, STR("a\0b")), SIGNET_EINVAL);
    assert_int_equal(l.n, 100);
}

static void splits_trims_and_joins(void **state)
{
    (void)state;
    static const char *const t[][2] = {
        { "a,b", "a,b" }, { " a , ,b,,", "a,b" }, { "", "" }, { ",", "" }, { "one two", "one two" },
    };
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        STRLIST_AUTO(l);
        split(&l, t[i][0]);
        assert_joined(&l, t[i][1]);
    }
}

static void removes_sorts_and_keeps_one_of_each(void **state)
{
    (void)state;
    STRLIST_AUTO(l);
    split(&l, "c,B,a");
    assert_int_equal(strlist_add_new(&l, STR("a")), 0);
    assert_int_equal(strlist_add_new(&l, STR("b")), 0);
    strlist_sort(&l);
    assert_joined(&l, "B,a,b,c");
    strlist_remove(&l, 1);
    strlist_remove(&l, 9);
    assert_joined(&l, "B,b,c");
    strlist_remove(&l, 2);
    assert_joined(&l, "B,b");
    assert_false(strlist_has(&l, STR("c")));
    assert_true(strlist_has(&l, STR("b")));
}

static void compares_as_sets(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same, subset;
    } t[] = {
        { "", "", true, true },       { "a,b", "b,a", true, true },   { "a,a,b", "b,a", true, true },
        { "a", "a,b", false, true },  { "a,c", "a,b", false, false }, { "", "a", false, true },
        { "a,b", "a", false, false },
    };
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        STRLIST_AUTO(a);
        STRLIST_AUTO(b);
        split(&a, t[i].a);
        split(&b, t[i].b);
        assert_int_equal(strlist_same_set(&a, &b), t[i].same);
        assert_int_equal(strlist_subset(&a, &b), t[i].subset);
    }
}

static void copies_deeply(void **state)
{
    (void)state;
    STRLIST_AUTO(a);
    STRLIST_AUTO(b);
    split(&a, "x,y");
    split(&b, "old");
    assert_int_equal(strlist_copy(&b, &a), 0);
    strlist_done(&a);
    assert_joined(&b, "x,y");
    assert_int_equal(strlist_copy(&b, &b), 0);
    assert_joined(&b, "x,y");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_stays_terminated),
        cmocka_unit_test(splits_trims_and_joins),
        cmocka_unit_test(removes_sorts_and_keeps_one_of_each),
        cmocka_unit_test(compares_as_sets),
        cmocka_unit_test(copies_deeply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
