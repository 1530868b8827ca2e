/* The transfers against a plain server on loopback, in a child process: one canned answer for each path. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "net/https.h"
#include <arpa/inet.h>
#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define assert_str(s, lit) assert_true(str_eq((s), STR(lit)))

struct fixture {
    pid_t server;
    unsigned port;
    struct https *h;
};

/* ---- the server ---- */

static void reply(int fd, const char *head, signet_str body)
{
    dprintf(fd, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", head, body.n);
    (void)!write(fd, body.p, body.n);
}

/* "/headers/N/LENGTH/LAST": so many header fields, each a line of LENGTH bytes, CRLF included; the last one of LAST. */
static void many_headers(struct buf *to, const char *path)
{
    char *p = NULL;
    unsigned long n = strtoul(path + strlen("/headers/"), &p, 10), len = strtoul(p + 1, &p, 10),
                  last = strtoul(p + 1, NULL, 10);
    buf_addz(to, "200 OK");
    for (unsigned long i = 1; i <= n; i++) {
        buf_addz(to, "\r\nX: ");
        for (size_t k = strlen("X: \r\n"); k < (i < n ? len : last); k++)
            buf_addc(to, 'x');
    }
}

static void answer(int fd, const char *path, const char *request, size_t n)
{
    static char ten_k[10000];
    BUF_AUTO(head, 1u << 20);
    memset(ten_k, 'a', sizeof(ten_k));
    if (!strcmp(path, "/echo"))
        reply(fd, "200 OK\r\nContent-Type: text/plain", (signet_str){ request, n });
    else if (!strcmp(path, "/headers"))
        reply(fd,
              "201 Created\r\nreplay-NONCE:  n0nce \r\nLocation: https://x/1\r\nRetry-After: 7\r\nLink: "
              "<a>;rel=\"up\"\r\nLink: <b>",
              STR("ok"));
    else if (!strcmp(path, "/ten"))
        reply(fd, "200 OK", (signet_str){ ten_k, sizeof(ten_k) });
    else if (!strcmp(path, "/redirect"))
        reply(fd, "302 Found\r\nLocation: /echo", STR(""));
    else if (!strcmp(path, "/hint"))
        dprintf(fd,
                "HTTP/1.1 103 Early Hints\r\nReplay-Nonce: early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    else if (!strcmp(path, "/gzip"))
        reply(fd, "200 OK\r\nContent-Encoding: gzip", STR("not gzip at all"));
    else if (!strcmp(path, "/cut"))
        dprintf(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
    else if (str_starts(str_of(path), STR("/headers/")))
        many_headers(&head, path), reply(fd, buf_z(&head), STR(""));
    else if (!strcmp(path, "/hang"))
        pause();
}

static bool whole(const char *p, size_t n)
{
    const char *end = memmem(p, n, "\r\n\r\n", 4), *len = memmem(p, n, "Content-Length: ", 16);
    return end && (!len || n >= (size_t)(end + 4 - p) + strtoul(len + 16, NULL, 10));
}

static void serve_connection(int fd)
{
    char in[16384], path[64];
    size_t n = 0;
    for (;;) {
        ssize_t got = read(fd, in + n, sizeof(in) - 1 - n);
        if (got <= 0)
            _exit(0);
        n += (size_t)got;
        in[n] = '\0';
        if (!whole(in, n))
            continue;
        const char *a = strchr(in, ' ') + 1, *b = strchr(a, ' ');
        if (!strncmp(a, "http://", 7)) /* as a proxy is asked */
            a = strchr(a + 7, '/');
        snprintf(path, sizeof(path), "%.*s", (int)(b - a), a);
        path[strcspn(path, "?")] = '\0';
        if (!strncmp(in, "HEAD ", 5))
            dprintf(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n");
        else
            answer(fd, path, in, n);
        if (!strcmp(path, "/cut"))
            _exit(0);
        n = 0;
    }
}

static void serve(int fd)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int c = accept(fd, NULL, NULL);
        pid_t pid = c < 0 ? -1 : fork();
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            serve_connection(c);
        }
        close(c);
    }
}

/* ---- the client ---- */

static struct https *new_https(unsigned timeout_s)
{
    struct err e = { 0 };
    struct https *h;
    struct https_config c = {
        .user_agent = STR("tester/1"), .no_verify = true, .allow_http = true, .timeout_s = timeout_s
    };
    assert_int_equal(https_new(&h, &c, &e), 0);
    return h;
}

static int set_up(void **state)
{
    struct fixture *x = calloc(1, sizeof(*x));
    struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(sa);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_non_null(x);
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, len), 0);
    assert_int_equal(listen(fd, 50), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
    x->port = ntohs(sa.sin_port);
    x->server = fork();
    if (x->server == 0)
        serve(fd);
    close(fd);
    x->h = new_https(0);
    *state = x;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *x = *state;
    https_free(x->h);
    kill(x->server, SIGKILL);
    waitpid(x->server, NULL, 0);
    free(x);
    return 0;
}

