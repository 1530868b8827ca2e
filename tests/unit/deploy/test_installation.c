/* Names that wildcards stand for, and waiting for the proof. */
#include "deploy/installation.h"
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <signal.h>
// clang-format on

static bool has(void *ctx, const char *name)
{
    return strlist_has(ctx, str_of(name));
}

static void wildcards_stand_for_the_names_under_them(void **state)
{
    static const struct {
        const char *wanted, *there, *want; /* NULL: there is none */
    } cases[] = {
        { "a.test", "", "a.test" },
        { "*.a.test", "a.test x.a.test y.x.a.test z.a.test", "x.a.test z.a.test" },
        { "*.a.test", "x.a.test *.a.test", "*.a.test x.a.test" }, /* it has the wildcard itself, too */
        { "*.a.test", "*.a.test", "*.a.test" },
        { "x.a.test *.a.test a.test", "x.a.test", "x.a.test a.test" },
        { "*.a.test", "a.test .a.test *.b.test xa.test", NULL },
        { "b.test *.a.test", "", NULL },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        STRLIST_AUTO(wanted);
        STRLIST_AUTO(there);
        STRLIST_AUTO(got);
        BUF_AUTO(joined, 1024);
        struct err e = { 0 };
        assert_int_equal(strlist_split(&wanted, str_of(cases[i].wanted), ' '), 0);
        assert_int_equal(strlist_split(&there, str_of(cases[i].there), ' '), 0);
        int rc = installation_names(&wanted, &there, has, &there, &got, &e);
        assert_int_equal(rc, cases[i].want ? 0 : SIGNET_ENOTFOUND);
        strlist_join(&got, " ", &joined);
        if (cases[i].want)
            assert_string_equal(buf_z(&joined), cases[i].want);
        else
            assert_non_null(strstr(e.text, "*.a.test"));
    }
}

/* ---- the proof ---- */

static const struct server_ops fake_ops = { .plugin = "fake", .name = "Fake" };

/* What the looks see, one letter each: + it is served, - another is, ! the run cannot go on, * it is served and a
 * signal comes, / another is and a signal comes. */
struct script {
    const char *at;
    unsigned looked[2]; /* by name */
    bool hopeless;
};
static struct script script;

static int one(void *ctx, size_t i, struct err *e)
{
    char now = *script.at ? *script.at++ : '+';
    script.looked[i]++;
    if (now == '*' || now == '/')
        loop_signal_raise(ctx, SIGTERM);
    if (now == '+' || now == '*')
        return 0;
    return now == '!' ? err_set(e, SIGNET_ESYS, "no process") : err_set(e, SIGNET_ECERT, "another certificate");
}

static bool complaints(const struct server *s, struct buf *words)
{
    (void)s;
    buf_addz(words, script.hopeless ? "port taken" : "");
    return script.hopeless;
}

static int prove(const char *looks, unsigned in_a_row, int wait_ms, bool hopeless, struct err *e)
{
    struct server s = { .ops = &fake_ops };
    script = (struct script){ .at = looks, .hopeless = hopeless };
    assert_int_equal(loop_new(&s.loop, e), 0);
    const struct installation_proof p = { .server = &s,
                                          .n = 2,
                                          .one = one,
                                          .complaints = complaints,
                                          .looks = in_a_row,
                                          .wait_ms = wait_ms,
                                          .pause_ms = 1,
                                          .ctx = s.loop };
    int rc = installation_prove(&p, e);
    loop_free(s.loop);
    return rc;
}

static void what_was_seen_is_not_looked_at_again(void **state)
{
    struct err e = { 0 };
    (void)state;
    assert_int_equal(prove("+--+", 1, 10000, false, &e), 0);
    assert_int_equal(script.looked[0], 1);
    assert_int_equal(script.looked[1], 3);
}

static void a_file_of_a_lineage(void **state)
{
    STRLIST_AUTO(folders);
    (void)state;
    assert_int_equal(strlist_addz(&folders, "/etc/le/live/a.test"), 0);
    assert_int_equal(strlist_addz(&folders, "/etc/le/archive/a.test"), 0);
    assert_true(installation_is_in(STR("/etc/le/live/a.test/privkey.pem"), &folders));
    assert_true(installation_is_in(STR("/etc/le/archive/a.test/privkey1.pem"), &folders));
    assert_false(installation_is_in(STR("/etc/le/live/a.test"), &folders));
    assert_false(installation_is_in(STR("/etc/le/live/a.test-0001/privkey.pem"), &folders));
    assert_false(installation_is_in(STR("data:/etc/le/live/a.test/privkey.pem"), &folders));
    assert_false(installation_is_in(STR(""), &folders));
}

static void several_good_looks_in_a_row(void **state)
{
    struct err e = { 0 };
    (void)state;
    /* one whole round is good, then the second name meets an old child: three rounds begin again */
    assert_int_equal(prove("+++-", 3, 10000, false, &e), 0);
    assert_int_equal(script.looked[0], 2 + 2);
    assert_int_equal(script.looked[1], 2 + 3);
}

static void a_server_that_complains_is_not_waited_for(void **state)
{
    struct err e = { 0 };
    (void)state;
    assert_int_equal(prove("-----", 1, 10000, true, &e), SIGNET_ECERT);
    assert_int_equal(script.looked[0], 1);
    assert_non_null(strstr(e.text, "Fake has been reloaded"));
    assert_non_null(strstr(e.text, "port taken"));
}

static void time_is_over_and_the_run_cannot_go_on(void **state)
{
    struct err e = { 0 };
    (void)state;
    assert_int_equal(prove("--------------------------------------------------", 1, 5, false, &e), SIGNET_ECERT);
    assert_non_null(strstr(e.hint, "--no-verify-deploy"));
    err_clear(&e);
    assert_int_equal(prove("!", 1, 10000, false, &e), SIGNET_ESYS);
    assert_int_equal(script.looked[0], 1);
}

/* A good look is not yet a row of them. */
static void a_signal_before_the_row_is_whole(void **state)
{
    struct err e = { 0 };
    (void)state;
    assert_int_equal(prove("+++*", 3, 10000, false, &e), SIGNET_ECANCELED);
    assert_int_equal(script.looked[1], 2);
    assert_non_null(strstr(e.text, "a signal came"));
    err_clear(&e);
    assert_int_equal(prove("/", 3, 10000, false, &e), SIGNET_ECANCELED);
    err_clear(&e);
    assert_int_equal(prove("+++++*", 3, 10000, false, &e), 0); /* it was whole: the signal is for what comes next */
}

static void time_does_not_end_a_row_of_good_looks(void **state)
{
    struct err e = { 0 };
    (void)state;
    assert_int_equal(prove("", 3, 0, false, &e), 0);
    assert_int_equal(script.looked[1], 3);
    assert_int_equal(prove("++++-", 3, 0, false, &e), SIGNET_ECERT); /* but a bad one at that time is the last */
    assert_int_equal(script.looked[0], 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wildcards_stand_for_the_names_under_them),
        cmocka_unit_test(what_was_seen_is_not_looked_at_again),
        cmocka_unit_test(a_file_of_a_lineage),
        cmocka_unit_test(several_good_looks_in_a_row),
        cmocka_unit_test(a_server_that_complains_is_not_waited_for),
        cmocka_unit_test(time_is_over_and_the_run_cannot_go_on),
        cmocka_unit_test(a_signal_before_the_row_is_whole),
        cmocka_unit_test(time_does_not_end_a_row_of_good_looks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
