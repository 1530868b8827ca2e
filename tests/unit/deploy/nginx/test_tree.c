/* The parser: what it reads, what it refuses and where, and that printing gives back every byte. */
#include "deploy/nginx/tree.h"
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on
#include <stdlib.h>

static const char sample[] = "# head\r\n\xef\xbb\xbfuser www-data;\n"
                             "events{worker_connections 10;}\n"
                             "http {\n"
                             "\tlog_format x '$a \"$b\" \\'c\\'';   # odd ' quotes \" in a comment ; { }\n"
                             "    map $http_upgrade $up { default upgrade; '' close; ~^(?<v>\\d+)$ \"a;b{c}\"; }\n"
                             "    geo $geo { 127.0.0.1/32 2; include geo.conf; }\n"
                             "    server{listen 80;server_name a.test \xc3\xa4.test;\n"
                             "        location ~ \"^/x{1,3}$\" { set ${y}z ${y}x; if ($host = \"b\") { return 301 "
                             "https://${host}$request_uri; } }\n"
                             "        content_by_lua_block { local s = \"}\" -- } comment\n"
                             "            local t = {1, {2}, [[ } ]], '}'} --[==[ } ]==]\n"
                             "            ngx.say(s) }\n"
                             "        add_header X \"a\\\"b\\\\\";\n"
                             "    }\n"
                             "}\n"
                             "stream { }";

static void check_print(const char *text, size_t n)
{
    struct ngx_tree t = { 0 };
    struct err e = { 0 };
    BUF_AUTO(out, NGX_FILE_BYTES_MAX);
    assert_int_equal(ngx_tree_parse(&t, (signet_str){ text, n }, &e), 0);
    ngx_tree_print(&t, &out);
    assert_int_equal(out.n, n);
    if (n)
        assert_memory_equal(buf_z(&out), text, n);
    ngx_tree_done(&t);
}

static void prints_what_it_read(void **state)
{
    (void)state;
    check_print(sample, sizeof sample - 1);
    check_print("", 0);
    check_print("\n\n# only a comment", 19);
    check_print("a;", 2);
    check_print("a{}", 3);
    check_print("a{b{}c;}d;", 10);
}

/* Cut anywhere: read and printed whole, or refused with a place that lies in the text. */
static void cut_at_every_byte(void **state)
{
    (void)state;
    unsigned good = 0;
    for (size_t n = 0; n < sizeof sample; n++) {
        char *text = malloc(n + 1); /* exactly as long, so that reading past it is seen */
        struct ngx_tree t = { 0 };
        struct err e = { 0 };
        memcpy(text, sample, n);
        int rc = ngx_tree_parse(&t, (signet_str){ text, n }, &e);
        if (rc) {
            assert_int_equal(rc, SIGNET_EFORMAT);
            assert_memory_equal(e.text, "line ", 5);
            assert_null(t.node);
        } else {
            BUF_AUTO(out, NGX_FILE_BYTES_MAX);
            ngx_tree_print(&t, &out);
            assert_true(str_eq(buf_str(&out), (signet_str){ text, n }));
            ngx_tree_done(&t);
            good++;
        }
        free(text);
    }
    assert_true(good > 5);
}

static void says_where_it_is_broken(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        { "a", "line 1, column 2: the file ends where ';' or '{' is missing" },
        { "a {\n b", "line 2, column 3: the file ends" },
        { "a {\n b c }\n", "line 2, column 6: ';' is missing before '}'" },
        { "a {\n}\n}\n", "line 3, column 1: '}' closes nothing" },
        { "http {\n  server {\n  }\n", "line 1, column 6: the block that opens here is never closed" },
        { "a \"b;\n", "line 1, column 3: the quote that opens here is never closed" },
        { "a \"b\"c;\n", "line 1, column 6: a blank, ';' or '{' must follow the closing quote" },
        { "\n ;", "line 2, column 2: ';' stands where a directive should begin" },
        { "{", "line 1, column 1: '{' stands where a directive should begin" },
        { "x_by_lua_block { ']]' [[ }", "line 1, column 16: the Lua block that opens here is never closed" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ngx_tree t = { 0 };
        struct err e = { 0 };
        assert_int_equal(ngx_tree_parse(&t, str_of(cases[i].text), &e), SIGNET_EFORMAT);
        assert_memory_equal(e.text, cases[i].says, strlen(cases[i].says));
    }
}

