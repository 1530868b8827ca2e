#include "challenge/ports.h"
#include "fake.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static struct loop *loop;
static struct request req;
static struct fake user;
static struct err err;
static const struct solver_ops *ops;
static int holder = -1; /* somebody else's socket */

static int setup(void **state)
{
    (void)state;
    err = (struct err){ 0 };
    if (request_init(&req) || loop_new(&loop, &err))
        return -1;
    req.http01_port = req.tls_alpn01_port = 0; /* the kernel chooses */
    free(req.http01_address);
    free(req.tls_alpn01_address);
    req.http01_address = str_dup(STR("127.0.0.1"));
    req.tls_alpn01_address = str_dup(STR("127.0.0.1"));
    fake_init(&user, false);
    ops = solver_find("standalone");
    return ops ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    fake_done(&user);
    request_done(&req);
    loop_free(loop);
    if (holder >= 0)
        close(holder);
    holder = -1;
    return 0;
}

static struct solver *opened(void)
{
    struct solver *s = NULL;
    struct solver_ctx ctx = { .loop = loop, .req = &req, .ui = &user.ui };
    assert_int_equal(ops->open(&s, &ctx, &err), 0);
    return s;
}

static unsigned http_port(void)
{
    return port_open(
        &(struct port_spec){ .loop = loop, .kind = PORT_HTTP, .address = req.http01_address, .port = req.http01_port });
}

static unsigned alpn_port(void)
{
    return port_open(&(struct port_spec){
        .loop = loop, .kind = PORT_ALPN, .address = req.tls_alpn01_address, .port = req.tls_alpn01_port });
}

static int connect_to(unsigned port)
{
    struct sockaddr_in sa = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0)
        return fd;
    close(fd);
    return -1;
}

/* The body that is served for the token; "" when none is. */
static void fetch(unsigned port, const char *token, struct buf *body)
{
    char chunk[1024];
    BUF_AUTO(text, 65536);
    buf_addf(&text, "GET /.well-known/acme-challenge/%s HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n", token);
    buf_clear(body);
    int fd = connect_to(port);
    assert_true(fd >= 0);
    assert_int_equal(send(fd, text.p, text.n, 0), (ssize_t)text.n);
    buf_clear(&text);
    for (;;) {
        ssize_t n = recv(fd, chunk, sizeof chunk, MSG_DONTWAIT);
        if (n == 0)
            break;
        if (n > 0)
            buf_add(&text, (signet_str){ chunk, (size_t)n });
        else
            assert_int_equal(loop_step(loop, 1000), 0);
    }
    close(fd);
    const char *at = strstr(buf_z(&text), "\r\n\r\n");
    assert_non_null(at);
    if (str_starts(buf_str(&text), STR("HTTP/1.1 200 ")))
        buf_addz(body, at + 4);
}

static void hold_a_port(unsigned *ret)
{
    struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof sa;
    holder = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(holder, (struct sockaddr *)&sa, sizeof sa), 0);
    assert_int_equal(listen(holder, 1), 0);
    assert_int_equal(getsockname(holder, (struct sockaddr *)&sa, &len), 0);
    *ret = ntohs(sa.sin_port);
}

static void the_port_is_open_only_while_something_is_up(void **state)
{
    (void)state;
    BUF_AUTO(body, 1024);
    struct solver *s = opened();
    assert_int_equal(http_port(), 0);
    struct challenge a = http_challenge("a.test", "tokA", "tokA.x"), b = http_challenge("b.test", "tokB", "tokB.x");
    struct challenge *both[] = { &a, &b };
    assert_int_equal(ops->present(s, both, 2, &err), 0);
    assert_int_equal(a.state, CHAL_READY);
    unsigned port = http_port();
    assert_true(port > 0);
    fetch(port, "tokA", &body);
    assert_string_equal(buf_z(&body), "tokA.x");
    fetch(port, "other", &body);
    assert_string_equal(buf_z(&body), "");
    ops->cleanup(s, both, 1);
    assert_int_equal(a.state, CHAL_CLEAN);
    fetch(port, "tokA", &body);
    assert_string_equal(buf_z(&body), "");
    fetch(port, "tokB", &body);
    assert_string_equal(buf_z(&body), "tokB.x");
    ops->cleanup(s, both + 1, 1);
    assert_int_equal(http_port(), 0);
    assert_int_equal(connect_to(port), -1);
    ops->cleanup(s, both, 2); /* again: nothing to do */
    BUF_AUTO(hint, 2048);
    ops->hint(s, &a, &hint);
    assert_null(strstr(buf_z(&hint), "No request for the file reached it"));
    ops->close(s);
}

