/* Prompts, through pipes with --force-interactive and through a pseudo terminal. */
#include "cli/out.h"
#include "cli/ui_tty.h"
#include "net/loop.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define FRAME "- - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - -"

/* What is typed is there before the question; what is shown is read afterwards. */
struct desk {
    struct request req;
    struct ui_tty u;
    int in[2], out[2], err[2];
};

static void desk_open(struct desk *d, const char *typed, bool force)
{
    *d = (struct desk){ 0 };
    d->req.force_interactive = force;
    d->req.noninteractive = !force;
    assert_int_equal(pipe2(d->in, O_CLOEXEC) | pipe2(d->out, O_CLOEXEC) | pipe2(d->err, O_CLOEXEC), 0);
    out_text(d->in[1], typed);
    close(d->in[1]);
    ui_tty_init(&d->u, &d->req, d->in[0], d->out[1], d->err[1]);
}

static void drain(int fd, struct buf *to)
{
    char chunk[4096];
    ssize_t n;
    buf_clear(to);
    while ((n = read(fd, chunk, sizeof(chunk))) > 0)
        buf_add(to, (signet_str){ chunk, (size_t)n });
    close(fd);
}

static void desk_close(struct desk *d, struct buf *shown, struct buf *errors)
{
    close(d->in[0]);
    close(d->out[1]);
    close(d->err[1]);
    drain(d->out[0], shown);
    drain(d->err[0], errors);
}

static const char *const two[] = { "first", "second" };

static void test_menu(void **state)
{
    (void)state;
    static const struct {
        const char *typed;
        int rc;
        size_t choice;
    } rows[] = { { "2\n", 0, 1 },
                 { "1\n", 0, 0 },
                 { "0\n3\nx\n\n 2 \n", 0, 1 },
                 { "2", 0, 1 },
                 { "c\n", SIGNET_ECANCELED, 9 },
                 { "C", SIGNET_ECANCELED, 9 },
                 { "", SIGNET_ECANCELED, 9 },
                 { "7\n", SIGNET_ECANCELED, 9 } };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct desk d;
        struct err e = { 0 };
        size_t choice = 9;
        BUF_AUTO(shown, 1 << 16);
        BUF_AUTO(errors, 1 << 16);
        desk_open(&d, rows[i].typed, true);
        assert_int_equal(d.u.ui.ops->menu(&d.u.ui, "Which?", two, 2, "--which", &choice, &e), rows[i].rc);
        assert_int_equal(choice, rows[i].choice);
        desk_close(&d, &shown, &errors);
        assert_true(str_starts(buf_str(&shown),
                               STR("\nWhich?\n" FRAME "\n1: first\n2: second\n" FRAME
                                   "\nSelect the appropriate number [1-2] then [enter] (press 'c' to cancel): ")));
        assert_int_equal(errors.n, 0);
    }
}

static void test_one_choice(void **state)
{
    (void)state;
    struct desk d;
    struct err e = { 0 };
    size_t choice = 9;
    BUF_AUTO(shown, 1 << 16);
    BUF_AUTO(errors, 1 << 16);
    desk_open(&d, "1\n", true);
    assert_int_equal(d.u.ui.ops->menu(&d.u.ui, "Which?", two, 1, NULL, &choice, &e), 0);
    desk_close(&d, &shown, &errors);
    assert_non_null(strstr(buf_z(&shown), "Press 1 [enter] to confirm the selection (press 'c' to cancel): "));
}

static void test_yesno(void **state)
{
    (void)state;
    static const struct {
        const char *typed;
        int rc;
        bool answer;
    } rows[] = { { "y\n", 0, true },
                 { "Yes\n", 0, true },
                 { "n\n", 0, false },
                 { "x\n\nNO\n", 0, false },
                 { "", SIGNET_ECANCELED, false } };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct desk d;
        struct err e = { 0 };
        bool answer = false;
        BUF_AUTO(shown, 1 << 16);
        BUF_AUTO(errors, 1 << 16);
        desk_open(&d, rows[i].typed, true);
        assert_int_equal(d.u.ui.ops->yesno(&d.u.ui, "Really?", "Yes", "No", "--really", &answer, &e), rows[i].rc);
        assert_int_equal(answer, rows[i].answer);
        desk_close(&d, &shown, &errors);
        assert_true(str_starts(buf_str(&shown), STR("\n" FRAME "\nReally?\n" FRAME "\n(Y)es/(N)o: ")));
    }
}

