/* A role that takes no turn any more is ended; one that was only kept from it for a while goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "net/role.h"
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONG_MS 3600000

static int ended(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void who_is_stuck_is_ended(void **state)
{
    (void)state;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        role_watchdog(20);
        for (;;)
            pause(); /* the first ring wakes it, and it takes no turn */
    }
    int status = ended(pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGALRM);
}

static void who_is_done_is_left_alone(void **state)
{
    (void)state;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        role_watchdog(20);
        role_watchdog(0);
        usleep(60000);
        _exit(7);
    }
    int status = ended(pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 7);
}

/* As after a stop that was longer than the time: it has rung once when the next turn comes. */
static void a_turn_after_the_first_ring_counts(void **state)
{
    (void)state;
    int line[2];
    char c = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, line), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)close(line[0]);
        do {
            role_watchdog(LONG_MS);
            (void)send(line[1], "t", 1, MSG_NOSIGNAL);
        } while (recv(line[1], &c, 1, 0) == 1 && c == 't');
        for (;;)
            pause();
    }
    (void)close(line[1]);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(recv(line[0], &c, 1, 0), 1);
        assert_int_equal(kill(pid, SIGALRM), 0);
        assert_int_equal(send(line[0], i < 2 ? "t" : "x", 1, MSG_NOSIGNAL), 1);
    }
    /* it rang in its last turn: once more is once too often */
    int status = 0;
    while (waitpid(pid, &status, WNOHANG) == 0)
        (void)kill(pid, SIGALRM);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGALRM);
    (void)close(line[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_stuck_is_ended),
        cmocka_unit_test(who_is_done_is_left_alone),
        cmocka_unit_test(a_turn_after_the_first_ring_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