static void orders_share_one_listener(void **state)
{
    (void)state;
    BUF_AUTO(body, 1024);
    struct solver *s = opened(), *t = opened();
    struct challenge a = http_challenge("a.test", "tokA", "tokA.x"), again = a,
                     b = http_challenge("b.test", "tokB", "tokB.x");
    struct challenge *first[] = { &a }, *second[] = { &again, &b };
    assert_int_equal(ops->present(s, first, 1, &err), 0);
    unsigned port = http_port();
    assert_int_equal(ops->present(t, second, 2, &err), 0);
    assert_int_equal(http_port(), port);
    ops->cleanup(s, first, 1);
    ops->close(s);
    fetch(port, "tokA", &body); /* the other order still wants it */
    assert_string_equal(buf_z(&body), "tokA.x");
    ops->cleanup(t, second, 2);
    assert_int_equal(http_port(), 0);
    ops->close(t);
}

static void a_port_of_somebody_else_is_told(void **state)
{
    (void)state;
    BUF_AUTO(want, 256);
    struct solver *s = opened();
    hold_a_port(&req.http01_port);
    struct challenge a = http_challenge("a.test", "tokA", "tokA.x"), b = http_challenge("b.test", "tokB", "tokB.x");
    struct challenge *both[] = { &a, &b };
    assert_int_equal(ops->present(s, both, 2, &err), SIGNET_EBUSY);
    buf_addf(&want, "Could not bind TCP port %u because it is already in use by another process on this system",
             req.http01_port);
    assert_true(str_starts(str_of(err.text), buf_str(&want)));
    assert_int_equal(b.state, CHAL_FAILED);
    assert_int_equal(b.err.code, SIGNET_EBUSY);
    assert_string_equal(buf_z(&user.told), "");
    ops->cleanup(s, both, 2);
    BUF_AUTO(hint, 2048);
    ops->hint(s, &a, &hint);
    assert_non_null(strstr(buf_z(&hint), "No request for the file reached it"));

    /* at a terminal: asked once, left */
    user.ui.interactive = true;
    a.state = b.state = CHAL_NEW;
    assert_int_equal(ops->present(s, both, 2, &err), SIGNET_EBUSY);
    const char *question = strstr(buf_z(&user.told), "(Retry/Cancel)");
    assert_non_null(question);
    assert_null(strstr(question + 1, "(Retry/Cancel)"));
    ops->cleanup(s, both, 2);
    ops->close(s);
}

static int stop_the_other(struct fake *f, bool *ret)
{
    (void)f;
    close(holder);
    holder = -1;
    *ret = true;
    return 0;
}

static void a_person_can_free_the_port_and_retry(void **state)
{
    (void)state;
    struct solver *s = opened();
    hold_a_port(&req.http01_port);
    user.ui.interactive = true;
    user.on_yesno = stop_the_other;
    struct challenge a = http_challenge("a.test", "tokA", "tokA.x"), *one[] = { &a };
    assert_int_equal(ops->present(s, one, 1, &err), 0);
    assert_int_equal(a.state, CHAL_READY);
    assert_int_equal(http_port(), req.http01_port);
    ops->cleanup(s, one, 1);
    ops->close(s);
}

static void one_busy_port_leaves_the_other_kind_up(void **state)
{
    (void)state;
    struct solver *s = opened();
    hold_a_port(&req.http01_port);
    struct challenge a = http_challenge("a.test", "tokA", "tokA.x"), b = http_challenge("b.test", "tokB", "tokB.x");
    b.type = SIGNET_CHAL_TLS_ALPN_01;
    struct challenge *both[] = { &a, &b };
    assert_int_equal(ops->present(s, both, 2, &err), 0);
    assert_int_equal(a.state, CHAL_FAILED);
    assert_int_equal(b.state, CHAL_READY);
    int fd = connect_to(alpn_port());
    assert_true(fd >= 0);
    close(fd);
    ops->cleanup(s, both, 2);
    assert_int_equal(alpn_port(), 0);
    ops->close(s);
}

