#include "base/jsoncap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void at_the_cap_and_one_past_it(void **state)
{
    (void)state;
    assert_null(json_beyond(STR("[[{}]]"), 3, 10));
    assert_string_equal(json_beyond(STR("[[{}]]"), 2, 10), "JSON nested too deep");
    assert_null(json_beyond(STR("[1,2,3]"), 9, 4));
    assert_string_equal(json_beyond(STR("[1,2,3]"), 9, 3), "too many values in the JSON");
    assert_null(json_beyond(STR(""), 0, 1));
}

static void strings_do_not_count(void **state)
{
    (void)state;
    assert_null(json_beyond(STR("[\"[[[{{{,,,,\"]"), 1, 2));
    assert_null(json_beyond(STR("[\"\\\"[[[\\\\\"]"), 1, 2));
    /* a quote that is escaped does not end the string, one behind an escaped backslash does */
    assert_string_equal(json_beyond(STR("[\"\\\\\",[[]]]"), 2, 9), "JSON nested too deep");
    /* closed more often than opened: no depth is gained by it */
    assert_string_equal(json_beyond(STR("]]]][[[["), 3, 9), "JSON nested too deep");
    assert_null(json_beyond(STR("\"\\"), 1, 1)); /* cut inside an escape */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_the_cap_and_one_past_it),
        cmocka_unit_test(strings_do_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
