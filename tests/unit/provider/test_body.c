#include "provider/body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "provider/limits.h"

static void read_gives(const char *xml, const char *want)
{
    VALUE_AUTO json_t *v = NULL;
    const char *why;
    if (xml_read(str_of(xml), &v, &why))
        fail_msg("%s: %s", xml, why);
    char *text = json_dumps(v, JSON_COMPACT);
    assert_string_equal(text, want);
    free(text);
}

static void xml_becomes_a_tree(void **state)
{
    (void)state;
    read_gives("<a>x</a>", "{\"a\":\"x\"}");
    read_gives("<a/>", "{\"a\":\"\"}");
    read_gives("<a> <b>1</b> <b>2</b><c/></a>", "{\"a\":{\"b\":[\"1\",\"2\"],\"c\":\"\"}}");
    read_gives("<n:a xmlns:n='u' id=\"7\">t</n:a>", "{\"a\":{\"id\":\"7\",\"$\":\"t\"}}");
    read_gives("<?xml version=\"1.0\"?><a>&lt;&amp;</a>", "{\"a\":\"<&\"}");
}

static void hostile_xml_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = { "",
                                       "<a>",
                                       "text",
                                       "<a></b>",
                                       "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
                                       "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        VALUE_AUTO json_t *v = NULL;
        const char *why = NULL;
        assert_int_equal(xml_read(str_of(bad[i]), &v, &why), SIGNET_EPROTO);
        assert_non_null(why);
        assert_null(v);
    }
    BUF_AUTO(deep, 1 << 20);
    for (unsigned i = 0; i < 100; i++)
        buf_addz(&deep, "<a>");
    VALUE_AUTO json_t *v = NULL;
    const char *why;
    assert_int_equal(xml_read(buf_str(&deep), &v, &why), SIGNET_EPROTO);
    assert_string_equal(why, "too deep or too much of it");
}

static void xml_is_written(void **state)
{
    (void)state;
    VALUE_AUTO json_t *v = NULL;
    BUF_AUTO(out, 1000);
    v = json_pack("{s:{s:s, s:[s,i], s:{s:s, s:s}}}", "a", "@id", "1&2", "b", "<x>", 2, "c", "@k", "v", "$", "t");
    assert_int_equal(xml_write(&out, v), 0);
    assert_string_equal(strchr(buf_z(&out), '\n') + 1,
                        "<a id=\"1&amp;2\"><b>&lt;x&gt;</b><b>2</b><c k=\"v\">t</c></a>");
    json_object_set_new(v, "bad name", json_integer(1));
    buf_clear(&out);
    assert_int_equal(xml_write(&out, v), SIGNET_EINVAL);
}

/* The examples of xmlrpc.com/spec.md. */
static void xmlrpc_both_ways(void **state)
{
    (void)state;
    VALUE_AUTO json_t *call = NULL;
    BUF_AUTO(out, 2000);
    call = json_pack("[s, i, {s:s, s:b}, [s]]", "examples.getStateName", 41, "low", "a<b", "yes", 1, "x");
    assert_int_equal(xmlrpc_write(&out, call), 0);
    assert_string_equal(
        strchr(buf_z(&out), '\n') + 1,
        "<methodCall><methodName>examples.getStateName</methodName><params><param><value><int>41</int></value></param>"
        "<param><value><struct><member><name>low</name><value><string>a&lt;b</string></value></"
        "member><member><name>yes</name>"
        "<value><boolean>1</boolean></value></member></struct></value></param><param><value><array><data><value>"
        "<string>x</string></value></data></array></value></param></params></methodCall>");
    static const char answer[] =
        "<?xml "
        "version=\"1.0\"?><methodResponse><params><param><value><array><data><value><struct><member><name>id</name>"
        "<value><int>7</int></value></member><member><name>s</name><value>plain</value></member></struct></value>"
        "<value><boolean>0</boolean></value></data></array></value></param></params></methodResponse>";
    VALUE_AUTO json_t *tree = NULL;
    VALUE_AUTO json_t *value = NULL;
    const char *why;
    assert_int_equal(xml_read(str_of(answer), &tree, &why), 0);
    assert_false(xmlrpc_fault(tree));
    value = xmlrpc_value(tree);
    char *text = json_dumps(value, JSON_COMPACT);
    assert_string_equal(text, "[{\"id\":7,\"s\":\"plain\"},false]");
    free(text);
}

static void a_fault_of_xmlrpc(void **state)
{
    (void)state;
    static const char fault[] =
        "<methodResponse><fault><value><struct><member><name>faultCode</name><value><int>4</int></value></member>"
        "<member><name>faultString</name><value><string>Too many parameters.</string></value></member></struct></value>"
        "</fault></methodResponse>";
    VALUE_AUTO json_t *tree = NULL;
    VALUE_AUTO json_t *value = NULL;
    const char *why;
    assert_int_equal(xml_read(str_of(fault), &tree, &why), 0);
    assert_true(xmlrpc_fault(tree));
    value = xmlrpc_value(tree);
    assert_string_equal(json_string_value(json_object_get(value, "faultString")), "Too many parameters.");
}

static void pairs_are_encoded(void **state)
{
    (void)state;
    VALUE_AUTO json_t *v = NULL;
    BUF_AUTO(out, 1000);
    v = json_pack("{s:s, s:[i,i], s:n}", "b", "x y&z=\xc3\xbc", "a", 1, 2, "c");
    body_pairs(&out, v, true);
    assert_string_equal(buf_z(&out), "a=1&a=2&b=x%20y%26z%3D%C3%BC&c=");
}

static void json_of_strangers_has_limits(void **state)
{
    (void)state;
    const char *why;
    BUF_AUTO(deep, 1 << 20);
    for (unsigned i = 0; i < 100; i++)
        buf_addc(&deep, '[');
    assert_null(value_parse(buf_str(&deep), &why));
    assert_string_equal(why, "JSON nested too deep");
    assert_null(value_parse(STR("{\"a\": "), &why));
    assert_string_equal(why, "not JSON, or cut short");
    assert_null(value_parse(STR(""), &why));
    json_t *v = value_parse(STR("12"), &why);
    assert_int_equal(json_integer_value(v), 12);
    json_decref(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xml_becomes_a_tree),
        cmocka_unit_test(hostile_xml_is_refused),
        cmocka_unit_test(xml_is_written),
        cmocka_unit_test(xmlrpc_both_ways),
        cmocka_unit_test(a_fault_of_xmlrpc),
        cmocka_unit_test(pairs_are_encoded),
        cmocka_unit_test(json_of_strangers_has_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
