#include "net/loop.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
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
    l = NULL;
    return 0;
}

struct end {
    int fd[2];
    struct watch *watch;
    unsigned calls;
    struct end *victim;
    unsigned depth;
};

static void on_byte(void *ctx, short revents)
{
    struct end *p = ctx;
    assert_true(revents & (POLLIN | POLLHUP));
    p->calls++;
    char c;
    assert_int_equal(read(p->fd[0], &c, 1), 1);
    if (p->victim) {
        loop_unwatch(p->victim->watch);
        p->victim->watch = NULL;
        p->victim = NULL;
    }
}

static void end_open(struct end *p, watch_fn *fn)
{
    *p = (struct end){ .watch = NULL };
    assert_int_equal(pipe(p->fd), 0);
    assert_int_equal(loop_watch(l, &p->watch, p->fd[0], POLLIN, fn, p), 0);
}

static void end_close(struct end *p)
{
    loop_unwatch(p->watch);
    close(p->fd[0]);
    close(p->fd[1]);
}

static void calls_who_has_something_to_read(void **state)
{
    (void)state;
    struct end a, b;
    end_open(&a, on_byte);
    end_open(&b, on_byte);
    assert_int_equal(loop_step(l, 0), 0);
    assert_int_equal(a.calls + b.calls, 0);
    assert_int_equal(write(b.fd[1], "xy", 2), 2);
    assert_int_equal(loop_step(l, -1), 0);
    assert_int_equal(a.calls, 0);
    assert_int_equal(b.calls, 1);
    loop_watch_set(b.watch, 0);
    assert_int_equal(loop_step(l, 0), 0);
    assert_int_equal(b.calls, 1);
    loop_watch_set(b.watch, POLLIN);
    assert_int_equal(loop_step(l, 0), 0);
    assert_int_equal(b.calls, 2);
    end_close(&a);
    end_close(&b);
}

static void a_handler_may_remove_itself_and_others(void **state)
{
    (void)state;
    struct end p[3];
    for (int i = 0; i < 3; i++) {
        end_open(&p[i], on_byte);
        assert_int_equal(write(p[i].fd[1], "x", 1), 1);
    }
    /* Whichever of two is first removes the other; the third removes itself. */
    p[0].victim = &p[2];
    p[2].victim = &p[0];
    p[1].victim = &p[1];
    assert_int_equal(loop_step(l, 0), 0);
    assert_int_equal(p[0].calls + p[2].calls, 1);
    assert_int_equal(p[1].calls, 1);
    assert_null(p[1].watch);
    for (int i = 0; i < 3; i++)
        end_close(&p[i]);
}

static void on_byte_nested(void *ctx, short revents)
{
    struct end *p = ctx;
    (void)revents;
    p->depth++;
    p->calls++;
    assert_int_equal(p->depth, 1); /* never within itself */
    assert_int_equal(loop_step(l, 0), 0);
    char c;
    assert_int_equal(read(p->fd[0], &c, 1), 1);
    p->depth--;
}

static void a_step_within_a_step_serves_the_others(void **state)
{
    (void)state;
    struct end outer, inner;
    end_open(&inner, on_byte);
    end_open(&outer, on_byte_nested);
    inner.victim = &inner;
    assert_int_equal(write(outer.fd[1], "x", 1), 1);
    assert_int_equal(write(inner.fd[1], "x", 1), 1);
    assert_int_equal(loop_step(l, 0), 0);
    assert_int_equal(outer.calls, 1);
    assert_int_equal(inner.calls, 1);
    end_close(&inner);
    end_close(&outer);
}

static void refuses_too_many_watches(void **state)
{
    (void)state;
    static struct watch *w[LOOP_WATCHES_MAX];
    struct watch *one_more;
    for (int i = 0; i < LOOP_WATCHES_MAX; i++)
        assert_int_equal(loop_watch(l, &w[i], 0, 0, on_byte, NULL), 0);
    assert_int_equal(loop_watch(l, &one_more, 0, 0, on_byte, NULL), SIGNET_ELIMIT);
    loop_unwatch(w[7]);
    assert_int_equal(loop_watch(l, &w[7], 0, 0, on_byte, NULL), 0);
    assert_int_equal(loop_step(l, 0), 0);
    /* Those that are left are freed with the loop. */
}

static char order[32];
static struct timer *timers[8];

static void on_timer(void *ctx)
{
    size_t n = strlen(order);
    order[n] = *(char *)ctx;
    order[n + 1] = '\0';
}

static void on_timer_free_all(void *ctx)
{
    on_timer(ctx);
    for (int i = 0; i < 8; i++) {
        loop_timer_free(timers[i]);
        timers[i] = NULL;
    }
}

static char again_name[] = "r";

static void on_timer_again(void *ctx)
{
    on_timer(ctx);
    loop_timer_free(timers[0]);
    assert_int_equal(loop_timer(l, &timers[0], 0, on_timer_again, again_name), 0);
}

