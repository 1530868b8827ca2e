#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "provider/scope.h"

static void keys_are_the_names_of_members(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "{\"b\":{\"id\":1},\"a\":2}", "[\"b\",\"a\"]" }, { "{}", "[]" }, { "[1,2]", "[]" }, { "7", "[]" }
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        VALUE_AUTO json_t *root = NULL;
        VALUE_AUTO json_t *got = NULL;
        VALUE_AUTO json_t *want = NULL;
        struct err e = { 0 };
        struct scope sc = { .e = &e };
        root = json_loads(cases[i][0], JSON_DECODE_ANY, NULL);
        want = json_loads(cases[i][1], 0, NULL);
        assert_int_equal(path_get(&sc, STR(".|keys"), root, &got), 0);
        assert_true(json_equal(got, want));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(keys_are_the_names_of_members) };
    return cmocka_run_group_tests_name("provider/keys", tests, NULL, NULL);
}
