#include "provider/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

static const char doc_json[] = "{\"a\": {\"b\": 1, \"x.y\": 2}, \"list\": [{\"id\": 1, \"name\": \"www.\", \"t\": "
                               "\"A\"}, {\"id\": 2, \"name\": \"x\", \"t\": \"TXT\"},"
                               "{\"id\": 3, \"name\": \"x\", \"t\": \"MX\", \"v\": \"\\\"q\\\"\"}, null], \"one\": "
                               "{\"id\": 9}, \"empty\": [], \"ok\": true, \"s\": \"text here\","
                               "\"map\": {\"k1\": {\"v\": 1}, \"k2\": {\"v\": 2}}}";

static json_t *doc, *vars;

static int setup(void **state)
{
    (void)state;
    doc = json_loads(doc_json, 0, NULL);
    vars = json_pack("{s:s, s:s, s:s}", "want", "x", "tricky", "a,b|c=d", "set", "1");
    return !doc || !vars;
}

static int teardown(void **state)
{
    (void)state;
    json_decref(doc);
    json_decref(vars);
    return 0;
}

static struct scope scope(struct err *e, struct reply *r)
{
    return (struct scope){ .vars = { vars }, .n_vars = 1, .e = e, .reply = r };
}

static void paths_find(void **state)
{
    (void)state;
    static const struct {
        const char *path, *want; /* NULL: nothing */
    } t[] = {
        { "a.b", "1" },
        { "a.x\\.y", "2" },
        { "a.c", NULL },
        { "a.b.c", NULL },
        { "list[1].id", "2" },
        { "list[9]", NULL },
        { "list[].id", "[1,2,3]" },
        { "list[name=x].id", "[2,3]" },
        { "list[name=x, t=TXT].id", "[2]" },
        { "list[name={want}, t=TXT|MX].id|last", "3" },
        { "list[name=www].id|first", "1" },
        { "list[t!=A].id", "[2,3]" },
        { "list[v=q].id", "[3]" },
        { "one[].id", "[9]" },
        { "empty[].id", "[]" },
        { "empty[]|count", "0" },
        { "map.*.v", "[1,2]" },
        { "map.*[v=2].v", "[2]" },
        { "s|after:text", "\" here\"" },
        { "$status", "200" },
        { "$header.X-Id", "\"7\"" },
        { "$cookie.sid", "\"c\"" },
        { "$text|before:\\n", "\"first\"" },
    };
    struct reply r = { .status = 200,
                       .text = STR("first\nsecond"),
                       .headers = json_pack("{s:s}", "x-id", "7"),
                       .cookies = json_pack("{s:s}", "sid", "c") };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct err e = { 0 };
        struct scope sc = scope(&e, &r);
        VALUE_AUTO json_t *v = NULL;
        if (path_get(&sc, str_of(t[i].path), doc, &v))
            fail_msg("%s: %s", t[i].path, e.text);
        char *text = v ? json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
        if (!t[i].want ? text != NULL : !text || strcmp(text, t[i].want) != 0)
            fail_msg("%s: %s, not %s", t[i].path, text ? text : "(nothing)", t[i].want ? t[i].want : "(nothing)");
        free(text);
    }
    json_decref(r.headers);
    json_decref(r.cookies);
}

static void broken_paths_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = { "a..b", "a.", "[x", "a[x]b", "list[name]", "s|nothing" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err e = { 0 };
        struct scope sc = scope(&e, NULL);
        VALUE_AUTO json_t *v = NULL;
        if (!path_get(&sc, str_of(bad[i]), doc, &v))
            fail_msg("%s is taken", bad[i]);
        assert_true(e.text[0] != '\0');
    }
}

static void conditions_hold(void **state)
{
    (void)state;
    static const struct {
        const char *cond;
        bool want;
    } t[] = {
        { "ok=true", true },         { "ok=false", false },
        { "ok=1|true", true },       { "missing=", true },
        { "missing!=", false },      { "missing=x", false },
        { "a.b=1, ok=true", true },  { "a.b=1, ok=false", false },
        { "a.b!=1", false },         { "a.b!=2|3", true },
        { "a.b!=1|2", false },       { "s^=text", true },
        { "s^=here", false },        { "s*=t h", true },
        { "s*=nothing|here", true }, { "list[].t!=", true },
        { "list[].t=A", false },     { "list[].t=A|TXT|MX", true },
        { "empty[].x=", true },      { "empty[].x!=1", false },
        { "list[id=3].v=q", true },  { "list[id=1].name=www", true },
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct err e = { 0 };
        struct scope sc = scope(&e, NULL);
        bool have;
        if (cond_holds(&sc, str_of(t[i].cond), doc, &have))
            fail_msg("%s: %s", t[i].cond, e.text);
        if (have != t[i].want)
            fail_msg("%s is %s", t[i].cond, have ? "true" : "false");
    }
}

/* What a value holds is never taken for grammar. */
static void values_are_no_grammar(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct scope sc = scope(&e, NULL);
    bool have;
    json_t *root = json_pack("{s:s}", "v", "a,b|c=d");
    assert_int_equal(cond_holds(&sc, STR("v={tricky}"), root, &have), 0);
    assert_true(have);
    json_object_set_new(root, "v", json_string("a"));
    assert_int_equal(cond_holds(&sc, STR("v={tricky}"), root, &have), 0);
    assert_false(have);
    json_decref(root);
}

static void variables_are_the_left_side_of_when(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct scope sc = scope(&e, NULL);
    bool have;
    assert_int_equal(cond_holds(&sc, STR("set=1, unset="), NULL, &have), 0);
    assert_true(have);
    assert_int_equal(cond_holds(&sc, STR("unset!="), NULL, &have), 0);
    assert_false(have);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_find),
        cmocka_unit_test(broken_paths_are_refused),
        cmocka_unit_test(conditions_hold),
        cmocka_unit_test(values_are_no_grammar),
        cmocka_unit_test(variables_are_the_left_side_of_when),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
