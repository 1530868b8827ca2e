/* Waiting until a value is seen, with a clock of the test's own. */
#include "fakedns.h"

#include "dns/watch.h"

static struct dns_place place = {
    .fqdn = "_acme-challenge.example.com",
    .zone = "example.com",
    .direct = true,
    .n_servers = 2,
    .server = { { .name = "ns1", .addr = { "192.0.2.1" }, .n_addrs = 1, .listed = true },
                { .name = "ns2", .addr = { "192.0.2.2" }, .n_addrs = 1, .listed = true } },
};

#define HAS(server)                                                                                                    \
    {                                                                                                                  \
        server, "_acme-challenge.example.com", DNS_TXT, .aa = true, .values = "other value"                            \
    }
#define LACKS(server)                                                                                                  \
    {                                                                                                                  \
        server, "_acme-challenge.example.com", DNS_TXT, .aa = true, .rcode = DNS_NXDOMAIN, .negative = 3600            \
    }
#define DEAD(server)                                                                                                   \
    {                                                                                                                  \
        server, "_acme-challenge.example.com", DNS_TXT, .code = SIGNET_ETIMEOUT                                        \
    }

static const struct fake_row both[] = { HAS("192.0.2.1"), HAS("192.0.2.2") };
static const struct fake_row one[] = { HAS("192.0.2.1"), LACKS("192.0.2.2") };
static const struct fake_row one_dead[] = { HAS("192.0.2.1"), DEAD("192.0.2.2") };
static const struct fake_row none[] = { DEAD("192.0.2.1"), DEAD("192.0.2.2") };

struct run {
    struct watch_job w;
    int64_t now, wake;
    struct buf say;
    struct err e;
    unsigned looks;
};

static void setup(struct run *r, enum watch_mode mode)
{
    *r = (struct run){ .now = 1000, .say = BUF_INIT(8192) };
    r->w = (struct watch_job){ .place = &place, .value = STR("value"), .start_ms = 1000, .look = 100 };
    r->w.rules = (struct watch_rules){ .mode = mode, .time_ms = 60000, .polling_ms = 2000 };
}

/* One step at r->now with that table. */
static enum watch_state step(struct run *r, const struct fake_row *rows, size_t n)
{
    struct fake f = { .rows = rows, .n = n };
    struct dns_ask ask = ASK(f);
    uint64_t look = r->w.look;
    enum watch_state s = dns_watch(&r->w, &ask, r->now, &r->wake, &r->say, &r->e);
    r->looks += r->w.look != look;
    fake_done(&f);
    return s;
}
#define STEP(r, table) step(&(r), table, sizeof(table) / sizeof((table)[0]))

/* Goes on with one table, from wake to wake, until something is decided or the time is over. */
static enum watch_state go_on(struct run *r, const struct fake_row *rows, size_t n, int64_t until)
{
    enum watch_state s;
    while ((s = step(r, rows, n)) == WATCH_WAITING && r->now < until) {
        assert_true(r->wake > r->now);
        r->now = r->wake;
    }
    return s;
}
#define GO_ON(r, table, until) go_on(&(r), table, sizeof(table) / sizeof((table)[0]), until)

static void test_at_once(void **state)
{
    (void)state;
    struct run r;
    setup(&r, WATCH_CHECK);
    assert_int_equal(STEP(r, both), WATCH_WAITING); /* the first look is at once, but one is not enough */
    assert_int_equal(r.looks, 1);
    assert_int_equal(r.wake, 1000 + WATCH_AGAIN_MS);
    r.now = r.wake;
    assert_int_equal(STEP(r, both), WATCH_SEEN);
    assert_int_equal(r.say.n, 0);
    buf_done(&r.say);
}

static void test_backs_off(void **state)
{
    (void)state;
    static const int64_t pauses[] = { 250, 500, 1000, 2000, 2000 };
    struct run r;
    setup(&r, WATCH_CHECK);
    for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
        assert_int_equal(STEP(r, one), WATCH_WAITING);
        assert_int_equal(r.wake - r.now, pauses[i]);
        r.now = r.wake;
    }
    assert_int_equal(GO_ON(r, both, 30000), WATCH_SEEN);
    assert_int_equal(r.looks, 5 + WATCH_HITS_SLOW); /* once it was missed, more looks are wanted */
    buf_done(&r.say);
}

