/* The real signet-talker as a process: how it starts, what it has, what ends it. argv[1] names it. No CA is needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/fs.h"
#include "talker/ca_int.h"
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *program;

struct fixture {
    struct loop *loop;
    struct key *key;
    struct ca *ca;
};

static int set_up(void **state)
{
    struct fixture *x = calloc(1, sizeof(*x));
    struct err e = { 0 };
    assert_non_null(x);
    assert_int_equal(loop_new(&x->loop, &e), 0);
    assert_int_equal(key_new(&x->key, KEY_EC, 256, &e), 0);
    /* nobody listens on port 1; what is asked here never gets as far as a connection */
    struct ca_config c = {
        .directory_url = "https://127.0.0.1:1/", .user_agent = "test", .account_key = x->key, .no_verify = true
    };
    assert_int_equal(ca_open_program(&x->ca, x->loop, &c, program, &e), 0);
    *state = x;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *x = *state;
    ca_close(x->ca);
    key_free(x->key);
    loop_free(x->loop);
    free(x);
    return 0;
}

/* A job that the talker must refuse at once: after it, it is known to be up and to listen. */
static void ping(struct fixture *x)
{
    struct err e = { 0 };
    struct ca_event ev;
    ca_job job;
    assert_int_equal(ca_ari(x->ca, STR("no certificate id"), x, &job, &e), 0);
    assert_int_equal(ca_next(x->ca, 20000, &ev), 1);
    assert_int_equal(ev.kind, CA_DONE);
    assert_true(ev.job == job && ev.data == x && !ev.u.done.ok);
    assert_int_equal(ev.u.done.problem->code, SIGNET_EINVAL);
}

static void read_proc(struct fixture *x, const char *name, struct buf *to)
{
    char path[64];
    char part[4096];
    ssize_t n;
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)x->ca->pid, name);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    while ((n = read(fd, part, sizeof(part))) > 0)
        buf_add(to, (signet_str){ part, (size_t)n });
    close(fd);
    assert_int_equal(buf_err(to), 0);
}

static void test_it_has_little(void **state)
{
    struct fixture *x = *state;
    BUF_AUTO(text, 1u << 20);
    STRLIST_AUTO(fds);
    char path[64];
    ping(x);
    read_proc(x, "environ", &text);
    assert_null(memmem(text.p ? text.p : "", text.n, "canary", 6));
    assert_non_null(memmem(text.p ? text.p : "", text.n, "no_proxy=x.example", 18));
    buf_clear(&text);
    read_proc(x, "status", &text);
    assert_non_null(strstr(buf_z(&text), "NoNewPrivs:\t1"));
    buf_clear(&text);
    read_proc(x, "cmdline", &text);
    assert_true(str_eq(buf_str(&text), (signet_str){ "signet-talker", 14 }));
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)x->ca->pid);
    assert_int_equal(fs_list(AT_FDCWD, path, &fds, NULL), 0);
    assert_true(fds.n < 12); /* 0 to 3, libcurl's own, a connection; none of the 20 that this process had */
}

static void test_signals_do_not_end_it(void **state)
{
    struct fixture *x = *state;
    const int sigs[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(kill(x->ca->pid, sigs[i]), 0); /* perhaps before it could say what it ignores */
    ping(x);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(kill(x->ca->pid, sigs[i]), 0);
    ping(x);
}

static void test_killed(void **state)
{
    struct fixture *x = *state;
    struct ca_event ev;
    ping(x);
    pid_t pid = x->ca->pid;
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(ca_next(x->ca, 20000, &ev), 1);
    assert_int_equal(ev.kind, CA_LOST);
    assert_non_null(strstr(ev.u.lost, "signal 9"));
    assert_int_equal(waitpid(pid, NULL, WNOHANG), -1); /* no zombie */
    assert_int_equal(errno, ECHILD);
}

static void test_close_ends_it(void **state)
{
    struct fixture *x = *state;
    ping(x);
    pid_t pid = x->ca->pid;
    int64_t t = clock_mono_ms();
    ca_close(x->ca);
    x->ca = NULL;
    assert_true(clock_mono_ms() - t < 1900); /* by itself, not killed */
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
}

static void test_garbage_ends_it(void **state)
{
    struct fixture *x = *state;
    struct ca_event ev;
    ping(x);
    assert_int_equal(msg_put_empty(&x->ca->wire, WIRE_CONFIG, 0), 0); /* a second one, and empty */
    assert_int_equal(wire_flush(&x->ca->wire), 0);
    assert_int_equal(ca_next(x->ca, 20000, &ev), 1);
    assert_int_equal(ev.kind, CA_LOST);
    assert_non_null(strstr(ev.u.lost, "cannot be understood"));
    assert_non_null(strstr(ev.u.lost, "exit status 1"));
}

static void test_missing_program(void **state)
{
    struct fixture *x = *state;
    struct err e = { 0 };
    struct ca *c;
    struct ca_config cfg = { .directory_url = "https://127.0.0.1:1/", .account_key = x->key, .no_verify = true };
    assert_int_equal(ca_open_program(&c, x->loop, &cfg, "/nonexistent/signet-talker", &e), SIGNET_ESYS);
    assert_non_null(strstr(e.text, "/nonexistent/signet-talker"));
    cfg.no_verify = false;
    cfg.ca_file = "/nonexistent/roots.pem";
    assert_int_equal(ca_open_program(&c, x->loop, &cfg, program, &e), SIGNET_ESYS);
    assert_non_null(strstr(e.text, "/nonexistent/roots.pem"));
}

int main(int argc, char **argv)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_it_has_little), T(test_signals_do_not_end_it), T(test_killed),
        T(test_close_ends_it), T(test_garbage_ends_it),       T(test_missing_program),
    };
    program = argc > 1 ? argv[1] : "";
    setenv("EXAMPLE_API_TOKEN", "canary", 1);
    setenv("no_proxy", "x.example", 1);
    for (int i = 0; i < 20; i++)
        (void)!dup(0); /* without close-on-exec, as a careless caller leaves them */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
