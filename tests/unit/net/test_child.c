#include "net/child.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct loop *l;

static int set_up(void **state)
{
    (void)state;
    struct err e = { 0 };
    return loop_new(&l, &e);
}

static int tear_down(void **state)
{
    (void)state;
    loop_free(l);
    return waitpid(-1, NULL, WNOHANG) > 0; /* no zombie is left */
}

static void captures_both_streams_and_the_exit_code(void **state)
{
    (void)state;
    static const struct {
        const char *shell;
        int code;
        const char *out, *err;
    } t[] = {
        { "echo out; echo err >&2; exit 3", 3, "out\n", "err\n" },
        { "exit 0", 0, "", "" },
        { "exit 255", 255, "", "" },
        { "kill -9 $$", 137, "", "" },
        { "printf ' a\\n\\n'", 0, " a\n\n", "" },
        { "exec >&- 2>&-; exit 4", 4, "", "" },
        { "nonexistent-program-xyz 2>/dev/null", 127, "", "" },
    };
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        struct err e = { 0 };
        struct child_result r = { 0 };
        struct child_spec spec = { .shell = t[i].shell };
        assert_int_equal(child_run(l, &spec, &r, &e), 0);
        assert_int_equal(r.exit_code, t[i].code);
        assert_false(r.timed_out);
        assert_string_equal(buf_z(&r.out), t[i].out);
        assert_string_equal(buf_z(&r.err), t[i].err);
        child_result_done(&r);
    }
}

static void looks_programs_up_in_path(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct child_result r = { 0 };
    const char *const echo[] = { "echo", "a b", "$HOME", NULL };
    struct child_spec spec = { .argv = echo };
    assert_int_equal(child_run(l, &spec, &r, &e), 0);
    assert_string_equal(buf_z(&r.out), "a b $HOME\n");
    child_result_done(&r);
    const char *const none[] = { "nonexistent-program-xyz", NULL };
    spec.argv = none;
    assert_int_equal(child_run(l, &spec, &r, &e), SIGNET_ESYS);
    assert_string_equal(e.text, "cannot run nonexistent-program-xyz: No such file or directory");
    const char *const folder[] = { "/tmp", NULL };
    spec.argv = folder;
    assert_int_equal(child_run(l, &spec, &r, &e), SIGNET_ESYS);
}

static void gets_the_environment_given_on_top_of_ours(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct child_result r = { 0 };
    STRLIST_AUTO(env);
    setenv("SIGNET_TEST_A", "inherited", 1);
    setenv("SIGNET_TEST_B", "inherited", 1);
    strlist_addz(&env, "SIGNET_TEST_B=given=twice");
    strlist_addz(&env, "SIGNET_TEST_C=");
    struct child_spec spec = {
        .shell = "echo \"$SIGNET_TEST_A,$SIGNET_TEST_B,${SIGNET_TEST_C-unset}\"; env | grep -c ^SIGNET_TEST_B=",
        .env = &env
    };
    assert_int_equal(child_run(l, &spec, &r, &e), 0);
    assert_string_equal(buf_z(&r.out), "inherited,given=twice,\n1\n");
    child_result_done(&r);
}

static void sees_none_of_our_descriptors_and_signals(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct child_result r = { 0 };
    int leak = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */
    assert_true(leak >= 0);
    /* Field SigIgn without SIGPIPE's bit; no descriptor but those three and the one that ls itself opens. */
    struct child_spec spec = {
        .shell = "ls /proc/self/fd | tr '\\n' ' '; grep -E '^Sig(Blk|Ign)' /proc/self/status | cut -f2 | tr '\\n' ' '"
    };
    const uint64_t libcs_own = (uint64_t)3 << 31; /* signals 32 and 33: sigaction() changes them for nobody */
    sigset_t usr1, before;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, &before);
    assert_int_equal(child_run(l, &spec, &r, &e), 0);
    sigset_t now;
    sigprocmask(SIG_SETMASK, &before, &now);
    assert_true(sigismember(&now, SIGUSR1));
    assert_false(sigismember(&now, SIGTERM));
    const char *fds = "0 1 2 3 ";
    char *end;
    assert_memory_equal(buf_z(&r.out), fds, strlen(fds));
    assert_int_equal(strtoull(buf_z(&r.out) + strlen(fds), &end, 16), 0);
    assert_int_equal(strtoull(end, &end, 16) & ~libcs_own, 0);
    assert_string_equal(end, " ");
    child_result_done(&r);
    close(leak);
}

static void is_in_a_group_of_its_own(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct child_result r = { 0 };
    struct child_spec spec = {
        .shell = "read -r pid comm state ppid pgrp rest </proc/$$/stat; [ $pid = $pgrp ] && echo own"
    };
    assert_int_equal(child_run(l, &spec, &r, &e), 0);
    assert_string_equal(buf_z(&r.out), "own\n");
    child_result_done(&r);
}

