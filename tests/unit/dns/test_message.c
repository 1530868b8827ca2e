/* Messages: what we write, and hostile ones that we read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/answer.h"
#include "dns/frames.h"
#include <cmocka.h>
#include <stdlib.h>

static void begin(struct buf *b, unsigned flags, const char *name, unsigned type, const unsigned counts[3])
{
    dns_put16(b, 7);
    dns_put16(b, flags);
    dns_put16(b, 1);
    for (int i = 0; i < 3; i++)
        dns_put16(b, counts[i]);
    assert_int_equal(dns_put_name(b, name), 0);
    dns_put16(b, type);
    dns_put16(b, DNS_IN);
}

static void record(struct buf *b, const char *name, unsigned type, uint32_t ttl, signet_str data)
{
    assert_int_equal(dns_put_name(b, name), 0);
    dns_put16(b, type);
    dns_put16(b, DNS_IN);
    dns_put32(b, ttl);
    dns_put16(b, (unsigned)data.n);
    buf_add(b, data);
}

static void test_names(void **state)
{
    (void)state;
    static const char *const bad[] = { ".", "a..b", ".a", "a.\\25", "a.\\999" };
    char name[DNS_NAME_MAX], label[70];
    assert_int_equal(dns_name_clean(name, STR("_ACME-Challenge.Example.COM.")), 0);
    assert_string_equal(name, "_acme-challenge.example.com");
    for (size_t i = 1; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(dns_name_clean(name, str_of(bad[i])), SIGNET_EINVAL);
    memset(label, 'a', sizeof(label));
    label[64] = '\0';
    assert_int_equal(dns_name_clean(name, str_of(label)), SIGNET_EINVAL);
    BUF_AUTO(long_name, 400);
    for (int i = 0; i < 130; i++)
        buf_addz(&long_name, "a.");
    assert_int_equal(dns_name_clean(name, buf_str(&long_name)), SIGNET_EINVAL);
    assert_true(dns_name_within("a.example.com", "example.com") && dns_name_within("example.com", "example.com"));
    assert_false(dns_name_within("badexample.com", "example.com"));
    assert_true(dns_name_within("x", ""));
    assert_string_equal(dns_name_up("a.b"), "b");
    assert_string_equal(dns_name_up("b"), "");
}

static void test_query(void **state)
{
    (void)state;
    BUF_AUTO(b, 600);
    struct dns_msg m;
    struct dns_walk w;
    struct dns_rr rr;
    assert_int_equal(dns_put_query(&b, 0x1234, "a.example.com", DNS_TXT, true), 0);
    assert_int_equal(dns_msg_open(&m, buf_str(&b)), 0);
    assert_int_equal(m.id, 0x1234);
    assert_int_equal(m.flags, DNS_FLAG_RD);
    assert_int_equal(dns_walk_open(&w, &m), 0);
    assert_int_equal(dns_walk_next(&w, &rr), 1);
    assert_int_equal(rr.type, DNS_OPT);
    assert_int_equal(dns_walk_next(&w, &rr), 0);
}

/* Long values are cut into strings and come back whole. */
static void test_text(void **state)
{
    (void)state;
    char value[700];
    memset(value, 'v', sizeof(value));
    BUF_AUTO(b, 1000);
    BUF_AUTO(back, 1000);
    dns_put_text(&b, (signet_str){ value, sizeof(value) });
    assert_int_equal(b.n, 703);
    assert_int_equal(dns_get_text(buf_str(&b), &back), 0);
    assert_true(str_eq(buf_str(&back), (signet_str){ value, sizeof(value) }));
    assert_int_equal(dns_get_text(STR("\5ab"), &back), SIGNET_EPROTO);
}

static void test_answer(void **state)
{
    (void)state;
    BUF_AUTO(b, 2000);
    struct dns_answer a;
    begin(&b, 0x8400, "a.example.com", DNS_TXT, (unsigned[]){ 3, 0, 0 });
    record(&b, "A.example.com", DNS_TXT, 60, STR("\3one"));
    record(&b, "a.example.com", DNS_TXT, 60, STR("\2tw\1o"));
    record(&b, "b.example.com", DNS_TXT, 60, STR("\5other"));
    assert_int_equal(dns_answer_read(&a, buf_str(&b), "a.example.com", DNS_TXT), 0);
    assert_int_equal(a.code, 0);
    assert_true(a.authoritative && dns_answer_has(&a, STR("one")) && dns_answer_has(&a, STR("two")));
    assert_false(dns_answer_has(&a, STR("other")));
    dns_answer_done(&a);
    /* every cut is refused or harmless */
    for (size_t n = 0; n < b.n; n++) {
        char *copy = malloc(n + 1);
        assert_non_null(copy);
        memcpy(copy, b.p, n);
        assert_int_equal(dns_answer_read(&a, (signet_str){ copy, n }, "a.example.com", DNS_TXT), 0);
        assert_int_equal(a.code, SIGNET_EPROTO);
        dns_answer_done(&a);
        free(copy);
    }
}

