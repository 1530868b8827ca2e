#include "cli/lego.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct parsed {
    struct request r;
    enum lego_parsed what;
    struct buf shown;
    struct err e;
    int rc;
};

/* The words are separated by blanks. */
static void parse(struct parsed *p, const char *line)
{
    char text[1024], *argv[32] = { "lego" };
    int argc = 1;
    char *save = NULL;
    *p = (struct parsed){ .shown = BUF_INIT(1 << 16) };
    assert_int_equal(request_init(&p->r), 0);
    assert_true(strlen(line) < sizeof text);
    memcpy(text, line, strlen(line) + 1);
    for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save))
        argv[argc++] = w;
    p->rc = lego_parse(&p->r, argc, argv, &p->what, &p->shown, &p->e);
}

static void done(struct parsed *p)
{
    request_done(&p->r);
    buf_done(&p->shown);
}

static void commands_and_places(void **state)
{
    static const struct {
        const char *line;
        enum verb verb;
        bool v5;
    } rows[] = {
        { "-d a.test --http run --no-bundle", VERB_LEGO_RUN, false },
        { "run -d a.test --http --no-bundle", VERB_LEGO_RUN, false },
        { "--no-bundle -d a.test run --http", VERB_LEGO_RUN, false },
        { "-http -d=a.test renew -days -1", VERB_LEGO_RENEW, false },
        { "--http -d a.test run --renew-force", VERB_LEGO_RUN, true },
        { "run --http -d a.test --days 3", VERB_LEGO_RUN, true }, /* version 5: run renews */
        { "list -a -n", VERB_LEGO_LIST, false },
        { "revoke -d a.test -k", VERB_LEGO_REVOKE, false },
        { "certificates revoke --cert.name a", VERB_LEGO_REVOKE, true },
        { "accounts keyrollover", VERB_LEGO_ACCOUNT_ROLLOVER, true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct parsed p;
        parse(&p, rows[i].line);
        if (p.rc || p.what != LEGO_PARSED_RUN || p.r.verb != rows[i].verb || p.r.lego.v5 != rows[i].v5)
            fail_msg("%s: %d, verb %d, %s", rows[i].line, p.rc, p.r.verb, p.e.text);
        done(&p);
    }
}

static void short_names_by_place(void **state)
{
    struct parsed p;
    (void)state;
    parse(&p, "-a -k ec384 list -a");
    assert_int_equal(p.rc, 0);
    assert_true(p.r.agree_tos && p.r.lego.accounts);
    assert_string_equal(p.r.lego.key_type, "ec384");
    done(&p);
    parse(&p, "-c a.csr dnshelp -c route53");
    assert_int_equal(p.what, LEGO_PARSED_DNSHELP);
    assert_string_equal(p.r.csr, "a.csr");
    assert_string_equal(p.r.lego.code, "route53");
    done(&p);
}

static void refused(void **state)
{
    static const char *const rows[][2] = {
        { "--frob run", "flag provided but not defined: -frob" },
        { "run --frob", "flag provided but not defined: -frob" },
        { "--days 3 list", "flag provided but not defined: -days" },
        { "list --days 3", "flag provided but not defined: -days" },
        { "--http=maybe run", "invalid boolean value \"maybe\" for flag -http: parse error" },
        { "-d", "flag needs an argument: -d" },
        { "---x run", "bad flag syntax: ---x" },
        { "-=x run", "bad flag syntax: -=x" },
        { "--pfx.pass=geheim --reason=x revoke", "invalid value \"x\" for flag -reason: parse error" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct parsed p;
        parse(&p, rows[i][0]);
        if (p.rc != SIGNET_EUSAGE || strcmp(p.e.text, rows[i][1]))
            fail_msg("%s: %d \"%s\"", rows[i][0], p.rc, p.e.text);
        done(&p);
    }
}

static void words_that_are_no_command(void **state)
{
    struct parsed p;
    (void)state;
    parse(&p, "--http example.com run");
    assert_int_equal(p.what, LEGO_PARSED_UNKNOWN);
    assert_string_equal(p.r.help_topics.v[0], "example.com");
    done(&p);
    parse(&p, "accounts");
    assert_int_equal(p.what, LEGO_PARSED_UNKNOWN);
    done(&p);
    parse(&p, "help renew");
    assert_int_equal(p.what, LEGO_PARSED_HELP);
    assert_string_equal(p.r.help_topics.v[0], "renew");
    done(&p);
    parse(&p, "");
    assert_int_equal(p.what, LEGO_PARSED_BARE);
    done(&p);
    parse(&p, "--config x.yml --log.level debug");
    assert_int_equal(p.what, LEGO_PARSED_BARE);
    assert_string_equal(p.r.lego.config, "x.yml");
    done(&p);
    parse(&p, "-v");
    assert_int_equal(p.what, LEGO_PARSED_VERSION);
    done(&p);
}

static void variables(void **state)
{
    struct parsed p;
    (void)state;
    setenv("LEGO_SERVER", "https://ca.test/dir", 1);
    setenv("LEGO_PFX", "true", 1);
    setenv("LEGO_EAB_HMAC", "secret", 1);
    setenv("LEGO_HTTP", "true", 1); /* version 5's */
    parse(&p, "run -s https://other.test/dir -d a.test");
    assert_int_equal(p.rc, 0);
    assert_string_equal(p.r.server, "https://other.test/dir");
    assert_true(p.r.lego.pfx);
    assert_false(p.r.lego.http);
    assert_string_equal(p.r.lego.hmac, "secret");
    assert_false(p.r.lego.v5);
    done(&p);
    parse(&p, "run --eab.hmac mine -d a.test");
    assert_string_equal(p.r.lego.hmac, "mine");
    assert_true(p.r.lego.http);
    done(&p);
    setenv("LEGO_PFX", "perhaps", 1);
    parse(&p, "run");
    assert_int_equal(p.rc, SIGNET_EUSAGE);
    assert_non_null(strstr(p.e.text, "LEGO_PFX"));
    done(&p);
    unsetenv("LEGO_SERVER");
    unsetenv("LEGO_PFX");
    unsetenv("LEGO_EAB_HMAC");
    unsetenv("LEGO_HTTP");
}

static void secrets_are_not_shown(void **state)
{
    struct parsed p;
    (void)state;
    parse(&p, "--hmac geheim --pfx.pass geheim --eab.hmac geheim -d a.test run");
    assert_null(strstr(buf_z(&p.shown), "geheim"));
    assert_non_null(strstr(buf_z(&p.shown), "--domains=a.test"));
    done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_and_places),
        cmocka_unit_test(short_names_by_place),
        cmocka_unit_test(refused),
        cmocka_unit_test(variables),
        cmocka_unit_test(words_that_are_no_command),
        cmocka_unit_test(secrets_are_not_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
