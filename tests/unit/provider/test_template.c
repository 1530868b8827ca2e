#include "provider/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* What the templates of these tests can see. */
static const char vars_json[] =
    "{\"name\": \"Www\", \"ttl\": 120, \"empty\": \"\", \"list\": [\"a\", \"b\"], \"yes\": true,"
    "\"sub\": \"_acme-challenge.a b/c\", \"url\": \"https://x.example/\", \"now\": 59,"
    "\"map\": {\"k\": {\"deep\": [1, {\"x\": \"y\"}]}}, \"text\": \"one\\r\\n\\ntwo\\n\"}";
static const char let_yaml[] =
    "table: {a: \"{name}!\", \"*\": rest}\npath: /x/{sub}/y\nself: \"{self}\"\nmade: {k?: \"{empty}\", t: \"{ttl}\", "
    "s: \"{ttl|str}\", n: 5, q: \"5\", b: true, l: [\"{list}\"]}\nforms: {\"*list\": {\"N{n}\": "
    "\"{it}\"}}\nrows: {\"*list\": {v: \"{it|upper}\"}}\n";

static struct pool pool;
static const struct node *let;
static json_t *vars;

static int setup(void **state)
{
    (void)state;
    vars = json_loads(vars_json, 0, NULL);
    return node_parse(&pool, str_of(let_yaml), "let", &let, NULL) || !vars;
}

static int teardown(void **state)
{
    (void)state;
    json_decref(vars);
    pool_done(&pool);
    return 0;
}

static struct scope scope(struct err *e)
{
    return (struct scope){ .let = { let }, .n_let = 1, .vars = { vars }, .n_vars = 1, .e = e };
}

static void gives(const char *tmpl, const char *want)
{
    struct err e = { 0 };
    struct scope sc = scope(&e);
    BUF_AUTO(out, LIM_TEXT);
    int rc = expand_text(&sc, str_of(tmpl), &out);
    if (rc)
        fail_msg("%s: %s", tmpl, e.text);
    assert_string_equal(buf_z(&out), want);
}

static void refuses(const char *tmpl, int code, const char *words)
{
    struct err e = { 0 };
    struct scope sc = scope(&e);
    BUF_AUTO(out, LIM_TEXT);
    assert_int_equal(expand_text(&sc, str_of(tmpl), &out), code);
    if (!strstr(e.text, words))
        fail_msg("%s: \"%s\" does not say \"%s\"", tmpl, e.text, words);
}

static void names_and_braces(void **state)
{
    (void)state;
    gives("", "");
    gives("plain", "plain");
    gives("{name}-{ttl}-{yes}-{empty}.", "Www-120-true-.");
    gives("{{x}}", "{x}");
    gives("{map.k.deep[0]} {map.k.deep[1].x}", "1 y");
    gives("{list}", "a, b");
    gives("{map.missing}", "");
    refuses("{nobody}", SIGNET_ENOTFOUND, "\"nobody\" has no value here");
    refuses("{nobody.x}", SIGNET_ENOTFOUND, "nobody.x");
    refuses("{name", SIGNET_EINVAL, "a brace is not closed");
    refuses("name}", SIGNET_EINVAL, "a brace is not closed");
    refuses("{}", SIGNET_EINVAL, "names nothing");
    refuses("{self}", SIGNET_ELIMIT, "refers to itself");
}

