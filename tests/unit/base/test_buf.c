#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

static void builds_up_to_its_maximum_and_no_further(void **state)
{
    (void)state;
    BUF_AUTO(b, 100);
    for (int i = 0; i < 100; i++)
        buf_addc(&b, 'x');
    assert_int_equal(buf_err(&b), 0);
    assert_int_equal(b.n, 100);
    assert_int_equal(strlen(buf_z(&b)), 100);
    buf_addc(&b, 'y');
    assert_int_equal(buf_err(&b), SIGNET_ELIMIT);
    assert_int_equal(b.n, 100);
    buf_addz(&b, "");
    assert_int_equal(buf_reserve(&b, 0), SIGNET_ELIMIT);
    assert_null(buf_take(&b));
    assert_int_equal(b.n, 0);
    assert_int_equal(b.max, 100);
    buf_addz(&b, "again");
    assert_string_equal(buf_z(&b), "again");
}

static void refuses_sizes_that_overflow(void **state)
{
    (void)state;
    BUF_AUTO(b, SIZE_MAX - 1);
    buf_addc(&b, 'a');
    assert_int_equal(buf_reserve(&b, SIZE_MAX), SIGNET_ELIMIT);
    buf_clear(&b);
    assert_int_equal(buf_err(&b), 0);
    BUF_AUTO(none, 0);
    buf_addz(&none, "");
    assert_int_equal(buf_err(&none), 0);
    buf_addz(&none, "a");
    assert_int_equal(buf_err(&none), SIGNET_ELIMIT);
}

static void formats_views_and_cuts_the_front(void **state)
{
    (void)state;
    BUF_AUTO(b, 1000);
    assert_string_equal(buf_z(&b), "");
    buf_addf(&b, "%d-%.*s-%s", 7, STR_ARG(STR("view")), "z");
    buf_add(&b, STR("\0!"));
    assert_true(str_eq(buf_str(&b), STR("7-view-z\0!")));
    buf_cut(&b, 2);
    assert_true(str_eq(buf_str(&b), STR("view-z\0!")));
    buf_cut(&b, 99);
    assert_int_equal(b.n, 0);
    assert_string_equal(buf_z(&b), "");
}

static void wipes_what_it_lets_go(void **state)
{
    (void)state;
    BUF_AUTO(b, 100);
    buf_addz(&b, "secret");
    buf_clear(&b);
    assert_memory_equal(b.p, "\0\0\0\0\0\0", 6);
    buf_addz(&b, "secret");
    buf_cut(&b, 3);
    assert_memory_equal(b.p, "ret\0\0\0", 6);
    char *taken = buf_take(&b);
    assert_string_equal(taken, "ret");
    assert_null(b.p);
    free(taken);
}

static void takes_an_empty_buffer_as_an_empty_string(void **state)
{
    (void)state;
    BUF_AUTO(b, 10);
    char *taken = buf_take(&b);
    assert_string_equal(taken, "");
    free(taken);
}

static void escapes_what_a_terminal_must_not_see(void **state)
{
    (void)state;
    static const struct {
        signet_str in;
        size_t max;
        const char *out;
    } t[] = {
        { STR("plain text, 100%"), 99, "plain text, 100%" },
        { STR("a\nb\tc\x1b[31m\x7f"), 99, "a\\x0ab\\x09c\\x1b[31m\\x7f" },
        { STR("gr\xc3\xbc\xc3\x9f"), 99, "gr\xc3\xbc\xc3\x9f" },
        { STR("\xf0\x9f\x98\x80"), 99, "\xf0\x9f\x98\x80" },
        { STR("\xc2\x85"), 99, "\\xc2\\x85" }, /* C1 */
        { STR("\xe2\x80\xae"
              "x"),
          99, "\\xe2\\x80\\xaex" }, /* right-to-left override */
        { STR("\xe2\x81\xa6\xd8\x9c\xe2\x80\x8f"), 99, "\\xe2\\x81\\xa6\\xd8\\x9c\\xe2\\x80\\x8f" },
        { STR("\xe2\x80\xa8"), 99, "\\xe2\\x80\\xa8" }, /* line separator */
        { STR("\xc0\xaf"), 99, "\\xc0\\xaf" },          /* overlong */
        { STR("\xe0\x80\xaf"), 99, "\\xe0\\x80\\xaf" },
        { STR("\xed\xa0\x80"), 99, "\\xed\\xa0\\x80" },          /* surrogate */
        { STR("\xf4\x90\x80\x80"), 99, "\\xf4\\x90\\x80\\x80" }, /* above 10FFFF */
        { STR("\xe2\x82"), 99, "\\xe2\\x82" },                   /* cut */
        { STR("a\0b"), 99, "a\\x00b" },
        { STR("abcdef"), 6, "abcdef" },
        { STR("abcdef"), 3, "abc\xe2\x80\xa6" },
        { STR("ab\xc3\xbc"), 3, "ab\xe2\x80\xa6" },
        { STR("a"), 0, "\xe2\x80\xa6" },
        { STR(""), 0, "" },
    };
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        BUF_AUTO(b, 1000);
        buf_add_escaped(&b, t[i].in, t[i].max);
        assert_string_equal(buf_z(&b), t[i].out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builds_up_to_its_maximum_and_no_further),
        cmocka_unit_test(refuses_sizes_that_overflow),
        cmocka_unit_test(formats_views_and_cuts_the_front),
        cmocka_unit_test(wipes_what_it_lets_go),
        cmocka_unit_test(takes_an_empty_buffer_as_an_empty_string),
        cmocka_unit_test(escapes_what_a_terminal_must_not_see),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