static struct challenge alpn_challenge(const char *name, const char *key_auth)
{
    struct challenge c = http_challenge(name, "tok", key_auth);
    c.type = SIGNET_CHAL_TLS_ALPN_01;
    return c;
}

static void one_name_of_two_accounts_takes_turns(void **state)
{
    (void)state;
    struct solver *s = opened(), *t = opened();
    struct challenge a = alpn_challenge("a.test", "one.x"), same = alpn_challenge("A.test", "one.x");
    struct challenge other = alpn_challenge("a.test", "two.x"), more = alpn_challenge("b.test", "two.y");
    struct challenge *first[] = { &a, &same }, *second[] = { &other, &more };
    assert_int_equal(ops->present(s, first, 2, &err), 0);
    assert_int_equal(same.state, CHAL_READY);
    assert_int_equal(ops->present(t, second, 2, &err), 0);
    assert_int_equal(other.state, CHAL_WAITING);
    assert_int_equal(more.state, CHAL_WAITING); /* holds nothing while it waits */
    ops->cleanup(s, first, 1);
    ops->step(t, second, 2);
    assert_int_equal(other.state, CHAL_WAITING);
    ops->cleanup(s, first + 1, 1);
    ops->step(t, second, 2);
    assert_int_equal(other.state, CHAL_READY);
    assert_int_equal(more.state, CHAL_READY);
    assert_true(alpn_port() > 0);
    ops->cleanup(t, second, 2);
    assert_int_equal(alpn_port(), 0);

    /* An order that is given up while it waits. */
    a.state = other.state = CHAL_NEW;
    assert_int_equal(ops->present(s, first, 1, &err), 0);
    assert_int_equal(ops->present(t, second, 1, &err), 0);
    ops->cleanup(t, second, 1);
    assert_int_equal(other.state, CHAL_CLEAN);
    ops->cleanup(s, first, 1);
    assert_int_equal(alpn_port(), 0);
    ops->close(s);
    ops->close(t);
}

static void types_it_cannot_do_fail_alone(void **state)
{
    (void)state;
    struct solver *s = opened();
    struct challenge a = http_challenge("a.test", "tokA", "tokA.x"), b = a;
    b.type = SIGNET_CHAL_DNS_01;
    struct challenge *both[] = { &a, &b };
    assert_int_equal(ops->present(s, both, 2, &err), 0);
    assert_int_equal(a.state, CHAL_READY);
    assert_int_equal(b.state, CHAL_FAILED);
    ops->cleanup(s, both, 2);
    assert_int_equal(ops->present(s, both, 0, &err), 0);
    ops->close(s);
}

static void preferences_choose_the_type(void **state)
{
    (void)state;
    const uint32_t http = SIGNET_CHAL_HTTP_01, alpn = SIGNET_CHAL_TLS_ALPN_01;
    const struct {
        const char *prefs;
        signet_ident id;
        uint32_t want;
    } rows[] = {
        { "", IDENT_DNS("a.test"), SIGNET_PREFS(http, alpn, 0, 0) },
        { "", IDENT_IP("2001:db8::7"), SIGNET_PREFS(http, alpn, 0, 0) },
        { "", IDENT_DNS("*.a.test"), 0 },
        { "tls-alpn-01", IDENT_DNS("a.test"), SIGNET_PREFS(alpn, 0, 0, 0) },
        { "dns-01,tls-alpn-01,http-01", IDENT_DNS("a.test"), SIGNET_PREFS(alpn, http, 0, 0) },
        { "dns-01", IDENT_DNS("a.test"), 0 },
    };
    struct solver *s = opened();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        strlist_done(&req.pref_challs);
        assert_int_equal(strlist_split(&req.pref_challs, str_of(rows[i].prefs), ','), 0);
        assert_int_equal(prefs_of(ops, s, rows[i].id, &err), rows[i].want);
        assert_true(rows[i].want ? err.code == 0 : err.code < 0);
    }
    ops->close(s);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(the_port_is_open_only_while_something_is_up),
        T(orders_share_one_listener),
        T(a_port_of_somebody_else_is_told),
        T(a_person_can_free_the_port_and_retry),
        T(one_busy_port_leaves_the_other_kind_up),
        T(one_name_of_two_accounts_takes_turns),
        T(types_it_cannot_do_fail_alone),
        T(preferences_choose_the_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
