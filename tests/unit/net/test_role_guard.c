/* Who owes an answer and gives none is ended; who owes none, or answers now and then, is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "net/role_guard.h"
#include <cmocka.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct guarded {
    pid_t pid;
    struct role_guard *guard;
    const char *words; /* NULL: not ended */
};

static void ended(void *ctx)
{
    struct guarded *x = ctx;
    x->words = role_guard_words(x->guard);
    role_guard_end(x->guard);
    x->guard = NULL;
}

static void start(struct guarded *x, struct loop *l)
{
    *x = (struct guarded){ .pid = fork() };
    assert_true(x->pid >= 0);
    if (x->pid == 0)
        for (;;)
            pause();
    assert_int_equal(role_guard_start(&x->guard, l, x->pid, ended, x), 0);
}

static int finish(struct guarded *x)
{
    int status;
    role_guard_end(x->guard);
    if (!x->words)
        kill(x->pid, SIGUSR1);
    assert_int_equal(waitpid(x->pid, &status, 0), x->pid);
    assert_true(WIFSIGNALED(status));
    return WTERMSIG(status);
}

static void an_answer_that_does_not_come(void **state)
{
    (void)state;
    struct loop *l;
    struct err e = { 0 };
    struct guarded late, free, slow;
    int64_t begin = clock_mono_ms(), answered = begin;
    assert_int_equal(loop_new(&l, &e), 0);
    start(&late, l);
    start(&free, l);
    start(&slow, l);
    role_guard_expect(late.guard, 1500);
    role_guard_expect(free.guard, 1);
    role_guard_expect(free.guard, 0);
    role_guard_expect(slow.guard, 1500);
    while (!late.words && clock_mono_ms() - begin < 20000) {
        assert_int_equal(loop_step(l, 100), 0);
        if (clock_mono_ms() - answered >= 300) {
            answered = clock_mono_ms();
            role_guard_expect(slow.guard, 1500);
        }
    }
    assert_string_equal(late.words, "did not answer in time");
    assert_true(clock_mono_ms() - begin >= 1500);
    assert_null(free.words);
    assert_null(slow.words);
    assert_int_equal(finish(&late), SIGKILL);
    assert_int_equal(finish(&free), SIGUSR1);
    assert_int_equal(finish(&slow), SIGUSR1);
    loop_free(l);
}

static void nobody_to_guard(void **state)
{
    (void)state;
    struct loop *l;
    struct err e = { 0 };
    struct role_guard *g = (struct role_guard *)&e;
    assert_int_equal(loop_new(&l, &e), 0);
    assert_int_equal(role_guard_start(&g, l, -1, ended, NULL), 0);
    assert_null(g);
    role_guard_expect(g, 1);
    role_guard_end(g);
    loop_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(an_answer_that_does_not_come),
                                        cmocka_unit_test(nobody_to_guard) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
