/* The resolver against a DNS server of our own that does what a name's first label says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "net/hosts.h"
#include "net/resolve.h"
#include <arpa/inet.h>
#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_AAAA = 28 };

struct fixture {
    pid_t server;
    unsigned *questions; /* shared with the server */
    char hosts[40], servers[40];
    struct resolver *r;
};

/* ---- the server ---- */

static void put16(struct buf *b, unsigned v)
{
    buf_addc(b, (char)(v >> 8));
    buf_addc(b, (char)v);
}

static void put_record(struct buf *b, unsigned type, signet_str data)
{
    put16(b, 0xc00c); /* the name that was asked for */
    put16(b, type);
    put16(b, 1);
    put16(b, 0);
    put16(b, 60); /* TTL */
    put16(b, (unsigned)data.n);
    buf_add(b, data);
}

static void put_address(struct buf *b, unsigned type, unsigned last)
{
    char v4[4] = { (char)192, 0, 2, (char)last }, v6[16] = { 0x20, 1, 0xd, (char)0xb8 };
    v6[15] = (char)last;
    put_record(b, type, type == TYPE_A ? (signet_str){ v4, 4 } : (signet_str){ v6, 16 });
}

/* flags: the second word of the header. */
static void begin(struct buf *b, signet_str query, unsigned flags, unsigned answers)
{
    size_t n = 12;
    while (query.p[n])
        n += (unsigned char)query.p[n] + 1;
    n += 5;
    buf_clear(b);
    buf_add(b, (signet_str){ query.p, 2 });
    put16(b, flags);
    put16(b, 1);
    put16(b, answers);
    put16(b, 0);
    put16(b, 0);
    buf_add(b, (signet_str){ query.p + 12, n - 12 });
}

static unsigned type_of(signet_str q)
{
    size_t n = 12;
    while (q.p[n])
        n += (unsigned char)q.p[n] + 1;
    return (unsigned)(unsigned char)q.p[n + 1] << 8 | (unsigned char)q.p[n + 2];
}

#define ANSWER 0x8180u

/* False: silence. */
static bool answer(struct buf *b, signet_str q, bool tcp)
{
    unsigned type = type_of(q);
    signet_str label = { q.p + 13, (unsigned char)q.p[12] };
    begin(b, q, ANSWER, 1);
    if (str_eq(label, STR("ok")))
        put_address(b, type, 1);
    else if (str_eq(label, STR("v4only")) && type == TYPE_A)
        put_address(b, type, 4);
    else if (str_eq(label, STR("v6only")) && type == TYPE_AAAA)
        put_address(b, type, 6);
    else if (str_eq(label, STR("v4only")) || str_eq(label, STR("v6only")) || str_eq(label, STR("nodata")))
        begin(b, q, ANSWER, 0);
    else if (str_eq(label, STR("taken"))) /* there is one below search.test, too */
        put_address(b, type, memmem(q.p, q.n, "search", 6) ? 66 : 1);
    else if (str_eq(label, STR("slow6")) && type == TYPE_A)
        put_address(b, type, 6);
    else if (str_eq(label, STR("nxdomain")) || str_eq(label, STR("single")))
        begin(b, q, ANSWER | 3, 0);
    else if (str_eq(label, STR("servfail")))
        begin(b, q, ANSWER | 2, 0);
    else if (str_eq(label, STR("refused")))
        begin(b, q, ANSWER | 5, 0);
    else if (str_eq(label, STR("many"))) {
        begin(b, q, ANSWER, 30);
        for (unsigned i = 1; i <= 30; i++)
            put_address(b, type, i);
    } else if (str_eq(label, STR("cname"))) {
        begin(b, q, ANSWER, 2);
        put_record(b, TYPE_CNAME, STR("\5other\4test\0"));
        buf_add(b, STR("\5other\4test\0"));
        put16(b, type);
        put16(b, 1);
        put16(b, 0);
        put16(b, 60);
        put16(b, type == TYPE_A ? 4 : 16);
        char zeros[16] = { (char)198, 51, 100, 7 };
        buf_add(b, (signet_str){ zeros, type == TYPE_A ? 4 : 16 });
    } else if (str_eq(label, STR("loop"))) {
        /* a name that points to itself */
        put16(b, 0xc000 | (unsigned)b->n);
        put16(b, type);
        put16(b, 1);
        put16(b, 0);
        put16(b, 60);
        put16(b, 4);
        buf_add(b, STR("\1\2\3\4"));
    } else if (str_eq(label, STR("cut")))
        put_address(b, type, 9), b->n -= 3;
    else if (str_eq(label, STR("wronglen")))
        put_record(b, type, STR("\1\2\3"));
    else if (str_eq(label, STR("truncated")) && !tcp)
        begin(b, q, ANSWER | 0x200, 0);
    else if (str_eq(label, STR("truncated")))
        put_address(b, type, 77);
    else if (str_eq(label, STR("otherid")))
        put_address(b, type, 66), b->p[0] = (char)(b->p[0] ^ 1);
    else if (str_eq(label, STR("othername")))
        put_address(b, type, 66), b->p[13] = 'X';
    else
        return false;
    return true;
}

