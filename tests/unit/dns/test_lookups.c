/* Questions to more servers than are asked at the same time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/lookups.h"
#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define SERVERS (2 * LOOKUPS_SERVERS + 10)
#define OPT     11 /* bytes of the query's last record */

static struct sockaddr_in address(unsigned i, in_port_t port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = port,
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 256 * (i / 100 + 1) + i % 100) };
}

/* All listen at the port that the first was given. */
static in_port_t listen_all(int fd[SERVERS])
{
    struct sockaddr_in a;
    socklen_t n = sizeof(a);
    in_port_t port = 0;
    for (unsigned i = 0; i < SERVERS; i++) {
        a = address(i, port);
        fd[i] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        assert_int_equal(bind(fd[i], (struct sockaddr *)&a, sizeof(a)), 0);
        assert_int_equal(getsockname(fd[i], (struct sockaddr *)&a, &n), 0);
        port = a.sin_port;
    }
    return port;
}

/* There is no such name, says every server. */
static void answer(int fd)
{
    unsigned char text[512];
    struct sockaddr_in from;
    socklen_t k = sizeof(from);
    ssize_t n = recvfrom(fd, text, sizeof(text), 0, (struct sockaddr *)&from, &k);
    if (n < 12 + OPT)
        return;
    text[2] = 0x84;
    text[3] = 3;
    text[10] = text[11] = 0;
    assert_true(sendto(fd, text, (size_t)n - OPT, 0, (struct sockaddr *)&from, k) > 0);
}

static unsigned ask_all(const struct dns_ask *a, unsigned *refused)
{
    unsigned answered = 0;
    *refused = 0;
    for (unsigned i = 0; i < SERVERS; i++) {
        char host[32];
        struct in_addr in = address(i, 0).sin_addr;
        (void)inet_ntop(AF_INET, &in, host, sizeof(host));
        struct dns_question q = { .server = host, .name = "example.com", .type = DNS_TXT };
        const struct dns_answer *r = a->ask(a->ctx, &q);
        answered += r != NULL;
        *refused += r && r->code;
    }
    return answered;
}

static void turn(struct lookups *l, const int fd[SERVERS])
{
    struct pollfd fds[LOOKUPS_FDS + SERVERS];
    unsigned n = lookups_fds(l, fds, LOOKUPS_FDS);
    for (unsigned i = 0; i < SERVERS; i++)
        fds[n + i] = (struct pollfd){ fd[i], POLLIN, 0 };
    assert_true(poll(fds, n + SERVERS, lookups_timeout(l, 1000)) >= 0);
    for (unsigned i = 0; i < SERVERS; i++)
        if (fds[n + i].revents)
            answer(fd[i]);
    (void)lookups_run(l, fds, n);
}

static void test_more_servers_than_places(void **state)
{
    (void)state;
    int fd[SERVERS];
    unsigned refused = 0;
    struct lookups *l = NULL;
    struct lookups_config c = { .resolvers = "127.0.0.1:9", .direct_port = ntohs(listen_all(fd)) };
    assert_int_equal(lookups_new(&l, &c, NULL), 0);
    struct dns_ask a = lookups_ask(l);
    for (unsigned i = 0; i < 200 && ask_all(&a, &refused) < SERVERS; i++)
        turn(l, fd);
    assert_int_equal(ask_all(&a, &refused), SERVERS);
    assert_int_equal(refused, 0);
    lookups_free(l);
    for (unsigned i = 0; i < SERVERS; i++)
        close(fd[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_more_servers_than_places) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