static void text_filters(void **state)
{
    (void)state;
    static const struct {
        const char *tmpl, *want;
    } t[] = {
        { "{name|lower}{name|upper}", "wwwWWW" },
        { "{empty|at}{name|at}", "@Www" },
        { "{name|dot}{name|dot|undot}", "Www.Www" },
        { "{name|quote}{name|quote|unquote}", "\"Www\"Www" },
        { "{name|before:w}|{name|after:w}|{name|before:Z}|{name|after:Z}", "W|w|Www|" },
        { "{name|replace:w:{ttl}}", "W120120" },
        { "{name|wrap:<:>}{empty|wrap:<:>}", "<Www>" },
        { "{name|ifset:yes}{empty|ifset:yes}", "yes" },
        { "{empty|default:{name|lower}}", "www" },
        { "{name|match:^W(w)}{name|match:w+}{name|match:x}", "www" },
        { "{map|get:k|json}", "{\"deep\":[1,{\"x\":\"y\"}]}" },
        { "{text|lines|join:\\,}", "one,two" },
        { "{text|lines|count} {list|first} {list|last} {list|at:1} {empty|count}", "2 a b b 0" },
        { "{name|split:w|count}", "3" },
        { "{ttl|add:30} {ttl|div:50} {ttl|add:-1}", "150 3 119" },
        { "{name|map:table} {list|first|map:table}", "rest Www!" },
        { "{name|wrap:a\\:b:\\|\\n}", "a:bWww|\n" },
        { "{name|xml} {ttl|wrap:<:&>|xml}", "Www &lt;120&amp;&gt;" },
        { "{ttl|int|json} {ttl|str|json}", "120 \"120\"" },
        { "{name|head:2}", "Ww" },
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        gives(t[i].tmpl, t[i].want);
    refuses("{name|nothing}", SIGNET_EINVAL, "no such filter");
    refuses("{name|replace:a}", SIGNET_EINVAL, "more arguments");
    refuses("{name|match:(}", SIGNET_EINVAL, "not a regular expression");
    refuses("{name|int}", SIGNET_EINVAL, "wants a number");
    refuses("{name|map:made}", SIGNET_EINVAL, "not one of the words");
}

/* RFC 4231 and 2202 (HMAC, "Jefe"), RFC 1321, FIPS 180 and RFC 6238 (its first two times). */
static void digests_and_codes(void **state)
{
    (void)state;
    json_object_set_new(vars, "data", json_string("what do ya want for nothing?"));
    json_object_set_new(vars, "abc", json_string("abc"));
    json_object_set_new(vars, "otp", json_string("GEZDGNBVGY3TQOJQ GEZDGNBVGY3TQOJQ"));
    gives("{data|hmac:md5:Jefe|hex}", "750c783e6ab0b503eaa86e310a5db738");
    gives("{data|hmac:sha1:Jefe|hex}", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    gives("{data|hmac:sha256:Jefe|hex}", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    gives("{data|hmac:sha512:Jefe|hex|head:32}", "164b7a7bfcf819e2e395fbe73b56e0a3");
    gives("{abc|md5|hex}", "900150983cd24fb0d6963f7d28e17f72");
    gives("{abc|sha1|hex}", "a9993e364706816aba3e25717850c26c9cd0d89d");
    gives("{abc|sha256|hex}", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    gives("{abc|sha512|hex|head:16}", "ddaf35a193617aba");
    gives("{otp|totp}", "287082");
    json_object_set_new(vars, "now", json_integer(1111111109));
    gives("{otp|totp}", "081804");
    gives("{abc|b64} {abc|b64|b64d} {abc|hex|unhex} {abc|sha1|b64url|head:6}", "YWJj abc abc qZk-Nk");
    refuses("{abc|hmac:sha256:{empty}}", SIGNET_EINVAL, "the key of an HMAC is empty");
    refuses("{abc|hmac:sha3:x}", SIGNET_EINVAL, "knows md5");
    refuses("{abc|jwt:RS256:{abc}}", SIGNET_EINVAL, "the private key cannot be used");
}

static void dates(void **state)
{
    (void)state;
    json_object_set_new(vars, "t", json_integer(1743296399)); /* the last second of winter time in 2025 */
    gives("{t|date:%Y-%m-%dT%H:%M:%SZ}", "2025-03-30T00:59:59Z");
    gives("{t|date:%a, %d %b %Y %H:%M:%S GMT}", "Sun, 30 Mar 2025 00:59:59 GMT");
    gives("{t|zonedate:CET:%H} {t|add:1|zonedate:CET:%H}", "01 03");
    gives("{t|add:18000000|zonedate:CET:%m-%d %H}", "10-24 10"); /* still summer time */
    gives("{t|zonedate:UTC:%s %y %e %%}", "1743296399 25 30 %");
    json_object_set_new(vars, "t", json_integer(951782400));
    gives("{t|date:%d %b %Y}", "29 Feb 2000");
    refuses("{t|date:%Q}", SIGNET_EINVAL, "no such %");
    refuses("{t|zonedate:Mars:%H}", SIGNET_EINVAL, "UTC and CET");
}

static void urls_encode_variables_only(void **state)
{
    (void)state;
    static const struct {
        const char *tmpl, *want;
    } t[] = {
        { "/a/{sub}/b?x=1", "/a/_acme-challenge.a%20b%2Fc/b?x=1" },
        { "{path}", "/x/_acme-challenge.a%20b%2Fc/y" }, /* a let is encoded inside, not again outside */
        { "/{sub|raw}", "/_acme-challenge.a b/c" },
        { "/{sub|url}", "/_acme-challenge.a%20b%2Fc" },
        { "{url}x", "https://x.example/x" }, /* only at the beginning */
        { "/{url}", "/https%3A%2F%2Fx.example%2F" },
        { "/{empty|at}", "/%40" },
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct err e = { 0 };
        struct scope sc = scope(&e);
        sc.url = true;
        BUF_AUTO(out, LIM_TEXT);
        assert_int_equal(expand_text(&sc, str_of(t[i].tmpl), &out), 0);
        assert_string_equal(buf_z(&out), t[i].want);
    }
}

static void structure_is(const char *name, const char *want)
{
    struct err e = { 0 };
    struct scope sc = scope(&e);
    VALUE_AUTO json_t *v = NULL;
    if (expand_node(&sc, node_get(let, name), &v))
        fail_msg("%s: %s", name, e.text);
    char *text = json_dumps(v, JSON_COMPACT);
    assert_string_equal(text, want);
    free(text);
}

static void structures_keep_types(void **state)
{
    (void)state;
    structure_is("made", "{\"t\":120,\"s\":\"120\",\"n\":5,\"q\":\"5\",\"b\":true,\"l\":[[\"a\",\"b\"]]}");
    structure_is("forms", "{\"N1\":\"a\",\"N2\":\"b\"}");
    structure_is("rows", "[{\"v\":\"A\"},{\"v\":\"B\"}]");
}

/* Whatever is cut where: it ends, and says what is wrong. */
static void cut_anywhere(void **state)
{
    (void)state;
    static const char whole[] = "a{name|wrap:{ttl}\\:x:{list|join:{empty|default:\\|}}}b{{c}}{map.k.deep[x=1|2]}";
    for (size_t n = 0; n < sizeof whole; n++) {
        struct err e = { 0 };
        struct scope sc = scope(&e);
        BUF_AUTO(out, LIM_TEXT);
        int rc = expand_text(&sc, (signet_str){ whole, n }, &out);
        assert_true(rc == 0 || e.text[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_braces),
        cmocka_unit_test(text_filters),
        cmocka_unit_test(digests_and_codes),
        cmocka_unit_test(dates),
        cmocka_unit_test(urls_encode_variables_only),
        cmocka_unit_test(structures_keep_types),
        cmocka_unit_test(cut_anywhere),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
