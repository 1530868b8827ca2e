#include "net/serve.h"

#include "client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <sys/resource.h>

/* A protocol that gives back what it gets, and ends at a '.'. */
static unsigned open_now, most_open;

static void *echo_open(void *owner)
{
    open_now++;
    most_open = open_now > most_open ? open_now : most_open;
    return owner;
}

static int echo_feed(void *owner, void *conn, signet_str in, struct buf *out)
{
    assert_ptr_equal(owner, conn);
    buf_add(out, in);
    return str_has(in, '.') ? 0 : 1;
}

static void echo_close(void *conn)
{
    (void)conn;
    open_now--;
}

static const struct serve_ops echo = { echo_open, echo_feed, echo_close };
static struct loop *l;
static struct server *s;

static void start(struct serve_limits limits)
{
    static int owner;
    struct err e = { 0 };
    struct serve_config config = { NULL, "127.0.0.1", 0, &echo, &owner, limits };
    assert_int_equal(server_new(&s, l, &config, &e), 0);
}

static int set_up(void **state)
{
    (void)state;
    struct err e = { 0 };
    most_open = 0;
    return loop_new(&l, &e);
}

static int tear_down(void **state)
{
    (void)state;
    server_free(s);
    server_free(NULL);
    s = NULL;
    loop_free(l);
    return open_now != 0;
}

static int client(void)
{
    int fd = client_open(AF_INET, server_port(s));
    assert_true(fd >= 0);
    return fd;
}

static void feeds_and_closes_when_the_protocol_has_ended(void **state)
{
    (void)state;
    start(SERVE_LIMITS);
    int fd = client();
    client_send(fd, STR("one "));
    for (int i = 0; i < 10; i++)
        loop_step(l, 1);
    client_send(fd, STR("two."));
    BUF_AUTO(got, 1000);
    assert_true(client_read_all(l, fd, &got));
    assert_string_equal(buf_z(&got), "one two.");
    close(fd);
    while (open_now)
        loop_step(l, 10);
}

static void the_answer_survives_input_that_nobody_reads(void **state)
{
    (void)state;
    start(SERVE_LIMITS);
    int fd = client();
    client_send(fd, STR("."));
    for (int i = 0; i < 20; i++) {
        client_send(fd, STR("and more and more and more"));
        loop_step(l, 1);
    }
    BUF_AUTO(got, 1000);
    assert_true(client_read_all(l, fd, &got));
    assert_true(str_starts(buf_str(&got), STR(".")));
    close(fd);
}

static void idle_strangers_are_shown_out(void **state)
{
    (void)state;
    struct serve_limits limits = SERVE_LIMITS;
    limits.idle_ms = 30;
    start(limits);
    int fd = client();
    int64_t begin = clock_mono_ms();
    BUF_AUTO(got, 1000);
    assert_true(client_read_all(l, fd, &got));
    assert_true(clock_mono_ms() - begin < 3000);
    close(fd);
}

static void and_so_are_those_that_drip(void **state)
{
    (void)state;
    struct serve_limits limits = SERVE_LIMITS;
    limits.total_ms = 60;
    start(limits);
    int fd = client();
    int64_t begin = clock_mono_ms();
    char c;
    ssize_t n;
    do {
        client_send(fd, STR("x"));
        loop_step(l, 5);
        n = recv(fd, &c, 1, MSG_DONTWAIT);
    } while ((n > 0 || (n < 0 && errno == EAGAIN)) && clock_mono_ms() - begin < 5000);
    assert_true(clock_mono_ms() - begin < 3000);
    close(fd);
}

static void a_thousand_slow_ones_do_not_keep_the_next_out(void **state)
{
    (void)state;
    enum { CROWD = 200 };
    int crowd[CROWD];
    start(SERVE_LIMITS);
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = client();
        client_send(crowd[i], STR("x"));
        loop_step(l, 0);
    }
    int fd = client();
    client_send(fd, STR("served."));
    BUF_AUTO(got, 1000);
    int64_t begin = clock_mono_ms();
    assert_true(client_read_all(l, fd, &got));
    assert_string_equal(buf_z(&got), "served.");
    assert_true(clock_mono_ms() - begin < 1000);
    assert_int_equal(most_open, 64);
    close(fd);
    for (int i = 0; i < CROWD; i++)
        close(crowd[i]);
}

/* More at once than there are places, each of which says what it wants a little later. */
static void a_crowd_in_earnest_is_served_to_the_last(void **state)
{
    (void)state;
    enum { CROWD = 200 };
    int crowd[CROWD];
    BUF_AUTO(got, 1000);
    start(SERVE_LIMITS);
    for (int i = 0; i < CROWD; i++)
        crowd[i] = client();
    for (int i = 0; i < 10; i++)
        loop_step(l, 1);
    for (int i = 0; i < CROWD; i++)
        client_send(crowd[i], STR("served."));
    for (int i = 0; i < CROWD; i++) {
        buf_clear(&got);
        assert_true(client_read_all(l, crowd[i], &got));
        assert_string_equal(buf_z(&got), "served.");
        close(crowd[i]);
    }
    assert_true(most_open <= 64);
}

static void one_that_does_not_read_cannot_fill_memory(void **state)
{
    (void)state;
    struct serve_limits limits = SERVE_LIMITS;
    limits.out_max = 1000;
    limits.idle_ms = 200;
    start(limits);
    int fd = client(), small = 1;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    char block[4096];
    memset(block, 'x', sizeof(block));
    int64_t end = clock_mono_ms() + 5000;
    do {
        ssize_t n = send(fd, block, sizeof(block), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN)
            break;
        loop_step(l, 1);
    } while (clock_mono_ms() < end && open_now);
    assert_int_equal(open_now, 0);
    close(fd);
}

static void running_out_of_descriptors_does_not_spin(void **state)
{
    (void)state;
    start(SERVE_LIMITS);
    int fd = client();
    struct rlimit before, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    loop_step(l, 10);
    int64_t begin = clock_mono_ms();
    loop_step(l, 20); /* polls nothing that is ready: it waits */
    int64_t waited = clock_mono_ms() - begin;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(waited >= 15);
    client_send(fd, STR("later."));
    BUF_AUTO(got, 1000);
    assert_true(client_read_all(l, fd, &got));
    assert_string_equal(buf_z(&got), "later.");
    close(fd);
}

#define WITH_LOOP(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LOOP(feeds_and_closes_when_the_protocol_has_ended),
        WITH_LOOP(the_answer_survives_input_that_nobody_reads),
        WITH_LOOP(idle_strangers_are_shown_out),
        WITH_LOOP(and_so_are_those_that_drip),
        WITH_LOOP(a_thousand_slow_ones_do_not_keep_the_next_out),
        WITH_LOOP(a_crowd_in_earnest_is_served_to_the_last),
        WITH_LOOP(one_that_does_not_read_cannot_fill_memory),
        WITH_LOOP(running_out_of_descriptors_does_not_spin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