static void send_to(struct fixture *x, uint64_t id, const char *method, const char *path, signet_str body, size_t max)
{
    char url[200];
    snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", x->port, path);
    struct https_request q = { .id = id,
                               .method = str_of(method),
                               .url = str_of(url),
                               .body = body,
                               .max_body = max,
                               .content_type = body.n ? STR("application/jose+json") : STR("") };
    assert_int_equal(https_send(x->h, &q), 0);
}

static struct https_answer await(struct fixture *x)
{
    struct https_answer a;
    int64_t until = clock_mono_ms() + 10000;
    int pair[2];
    assert_int_equal(pipe(pair), 0);
    while (!https_next(x->h, &a)) {
        short revents = 0;
        assert_true(clock_mono_ms() < until);
        assert_int_equal(https_wait(x->h, pair[0], POLLIN, 1000, &revents), 0);
        assert_int_equal(revents, 0);
    }
    close(pair[0]);
    close(pair[1]);
    return a;
}

static struct https_answer get(struct fixture *x, const char *path)
{
    send_to(x, 1, "GET", path, (signet_str){ 0 }, 20000);
    return await(x);
}

static void test_request_as_sent(void **state)
{
    struct fixture *x = *state;
    send_to(x, 9, "POST", "/echo", STR("{\"a\":1}"), 20000);
    struct https_answer a = await(x);
    assert_int_equal(a.id, 9);
    assert_int_equal(a.net_err, 0);
    assert_int_equal(a.status, 200);
    assert_str(a.content_type, "text/plain");
    const char *sent = a.body.p;
    assert_non_null(strstr(sent, "POST /echo HTTP/1.1\r\n"));
    assert_non_null(strstr(sent, "User-Agent: tester/1\r\n"));
    assert_non_null(strstr(sent, "Content-Type: application/jose+json\r\n"));
    assert_non_null(strstr(sent, "\r\n\r\n{\"a\":1}"));
    assert_null(strcasestr(sent, "expect"));
    assert_null(strcasestr(sent, "accept-encoding"));
}

static void test_headers_are_kept(void **state)
{
    struct fixture *x = *state;
    struct https_answer a = get(x, "/headers");
    assert_int_equal(a.status, 201);
    assert_str(a.nonce, "n0nce");
    assert_str(a.location, "https://x/1");
    assert_str(a.retry_after, "7");
    assert_int_equal(a.n_links, 2);
    assert_str(a.links[0], "<a>;rel=\"up\"");
    assert_str(a.links[1], "<b>");
    assert_str(a.body, "ok");
    send_to(x, 2, "HEAD", "/ten", (signet_str){ 0 }, 0);
    a = await(x);
    assert_int_equal(a.status, 200);
    assert_int_equal(a.body.n, 0);
    assert_int_equal(a.n_links, 0);
    a = get(x, "/hint");
    assert_int_equal(a.status, 200);
    assert_int_equal(a.nonce.n, 0);
}

/* What an answer has beside the fields that are asked for. */
#define FRAME_LINES 3u /* the status, Content-Length, and the empty line */
#define FRAME_BYTES (strlen("HTTP/1.1 200 OK\r\n") + strlen("Content-Length: 0\r\n") + strlen("\r\n"))

static void test_header_limits(void **state)
{
    struct fixture *x = *state;
    const size_t lines = HTTPS_HEADER_LINES - FRAME_LINES, bytes = HTTPS_HEADERS_MAX - FRAME_BYTES;
    const struct {
        size_t n, len, last;
        int net_err;
    } t[] = {
        { lines, 7, 7, 0 },
        { lines + 1, 7, 7, SIGNET_ELIMIT },
        { 120, 7, 7, SIGNET_ELIMIT },
        { 1, 0, HTTPS_HEADER_MAX, 0 },
        { 1, 0, HTTPS_HEADER_MAX + 1, SIGNET_ELIMIT },
        { 10, 3000, bytes - 9 * 3000, 0 },
        { 10, 3000, bytes - 9 * 3000 + 1, SIGNET_ELIMIT },
    };
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        char path[64];
        snprintf(path, sizeof(path), "/headers/%zu/%zu/%zu", t[i].n, t[i].len, t[i].last);
        struct https_answer a = get(x, path);
        if (a.net_err != t[i].net_err)
            fail_msg("%s: %d %s", path, a.net_err, a.why);
        assert_true(!a.net_err || strstr(a.why, "header"));
    }
}