static void timers_run_once_in_order(void **state)
{
    (void)state;
    char names[] = "abcd";
    int64_t now = clock_mono_ms();
    order[0] = '\0';
    assert_int_equal(loop_timer(l, &timers[0], now - 1, on_timer, names + 2), 0);
    assert_int_equal(loop_timer(l, &timers[1], now - 5, on_timer, names), 0);
    assert_int_equal(loop_timer(l, &timers[2], now - 5, on_timer, names + 1), 0);
    assert_int_equal(loop_timer(l, &timers[3], now + 100000, on_timer, names + 3), 0);
    assert_int_equal(loop_step(l, 0), 0);
    assert_string_equal(order, "abc");
    assert_int_equal(loop_step(l, 0), 0);
    assert_string_equal(order, "abc");
    for (int i = 0; i < 8; i++) {
        loop_timer_free(timers[i]);
        timers[i] = NULL;
    }
    loop_timer_free(NULL);
}

static void a_timer_ends_the_wait(void **state)
{
    (void)state;
    char name[] = "x";
    order[0] = '\0';
    int64_t start = clock_mono_ms();
    assert_int_equal(loop_timer(l, &timers[0], start + 20, on_timer, name), 0);
    while (!order[0])
        assert_int_equal(loop_step(l, -1), 0);
    assert_true(clock_mono_ms() >= start + 20);
    loop_timer_free(timers[0]);
    timers[0] = NULL;
}

static void a_timer_may_free_any_timer(void **state)
{
    (void)state;
    char names[] = "ab";
    order[0] = '\0';
    assert_int_equal(loop_timer(l, &timers[0], 1, on_timer_free_all, names), 0);
    assert_int_equal(loop_timer(l, &timers[1], 2, on_timer, names + 1), 0);
    assert_int_equal(loop_step(l, 0), 0);
    assert_string_equal(order, "a");
}

static void a_timer_set_anew_waits_for_the_next_step(void **state)
{
    (void)state;
    order[0] = '\0';
    assert_int_equal(loop_timer(l, &timers[0], 0, on_timer_again, again_name), 0);
    assert_int_equal(loop_step(l, 0), 0);
    assert_string_equal(order, "r");
    assert_int_equal(loop_step(l, 0), 0);
    assert_string_equal(order, "rr");
    loop_timer_free(timers[0]);
    timers[0] = NULL;
}

static void a_signal_ends_every_step_until_it_is_cleared(void **state)
{
    (void)state;
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(raise(signals[i]), 0);
        assert_int_equal(loop_step(l, -1), SIGNET_ECANCELED);
        assert_int_equal(loop_step(l, -1), SIGNET_ECANCELED);
        assert_int_equal(loop_signal(l), signals[i]);
        loop_signal_clear(l);
        assert_int_equal(loop_signal(l), 0);
        assert_int_equal(loop_step(l, 0), 0);
    }
    loop_signal_raise(l, SIGTERM);
    assert_int_equal(loop_step(l, -1), SIGNET_ECANCELED);
    loop_signal_clear(l);
}

static void a_child_that_ends_wakes_it_but_does_not_cancel(void **state)
{
    (void)state;
    assert_int_equal(raise(SIGCHLD), 0);
    assert_int_equal(raise(SIGPIPE), 0);
    assert_int_equal(loop_step(l, -1), 0);
}

static void there_is_one_loop_and_it_puts_signals_back(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct loop *second = NULL;
    assert_int_equal(loop_new(&second, &e), SIGNET_ESTATE);
    loop_free(l);
    struct sigaction sa, ignore = { .sa_handler = SIG_IGN }, dfl = { .sa_handler = SIG_DFL };
    sigaction(SIGTERM, NULL, &sa);
    assert_true(sa.sa_handler == SIG_DFL);
    sigaction(SIGHUP, &ignore, NULL);
    assert_int_equal(loop_new(&l, &e), 0);
    raise(SIGHUP); /* nohup: still ignored */
    assert_int_equal(loop_step(l, 0), 0);
    sigaction(SIGHUP, &dfl, NULL);
}

#define WITH_LOOP(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    /* whoever runs this in the background of a script, or under nohup, has them ignored */
    signal(SIGINT, SIG_DFL);
    signal(SIGQUIT, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    const struct CMUnitTest tests[] = {
        WITH_LOOP(calls_who_has_something_to_read),
        WITH_LOOP(a_handler_may_remove_itself_and_others),
        WITH_LOOP(a_step_within_a_step_serves_the_others),
        WITH_LOOP(refuses_too_many_watches),
        WITH_LOOP(timers_run_once_in_order),
        WITH_LOOP(a_timer_ends_the_wait),
        WITH_LOOP(a_timer_may_free_any_timer),
        WITH_LOOP(a_timer_set_anew_waits_for_the_next_step),
        WITH_LOOP(a_signal_ends_every_step_until_it_is_cleared),
        WITH_LOOP(a_child_that_ends_wakes_it_but_does_not_cancel),
        WITH_LOOP(there_is_one_loop_and_it_puts_signals_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