static void test_checklist(void **state)
{
    (void)state;
    static const struct {
        const char *typed, *picked;
    } rows[] = { { "1,3\n", "a c" }, { "3 1\n", "c a" },       { "2, 2,,2\n", "b" }, { "\n", "a b c" },
                 { "4\n1\n", "a" },  { "x\n0\n ,\n2\n", "b" }, { "c\n", NULL },      { "", NULL } };
    STRLIST_AUTO(tags);
    assert_int_equal(strlist_split(&tags, STR("a,b,c"), ','), 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct desk d;
        struct err e = { 0 };
        STRLIST_AUTO(picked);
        BUF_AUTO(joined, 256);
        BUF_AUTO(shown, 1 << 16);
        BUF_AUTO(errors, 1 << 16);
        desk_open(&d, rows[i].typed, true);
        int rc = d.u.ui.ops->checklist(&d.u.ui, "Which names?", &tags, "--domains", &picked, &e);
        assert_int_equal(rc, rows[i].picked ? 0 : SIGNET_ECANCELED);
        strlist_join(&picked, " ", &joined);
        assert_string_equal(buf_z(&joined), rows[i].picked ? rows[i].picked : "");
        desk_close(&d, &shown, &errors);
        assert_non_null(strstr(buf_z(&shown), "1: a\n2: b\n3: c\n"));
    }
}

static void test_input(void **state)
{
    (void)state;
    static const struct {
        const char *typed, *answer;
    } rows[] = { { "some text\nmore", "some text" }, { "\n", "" }, { "cat\n", "cat" }, { "c\n", NULL }, { "", NULL } };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct desk d;
        struct err e = { 0 };
        BUF_AUTO(answer, 4096);
        BUF_AUTO(shown, 1 << 16);
        BUF_AUTO(errors, 1 << 16);
        desk_open(&d, rows[i].typed, true);
        int rc = d.u.ui.ops->input(&d.u.ui, "Name?", "--name", &answer, &e);
        assert_int_equal(rc, rows[i].answer ? 0 : SIGNET_ECANCELED);
        if (rows[i].answer)
            assert_string_equal(buf_z(&answer), rows[i].answer);
        desk_close(&d, &shown, &errors);
        assert_string_equal(buf_z(&shown), "Name? (Enter 'c' to cancel): ");
    }
}

/* Under -n nothing is asked, and the error says which option answers. */
static void test_no_questions(void **state)
{
    (void)state;
    struct desk d;
    struct err e = { 0 };
    bool yes;
    size_t choice;
    BUF_AUTO(text, 100);
    BUF_AUTO(shown, 1 << 16);
    BUF_AUTO(errors, 1 << 16);
    desk_open(&d, "y\n", false);
    const struct ui_ops *ops = d.u.ui.ops;
    assert_int_equal(ops->yesno(&d.u.ui, "Really?", "Yes", "No", "--really", &yes, &e), SIGNET_EUSAGE);
    assert_string_equal(e.text, "Missing command line flag or config entry for this setting:\nReally?\n\n(You can set "
                                "this with the --really flag)");
    assert_int_equal(ops->menu(&d.u.ui, "Which?", two, 2, NULL, &choice, &e), SIGNET_EUSAGE);
    assert_string_equal(
        e.text, "Missing command line flag or config entry for this setting:\nWhich?\nChoices: ['first', 'second']");
    d.u.noninteractive = false; /* no terminal, and no -n either */
    assert_int_equal(ops->input(&d.u.ui, "Name?", "--name", &text, &e), SIGNET_EUSAGE);
    assert_string_equal(
        e.text,
        "Nobody is here to answer this question:\nName?\nOn the command line it is answered with the --name flag.");
    desk_close(&d, &shown, &errors);
    assert_int_equal(shown.n + errors.n, 0);
}

static void test_telling(void **state)
{
    (void)state;
    static const struct {
        bool quiet, json;
        const char *shown;
    } rows[] = { { false, false, "hello\n\n" FRAME "\nframed\n" FRAME "\n" },
                 { true, false, "" },
                 { false, true, "" } };
    for (size_t i = 0; i < 3; i++) {
        struct desk d;
        BUF_AUTO(shown, 1 << 16);
        BUF_AUTO(errors, 1 << 16);
        desk_open(&d, "", false);
        d.u.ui.quiet = rows[i].quiet;
        d.u.ui.json = rows[i].json;
        log_add_sink(ui_tty_sink, &d.u);
        d.u.ui.ops->notify(&d.u.ui, "hello");
        d.u.ui.ops->frame(&d.u.ui, "framed", true);
        d.u.ui.ops->alert(&d.u.ui, "bad");
        log_reset();
        desk_close(&d, &shown, &errors);
        assert_string_equal(buf_z(&shown), rows[i].shown);
        assert_string_equal(buf_z(&errors), "bad\n");
    }
}

