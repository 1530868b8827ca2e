#include "provider/provider.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

struct seen {
    size_t n;
    unsigned line, column;
    char what[700];
};

static void note(void *ctx, const struct provider_fault *f)
{
    struct seen *s = ctx;
    if (!s->n++) {
        s->line = f->line;
        s->column = f->column;
        snprintf(s->what, sizeof s->what, "%s", f->what);
    }
    assert_string_equal(f->file, "x.yaml");
}

static void check(const char *yaml, struct seen *s)
{
    struct err e = { 0 };
    size_t n = 0;
    *s = (struct seen){ 0 };
    assert_int_equal(provider_check(str_of(yaml), "x.yaml", NULL, note, s, &n, &e), 0);
    assert_int_equal(n, s->n);
}

#define HEAD "provider: x\nname: X\ncreds: {token: X_TOKEN | X_T}\napi: https://x.example\n"
#define GOOD "add: {post: \"/{zone}\", json: {v: \"{value}\"}, save: {id: id}}\nremove: {delete: \"/{zone}/{id}\"}\n"

static void a_good_one(void **state)
{
    (void)state;
    struct seen s;
    check(HEAD GOOD, &s);
    if (s.n)
        fail_msg("%u:%u: %s", s.line, s.column, s.what);
}

/* One mistake each: where it is, and words of what is said. */
static void each_kind_of_mistake(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        unsigned line, column;
        const char *words;
    } t[] = {
        { "provider: [", 2, 1, "not YAML" },
        { "", 1, 1, "a map was expected" },
        { "- a\n", 1, 1, "a map was expected" },
        { "name: X\n", 1, 1, "begins with \"provider: CODE\"" },
        { "provider: x\nprovider: y\n", 2, 1, "stands twice" },
        { "provider: x\na: &a [*a]\n", 2, 4, "an alias stands inside" },
        { "provider: x\ncreds: {token: \"A B\"}\nadd: {get: \"\"}\n", 2, 16, "is no name of a variable" },
        { "provider: x\ncreds: {token: \"A @what\"}\n", 2, 16, "is no format" },
        { "provider: x\ncreds: {token: [A]}\n", 2, 16, "is written NAME | ALIAS" },
        { "provider: x\ncreds: word\n", 2, 8, "creds is a map" },
        { "provider: x\nlike: nobody-has-this\n", 2, 7, "there is no DNS provider" },
        { HEAD GOOD "speed: 7\n", 7, 1, "a description has no \"speed\"" },
        { HEAD "add: {post: /x, jsn: {}}\nremove: {delete: /}\n", 5, 17, "a step has no \"jsn\"; it has: get post" },
        { HEAD "add: {json: {}}\nremove: {delete: /}\n", 5, 6, "exactly one of get, post" },
        { HEAD "add: {get: /x, post: /y}\nremove: {delete: /}\n", 5, 6, "exactly one of get, post" },
        { HEAD "add: {post: \"/{zne}\"}\nremove: {delete: /}\n", 5, 13, "nothing is called \"zne\"" },
        { HEAD "add: {post: \"/{zone\"}\nremove: {delete: /}\n", 5, 13, "a brace is not closed" },
        { HEAD "add: {post: \"/{zone|lwr}\"}\nremove: {delete: /}\n", 5, 13, "\"|lwr\": there is no such filter" },
        { HEAD "add: {post: \"/{zone|replace:a}\"}\nremove: {delete: /}\n", 5, 13, "wants more arguments" },
        { HEAD "add: {post: \"/{zone|map:tab}\"}\nremove: {delete: /}\n", 5, 13, "no let is called \"tab\"" },
        { HEAD "add: {post: /, save: {id: a..b}}\nremove: {delete: /}\n", 5, 27, "is no path" },
        { HEAD "add: {post: /, save: {zone: a}}\nremove: {delete: /}\n", 5, 23, "is a name of the engine" },
        { HEAD "add: {post: /, save: {token: a}}\nremove: {delete: /}\n", 5, 23, "is a credential" },
        { HEAD "add: {post: /, ok: status}\nremove: {delete: /}\n", 5, 20, "is no condition" },
        { HEAD "add: {post: /, page: {pages: 7}}\nremove: {delete: /}\n", 5, 23, "page has no \"pages\"" },
        { HEAD "add: {post: /, wait: {get: /, til: a=b}}\nremove: {delete: /}\n", 5, 31, "wait has no \"til\"" },
        { HEAD "add: {post: /}\n", 5, 6, "remove is missing" },
        { HEAD, 1, 1, "add, or merge, is missing" },
        { HEAD "zone: dns\n" GOOD, 5, 7, "zone is soa, none" },
        { HEAD "times: {ttl: soon}\n" GOOD, 5, 14, "a number is wanted" },
        { HEAD "times: {ttll: 5}\n" GOOD, 5, 9, "times has no \"ttll\"" },
        { HEAD "merge: {read: {get: /}, item: x, write: {put: /}}\n", 5, 15, "merge.read wants items" },
        { HEAD "merge: {read: {get: /, items: a}, item: {a: b}, write: {put: /}}\n", 5, 8, "merge wants same" },
        { HEAD "merge: {read: {get: /, items: a}, item: x}\n", 5, 8, "merge wants read, with items, and write" },
        { HEAD "auth: {sign: mine}\n" GOOD, 5, 14, "there is no signature called \"mine\"" },
        { "provider: x\ncreds: {value: X_V}\n" GOOD, 2, 16, "call the credential otherwise" },
        { HEAD "error: \"{a..b}\"\n" GOOD, 5, 8, "is no path" },
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        struct seen s;
        check(t[i].yaml, &s);
        if (!s.n || !strstr(s.what, t[i].words) || s.line != t[i].line || s.column != t[i].column)
            fail_msg("case %zu: %u:%u: \"%s\", not %u:%u: \"%s\"", i, s.line, s.column, s.what, t[i].line, t[i].column,
                     t[i].words);
    }
}