static void test_body_limit(void **state)
{
    struct fixture *x = *state;
    send_to(x, 1, "GET", "/ten", (signet_str){ 0 }, 10000);
    struct https_answer a = await(x);
    assert_int_equal(a.net_err, 0);
    assert_int_equal(a.body.n, 10000);
    send_to(x, 1, "GET", "/ten", (signet_str){ 0 }, 9999);
    assert_int_equal(await(x).net_err, SIGNET_ELIMIT);
}

static void test_url_limits(void **state)
{
    struct fixture *x = *state;
    static const struct https_special special = { 0 };
    static const struct {
        size_t n;
        const struct https_special *special;
        int net_err;
    } t[] = {
        { HTTPS_URL_MAX, NULL, 0 },
        { HTTPS_URL_MAX + 1, NULL, SIGNET_ELIMIT },
        { HTTPS_URL_LONG, &special, 0 },
        { HTTPS_URL_LONG + 1, &special, SIGNET_ELIMIT },
    };
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        char url[HTTPS_URL_LONG + 2];
        int n = snprintf(url, sizeof(url), "http://127.0.0.1:%u/ten?", x->port);
        memset(url + n, 'x', t[i].n - (size_t)n);
        struct https_request q = {
            .method = STR("GET"), .url = { url, t[i].n }, .max_body = 20000, .special = t[i].special
        };
        assert_int_equal(https_send(x->h, &q), 0);
        struct https_answer a = await(x);
        if (a.net_err != t[i].net_err)
            fail_msg("row %zu: %d %s", i, a.net_err, a.why);
    }
}

static void test_not_followed_not_unpacked(void **state)
{
    struct fixture *x = *state;
    struct https_answer a = get(x, "/redirect");
    assert_int_equal(a.status, 302);
    assert_str(a.location, "/echo");
    a = get(x, "/gzip");
    assert_int_equal(a.net_err, 0);
    assert_str(a.body, "not gzip at all");
}

static void test_faults(void **state)
{
    struct fixture *x = *state;
    struct https_answer a = get(x, "/cut");
    assert_int_equal(a.net_err, SIGNET_ENET);
    assert_true(a.why[0] != '\0');
    static const struct {
        const char *url;
        int net_err;
    } table[] = {
        { "http://127.0.0.1:1/", SIGNET_ENET },
        { "http://192.0.2.1/", SIGNET_ENET },
        { "file:///etc/passwd", SIGNET_ENET },
        { "http://localhost.example/", SIGNET_ENET },
        { "http://127.example/", SIGNET_ENET },
        { "ftp://127.0.0.1/", SIGNET_ENET },
        { "", SIGNET_ENET },
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct https_request q = { .method = STR("GET"), .url = str_of(table[i].url), .max_body = 100 };
        assert_int_equal(https_send(x->h, &q), 0);
        a = await(x);
        assert_int_equal(a.net_err, table[i].net_err);
        assert_true(a.why[0] != '\0');
    }
    /* TLS with a server that speaks none */
    char url[64];
    snprintf(url, sizeof(url), "https://127.0.0.1:%u/echo", x->port);
    struct https_request q = { .method = STR("GET"), .url = str_of(url), .max_body = 100 };
    https_free(x->h);
    x->h = new_https(1);
    assert_int_equal(https_send(x->h, &q), 0);
    a = await(x);
    assert_true(a.net_err == SIGNET_ETLS || a.net_err == SIGNET_ETIMEOUT || a.net_err == SIGNET_ENET);
}

static void test_timeout(void **state)
{
    struct fixture *x = *state;
    https_free(x->h);
    x->h = new_https(1);
    struct https_answer a = get(x, "/hang");
    assert_int_equal(a.net_err, SIGNET_ETIMEOUT);
    assert_non_null(strstr(a.why, "waiting for the answer"));
}

/* More at once than there may be connections; some are under way when all is dropped. */
static void test_many(void **state)
{
    struct fixture *x = *state;
    bool seen[40] = { false };
    for (uint64_t i = 0; i < 40; i++)
        send_to(x, i, "GET", "/headers", (signet_str){ 0 }, 100);
    for (unsigned i = 0; i < 40; i++) {
        struct https_answer a = await(x);
        assert_int_equal(a.status, 201);
        assert_true(a.id < 40 && !seen[a.id]);
        seen[a.id] = true;
    }
    assert_false(https_busy(x->h));
    for (uint64_t i = 0; i < 20; i++)
        send_to(x, i, "GET", "/hang", (signet_str){ 0 }, 100);
    struct https_answer a;
    assert_false(https_next(x->h, &a));
    assert_true(https_busy(x->h));
}