static void words_are_as_nginx_reads_them(void **state)
{
    static const struct {
        const char *text, *value;
    } cases[] = {
        { "x a;", "a" },         { "x \"a b\";", "a b" },    { "x 'a\"b';", "a\"b" },
        { "x a\\ b;", "a\\ b" }, { "x \"a\\tb\";", "a\tb" }, { "x a\\\\b;", "a\\b" },
        { "x ${a} {}", "${a}" }, { "x a#b;", "a#b" },        { "x a\"b;", "a\"b" },
        { "x '\\'';", "'" },     { "x \\;y;", "\\;y" },      { "x \"\";", "" },
        { "x a}b;", "a}b" },     { "x # c\n  a;", "a" },     { "x ${a}b{}", "${a}b" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ngx_tree t = { 0 };
        BUF_AUTO(value, 256);
        assert_int_equal(ngx_tree_parse(&t, str_of(cases[i].text), NULL), 0);
        ngx_value(&t, &t.node[1], 1, &value);
        assert_string_equal(buf_z(&value), cases[i].value);
        assert_true(ngx_value_is(&t, &t.node[1], 1, cases[i].value));
        ngx_tree_done(&t);
    }
}

static void blocks_know_each_other(void **state)
{
    struct ngx_tree t = { 0 };
    (void)state;
    assert_int_equal(ngx_tree_parse(&t, STR("a; b { c; d { e; } f; } g;"), NULL), 0);
    assert_int_equal(t.n_nodes, 8);
    assert_true(ngx_named(&t, &t.node[t.node[0].child], "a"));
    const struct ngx_node *b = &t.node[t.node[t.node[0].child].next];
    assert_true(ngx_named(&t, b, "b") && b->kind == NGX_BLOCK);
    const struct ngx_node *d = &t.node[t.node[b->child].next];
    assert_true(ngx_named(&t, d, "d") && ngx_named(&t, &t.node[d->child], "e"));
    assert_true(ngx_named(&t, &t.node[d->next], "f") && !t.node[d->next].next);
    assert_true(ngx_named(&t, &t.node[b->next], "g"));
    assert_int_equal(ngx_line(&t, 3), 1);
    ngx_tree_done(&t);
}

static void limits_hold(void **state)
{
    BUF_AUTO(deep, 4096);
    struct ngx_tree t = { 0 };
    struct err e = { 0 };
    (void)state;
    for (unsigned i = 0; i <= NGX_DEPTH_MAX; i++)
        buf_addz(&deep, "a{");
    assert_int_equal(ngx_tree_parse(&t, buf_str(&deep), &e), SIGNET_ELIMIT);
    size_t n = NGX_FILE_BYTES_MAX + 1;
    char *large = calloc(1, n);
    memset(large, ' ', n);
    assert_int_equal(ngx_tree_parse(&t, (signet_str){ large, n }, &e), SIGNET_ELIMIT);
    assert_int_equal(ngx_tree_parse(&t, (signet_str){ large, n - 1 }, &e), 0);
    ngx_tree_done(&t);
    for (size_t i = 0; i + 1 < n; i += 2)
        large[i] = 'a';
    large[n - 2] = ';';
    assert_int_equal(ngx_tree_parse(&t, (signet_str){ large, n - 1 }, &e), SIGNET_ELIMIT);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_what_it_read),     cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test(says_where_it_is_broken), cmocka_unit_test(words_are_as_nginx_reads_them),
        cmocka_unit_test(blocks_know_each_other),  cmocka_unit_test(limits_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