static void reads_more_than_it_keeps(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct child_result r = { 0 };
    struct child_spec spec = { .shell = "head -c 3000000 /dev/zero; head -c 200000 /dev/zero >&2; echo end >&2" };
    assert_int_equal(child_run(l, &spec, &r, &e), 0);
    assert_int_equal(r.exit_code, 0);
    assert_int_equal(r.out.n, CHILD_OUTPUT_MAX);
    assert_int_equal(r.out_lost, 3000000 - CHILD_OUTPUT_MAX);
    assert_int_equal(r.err_lost, 0);
    assert_int_equal(r.err.n, 200004);
    child_result_done(&r);
}

static void ends_what_takes_too_long(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct child_result r = { 0 };
    struct child_spec spec = { .shell = "echo started; sleep 60 & wait", .timeout_ms = 50 };
    int64_t start = clock_mono_ms();
    assert_int_equal(child_run(l, &spec, &r, &e), 0);
    assert_true(r.timed_out);
    assert_int_equal(r.exit_code, 128 + SIGTERM);
    assert_string_equal(buf_z(&r.out), "started\n");
    assert_true(clock_mono_ms() - start < 4000); /* the sleep was ended, too */
    child_result_done(&r);
}

static void does_not_wait_for_what_it_left_running(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct child_result r = { 0 };
    struct child_spec spec = { .shell = "sleep 60 & echo $!", .timeout_ms = 30000 };
    int64_t start = clock_mono_ms();
    assert_int_equal(child_run(l, &spec, &r, &e), 0);
    assert_true(clock_mono_ms() - start < 4000);
    assert_int_equal(r.exit_code, 0);
    assert_false(r.timed_out);
    uint64_t pid = 0;
    assert_int_equal(str_u64(str_trim(buf_str(&r.out)), INT32_MAX, &pid), 0);
    assert_int_equal(kill((pid_t)pid, 0), 0); /* and does not end it */
    kill((pid_t)pid, SIGKILL);
    child_result_done(&r);
}

static void on_time_to_interrupt(void *ctx)
{
    (void)ctx;
    raise(SIGTERM);
}

static void a_signal_to_us_ends_the_child(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct child_result r = { 0 };
    struct timer *t = NULL;
    struct child_spec spec = { .shell = "sleep 60" };
    int64_t start = clock_mono_ms();
    assert_int_equal(loop_timer(l, &t, start + 30, on_time_to_interrupt, NULL), 0);
    assert_int_equal(child_run(l, &spec, &r, &e), SIGNET_ECANCELED);
    assert_string_equal(e.text, "sleep 60 was ended because signal 15 came");
    assert_true(clock_mono_ms() - start < 4000);
    assert_int_equal(loop_signal(l), SIGTERM);
    assert_int_equal(loop_step(l, -1), SIGNET_ECANCELED);
    /* As long as it is not cleared, nothing more is run. */
    assert_int_equal(child_run(l, &spec, &r, &e), SIGNET_ECANCELED);
    loop_signal_clear(l);
    spec.shell = "exit 5";
    assert_int_equal(child_run(l, &spec, &r, &e), 0);
    assert_int_equal(r.exit_code, 5);
    child_result_done(&r);
    loop_timer_free(t);
}

static void a_second_signal_makes_it_end(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct child_result r = { 0 };
    struct timer *t[2] = { NULL };
    struct child_spec spec = { .shell = "trap '' TERM; sleep 60 & wait; wait; sleep 60" };
    int64_t start = clock_mono_ms();
    for (int i = 0; i < 2; i++)
        assert_int_equal(loop_timer(l, &t[i], start + 100 + i * 50, on_time_to_interrupt, NULL), 0);
    assert_int_equal(child_run(l, &spec, &r, &e), SIGNET_ECANCELED);
    assert_true(clock_mono_ms() - start < 4000);
    for (int i = 0; i < 2; i++)
        loop_timer_free(t[i]);
    loop_signal_clear(l);
}

static struct child_result inner;

static void on_time_to_run_another(void *ctx)
{
    (void)ctx;
    struct err e = { 0 };
    struct child_spec spec = { .shell = "echo inner" };
    assert_int_equal(child_run(l, &spec, &inner, &e), 0);
}

static void one_may_run_within_another(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct child_result r = { 0 };
    struct timer *t = NULL;
    struct child_spec spec = { .shell = "sleep 0.2; echo outer" };
    assert_int_equal(loop_timer(l, &t, 0, on_time_to_run_another, NULL), 0);
    assert_int_equal(child_run(l, &spec, &r, &e), 0);
    assert_string_equal(buf_z(&r.out), "outer\n");
    assert_string_equal(buf_z(&inner.out), "inner\n");
    child_result_done(&r);
    child_result_done(&inner);
    loop_timer_free(t);
}

#define WITH_LOOP(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LOOP(captures_both_streams_and_the_exit_code),
        WITH_LOOP(looks_programs_up_in_path),
        WITH_LOOP(gets_the_environment_given_on_top_of_ours),
        WITH_LOOP(sees_none_of_our_descriptors_and_signals),
        WITH_LOOP(is_in_a_group_of_its_own),
        WITH_LOOP(reads_more_than_it_keeps),
        WITH_LOOP(ends_what_takes_too_long),
        WITH_LOOP(does_not_wait_for_what_it_left_running),
        WITH_LOOP(a_signal_to_us_ends_the_child),
        WITH_LOOP(a_second_signal_makes_it_end),
        WITH_LOOP(one_may_run_within_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