/* Each message has its length in front of it. */
static void serve_tcp(int listener)
{
    unsigned char len[2];
    char in[1024];
    BUF_AUTO(out, 65536);
    BUF_AUTO(head, 2);
    int fd = accept(listener, NULL, NULL);
    if (fork()) {
        close(fd);
        return;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (fd >= 0 && recv(fd, len, 2, MSG_WAITALL) == 2) {
        size_t n = (size_t)len[0] << 8 | len[1];
        if (n < 13 || n > sizeof(in) || recv(fd, in, n, MSG_WAITALL) != (ssize_t)n)
            break;
        if (!answer(&out, (signet_str){ in, n }, true))
            break;
        buf_clear(&head);
        put16(&head, (unsigned)out.n);
        if (send(fd, head.p, 2, MSG_MORE) != 2 || send(fd, out.p, out.n, 0) != (ssize_t)out.n)
            break;
    }
    _exit(0);
}

static void serve(int udp, int tcp, unsigned *questions)
{
    char in[1024];
    BUF_AUTO(out, 65536);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        struct pollfd p[2] = { { .fd = udp, .events = POLLIN }, { .fd = tcp, .events = POLLIN } };
        struct sockaddr_storage from;
        socklen_t len = sizeof(from);
        if (poll(p, 2, -1) < 1)
            continue;
        if (p[1].revents)
            serve_tcp(tcp);
        if (!p[0].revents)
            continue;
        ssize_t n = recvfrom(udp, in, sizeof(in), 0, (struct sockaddr *)&from, &len);
        if (n < 13)
            continue;
        ++*questions;
        if (answer(&out, (signet_str){ in, (size_t)n }, false))
            (void)sendto(udp, out.p, out.n, 0, (struct sockaddr *)&from, len);
    }
}

/* One port for both protocols. */
static unsigned open_sockets(int *ret_udp, int *ret_tcp)
{
    for (int tries = 0; tries < 20; tries++) {
        struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t len = sizeof(sa);
        int udp = socket(AF_INET, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0);
        assert_true(udp >= 0 && tcp >= 0);
        assert_int_equal(bind(udp, (struct sockaddr *)&sa, len), 0);
        assert_int_equal(getsockname(udp, (struct sockaddr *)&sa, &len), 0);
        if (bind(tcp, (struct sockaddr *)&sa, len) == 0 && listen(tcp, 8) == 0) {
            *ret_udp = udp;
            *ret_tcp = tcp;
            return ntohs(sa.sin_port);
        }
        close(udp);
        close(tcp);
    }
    fail_msg("no port for both protocols");
    return 0;
}