static void test_negative_and_referral(void **state)
{
    (void)state;
    BUF_AUTO(b, 2000);
    BUF_AUTO(soa, 200);
    struct dns_answer a;
    (void)dns_put_name(&soa, "ns1.example.com");
    (void)dns_put_name(&soa, "admin.example.com");
    for (uint32_t i = 1; i <= 5; i++)
        dns_put32(&soa, i * 1000);
    begin(&b, 0x8403, "a.example.com", DNS_TXT, (unsigned[]){ 0, 1, 0 });
    record(&b, "example.com", DNS_SOA, 900, buf_str(&soa));
    assert_int_equal(dns_answer_read(&a, buf_str(&b), "a.example.com", DNS_TXT), 0);
    assert_int_equal(a.rcode, DNS_NXDOMAIN);
    assert_string_equal(a.zone, "example.com");
    assert_int_equal(a.negative_ttl, 900);
    dns_answer_done(&a);
    buf_clear(&b);
    begin(&b, 0x8000, "a.sub.example.com", DNS_TXT, (unsigned[]){ 0, 1, 0 });
    record(&b, "sub.example.com", DNS_NS, 900, STR("\2ns\0"));
    assert_int_equal(dns_answer_read(&a, buf_str(&b), "a.sub.example.com", DNS_TXT), 0);
    assert_true(a.referral);
    assert_string_equal(a.zone, "sub.example.com");
    dns_answer_done(&a);
}

/* Compression that goes round, forwards, out of the message; another question; cut short. */
static void test_hostile(void **state)
{
    (void)state;
    static const signet_str names[] = {
        { "\xc0\x0c", 2 }, { "\xc0\x1f", 2 }, { "\xff\xff", 2 }, { "\x80", 1 }, { "\1a\xc0\x1f", 4 }
    };
    struct dns_answer a;
    for (size_t i = 1; i < sizeof(names) / sizeof(names[0]); i++) {
        BUF_AUTO(b, 200);
        begin(&b, 0x8400, "a.example.com", DNS_TXT, (unsigned[]){ 1, 0, 0 });
        assert_int_equal(b.n, 0x1f);
        buf_add(&b, names[i]);
        buf_add(&b, (signet_str){ "\0\x10\0\1\0\0\0\0\0\2\1x", 12 });
        assert_int_equal(dns_answer_read(&a, buf_str(&b), "a.example.com", DNS_TXT), 0);
        assert_int_equal(a.code, SIGNET_EPROTO);
        dns_answer_done(&a);
    }
    BUF_AUTO(b, 200);
    begin(&b, 0x8600, "a.example.com", DNS_TXT, (unsigned[]){ 0, 0, 0 });
    assert_int_equal(dns_answer_read(&a, buf_str(&b), "a.example.com", DNS_TXT), 0);
    assert_string_equal(a.why, "its answer is cut short");
    assert_int_equal(dns_answer_read(&a, buf_str(&b), "b.example.com", DNS_TXT), 0);
    assert_int_equal(a.code, SIGNET_EPROTO);
    assert_int_equal(dns_answer_read(&a, buf_str(&b), "a.example.com", DNS_SOA), 0);
    assert_int_equal(a.code, SIGNET_EPROTO);
}

/* 5,000 values in one answer of 64 KiB: ours is found among them. */
static void test_many_values(void **state)
{
    (void)state;
    BUF_AUTO(b, DNS_MESSAGE_MAX);
    struct dns_answer a;
    unsigned n = 4500;
    begin(&b, 0x8400, "a.b", DNS_TXT, (unsigned[]){ n, 0, 0 });
    for (unsigned i = 0; i < n; i++) {
        char data[3] = { 1, (char)('a' + i % 26), 0 };
        buf_add(&b, (signet_str){ "\xc0\x0c\0\x10\0\1\0\0\0\0\0\2", 12 });
        buf_add(&b, (signet_str){ data, 2 });
    }
    assert_int_equal(buf_err(&b), 0);
    assert_int_equal(dns_answer_read(&a, buf_str(&b), "a.b", DNS_TXT), 0);
    assert_int_equal(a.code, 0);
    assert_true(dns_answer_has(&a, STR("z")) && !dns_answer_has(&a, STR("A")));
    dns_answer_done(&a);
}

static void test_frames(void **state)
{
    (void)state;
    RECORD_AUTO(in);
    RECORD_AUTO(packed);
    RECORD_AUTO(out);
    assert_int_equal(record_addz(&in, "profile", "x"), 0);
    assert_int_equal(record_addz(&in, "given", "A=b=c"), 0);
    assert_int_equal(dns_record_pack(&packed, "cfg", &in), 0);
    assert_int_equal(record_addz(&packed, "name", "n"), 0);
    assert_int_equal(dns_record_unpack(&packed, "cfg", &out), 0);
    assert_true(record_same(&in, &out));
}

/* CAA (RFC 8659 section 4.1), and such that lie about the length of their tag. */
static void test_caa(void **state)
{
    (void)state;
    static const struct {
        signet_str data;
        const char *text; /* NULL: refused */
    } t[] = {
        { STR("\0\5issueca.example; a=b"), "0 issue ca.example; a=b" },
        { STR("\200\5iodef"), "128 iodef " },
        { STR("\0\0"), NULL },
        { STR("\0\6issue"), NULL },
        { STR("\0\5issue\0x"), NULL },
        { STR("\0"), NULL },
    };
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        BUF_AUTO(b, 1000);
        struct dns_answer a;
        begin(&b, DNS_FLAG_QR, "a.example.com", DNS_CAA, (const unsigned[]){ 1, 0, 0 });
        record(&b, "a.example.com", DNS_CAA, 60, t[i].data);
        assert_int_equal(dns_answer_read(&a, buf_str(&b), "a.example.com", DNS_CAA), 0);
        assert_int_equal(a.code, t[i].text ? 0 : SIGNET_EPROTO);
        if (t[i].text)
            assert_string_equal(a.values.v[0], t[i].text);
        dns_answer_done(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_caa),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_query),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_answer),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_negative_and_referral),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_many_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
