/* The responder as a real process: this very program again, told so by its first argument. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "net/responder_msg.h"
#include "net/role.h"
#include <arpa/inet.h>
#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct fixture {
    struct loop *loop;
    struct responder *r;
    struct listen_sockets s;
};

static void start(struct fixture *x, bool alpn)
{
    struct err e = { 0 };
    assert_int_equal(responder_new(&x->r, x->loop, &(struct responder_config){ .alpn = alpn }, &e), 0);
}

static int set_up(void **state)
{
    struct fixture *x = calloc(1, sizeof(*x));
    struct err e = { 0 };
    assert_non_null(x);
    assert_int_equal(loop_new(&x->loop, &e), 0);
    start(x, false);
    assert_int_equal(listen_open(&x->s, "127.0.0.1", 0, &e), 0);
    *state = x;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *x = *state;
    responder_free(x->r);
    listen_close(&x->s);
    loop_free(x->loop);
    free(x);
    return 0;
}

/* The first bytes of what the port answers; 0 when nobody is there. */
static size_t talk(unsigned port, const void *say, size_t n, char *to, size_t room)
{
    struct sockaddr_in sa = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    size_t got = 0;
    assert_true(fd >= 0);
    if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 && send(fd, say, n, MSG_NOSIGNAL) == (ssize_t)n) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        ssize_t more = 1;
        while (more > 0 && got < room - 1 && poll(&p, 1, 5000) == 1 &&
               (more = recv(fd, to + got, room - 1 - got, 0)) > 0)
            got += (size_t)more;
    }
    close(fd);
    to[got] = '\0';
    return got;
}

static size_t get(unsigned port, const char *token, char *to, size_t room)
{
    char q[300];
    int n = snprintf(q, sizeof(q), "GET /.well-known/acme-challenge/%s HTTP/1.1\r\nHost: x\r\n\r\n", token);
    return talk(port, q, (size_t)n, to, room);
}

static const signet_ident token = { SIGNET_IDENT_DNS, { "tok", 3 } }, name = { SIGNET_IDENT_DNS, { "a.example", 9 } };

static void answers_when_it_says_so(void **state)
{
    struct fixture *x = *state;
    struct err e = { 0 };
    char a[1000];
    unsigned id = 99;
    assert_int_equal(responder_open(x->r, RESPOND_HTTP, &x->s, &id, &e), 0);
    assert_true(get(x->s.port, "tok", a, sizeof(a)) > 0);
    assert_non_null(strstr(a, "404"));
    assert_int_equal(responder_hits(x->r, id), 0);
    assert_int_equal(responder_add(x->r, id, &token, STR("tok.auth"), &e), 0);
    assert_true(get(x->s.port, "tok", a, sizeof(a)) > 0);
    assert_non_null(strstr(a, "200 OK"));
    assert_non_null(strstr(a, "\r\n\r\ntok.auth"));
    assert_int_equal(responder_hits(x->r, id), 1);
    responder_remove(x->r, id, &token);
    assert_true(get(x->s.port, "tok", a, sizeof(a)) > 0);
    assert_non_null(strstr(a, "404"));
    unsigned port = x->s.port;
    listen_close(&x->s);
    responder_close(x->r, id);
    assert_int_equal(get(port, "tok", a, sizeof(a)), 0); /* the port is free again */
}

static void refusals_come_back(void **state)
{
    struct fixture *x = *state;
    struct err e = { 0 };
    unsigned id;
    char big[RESPONDER_AUTH_MAX + 1];
    memset(big, 'a', sizeof(big));
    assert_int_equal(responder_open(x->r, RESPOND_HTTP, &x->s, &id, &e), 0);
    signet_ident bad = { SIGNET_IDENT_DNS, STR("no/token") };
    assert_int_equal(responder_add(x->r, id, &bad, STR("x"), &e), SIGNET_EINVAL);
    assert_non_null(strstr(e.text, "cannot be answered"));
    bad.value = (signet_str){ big, RESPONDER_NAME_MAX + 1 };
    assert_int_equal(responder_add(x->r, id, &bad, STR("x"), &e), SIGNET_ELIMIT);
    assert_int_equal(responder_add(x->r, id, &token, (signet_str){ big, sizeof(big) }, &e), SIGNET_ELIMIT);
    assert_int_equal(responder_add(x->r, id, &token, (signet_str){ big, sizeof(big) - 1 }, &e), 0);
}

/* A ClientHello without a name: whatever is answered is TLS, and the listener works in the sandbox. */
static void alpn(struct fixture *x)
{
    static const unsigned char hello[] = { 22, 3, 1, 0, 4, 1, 0, 0, 0 };
    struct err e = { 0 };
    char a[1000];
    unsigned id;
    assert_int_equal(responder_open(x->r, RESPOND_ALPN, &x->s, &id, &e), 0);
    assert_int_equal(responder_add(x->r, id, &name, STR("tok.auth"), &e), 0);
    assert_true(talk(x->s.port, hello, sizeof(hello), a, sizeof(a)) >= 7);
    assert_int_equal(a[0], 21); /* an alert */
    assert_int_equal(responder_hits(x->r, id), 0);
    responder_remove(x->r, id, &name);
    responder_close(x->r, id);
}

