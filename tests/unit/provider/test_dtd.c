#include "provider/body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void names_of_characters_may_be_declared(void **state)
{
    (void)state;
    VALUE_AUTO json_t *v = NULL;
    const char *why;
    assert_int_equal(
        xml_read(STR("<?xml version =\"1.0\" ?><!DOCTYPE html [<!ENTITY nbsp '&#160;'><!ENTITY trade '&#8482;'>]>"
                     "<a b=\"x&nbsp;\">y&trade;</a>"),
                 &v, &why),
        0);
    assert_string_equal(json_string_value(json_object_get(json_object_get(v, "a"), "b")), "x\xc2\xa0");
    assert_string_equal(json_string_value(json_object_get(json_object_get(v, "a"), "$")), "y\xe2\x84\xa2");
}

static void anything_else_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = { "<!DOCTYPE html><a/>",
                                       "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
                                       "<!DOCTYPE a [<!ENTITY x '&#160;'><!ENTITY z '&x;&x;'>]><a>&z;</a>",
                                       "<!DOCTYPE a [<!ENTITY x '&#38;#38;x;'>]><a>&x;</a>",
                                       "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
                                       "<!DOCTYPE a [<!ENTITY % p '&#160;'>]><a/>",
                                       "<!DOCTYPE a SYSTEM 'file:///etc/passwd' [<!ENTITY x '&#160;'>]><a/>",
                                       "<!DOCTYPE a [<!ENTITY x '&#160;&#160;&#160;'>]><a/>" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        VALUE_AUTO json_t *v = NULL;
        const char *why = NULL;
        assert_int_equal(xml_read(str_of(bad[i]), &v, &why), SIGNET_EPROTO);
        assert_non_null(why);
        assert_null(v);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(names_of_characters_may_be_declared),
                                        cmocka_unit_test(anything_else_is_refused) };
    return cmocka_run_group_tests_name("provider/dtd", tests, NULL, NULL);
}