static void open_resolver(struct fixture *x, const char *servers)
{
    struct err e = { 0 };
    struct resolver_config c = { .hosts_file = x->hosts, .servers = servers, .try_ms = 100, .total_ms = 900 };
    assert_int_equal(resolver_new(&x->r, &c, &e), 0);
}

static int set_up(void **state)
{
    struct fixture *x = calloc(1, sizeof(*x));
    int udp, tcp;
    assert_non_null(x);
    x->questions = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(x->questions != MAP_FAILED);
    snprintf(x->hosts, sizeof(x->hosts), "/tmp/signet-hosts-XXXXXX");
    int fd = mkstemp(x->hosts);
    assert_true(fd >= 0);
    dprintf(
        fd,
        "# a comment\n127.0.0.9\tfirst.test  Second.test # third.test\n2001:db8::9 first.test\nnonsense bad.test\n");
    close(fd);
    snprintf(x->servers, sizeof(x->servers), "127.0.0.1:%u", open_sockets(&udp, &tcp));
    x->server = fork();
    assert_true(x->server >= 0);
    if (x->server == 0)
        serve(udp, tcp, x->questions);
    close(udp);
    close(tcp);
    open_resolver(x, x->servers);
    *state = x;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *x = *state;
    resolver_free(x->r);
    kill(x->server, SIGKILL);
    waitpid(x->server, NULL, 0);
    unlink(x->hosts);
    munmap(x->questions, 4096);
    free(x);
    return 0;
}

static const struct lookup *look_up(struct fixture *x, const char *name)
{
    const struct lookup *l = NULL;
    int64_t until = clock_mono_ms() + 10000;
    assert_int_equal(resolver_lookup(x->r, str_of(name), &l), 0);
    while (l->state == LOOKUP_WAITING) {
        struct pollfd fds[RESOLVE_FDS_MAX];
        unsigned n = resolver_fds(x->r, fds);
        assert_true(clock_mono_ms() < until);
        assert_true(poll(fds, n, resolver_timeout(x->r, 1000)) >= 0);
        resolver_run(x->r, fds, n);
    }
    return l;
}

static void names_become_addresses(void **state)
{
    struct fixture *x = *state;
    static const struct {
        const char *name, *first, *second;
    } t[] = {
        { "ok.test", "2001:db8::1", "192.0.2.1" },
        { "OK.test", "2001:db8::1", "192.0.2.1" },
        { "v4only.test", "192.0.2.4", NULL },
        { "v6only.test", "2001:db8::6", NULL },
        { "slow6.test", "192.0.2.6", NULL }, /* IPv6 is not waited for for long */
        { "cname.test", "c633:6407::", "198.51.100.7" },
        { "truncated.test", "2001:db8::4d", "192.0.2.77" },
        { "192.0.2.55", "192.0.2.55", NULL },
        { "2001:db8::5", "2001:db8::5", NULL },
        { "localhost", "::1", "127.0.0.1" },
        { "ca.localhost", "::1", "127.0.0.1" },
        { "first.test", "2001:db8::9", "127.0.0.9" },
        { "second.TEST", "127.0.0.9", NULL },
    };
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        const struct lookup *l = look_up(x, t[i].name);
        if (l->state != LOOKUP_DONE)
            fail_msg("%s: %s", t[i].name, l->why);
        if (l->n_addrs != (t[i].second ? 2 : 1))
            fail_msg("%s: %u addresses", t[i].name, l->n_addrs);
        assert_string_equal(l->addr[0], t[i].first);
        if (t[i].second)
            assert_string_equal(l->addr[1], t[i].second);
    }
}

