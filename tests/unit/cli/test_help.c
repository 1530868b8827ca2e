#include "cli/gen.h"
#include "cli/help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { TEXT_MAX = 1 << 20 };

/* Lines fit a terminal and end in no blank. */
static void check_lines(signet_str text)
{
    while (text.n) {
        signet_str line;
        str_cut(text, '\n', &line, &text);
        bool one_word = !str_has(str_trim(line), ' ');
        bool names = str_starts(line, STR("  -")); /* an option's names are never broken */
        if (line.n > 80 && !one_word && !names)
            fprintf(stderr, "%.*s\n", STR_ARG(line));
        assert_true(line.n <= 80 || one_word || names);
    }
}

static void test_every_topic(void **state)
{
    (void)state;
    const struct help_topic *t;
    for (size_t i = 0; (t = help_topic_at(i)); i++) {
        BUF_AUTO(text, TEXT_MAX);
        assert_true(help_topic_known(t->name));
        help_print(&text, "prog", t->name);
        assert_int_equal(buf_err(&text), 0);
        assert_true(text.n > 100);
        assert_true(str_starts(buf_str(&text), STR("usage: \n")));
        assert_non_null(strstr(buf_z(&text), "prog "));
        check_lines(buf_str(&text));
    }
}

/* Every option is shown in the place it names, and everywhere that is a topic. */
static void test_every_option(void **state)
{
    (void)state;
    BUF_AUTO(all, TEXT_MAX);
    help_print(&all, "certbot", "all");
    check_lines(buf_str(&all));
    const struct opt *o;
    for (size_t i = 0; (o = opt_at(i)); i++) {
        const char *at = o->topics;
        while (*at) {
            BUF_AUTO(topic, 64);
            buf_add(&topic, opt_next_name(&at));
            assert_non_null(help_topic_find(buf_z(&topic)));
        }
        BUF_AUTO(line, 512);
        const char *names = o->names;
        buf_addz(&line, "\n  ");
        buf_add(&line, opt_next_name(&names));
        buf_addc(&line, *names ? ',' : o->metavar ? ' ' : '\n');
        bool found = strstr(buf_z(&all), buf_z(&line)) != NULL;
        if (!found && line.n) { /* the text may stand on the same line */
            line.p[line.n - 1] = ' ';
            found = strstr(buf_z(&all), buf_z(&line)) != NULL;
        }
        if (found == o->hidden)
            fprintf(stderr, "%s\n", o->names);
        assert_int_equal(found, !o->hidden);
    }
}

static void test_forms(void **state)
{
    (void)state;
    BUF_AUTO(text, TEXT_MAX);
    help_print(&text, "certbot", NULL);
    assert_non_null(strstr(buf_z(&text), "  certbot [SUBCOMMAND] [options] [-d DOMAIN] [-d DOMAIN] ...\n"));
    assert_non_null(strstr(buf_z(&text), "--dry-run"));
    check_lines(buf_str(&text));
    buf_clear(&text);
    help_print(&text, "certbot", "commands");
    assert_non_null(strstr(buf_z(&text), "  update_account"));
    assert_null(strstr(buf_z(&text), "config_changes"));
    buf_clear(&text);
    help_print(&text, "signet", "auth");
    assert_non_null(strstr(buf_z(&text), "  signet certonly [options]"));
    assert_non_null(strstr(buf_z(&text), "--csr CSR"));
    buf_clear(&text);
    help_print(&text, "signet", "security");
    assert_non_null(
        strstr(buf_z(&text), "  --rsa-key-size N      Bits of an RSA key; at least 2048. (default: 2048)\n"));
    assert_false(help_topic_known("nonesuch"));
    assert_false(help_topic_known(""));
    assert_true(help_topic_known("subcommands"));
}

static void test_wrap(void **state)
{
    (void)state;
    BUF_AUTO(text, 4096);
    help_wrap(&text, "a b", 2, 0);
    assert_string_equal(buf_z(&text), "  a b\n");
    buf_clear(&text);
    for (int i = 0; i < 20; i++)
        buf_addz(&text, "12345678 ");
    BUF_AUTO(wrapped, 4096);
    help_wrap(&wrapped, buf_z(&text), 4, 0);
    check_lines(buf_str(&wrapped));
    assert_non_null(strstr(buf_z(&wrapped), "\n    12345678 "));
}

static void test_generators(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b, *has;
    } good[] = { { "man", NULL, "\n.SH OPTIONS\n" },
                 { "completion", "bash", "complete -o filenames -F _signet signet" },
                 { "completion", "zsh", "#compdef signet" },
                 { "completion", "fish", "complete -c signet -l dry-run -d " } };
    const struct opt *o;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        STRLIST_AUTO(what);
        BUF_AUTO(text, TEXT_MAX);
        struct err e = { 0 };
        strlist_addz(&what, good[i].a);
        if (good[i].b)
            strlist_addz(&what, good[i].b);
        assert_int_equal(gen_print(&text, "signet", &what, &e), 0);
        assert_non_null(strstr(buf_z(&text), good[i].has));
        for (size_t k = 0; (o = opt_at(k)); k++) {
            signet_str name = str_skip(opt_long_name(o), 2);
            BUF_AUTO(shown, 256);
            for (size_t c = 0; c < name.n; c++) {
                if (i == 0 && name.p[c] == '-')
                    buf_addc(&shown, '\\');
                buf_addc(&shown, name.p[c]);
            }
            if (!o->hidden)
                assert_non_null(strstr(buf_z(&text), buf_z(&shown)));
        }
    }
    STRLIST_AUTO(bad);
    BUF_AUTO(text, TEXT_MAX);
    struct err e = { 0 };
    assert_int_equal(gen_print(&text, "signet", &bad, &e), SIGNET_EUSAGE);
    strlist_addz(&bad, "completion");
    assert_int_equal(gen_print(&text, "signet", &bad, &e), SIGNET_EUSAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_topic), cmocka_unit_test(test_every_option), cmocka_unit_test(test_forms),
        cmocka_unit_test(test_wrap),        cmocka_unit_test(test_generators),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