static void alpn_expected(void **state)
{
    struct fixture *x = *state;
    responder_free(x->r);
    start(x, true);
    alpn(x);
}

static void alpn_unexpected(void **state)
{
    alpn(*state); /* OpenSSL is set up when the files are out of reach */
}

static void many_ports(void **state)
{
    struct fixture *x = *state;
    struct err e = { 0 };
    unsigned id, last = 0;
    for (unsigned i = 0; i < RESPONDER_PORTS; i++) {
        assert_int_equal(responder_open(x->r, RESPOND_HTTP, &x->s, &id, &e), 0);
        last = id;
    }
    assert_int_equal(responder_open(x->r, RESPOND_HTTP, &x->s, &id, &e), SIGNET_ELIMIT);
    responder_close(x->r, last);
    assert_int_equal(responder_open(x->r, RESPOND_HTTP, &x->s, &id, &e), 0);
}

static pid_t child(void)
{
    char path[64], line[64] = "";
    snprintf(path, sizeof(path), "/proc/self/task/%ld/children", (long)getpid());
    FILE *f = fopen(path, "r");
    if (f) {
        if (!fgets(line, sizeof(line), f))
            line[0] = '\0';
        fclose(f);
    }
    return (pid_t)strtol(line, NULL, 10);
}

static void its_death_is_told(void **state)
{
    struct fixture *x = *state;
    struct err e = { 0 };
    unsigned id;
    assert_int_equal(responder_open(x->r, RESPOND_HTTP, &x->s, &id, &e), 0);
    pid_t pid = child();
    if (pid <= 0)
        skip(); /* a kernel without that list */
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(responder_add(x->r, id, &token, STR("tok.auth"), &e), SIGNET_ENET);
    assert_non_null(strstr(e.text, "is gone (signal 9"));
    assert_int_equal(responder_add(x->r, id, &token, STR("tok.auth"), &e), SIGNET_ENET);
    responder_remove(x->r, id, &token);
    responder_close(x->r, id);
    assert_int_equal(responder_hits(x->r, id), 0);
}

/* Ctrl-C: the loop waits for nothing any more, but the challenges are still taken away. */
static void works_after_a_signal(void **state)
{
    struct fixture *x = *state;
    struct err e = { 0 };
    unsigned id;
    char a[1000];
    assert_int_equal(responder_open(x->r, RESPOND_HTTP, &x->s, &id, &e), 0);
    assert_int_equal(responder_add(x->r, id, &token, STR("tok.auth"), &e), 0);
    loop_signal_raise(x->loop, SIGINT);
    responder_remove(x->r, id, &token);
    assert_true(get(x->s.port, "tok", a, sizeof(a)) > 0);
    assert_non_null(strstr(a, "404"));
    loop_signal_clear(x->loop);
}

/* The process against a main that says what it should not: it ends. */
static void garbage_ends_it(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++) {
        struct responder_ask q = { .type = RESPONDER_START };
        struct err e = { 0 };
        char byte;
        int fd;
        pid_t pid;
        assert_int_equal(role_start(RESPONDER_WORD, &fd, &pid, &e), 0);
        if (i > 0)
            assert_int_equal(send(fd, &q, sizeof(q), 0), sizeof(q));
        size_t n = sizeof(q);
        q = (struct responder_ask){ .type = RESPONDER_ADD };
        if (i == 1)
            q.type = 77;
        else if (i == 2)
            q = (struct responder_ask){ .type = RESPONDER_OPEN }; /* without sockets */
        else if (i == 3)
            n = 5;
        else if (i == 4)
            q.id = RESPONDER_PORTS;
        else if (i == 5)
            q.name_len = RESPONDER_NAME_MAX + 1;
        assert_int_equal(send(fd, &q, n, 0), n);
        struct pollfd p = { .fd = fd, .events = POLLIN };
        assert_int_equal(poll(&p, 1, 10000), 1);
        assert_true(recv(fd, &byte, 1, 0) <= 0);
        close(fd);
        role_reap(pid, 5000, NULL);
    }
}

static void nobody_else_gets_in(void **state)
{
    (void)state;
    char word[] = RESPONDER_WORD, *argv[] = { word, word, word, NULL };
    assert_false(role_asked(1, argv, RESPONDER_WORD));
    assert_false(role_asked(3, argv, RESPONDER_WORD));
    assert_false(role_asked(2, argv, "signet: signer"));
    assert_false(role_asked(2, argv, RESPONDER_WORD)); /* our descriptor 3 is no line to a parent */
}

int main(int argc, char *argv[])
{
    if (role_asked(argc, argv, RESPONDER_WORD))
        return responder_main();
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(answers_when_it_says_so),
        T(refusals_come_back),
        T(alpn_expected),
        T(alpn_unexpected),
        T(many_ports),
        T(its_death_is_told),
        T(works_after_a_signal),
        cmocka_unit_test(garbage_ends_it),
        cmocka_unit_test(nobody_else_gets_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