static void aliases_are_shared_not_copied(void **state)
{
    (void)state;
    BUF_AUTO(bomb, 1 << 16);
    struct seen s;
    buf_addz(&bomb, HEAD GOOD "let:\n  a0: &a0 {x: y}\n");
    for (unsigned i = 1; i < 18; i++)
        buf_addf(&bomb, "  a%u: &a%u [*a%u, *a%u, *a%u, *a%u]\n", i, i, i - 1, i - 1, i - 1, i - 1);
    check(buf_z(&bomb), &s);
    assert_non_null(strstr(s.what, "those of its aliases counted each time"));
}

static void every_description_that_is_compiled_in_loads(void **state)
{
    (void)state;
    STRLIST_AUTO(codes);
    struct err e = { 0 };
    assert_int_equal(provider_codes(NULL, &codes, &e), 0);
    assert_true(codes.n > 10);
    for (size_t i = 0; i < codes.n; i++) {
        struct provider_desc *d = NULL;
        if (provider_load(&d, codes.v[i], NULL, &e))
            fail_msg("%s: %s", codes.v[i], e.text);
        const struct provider_help *h = provider_help(d);
        assert_string_equal(h->code, codes.v[i]);
        assert_true(h->name[0] && h->docs[0]);
        provider_desc_free(d);
    }
}

static void other_names_lead_to_the_same(void **state)
{
    (void)state;
    static const char *const names[][2] = { { "dns-cloudflare", "cloudflare" },
                                            { "azure", "azuredns" },
                                            { "dns-nsone", "ns1" } };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct provider_desc *d = NULL;
        struct err e = { 0 };
        assert_int_equal(provider_load(&d, names[i][0], NULL, &e), 0);
        assert_string_equal(provider_help(d)->code, names[i][1]);
        provider_desc_free(d);
    }
    struct provider_desc *d = NULL;
    struct err e = { 0 };
    assert_int_equal(provider_load(&d, "cloudflair", NULL, &e), SIGNET_ENOTFOUND);
    assert_non_null(strstr(e.hint, "cloudflare"));
    assert_int_equal(provider_load(&d, "../../etc/passwd", "/nowhere", &e), SIGNET_ENOTFOUND);
    assert_null(d);
}

static void help_tells_variables(void **state)
{
    (void)state;
    struct provider_desc *d = NULL;
    struct err e = { 0 };
    assert_int_equal(provider_load(&d, "cloudflare", NULL, &e), 0);
    const struct provider_help *h = provider_help(d);
    assert_int_equal(h->sets, 2);
    bool token = false, base = false;
    for (size_t i = 0; i < h->n_vars; i++) {
        const struct provider_var *v = &h->vars[i];
        if (strcmp(v->name, "CLOUDFLARE_DNS_API_TOKEN") == 0) {
            token = true;
            assert_true(v->required && v->secret && v->set == 2 &&
                        strlist_has(v->also, STR("dns_cloudflare_api_token")));
        } else if (strcmp(v->name, "CLOUDFLARE_BASE_URL") == 0) {
            base = true;
            assert_true(!v->required && !v->secret && v->set == 0);
            assert_string_equal(v->def, "https://api.cloudflare.com/client/v4");
        }
    }
    assert_true(token && base);
    assert_true(strlist_has(h->times, STR("CLOUDFLARE_TTL=120")));
    provider_desc_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_one),
        cmocka_unit_test(each_kind_of_mistake),
        cmocka_unit_test(aliases_are_shared_not_copied),
        cmocka_unit_test(every_description_that_is_compiled_in_loads),
        cmocka_unit_test(other_names_lead_to_the_same),
        cmocka_unit_test(help_tells_variables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
