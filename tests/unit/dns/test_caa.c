/* May the CA issue? */
#include "fakedns.h"

#include "dns/caa.h"

/* The tables of fakedns separate values by spaces, and these have some: one value for a row, with "_" in it for " ". */
static const struct dns_answer *ask_spaced(void *ctx, const struct dns_question *q)
{
    const struct dns_answer *a = fake_ask(ctx, q);
    for (size_t i = 0; a && i < a->values.n; i++)
        for (char *c = a->values.v[i]; *c; c++)
            *c = *c == '_' ? ' ' : *c;
    return a;
}

static const struct fake_row rows[] = {
    { "", "ours.example", DNS_CAA, .values = "0_issue_Other.example 0_issue_CA.example;_x=y" },
    { "", "others.example", DNS_CAA, .values = "0_issue_other.example" },
    { "", "nobody.example", DNS_CAA, .values = "0_issue_;" },
    { "", "wild.example", DNS_CAA, .values = "0_issue_ca.example 0_issuewild_other.example" },
    { "", "plain.example", DNS_CAA, .values = "0_issue_other.example 0_issuewild_ca.example" },
    { "", "iodef.example", DNS_CAA, .values = "0_iodef_mailto:a@iodef.example" },
    { "", "critical.example", DNS_CAA, .values = "0_issue_ca.example 128_future_x" },
    { "", "account.example", DNS_CAA, .values = "0_issue_ca.example;_accounturi=https://ca.example/acct/7" },
    { "", "http.example", DNS_CAA, .values = "0_issue_ca.example;validationmethods=http-01,tls-alpn-01" },
    { "", "dns.example", DNS_CAA, .values = "0_issue_ca.example;validationmethods=http-01,dns-01" },
    { "", "www.alias.example", DNS_CAA, .alias = "others.example" },
    { "", "circle.example", DNS_CAA, .alias = "circle.example" },
    { "", "broken.example", DNS_CAA, .rcode = DNS_SERVFAIL },
    { "", "late.example", DNS_CAA, .silent = true },
    { "", "gone.example", DNS_CAA, .code = SIGNET_ETIMEOUT },
};

static const char *const cas[] = { "ca.example" };

static int check(const char *name, bool wildcard, const char *account, struct buf *words)
{
    FAKE(f, rows);
    struct dns_ask ask = { .ctx = &f, .ask = ask_spaced };
    STRLIST_AUTO(ca);
    assert_int_equal(strlist_addz(&ca, cas[0]), 0);
    struct caa_question q = { .name = name, .wildcard = wildcard, .ca = &ca, .account = account, .method = "dns-01" };
    buf_clear(words);
    int rc = dns_caa(&ask, &q, words);
    fake_done(&f);
    return rc;
}

static void test_verdicts(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool wildcard;
        const char *account;
        bool forbidden;
    } t[] = {
        { "ours.example", false, NULL, false },
        { "a.b.ours.example", true, NULL, false },
        { "unknown.example", false, NULL, false },
        { "others.example", false, NULL, true },
        { "a.others.example", false, NULL, true },
        { "nobody.example", false, NULL, true },
        { "wild.example", false, NULL, false },
        { "wild.example", true, NULL, true },
        { "plain.example", true, NULL, false },
        { "plain.example", false, NULL, true },
        { "iodef.example", true, NULL, false },
        { "critical.example", false, NULL, true },
        { "account.example", false, "https://ca.example/acct/7", false },
        { "account.example", false, "https://ca.example/acct/8", true },
        { "account.example", false, "", false },
        { "http.example", false, NULL, true },
        { "dns.example", false, NULL, false },
        { "www.alias.example", false, NULL, true },
        { "circle.example", false, NULL, false },
        { "broken.example", false, NULL, true },
        { "gone.example", false, NULL, false },
    };
    BUF_AUTO(words, 4096);
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        assert_int_equal(check(t[i].name, t[i].wildcard, t[i].account, &words), 1);
        if ((words.n != 0) != t[i].forbidden)
            fail_msg("%s%s: %s", t[i].wildcard ? "*." : "", t[i].name, buf_z(&words));
    }
}

static void test_words(void **state)
{
    (void)state;
    BUF_AUTO(words, 4096);
    assert_int_equal(check("late.example", false, NULL, &words), 0);
    assert_int_equal(check("a.wild.example", true, NULL, &words), 1);
    assert_string_equal(
        buf_z(&words),
        "The CA will probably refuse *.a.wild.example: the CAA records of wild.example allow others only "
        "(0 issue ca.example, 0 issuewild other.example), but it goes by ca.example.");
    assert_int_equal(check("broken.example", false, NULL, &words), 1);
    assert_non_null(strstr(buf_z(&words), "SERVFAIL"));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_verdicts), cmocka_unit_test(test_words) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
