#include "net/listen.h"

#include "client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#define P         "/.well-known/acme-challenge/"
#define FIXED     "Content-Type: text/plain\r\nX-Content-Type-Options: nosniff\r\n"
#define NOT_FOUND "HTTP/1.1 404 Not Found\r\n" FIXED "Content-Length: 9\r\nConnection: close\r\n\r\nNot Found"
#define FOUND     "HTTP/1.1 200 OK\r\n" FIXED "Content-Length: 9\r\nConnection: close\r\n\r\n"

static struct loop *l;
static struct http_listener *h;

static int set_up(void **state)
{
    (void)state;
    struct err e = { 0 };
    if (loop_new(&l, &e) || http_listen(&h, l, NULL, 0, &e))
        return -1;
    return http_listener_add(h, STR("tok"), STR("tok.thumb"));
}

static int tear_down(void **state)
{
    (void)state;
    http_listener_free(h);
    http_listener_free(NULL);
    loop_free(l);
    return 0;
}

static void assert_answer(int family, signet_str request, const char *answer)
{
    int fd = client_open(family, http_listener_port(h));
    assert_true(fd >= 0);
    client_send(fd, request);
    BUF_AUTO(got, 10000);
    assert_true(client_read_all(l, fd, &got));
    assert_string_equal(buf_z(&got), answer);
    close(fd);
}

static void answers_only_what_it_was_given(void **state)
{
    (void)state;
    assert_answer(AF_INET, STR("GET " P "tok HTTP/1.1\r\nHost: a.test\r\n\r\n"), FOUND "tok.thumb");
    assert_answer(AF_INET, STR("HEAD " P "tok HTTP/1.1\r\nHost: wrong\r\n\r\n"), FOUND);
    assert_int_equal(http_listener_hits(h), 2);
    assert_answer(AF_INET, STR("GET " P "to HTTP/1.1\r\n\r\n"), NOT_FOUND);
    assert_answer(AF_INET, STR("GET " P "tokk HTTP/1.1\r\n\r\n"), NOT_FOUND);
    assert_answer(AF_INET, STR("GET /etc/passwd HTTP/1.1\r\n\r\n"), NOT_FOUND);
    assert_answer(AF_INET, STR("GET <b>x</b> HTTP/1.1\r\n\r\n"),
                  "HTTP/1.1 400 Bad Request\r\n" FIXED "Content-Length: 11\r\nConnection: close\r\n\r\nBad Request");
    assert_answer(AF_INET, STR("PUT " P "tok HTTP/1.1\r\n\r\n"),
                  "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET, HEAD\r\n" FIXED
                  "Content-Length: 18\r\nConnection: close\r\n\r\nMethod Not Allowed");
    assert_int_equal(http_listener_hits(h), 2);
}

static void serves_ipv6_as_well(void **state)
{
    (void)state;
    int fd = client_open(AF_INET6, http_listener_port(h));
    if (fd < 0)
        skip();
    close(fd);
    assert_answer(AF_INET6, STR("GET " P "tok HTTP/1.0\r\n\r\n"), FOUND "tok.thumb");
}

static void a_request_may_arrive_byte_by_byte(void **state)
{
    (void)state;
    signet_str request = STR("GET " P "tok HTTP/1.1\r\nHost: a\r\n\r\n");
    int fd = client_open(AF_INET, http_listener_port(h));
    for (size_t i = 0; i < request.n; i++) {
        client_send(fd, (signet_str){ request.p + i, 1 });
        loop_step(l, 1);
    }
    BUF_AUTO(got, 10000);
    assert_true(client_read_all(l, fd, &got));
    assert_string_equal(buf_z(&got), FOUND "tok.thumb");
    close(fd);
}

static void endless_requests_end(void **state)
{
    (void)state;
    BUF_AUTO(huge, 2000000);
    buf_addz(&huge, "GET / HTTP/1.1\r\n");
    for (int i = 0; i < 9000; i++)
        buf_addz(&huge, "X: y\r\n");
    assert_answer(AF_INET, buf_str(&huge),
                  "HTTP/1.1 431 Request Header Fields Too Large\r\n" FIXED
                  "Content-Length: 31\r\nConnection: close\r\n\r\nRequest Header Fields Too Large");
}

static void tokens_come_and_go(void **state)
{
    (void)state;
    assert_int_equal(http_listener_add(h, STR("tok"), STR("tok.other")), 0);
    assert_answer(AF_INET, STR("GET " P "tok HTTP/1.1\r\n\r\n"), FOUND "tok.other");
    char name[8];
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "t%d", i);
        assert_int_equal(http_listener_add(h, str_of(name), STR("123456789")), 0);
    }
    http_listener_remove(h, STR("tok"));
    http_listener_remove(h, STR("tok"));
    assert_answer(AF_INET, STR("GET " P "tok HTTP/1.1\r\n\r\n"), NOT_FOUND);
    assert_answer(AF_INET, STR("GET " P "t99 HTTP/1.1\r\n\r\n"), FOUND "123456789");
    assert_answer(AF_INET, STR("GET " P "t0 HTTP/1.1\r\n\r\n"), FOUND "123456789");
    static const signet_str bad[] = { STR(""), STR("../x"), STR("a=b"), STR("a/b"), STR("a\0b"), STR("a b") };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(http_listener_add(h, bad[i], STR("x")), SIGNET_EINVAL);
}

static void the_port_is_free_again_at_once(void **state)
{
    (void)state;
    struct err e = { 0 };
    unsigned port = http_listener_port(h);
    assert_answer(AF_INET, STR("GET " P "tok HTTP/1.1\r\n\r\n"), FOUND "tok.thumb");
    struct http_listener *second = NULL;
    assert_int_equal(http_listen(&second, l, "", port, &e), SIGNET_EBUSY);
    int waiting = client_open(AF_INET, port);
    loop_step(l, 10);
    http_listener_free(h);
    h = NULL;
    assert_int_equal(http_listen(&h, l, "", port, &e), 0);
    close(waiting);
}

#define WITH_LOOP(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LOOP(answers_only_what_it_was_given),
        WITH_LOOP(serves_ipv6_as_well),
        WITH_LOOP(a_request_may_arrive_byte_by_byte),
        WITH_LOOP(endless_requests_end),
        WITH_LOOP(tokens_come_and_go),
        WITH_LOOP(the_port_is_free_again_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