static void known_names_are_not_asked_for(void **state)
{
    struct fixture *x = *state;
    static const char *const names[] = { "127.0.0.1", "::1", "localhost", "first.test", "second.test" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(look_up(x, names[i])->state, LOOKUP_DONE);
    assert_int_equal(*x->questions, 0);
    look_up(x, "ok.test");
    assert_int_equal(*x->questions, 2);
    look_up(x, "ok.test"); /* remembered */
    assert_int_equal(*x->questions, 2);
}

static void failures_say_why_and_who(void **state)
{
    struct fixture *x = *state;
    static const struct {
        const char *name;
        int code;
        const char *words;
    } t[] = {
        { "nxdomain.test", SIGNET_ENOTFOUND, "does not exist" },
        { "nodata.test", SIGNET_ENOTFOUND, "has no address" },
        { "third.test", SIGNET_ETIMEOUT, "no answer" }, /* in a comment of the hosts file */
        { "silent.test", SIGNET_ETIMEOUT, "no answer" },
        { "servfail.test", SIGNET_ENET, "no DNS server could tell" },
        { "refused.test", SIGNET_ENET, "no DNS server could tell" },
        { "otherid.test", SIGNET_ETIMEOUT, "no answer" }, /* a lie, not believed */
    };
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        const struct lookup *l = look_up(x, t[i].name);
        assert_int_equal(l->state, LOOKUP_FAILED);
        if (l->code != t[i].code || !strstr(l->why, t[i].words) || !strstr(l->why, "127.0.0.1 port "))
            fail_msg("%s: %d, %s", t[i].name, l->code, l->why);
    }
}

/* Answers that no server should give: whatever comes of them, it comes in time and is no address of theirs. */
static void garbage_is_not_believed(void **state)
{
    struct fixture *x = *state;
    static const char *const names[] = { "loop.test", "cut.test", "wronglen.test", "othername.test" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct lookup *l = look_up(x, names[i]);
        if (l->state != LOOKUP_FAILED)
            fail_msg("%s: %s", names[i], l->addr[0]);
    }
}

static void long_answers_are_cut(void **state)
{
    struct fixture *x = *state;
    const struct lookup *l = look_up(x, "many.test");
    assert_int_equal(l->state, LOOKUP_DONE);
    assert_int_equal(l->n_addrs, RESOLVE_ADDRS_MAX);
    assert_string_equal(l->addr[0], "2001:db8::1");
    assert_string_equal(l->addr[RESOLVE_ADDRS_MAX - 1], "192.0.2.8");
}

static void names_that_are_none(void **state)
{
    struct fixture *x = *state;
    const struct lookup *l;
    char big[300];
    memset(big, 'a', sizeof(big));
    const signet_str bad[] = { STR(""), STR("a b"), STR("a/b"), STR("\xc3\xa4.test"), STR("a\0b"), { big, 254 } };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(resolver_lookup(x->r, bad[i], &l), SIGNET_EINVAL);
}

static void nobody_listens(void **state)
{
    struct fixture *x = *state;
    int udp, tcp;
    resolver_free(x->r);
    snprintf(x->servers, sizeof(x->servers), "127.0.0.1:%u", open_sockets(&udp, &tcp));
    close(udp);
    close(tcp);
    open_resolver(x, x->servers);
    const struct lookup *l = look_up(x, "ok.test");
    assert_int_equal(l->state, LOOKUP_FAILED);
    assert_non_null(strstr(l->why, "127.0.0.1 port "));
}

static void a_dead_server_is_passed_over(void **state)
{
    struct fixture *x = *state;
    char both[100];
    int udp, tcp;
    resolver_free(x->r);
    unsigned port = open_sockets(&udp, &tcp); /* it takes questions, and never answers */
    snprintf(both, sizeof(both), "127.0.0.1:%u,%s", port, x->servers);
    open_resolver(x, both);
    const struct lookup *l = look_up(x, "ok.test");
    assert_int_equal(l->state, LOOKUP_DONE);
    assert_string_equal(l->addr[1], "192.0.2.1");
    close(udp);
    close(tcp);
}

/* The search list of a machine stands behind the name as it is. */
static void a_search_list_does_not_capture_a_name(void **state)
{
    struct fixture *x = *state;
    resolver_free(x->r);
    assert_int_equal(setenv("LOCALDOMAIN", "search.test", 1), 0);
    open_resolver(x, x->servers);
    unsetenv("LOCALDOMAIN");
    const struct lookup *l = look_up(x, "taken.test");
    assert_int_equal(l->state, LOOKUP_DONE);
    assert_string_equal(l->addr[1], "192.0.2.1");
    assert_int_equal(*x->questions, 2);
}

