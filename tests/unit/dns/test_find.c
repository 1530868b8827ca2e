/* Where a record belongs. */
#include "fakedns.h"

#define SERVERS                                                                                                        \
    { "", "example.com", DNS_SOA, .values = "ns1.example.com" },                                                       \
        { "", "example.com", DNS_NS, .values = "ns1.example.com" },                                                    \
        { "", "ns1.example.com", DNS_A, .values = "192.0.2.1" },                                                       \
    {                                                                                                                  \
        "", "ns1.example.com", DNS_AAAA, .values = ""                                                                  \
    }

static int find(struct dns_place *p, struct fake *f, const char *name, struct err *e)
{
    struct dns_ask ask = ASK(*f);
    return dns_find(p, &ask, name, true, e);
}

static void test_plain(void **state)
{
    (void)state;
    static const struct fake_row rows[] = { SERVERS };
    FAKE(f, rows);
    struct dns_place p;
    struct err e = { 0 };
    assert_int_equal(find(&p, &f, "_acme-challenge.Example.com.", &e), 1);
    assert_string_equal(p.fqdn, "_acme-challenge.example.com");
    assert_string_equal(p.zone, "example.com");
    assert_string_equal(p.primary, "ns1.example.com");
    assert_true(p.direct && p.n_servers == 1 && p.server[0].listed);
    assert_string_equal(p.server[0].addr[0], "192.0.2.1");
    assert_false(f.asked_recursive); /* a cache would remember that it is not there */
    fake_done(&f);
}

static void test_one_family(void **state)
{
    (void)state;
    static const struct fake_row rows[] = { { "", "example.com", DNS_SOA, .values = "ns1.example.com" },
                                            { "", "example.com", DNS_NS, .values = "ns1.example.com" },
                                            { "", "ns1.example.com", DNS_A, .values = "192.0.2.1" },
                                            { "", "ns1.example.com", DNS_AAAA, .values = "2001:db8::1" } };
    static const struct {
        unsigned only, n;
        const char *first;
    } want[] = { { 0, 2, "192.0.2.1" }, { DNS_A, 1, "192.0.2.1" }, { DNS_AAAA, 1, "2001:db8::1" } };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        FAKE(f, rows);
        struct dns_ask ask = ASK(f);
        struct dns_place p;
        struct err e = { 0 };
        ask.only = want[i].only;
        assert_int_equal(dns_find(&p, &ask, "_acme-challenge.example.com", true, &e), 1);
        assert_int_equal(p.server[0].n_addrs, want[i].n);
        assert_string_equal(p.server[0].addr[0], want[i].first);
        fake_done(&f);
    }
}

/* The zone is found from the SOA beside a negative answer, or by walking up; an alias on the way has a zone elsewhere.
 */
static void test_walk(void **state)
{
    (void)state;
    static const struct fake_row rows[] = {
        SERVERS,
        { "", "a.b.example.com", DNS_SOA, .rcode = DNS_NXDOMAIN, .zone = "example.com" },
        { "", "empty.example.com", DNS_SOA, .zone = "example.com" },
        { "", "c.example.com", DNS_SOA, .alias = "x.example.org", .zone = "example.org" }
    };
    FAKE(f, rows);
    struct dns_ask ask = ASK(f);
    char zone[DNS_NAME_MAX];
    struct err e = { 0 };
    assert_int_equal(dns_find_zone(zone, &ask, "a.b.example.com", &e), 1);
    assert_string_equal(zone, "example.com");
    assert_int_equal(dns_find_zone(zone, &ask, "empty.example.com", &e), 1); /* only names below it exist */
    assert_string_equal(zone, "example.com");
    assert_int_equal(dns_find_zone(zone, &ask, "c.example.com", &e), 1);
    assert_string_equal(zone, "example.com");
    assert_int_equal(dns_find_zone(zone, &ask, "nothing.example", &e), SIGNET_ENOTFOUND);
    assert_non_null(strstr(e.text, "no zone was found for nothing.example"));
    fake_done(&f);
}

static void test_aliases(void **state)
{
    (void)state;
    static const struct fake_row rows[] = {
        SERVERS,
        { "192.0.2.1", "_acme-challenge.example.com", DNS_TXT, .aa = true, .alias = "one.example.com" },
        { "192.0.2.1", "one.example.com", DNS_TXT, .aa = true, .alias = "two.example.com" },
        { "192.0.2.1", "loop.example.com", DNS_TXT, .aa = true, .alias = "pool.example.com" },
        { "192.0.2.1", "pool.example.com", DNS_TXT, .aa = true, .alias = "loop.example.com" }
    };
    FAKE(f, rows);
    struct dns_place p;
    struct err e = { 0 };
    assert_int_equal(find(&p, &f, "_acme-challenge.example.com", &e), 1);
    assert_string_equal(p.fqdn, "two.example.com");
    assert_int_equal(p.cnames, 2);
    assert_int_equal(find(&p, &f, "loop.example.com", &e), SIGNET_EPROTO);
    assert_non_null(strstr(e.text, "loop.example.com go round in a circle"));
    struct dns_ask ask = ASK(f);
    assert_int_equal(dns_find(&p, &ask, "_acme-challenge.example.com", false, &e), 1);
    assert_string_equal(p.fqdn, "_acme-challenge.example.com");
    fake_done(&f);
}