static void test_flapping(void **state)
{
    (void)state;
    struct run r;
    setup(&r, WATCH_CHECK);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(i % 2 ? STEP(r, one) : STEP(r, both), WATCH_WAITING);
        r.now = r.wake;
    }
    assert_int_equal(GO_ON(r, both, 30000), WATCH_SEEN);
    buf_done(&r.say);
}

static void test_too_late(void **state)
{
    (void)state;
    struct run r;
    setup(&r, WATCH_CHECK);
    assert_int_equal(GO_ON(r, one, 100000), WATCH_LATE);
    assert_in_range(r.now, 61000, 63000);
    assert_non_null(strstr(r.e.text, "not seen everywhere after 60 s; 1 of the servers that were asked shows it"));
    assert_non_null(strstr(r.e.text,
                           "ns2 (192.0.2.2) says that there is no such name (who asked it too early may remember "
                           "that for 3600 s)"));
    assert_null(strstr(r.e.text, "ns1 ("));
    buf_done(&r.say);
}

/* certbot's seconds: too late is not a failure, and what is missing is told. */
static void test_up_to(void **state)
{
    (void)state;
    struct run r;
    setup(&r, WATCH_UPTO);
    assert_int_equal(GO_ON(r, one, 100000), WATCH_SEEN);
    assert_non_null(strstr(buf_z(&r.say), "the CA is asked to look all the same"));
    buf_done(&r.say);
}

static void test_dead_server(void **state)
{
    (void)state;
    struct run r;
    setup(&r, WATCH_CHECK);
    assert_int_equal(GO_ON(r, one_dead, 100000), WATCH_SEEN);
    assert_in_range(r.now, 1000 + WATCH_DEAD_MS, 1000 + WATCH_DEAD_MS + 3000);
    assert_non_null(strstr(buf_z(&r.say), "ns2 (192.0.2.2) does not answer: no answer came in time"));
    buf_done(&r.say);
    setup(&r, WATCH_CHECK);
    assert_int_equal(GO_ON(r, none, 100000), WATCH_LATE);
    buf_done(&r.say);
}

static void test_sleep(void **state)
{
    (void)state;
    struct run r;
    setup(&r, WATCH_SLEEP);
    assert_int_equal(STEP(r, none), WATCH_WAITING);
    assert_int_equal(r.wake, 61000);
    r.now = r.wake;
    assert_int_equal(STEP(r, none), WATCH_SEEN);
    assert_int_equal(r.looks, 0);
    buf_done(&r.say);
    setup(&r, WATCH_CHECK);
    r.w.rules.skip_direct = true; /* and nobody else is to be asked */
    assert_int_equal(STEP(r, none), WATCH_SEEN);
    buf_done(&r.say);
}

/* After a removal it is the other way round: a server that still has it is waited for, and named. */
static void test_gone(void **state)
{
    (void)state;
    static const struct fake_row neither[] = { LACKS("192.0.2.1"), LACKS("192.0.2.2") };
    struct run r;
    setup(&r, WATCH_CHECK);
    r.w.gone = true;
    assert_int_equal(GO_ON(r, neither, 100000), WATCH_SEEN);
    assert_in_range(r.now, 1000, 1300);
    buf_done(&r.say);
    setup(&r, WATCH_CHECK);
    r.w.gone = true;
    assert_int_equal(GO_ON(r, one, 100000), WATCH_LATE);
    assert_non_null(strstr(r.e.text, "was removed, but is still seen after 60 s:"));
    assert_non_null(strstr(r.e.text, "ns1 (192.0.2.1) has"));
    assert_null(strstr(r.e.text, "ns2 ("));
    buf_done(&r.say);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_at_once),  cmocka_unit_test(test_backs_off), cmocka_unit_test(test_flapping),
        cmocka_unit_test(test_too_late), cmocka_unit_test(test_up_to),     cmocka_unit_test(test_dead_server),
        cmocka_unit_test(test_sleep),    cmocka_unit_test(test_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