static void freed_while_it_asks(void **state)
{
    struct fixture *x = *state;
    const struct lookup *l;
    assert_int_equal(resolver_lookup(x->r, STR("silent.test"), &l), 0);
    assert_int_equal(l->state, LOOKUP_WAITING);
    resolver_free(x->r);
    open_resolver(x, x->servers);
}

/* ---- proxies ---- */

static const char *set[10];

static char *get(const char *name)
{
    for (size_t i = 0; set[i]; i += 2)
        if (!strcmp(set[i], name))
            return (char *)(uintptr_t)set[i + 1];
    return NULL;
}

static void proxies(void **state)
{
    static const struct {
        const char *vars[8];
        bool https;
        const char *host, *want;
    } t[] = {
        { { NULL }, true, "ca.example", NULL },
        { { "https_proxy", "p:1" }, true, "ca.example", "p:1" },
        { { "HTTPS_PROXY", "p:1" }, true, "ca.example", "p:1" },
        { { "https_proxy", "", "HTTPS_PROXY", "p:2" }, true, "ca.example", "p:2" },
        { { "https_proxy", "p:1" }, false, "ca.example", NULL },
        { { "HTTP_PROXY", "p:1" }, false, "ca.example", NULL },
        { { "http_proxy", "p:1" }, false, "ca.example", "p:1" },
        { { "ALL_PROXY", "p:3" }, true, "ca.example", "p:3" },
        { { "https_proxy", "p:1", "no_proxy", "*" }, true, "ca.example", NULL },
        { { "https_proxy", "p:1", "NO_PROXY", "x.example, ca.example" }, true, "ca.example", NULL },
        { { "https_proxy", "p:1", "no_proxy", "example" }, true, "ca.example", NULL },
        { { "https_proxy", "p:1", "no_proxy", ".example" }, true, "CA.Example", NULL },
        { { "https_proxy", "p:1", "no_proxy", "a.example" }, true, "ca.example", "p:1" },
        { { "https_proxy", "p:1", "no_proxy", "10.0.0.0/8" }, true, "10.1.2.3", NULL },
        { { "https_proxy", "p:1", "no_proxy", "10.0.0.0/8" }, true, "11.1.2.3", "p:1" },
        { { "https_proxy", "p:1", "no_proxy", "10.0.0.0/33" }, true, "10.1.2.3", "p:1" },
        { { "https_proxy", "p:1", "no_proxy", "10.0.0.0/15" }, true, "10.1.2.3", NULL },
        { { "https_proxy", "p:1", "no_proxy", "[::1]" }, true, "::1", NULL },
        { { "https_proxy", "p:1", "no_proxy", "2001:db8::/32" }, true, "2001:db8:1::1", NULL },
        { { "https_proxy", "p:1", "no_proxy", "," }, true, "ca.example", "p:1" },
        { { "https_proxy", "p:1", "no_proxy", "." }, true, "ca.example", "p:1" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        memset(set, 0, sizeof(set));
        memcpy(set, t[i].vars, sizeof(t[i].vars));
        const char *got = proxy_for(t[i].https, str_of(t[i].host), get);
        if ((got == NULL) != (t[i].want == NULL) || (got && strcmp(got, t[i].want)))
            fail_msg("row %zu: %s", i, got ? got : "none");
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(names_become_addresses),  T(known_names_are_not_asked_for), T(failures_say_why_and_who),
        T(garbage_is_not_believed), T(long_answers_are_cut),          T(names_that_are_none),
        T(nobody_listens),          T(a_dead_server_is_passed_over),  T(a_search_list_does_not_capture_a_name),
        T(freed_while_it_asks),     cmocka_unit_test(proxies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