static void test_levels(void **state)
{
    (void)state;
    static const struct {
        int verbose;
        bool quiet;
        const char *errors;
    } rows[] = { { 0, false, "w\ne\n" }, { 1, false, "i\nw\ne\n" }, { 2, false, "d\ni\nw\ne\n" }, { 3, true, "e\n" } };
    for (size_t i = 0; i < 4; i++) {
        struct desk d;
        BUF_AUTO(shown, 1 << 16);
        BUF_AUTO(errors, 1 << 16);
        desk_open(&d, "", false);
        d.req.verbose_count = rows[i].verbose;
        d.req.quiet = rows[i].quiet;
        ui_tty_init(&d.u, &d.req, d.in[0], d.out[1], d.err[1]);
        ui_tty_sink(&d.u, LOG_DEBUG, "r", "d");
        ui_tty_sink(&d.u, LOG_INFO, "r", "i");
        ui_tty_sink(&d.u, LOG_WARNING, "r", "w");
        ui_tty_sink(&d.u, LOG_ERROR, "r", "e");
        desk_close(&d, &shown, &errors);
        assert_string_equal(buf_z(&errors), rows[i].errors);
    }
}

static int open_terminal(int *terminal)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(master >= 0);
    assert_int_equal(grantpt(master) | unlockpt(master), 0);
    *terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(*terminal >= 0);
    return master;
}

/* What a terminal shows comes in pieces, with the echo of what was typed anywhere between them. */
static void read_until(int master, const char *first, const char *then)
{
    BUF_AUTO(seen, 1 << 16);
    while (!strstr(buf_z(&seen), first) || !strstr(buf_z(&seen), then)) {
        char chunk[256];
        ssize_t n = read(master, chunk, sizeof(chunk));
        assert_true(n > 0);
        buf_add(&seen, (signet_str){ chunk, (size_t)n });
        assert_int_equal(buf_err(&seen), 0);
    }
}

/* A terminal is asked without --force-interactive; warnings are red there, unless NO_COLOR says otherwise. */
static void test_terminal(void **state)
{
    (void)state;
    struct request r = { 0 };
    struct ui_tty u;
    struct err e = { 0 };
    bool yes = false;
    int tty, master = open_terminal(&tty);
    unsetenv("NO_COLOR");
    ui_tty_init(&u, &r, tty, tty, tty);
    assert_true(u.ui.interactive && u.red);
    out_text(master, "y\n");
    assert_int_equal(u.ui.ops->yesno(&u.ui, "Really?", "Yes", "No", "--really", &yes, &e), 0);
    assert_true(yes);
    ui_tty_sink(&u, LOG_WARNING, "r", "careful");
    read_until(master, "(Y)es/(N)o: ", "\033[31mcareful\033[0m");
    setenv("NO_COLOR", "1", 1);
    r.noninteractive = true;
    ui_tty_init(&u, &r, tty, tty, tty);
    assert_false(u.ui.interactive || u.red);
    close(tty);
    close(master);
}

/* A signal that came when the question stood there already, but before anything waited for the answer. */
static void test_signal_before_the_wait(void **state)
{
    (void)state;
    struct request r = { .force_interactive = true };
    struct loop *l;
    struct ui_tty u;
    struct err e = { 0 };
    bool yes;
    int in[2], out[2];
    assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(loop_new(&l, &e), 0);
    ui_tty_init(&u, &r, in[0], out[1], out[1]);
    assert_int_equal(raise(SIGTERM), 0);
    alarm(20); /* nobody ever answers */
    assert_int_equal(u.ui.ops->yesno(&u.ui, "Really?", "Yes", "No", "--really", &yes, &e), SIGNET_ECANCELED);
    alarm(0);
    assert_string_equal(e.text, "Exiting due to user request.");
    loop_free(l);
    close(in[0]);
    close(in[1]);
    close(out[0]);
    close(out[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_menu),      cmocka_unit_test(test_one_choice),
        cmocka_unit_test(test_yesno),     cmocka_unit_test(test_input),
        cmocka_unit_test(test_checklist), cmocka_unit_test(test_no_questions),
        cmocka_unit_test(test_telling),   cmocka_unit_test(test_levels),
        cmocka_unit_test(test_terminal),  cmocka_unit_test(test_signal_before_the_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