static void open_with(struct fixture *x, const char *hosts)
{
    struct https_config c = { .user_agent = STR("tester/1"),
                              .no_verify = true,
                              .allow_http = true,
                              /* where nobody is */
                              .names = {
                                  .hosts_file = hosts, .servers = "127.0.0.1:1", .try_ms = 50, .total_ms = 300 } };
    https_free(x->h);
    assert_int_equal(https_new(&x->h, &c, NULL), 0);
}

/* The proxy's name is looked up here; the server's is not, that is the proxy's affair. */
static void test_proxy_by_name(void **state)
{
    struct fixture *x = *state;
    char hosts[] = "/tmp/signet-hosts-XXXXXX", proxy[100];
    int fd = mkstemp(hosts);
    assert_true(fd >= 0);
    dprintf(fd, "127.0.0.1 proxy.test\n");
    close(fd);
    open_with(x, hosts);
    unlink(hosts);
    snprintf(proxy, sizeof(proxy), "http://proxy.test:%u", x->port);
    assert_int_equal(setenv("http_proxy", proxy, 1), 0);
    struct https_request q = {
        .id = 1, .method = STR("GET"), .url = STR("http://127.0.0.1:1/echo"), .max_body = 20000
    };
    assert_int_equal(https_send(x->h, &q), 0);
    struct https_answer a = await(x);
    assert_int_equal(a.net_err, 0);
    assert_non_null(strstr(a.body.p, "GET http://127.0.0.1:1/echo HTTP/1.1\r\n"));
    assert_int_equal(setenv("no_proxy", "127.0.0.0/8", 1), 0);
    a = get(x, "/echo");
    assert_non_null(strstr(a.body.p, "GET /echo HTTP/1.1\r\n"));
    unsetenv("http_proxy");
    unsetenv("no_proxy");
}

/* A socket whose queue is full: what comes further is not answered, as from an address that leads nowhere. */
static int black_hole(unsigned port, int filler[2])
{
    struct sockaddr_in6 sa = { .sin6_family = AF_INET6,
                               .sin6_port = htons((uint16_t)port),
                               .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) || listen(fd, 0)) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    for (int i = 0; i < 2; i++) {
        filler[i] = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(filler[i], (struct sockaddr *)&sa, sizeof(sa));
    }
    return fd;
}

static void test_an_address_that_swallows_all_is_passed_over(void **state)
{
    struct fixture *x = *state;
    static const struct https_special special = { .http = true };
    char hosts[] = "/tmp/signet-hosts-XXXXXX", url[64];
    int filler[2], hole = black_hole(x->port, filler), fd = mkstemp(hosts);
    assert_true(fd >= 0);
    dprintf(fd, "127.0.0.1 both.test\n::1 both.test\n");
    close(fd);
    open_with(x, hosts);
    unlink(hosts);
    snprintf(url, sizeof(url), "http://both.test:%u/ten", x->port);
    struct https_request q = { .method = STR("GET"), .url = str_of(url), .max_body = 20000, .special = &special };
    int64_t begin = clock_mono_ms();
    assert_int_equal(https_send(x->h, &q), 0);
    struct https_answer a = await(x);
    assert_int_equal(a.net_err, 0);
    assert_in_range(clock_mono_ms() - begin, hole < 0 ? 0 : 100, 5000); /* IPv6, where there is such, was tried first */
    if (hole < 0)
        return;
    close(filler[0]);
    close(filler[1]);
    close(hole);
}

static void test_unknown_name(void **state)
{
    struct fixture *x = *state;
    open_with(x, "/dev/null");
    struct https_request q = {
        .id = 1, .method = STR("GET"), .url = STR("https://nowhere.test/dir"), .max_body = 20000
    };
    assert_int_equal(https_send(x->h, &q), 0);
    q.id = 2;
    q.url = STR("https://no where/");
    assert_int_equal(https_send(x->h, &q), 0);
    for (int i = 0; i < 2; i++) {
        struct https_answer a = await(x);
        assert_true(a.net_err == SIGNET_ENET || (a.id == 1 && a.net_err == SIGNET_ETIMEOUT));
        if (a.id == 1)
            assert_non_null(strstr(a.why, "nowhere.test"));
        if (a.id == 1)
            assert_non_null(strstr(a.why, "127.0.0.1 port 1"));
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_request_as_sent),
        T(test_headers_are_kept),
        T(test_header_limits),
        T(test_body_limit),
        T(test_url_limits),
        T(test_not_followed_not_unpacked),
        T(test_faults),
        T(test_timeout),
        T(test_many),
        T(test_proxy_by_name),
        T(test_an_address_that_swallows_all_is_passed_over),
        T(test_unknown_name),
    };
    unsetenv("http_proxy");
    unsetenv("https_proxy");
    unsetenv("HTTPS_PROXY");
    unsetenv("ALL_PROXY");
    unsetenv("all_proxy");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
