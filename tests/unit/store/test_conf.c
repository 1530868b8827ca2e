#include "store_help.h"

#include "store/conf.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#define BOM "\xef\xbb\xbf"

static struct conf *parsed(const char *text)
{
    struct conf *c;
    struct err e = { 0 };
    if (conf_parse(&c, str_of(text), "x.conf", &e))
        fail_msg("%s: %s", text, e.text);
    return c;
}

static void assert_prints(struct conf *c, const char *want)
{
    BUF_AUTO(b, CONF_MAX_BYTES);
    conf_print(c, &b);
    assert_string_equal(buf_z(&b), want);
    conf_free(c);
}

static void what_was_parsed_prints_the_same(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "\n",
        "# only a comment",
        "a = b",
        "a=b\r\n\r\n# c\r\n[s]\r\n",
        BOM "a = b\n",
        "a = '''x\ny\n'''  # c\n\n  [ s ]  # c\n    [[ t ]]\n  k = 1, \"2, 3\" , '' ,\n\n# end\n",
        "version = 5.5.0\nempty =\nlist = ,\n'quoted key' = \"v # no comment\" # comment",
        "a = 'it's'\nb = x # y\n\t\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_prints(parsed(texts[i]), texts[i]);
}

static void values_are_read_as_configobj_means_them(void **state)
{
    (void)state;
    static const struct {
        const char *line, *want;
        size_t elements;
    } rows[] = {
        { "k = v", "v", 1 },
        { "k=  v  ", "v", 1 },
        { "k = v # c", "v", 1 },
        { "k = v#c", "v", 1 },
        { "k = 'v # c' # d", "v # c", 1 },
        { "k = \"a, b\"", "a, b", 1 },
        { "k = a, b", "a, b", 2 },
        { "k = a,", "a", 1 },
        { "k = a, # c", "a", 1 },
        { "k = ,", "", 0 },
        { "k =", "", 1 },
        { "k = # c", "", 1 },
        { "k = \"\"", "", 1 },
        { "k = 'it's'", "it's", 1 },
        { "k = \"a\", 'b, c', d e", "a, b, c, d e", 3 },
        { "k = '''a \"b\" 'c' '''", "a \"b\" 'c' ", 1 },
        { "k = \"\"\"one\r\ntwo\n\"\"\" # c", "one\ntwo\n", 1 },
        { "k = a = b", "a = b", 1 },
        { "'k' = 1", "1", 1 },
        { "  \"k\"=1", "1", 1 },
        { "k = ''''''", "", 1 },
        { "k = None", "None", 1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct conf *c = parsed(rows[i].line);
        BUF_AUTO(b, 1000);
        STRLIST_AUTO(list);
        assert_true(conf_get(c, "", "k", &b));
        assert_string_equal(buf_z(&b), rows[i].want);
        assert_int_equal(conf_get_list(c, "", "k", &list), 0);
        if (list.n != rows[i].elements)
            fail_msg("%s: %zu elements", rows[i].line, list.n);
        conf_free(c);
    }
}

static void bad_lines_are_told_by_number(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned line;
    } rows[] = {
        { "a = b\nnonsense\n", 2 },
        { "= b\n", 1 },
        { "a = 'b\n", 1 },
        { "a = 'b' c\n", 1 },
        { "a = b,,c\n", 1 },
        { "a = , b\n", 1 },
        { "\na = '''b\nc\n", 2 },
        { "a = '''b''' c\n", 1 },
        { "[s\n", 1 },
        { "[[s]]\n", 1 },
        { "[s]\n[[t]]\n[[[u]]]\n", 3 },
        { "[s]]\n", 1 },
        { "a = 1\nb = 2\na = 3\n", 3 },
        { "[s]\n[t]\n[s]\n", 3 },
        { "s = 1\n[s]\n", 2 },
        { "[s]\na = 1\n'a' = 2\n", 3 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct conf *c;
        struct err e = { 0 };
        char want[64];
        if (conf_parse(&c, str_of(rows[i].text), "x.conf", &e) != SIGNET_EFORMAT)
            fail_msg("%s: %s", rows[i].text, e.text);
        snprintf(want, sizeof want, "at line %u", rows[i].line);
        if (!strstr(e.text, want) || !strstr(e.text, "error parsing x.conf"))
            fail_msg("%s: %s", rows[i].text, e.text);
    }
}

static void what_is_no_text_is_refused(void **state)
{
    (void)state;
    static const signet_str texts[] = {
        { "a = \0", 5 }, { "\xff\xfe\0a", 4 }, { "a = \xc3", 5 }, { "a = \xed\xa0\x80", 7 }, { "\xc0\xaf", 2 }
    };
    struct conf *c;
    struct err e = { 0 };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(conf_parse(&c, texts[i], "x.conf", &e), SIGNET_EFORMAT);
    static char many[(CONF_MAX_LINES + 2)];
    memset(many, '\n', sizeof many);
    assert_int_equal(conf_parse(&c, (signet_str){ many, sizeof many }, "x.conf", &e), SIGNET_ELIMIT);
    assert_int_equal(conf_parse(&c, (signet_str){ many, CONF_MAX_LINES }, "x.conf", &e), 0);
    conf_free(c);
}

static void sections_are_told_apart(void **state)
{
    (void)state;
    struct conf *c = parsed("a = 0\n[s]\na = 1\n[[t]]\na = 2\n[u]\na = 3\n[[t]]\na = 4\n");
    static const struct {
        const char *section, *want;
    } rows[] = { { "", "0" }, { "s", "1" }, { "s/t", "2" }, { "u", "3" }, { "u/t", "4" } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        BUF_AUTO(b, 100);
        assert_true(conf_get(c, rows[i].section, "a", &b));
        assert_string_equal(buf_z(&b), rows[i].want);
    }
    BUF_AUTO(b, 100);
    assert_false(conf_get(c, "t", "a", &b));
    assert_false(conf_get(c, "s/u", "a", &b));
    assert_true(conf_has_section(c, "u/t"));
    assert_false(conf_has_section(c, "s/v"));
    STRLIST_AUTO(keys);
    assert_int_equal(conf_keys(c, "s", &keys), 0);
    assert_int_equal(keys.n, 1);
    conf_free(c);
}

static void only_what_is_set_changes(void **state)
{
    (void)state;
    static const char before[] = "# top\nversion = 2.1.0  # keep\n  odd=1\n\n# about params\n[renewalparams]\na = "
                                 "1\nlist = x, y\n[[webroot_map]]\nn = /p\n# end";
    struct conf *c = parsed(before);
    struct strlist one = { 0 }, two = { 0 };
    strlist_addz(&one, "dns-01");
    strlist_addz(&two, "x");
    strlist_addz(&two, "y");
    assert_int_equal(conf_set(c, "", "version", STR("5.5.0")), 0);
    assert_int_equal(conf_set(c, "", "odd", STR("1")), 0);
    assert_int_equal(conf_set(c, "", "new", STR("a, b")), 0);
    assert_int_equal(conf_set(c, "renewalparams", "server", STR("https://x/#y")), 0);
    assert_int_equal(conf_set_list(c, "renewalparams", "list", &two), 0);
    assert_int_equal(conf_set_list(c, "renewalparams", "pref_challs", &one), 0);
    assert_int_equal(conf_set(c, "renewalparams/webroot_map", "a.test", STR("/q")), 0);
    assert_int_equal(conf_set(c, "acme_renewal_info", "ari_retry_after", STR("2026-11-22T14:31:00")), 0);
    conf_unset(c, "renewalparams", "a");
    assert_prints(
        c, "# top\nversion = 5.5.0  # keep\n  odd=1\n  new = \"a, b\"\n\n# about params\n[renewalparams]\nlist = x, y\n"
           "server = \"https://x/#y\"\npref_challs = dns-01,\n[[webroot_map]]\nn = /p\na.test = /q\n"
           "[acme_renewal_info]\nari_retry_after = 2026-11-22T14:31:00\n# end");
    strlist_done(&one);
    strlist_done(&two);
}

static void a_document_grows_from_nothing(void **state)
{
    (void)state;
    struct conf *c;
    assert_int_equal(conf_new(&c), 0);
    assert_int_equal(conf_set(c, "renewalparams", "server", STR("s")), 0);
    assert_int_equal(conf_set(c, "", "version", STR("5.5.0")), 0);
    assert_int_equal(conf_set(c, "", "cert", STR("/c")), 0);
    assert_int_equal(conf_set_comment(c, "renewalparams", STR("# Options used in the renewal process")), 0);
    assert_int_equal(conf_set_comment(c, "renewalparams", STR("# Options used in the renewal process")), 0);
    assert_int_equal(conf_set(c, "renewalparams/webroot_map", "a", STR("/p")), 0);
    assert_int_equal(conf_set_comment(c, "none", STR("# x")), SIGNET_ENOTFOUND);
    assert_prints(c, "version = 5.5.0\ncert = /c\n\n# Options used in the renewal process\n[renewalparams]\nserver = "
                     "s\n[[webroot_map]]\na = /p\n");
}

static void sections_go_with_what_is_theirs(void **state)
{
    (void)state;
    struct conf *c = parsed("a = 1\n\n# p\n[p]\nb = 1\n[[q]]\nc = 1\n# r\n[r]\nd = 1");
    conf_unset_section(c, "p/q");
    conf_unset_section(c, "none");
    BUF_AUTO(b, 1000);
    conf_print(c, &b);
    assert_string_equal(buf_z(&b), "a = 1\n\n# p\n[p]\nb = 1\n# r\n[r]\nd = 1");
    conf_unset_section(c, "p");
    assert_int_equal(conf_set(c, "r", "e", STR("2")), 0);
    assert_prints(c, "a = 1\n# r\n[r]\nd = 1\ne = 2\n");
}

static void line_ends_of_the_document_are_kept(void **state)
{
    (void)state;
    struct conf *c = parsed("a = 1\r\n[s]");
    assert_int_equal(conf_set(c, "s", "b", STR("2")), 0);
    assert_int_equal(conf_set(c, "", "a", STR("")), 0);
    assert_prints(c, "a = \"\"\r\n[s]\r\nb = 2\r\n");
}

static void what_cannot_be_written_is_refused(void **state)
{
    (void)state;
    struct conf *c = parsed("a = 1\n");
    static const signet_str values[] = { { "a\0b", 3 }, { "'''\n\"\"\"", 7 }, { "a\r\nb", 4 } };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        assert_int_equal(conf_set(c, "", "a", values[i]), SIGNET_EINVAL);
    STRLIST_AUTO(list);
    strlist_addz(&list, "both ' and \",");
    assert_int_equal(conf_set_list(c, "", "a", &list), SIGNET_EINVAL);
    assert_int_equal(conf_set(c, "a/b/c", "k", STR("v")), SIGNET_EINVAL);
    assert_prints(c, "a = 1\n");
}

/* ---- with the real ConfigObj ---- */

static int interop(const char *what)
{
    BUF_AUTO(script, 4096);
    const char *folder = getenv("STORE_TEST_DIR");
    buf_addf(&script, "%s/configobj_interop.py", folder ? folder : ".");
    const char *const argv[] = { "/usr/bin/python3", buf_z(&script), what, help_dir(), NULL };
    return help_run(NULL, argv);
}

static json_t *section_json(const struct conf *c, const char *section)
{
    STRLIST_AUTO(keys);
    json_t *j = json_object();
    assert_int_equal(conf_keys(c, section, &keys), 0);
    for (size_t i = 0; i < keys.n; i++) {
        BUF_AUTO(v, 10000);
        assert_true(conf_get(c, section, keys.v[i], &v));
        json_object_set_new(j, keys.v[i], json_stringn(buf_z(&v), v.n));
    }
    return j;
}

/* Compares what the file says with what ConfigObj said of it; lists are compared joined. */
static void compare(const struct conf *c, const char *section, json_t *want, const char *file)
{
    json_t *got = section_json(c, section), *v;
    const char *key;
    json_object_foreach(want, key, v)
    {
        if (json_is_object(v)) {
            BUF_AUTO(sub, 1000);
            buf_addf(&sub, "%s%s%s", section, *section ? "/" : "", key);
            compare(c, buf_z(&sub), v, file);
            continue;
        }
        STRLIST_AUTO(list);
        assert_int_equal(conf_get_list(c, section, key, &list), 0);
        size_t n = json_is_array(v) ? json_array_size(v) : 1;
        if (list.n != n)
            fail_msg("%s: [%s] %s has %zu elements, not %zu", file, section, key, list.n, n);
        for (size_t i = 0; i < n; i++)
            assert_string_equal(list.v[i], json_string_value(json_is_array(v) ? json_array_get(v, i) : v));
        json_object_del(got, key);
    }
    if (json_object_size(got))
        fail_msg("%s: [%s] has more keys than it should", file, section);
    json_decref(got);
}

static void reads_what_configobj_writes(void **state)
{
    (void)state;
    int r = interop("write");
    if (r == 77 || r == 127)
        skip();
    assert_int_equal(r, 0);
    for (int i = 0; i < 200; i++) {
        BUF_AUTO(text, CONF_MAX_BYTES);
        BUF_AUTO(again, CONF_MAX_BYTES);
        struct conf *c;
        struct err e = { 0 };
        json_t *want = json_load_file(help_path("%d.json", i), 0, NULL);
        assert_non_null(want);
        help_read(help_path("%d.conf", i), &text);
        if (conf_parse(&c, buf_str(&text), help_path("%d.conf", i), &e))
            fail_msg("%s\n%s", e.text, buf_z(&text));
        compare(c, "", want, help_path("%d.conf", i));
        conf_print(c, &again);
        assert_string_equal(buf_z(&again), buf_z(&text));
        conf_free(c);
        json_decref(want);
    }
}

static unsigned random_state = 1;

static unsigned roll(unsigned bound)
{
    random_state = random_state * 1103515245u + 12345u;
    return (random_state >> 16) % bound;
}

static void random_value(struct buf *to, bool lines)
{
    static const char *const pieces[] = { "a",   "b c",      "#",      ",",   "'",      "\"", " ", "\t", "=",
                                          "[x]", "\xc3\xbc", "/etc/x", "'''", "\"\"\"", "$y", ";", "%",  "\n" };
    for (unsigned n = roll(6); n--;)
        buf_addz(to, pieces[roll(sizeof pieces / sizeof *pieces - !lines)]);
}

/* One random entry, set in the document and in the JSON if it can be written. */
static void random_entry(struct conf *c, const char *section, json_t *j, unsigned i)
{
    char key[32];
    BUF_AUTO(v, 1000);
    snprintf(key, sizeof key, "key%u", i);
    if (roll(3)) {
        random_value(&v, true);
        if (conf_set(c, section, key, buf_str(&v)) == 0)
            json_object_set_new(j, key, json_string(buf_z(&v)));
        return;
    }
    STRLIST_AUTO(list);
    json_t *array = json_array();
    for (unsigned n = roll(4); n--;) {
        buf_clear(&v);
        random_value(&v, false);
        strlist_add(&list, v.n ? buf_str(&v) : STR(""));
        json_array_append_new(array, json_string(buf_z(&v)));
    }
    if (conf_set_list(c, section, key, &list) == 0)
        json_object_set(j, key, array);
    json_decref(array);
}

static void configobj_reads_what_we_write(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++) {
        struct conf *c;
        json_t *top = json_object(), *params = json_object(), *map = json_object();
        json_object_set_new(top, "renewalparams", params);
        json_object_set_new(params, "webroot_map", map);
        assert_int_equal(conf_new(&c), 0);
        assert_int_equal(conf_set(c, "renewalparams/webroot_map", "a.test", STR("/p")), 0);
        json_object_set_new(map, "a.test", json_string("/p"));
        for (unsigned k = 0; k < 8; k++)
            random_entry(c,
                         k % 3 == 0   ? ""
                         : k % 3 == 1 ? "renewalparams"
                                      : "renewalparams/webroot_map",
                         k % 3 == 0   ? top
                         : k % 3 == 1 ? params
                                      : map,
                         roll(4));
        BUF_AUTO(text, CONF_MAX_BYTES);
        conf_print(c, &text);
        help_write(help_path("%d.conf", i), buf_z(&text));
        assert_int_equal(json_dump_file(top, help_path("%d.json", i), 0), 0);
        json_decref(top);
        conf_free(c);
    }
    int r = interop("check");
    if (r == 77 || r == 127)
        skip();
    assert_int_equal(r, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_parsed_prints_the_same),
        cmocka_unit_test(values_are_read_as_configobj_means_them),
        cmocka_unit_test(bad_lines_are_told_by_number),
        cmocka_unit_test(what_is_no_text_is_refused),
        cmocka_unit_test(sections_are_told_apart),
        cmocka_unit_test(only_what_is_set_changes),
        cmocka_unit_test(a_document_grows_from_nothing),
        cmocka_unit_test(sections_go_with_what_is_theirs),
        cmocka_unit_test(line_ends_of_the_document_are_kept),
        cmocka_unit_test(what_cannot_be_written_is_refused),
        cmocka_unit_test_setup_teardown(reads_what_configobj_writes, help_setup, help_teardown),
        cmocka_unit_test_setup_teardown(configobj_reads_what_we_write, help_setup, help_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