/* 60 aliases in a row: no more than 50 are followed. */
static void test_long_chain(void **state)
{
    (void)state;
    static struct fake_row rows[64] = { SERVERS };
    static char names[61][32];
    for (int i = 0; i < 61; i++)
        (void)snprintf(names[i], sizeof(names[i]), "n%d.example.com", i);
    for (int i = 0; i < 60; i++)
        rows[4 + i] = (struct fake_row){ "192.0.2.1", names[i], DNS_TXT, .aa = true, .alias = names[i + 1] };
    FAKE(f, rows);
    struct dns_place p;
    struct err e = { 0 };
    assert_int_equal(find(&p, &f, "n20.example.com", &e), 1);
    assert_int_equal(find(&p, &f, "n0.example.com", &e), SIGNET_ELIMIT);
    fake_done(&f);
}

static void test_label_is_delegated(void **state)
{
    (void)state;
    static const struct fake_row rows[] = {
        SERVERS,
        { "192.0.2.1", "_acme-challenge.example.com", DNS_TXT, .referral = true,
          .zone = "_acme-challenge.example.com" },
        { "", "_acme-challenge.example.com", DNS_NS, .values = "ns.example.net" },
        { "", "_acme-challenge.example.com", DNS_SOA, .values = "ns.example.net" },
        { "", "ns.example.net", DNS_A, .values = "192.0.2.9" },
    };
    FAKE(f, rows);
    struct dns_place p;
    struct err e = { 0 };
    assert_int_equal(find(&p, &f, "_acme-challenge.example.com", &e), 1);
    assert_string_equal(p.zone, "_acme-challenge.example.com");
    assert_string_equal(p.server[0].addr[0], "192.0.2.9");
    fake_done(&f);
}

/* No server of the zone can be reached: the recursive ones have to do, and it is noted. */
static void test_behind_a_firewall(void **state)
{
    (void)state;
    static const struct fake_row rows[] = {
        SERVERS,
        { "192.0.2.1", "_acme-challenge.example.com", DNS_TXT, .code = SIGNET_ETIMEOUT },
        { "192.0.2.1", "there.example.com", DNS_TXT, .code = SIGNET_ETIMEOUT },
        { "", "_acme-challenge.example.com", DNS_CNAME, .values = "there.example.com" },
    };
    FAKE(f, rows);
    struct dns_place p;
    struct err e = { 0 };
    assert_int_equal(find(&p, &f, "_acme-challenge.example.com", &e), 1);
    assert_string_equal(p.fqdn, "there.example.com");
    assert_false(p.direct);
    fake_done(&f);
}

/* A silent server costs nothing while another one answers. */
static void test_first_server_is_silent(void **state)
{
    (void)state;
    static const struct fake_row rows[] = {
        { "", "example.com", DNS_SOA, .values = "ns1.example.com" },
        { "", "example.com", DNS_NS, .values = "ns1.example.com" },
        { "", "ns1.example.com", DNS_A, .values = "192.0.2.1 192.0.2.2" },
        { "", "ns1.example.com", DNS_AAAA, .values = "" },
        { "192.0.2.1", "_acme-challenge.example.com", DNS_TXT, .silent = true },
    };
    FAKE(f, rows);
    struct dns_place p;
    struct err e = { 0 };
    assert_int_equal(find(&p, &f, "_acme-challenge.example.com", &e), 1);
    assert_true(p.direct);
    fake_done(&f);
}

static void test_waits(void **state)
{
    (void)state;
    static const struct fake_row rows[] = { { "", "example.com", DNS_SOA, .silent = true } };
    static const struct fake_row broken[] = { { "", "example.com", DNS_SOA, .rcode = DNS_SERVFAIL } };
    FAKE(f, rows);
    FAKE(g, broken);
    struct dns_place p;
    struct err e = { 0 };
    assert_int_equal(find(&p, &f, "_acme-challenge.example.com", &e), 0);
    assert_int_equal(find(&p, &g, "_acme-challenge.example.com", &e), SIGNET_ENET);
    assert_non_null(strstr(e.text, "SERVFAIL"));
    fake_done(&f);
    fake_done(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_one_family),
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_long_chain),
        cmocka_unit_test(test_waits),
        cmocka_unit_test(test_first_server_is_silent),
        cmocka_unit_test(test_label_is_delegated),
        cmocka_unit_test(test_behind_a_firewall),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
