#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DOTS "\xe2\x80\xa6"

static void sets_wraps_and_clears(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_int_equal(err_set(&e, SIGNET_EBUSY, "port %d", 80), SIGNET_EBUSY);
    err_hint(&e, "stop %s", "it");
    assert_string_equal(e.text, "port 80");
    assert_string_equal(e.hint, "stop it");
    assert_int_equal(err_wrap(&e, "starting %s", "x"), SIGNET_EBUSY);
    assert_string_equal(e.text, "starting x: port 80");
    assert_string_equal(e.hint, "stop it");
    assert_int_equal(err_set(&e, SIGNET_ESYS, "was: %s", e.text), SIGNET_ESYS);
    assert_string_equal(e.text, "was: starting x: port 80");
    assert_string_equal(e.hint, "");
    err_clear(&e);
    assert_int_equal(e.code, 0);
    assert_string_equal(e.text, "");
    assert_int_equal(err_nomem(&e), SIGNET_ENOMEM);
    assert_string_equal(e.text, "out of memory");
}

static void names_the_system_error(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_int_equal(err_sys(&e, ENOENT, "cannot open %s", "x"), SIGNET_ESYS);
    assert_string_equal(e.text, "cannot open x: No such file or directory");
    assert_int_equal(err_sys(&e, ENOMEM, "x"), SIGNET_ENOMEM);
}

static void takes_no_object_at_all(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, SIGNET_EBUSY, "x"), SIGNET_EBUSY);
    assert_int_equal(err_sys(NULL, ENOENT, "x"), SIGNET_ESYS);
    assert_true(err_wrap(NULL, "x") < 0);
    err_hint(NULL, "x");
    err_clear(NULL);
}

static void cuts_long_text_at_a_character(void **state)
{
    (void)state;
    struct err e = { 0 };
    char longtext[5000];
    for (size_t shift = 0; shift < 4; shift++) {
        memset(longtext, 'x', shift);
        for (size_t i = shift; i + 2 < sizeof(longtext); i += 2)
            memcpy(longtext + i, "\xc3\xbc", 3);
        err_set(&e, SIGNET_EINVAL, "%s", longtext);
        size_t n = strlen(e.text);
        assert_true(n < sizeof(e.text) && n >= sizeof(e.text) - 5);
        assert_string_equal(e.text + n - 3, DOTS);
        assert_int_equal((unsigned char)e.text[n - 4], 0xbc); /* the last character is whole */
        err_hint(&e, "%s", longtext);
        assert_string_equal(e.hint + strlen(e.hint) - 3, DOTS);
        err_sys(&e, EACCES, "%s", longtext);
        n = strlen(e.text);
        assert_string_equal(e.text + n - 19, ": Permission denied");
        err_wrap(&e, "%s", longtext);
        assert_string_equal(e.text + strlen(e.text) - 3, DOTS);
    }
}

static void every_code_has_words(void **state)
{
    (void)state;
    static const int codes[] = { 0,   -1,  -2,  -3,  -4,  -5,  -6,  -20, -21, -22, -23,
                                 -24, -25, -40, -41, -42, -60, -61, -62, -63, -64 };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        assert_string_not_equal(signet_strerror(codes[i]), "unknown error");
    assert_string_equal(signet_strerror(-999), "unknown error");
    assert_true(strlen(signet_version()) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_wraps_and_clears),  cmocka_unit_test(names_the_system_error),
        cmocka_unit_test(takes_no_object_at_all), cmocka_unit_test(cuts_long_text_at_a_character),
        cmocka_unit_test(every_code_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
