/* TSIG against what bind signs, key files, and what an UPDATE's answer means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/update.h"
#include "tsig_vectors.h"
#include <cmocka.h>

#define SECRET "c2lnbmV0LXRlc3Qta2V5LW9mLXRoaXJ0eS10d28tYnk="

/* The time and the MAC in the TSIG record of a vector's question; and where that begins. */
static int64_t time_of(signet_str msg, struct buf *mac, size_t *ret_start)
{
    struct dns_msg m;
    struct dns_walk w;
    struct dns_rr rr;
    char alg[DNS_NAME_MAX];
    int64_t t = 0;
    assert_int_equal(dns_msg_open(&m, msg), 0);
    assert_int_equal(dns_walk_open(&w, &m), 0);
    while (dns_walk_next(&w, &rr) == 1) {
        size_t at = rr.data_at;
        if (rr.type != DNS_TSIG)
            continue;
        assert_int_equal(dns_get_name(&m, &at, alg), 0);
        t = (int64_t)((uint64_t)dns_get16(msg, at) << 32 | dns_get32(msg, at + 2));
        buf_add(mac, (signet_str){ msg.p + at + 10, dns_get16(msg, at + 8) });
        *ret_start = rr.start;
    }
    return t;
}

static void test_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(tsig_vectors) / sizeof(tsig_vectors[0]); i++) {
        signet_str q = { tsig_vectors[i].query, tsig_vectors[i].n_query },
                   a = { tsig_vectors[i].answer, tsig_vectors[i].n_answer };
        struct tsig_key k = { 0 };
        struct err e = { 0 };
        struct tsig_result r;
        BUF_AUTO(mac, 64);
        BUF_AUTO(broken, 2000);
        assert_int_equal(tsig_key_set(&k, str_of(tsig_vectors[i].key), str_of(tsig_vectors[i].alg), STR(SECRET), &e),
                         0);
        size_t start = 0;
        int64_t t = time_of(q, &mac, &start);
        assert_int_equal(tsig_check(q, &k, (signet_str){ 0 }, t, &r), 0);
        assert_true(r.there && r.good);
        assert_int_equal(tsig_check(a, &k, buf_str(&mac), t, &r), 0);
        assert_true(r.good);
        assert_int_equal(tsig_check(a, &k, buf_str(&mac), t + 301, &r), 0);
        assert_false(r.good); /* too old */
        assert_int_equal(tsig_check(a, &k, STR("another mac"), t, &r), 0);
        assert_false(r.good); /* an answer to something else */
        buf_add(&broken, a);
        broken.p[3] ^= 1;
        assert_int_equal(tsig_check(buf_str(&broken), &k, buf_str(&mac), t, &r), 0);
        assert_false(r.good);
        for (size_t n = 0; n < a.n; n++) /* cut anywhere */
            if (!tsig_check((signet_str){ a.p, n }, &k, buf_str(&mac), t, &r))
                assert_false(r.good);
        tsig_key_done(&k);
    }
}

/* The same question, signed by us at the same time, is the same bytes. */
static void test_sign(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(tsig_vectors) / sizeof(tsig_vectors[0]); i++) {
        signet_str q = { tsig_vectors[i].query, tsig_vectors[i].n_query };
        struct tsig_key k = { 0 };
        struct err e = { 0 };
        BUF_AUTO(theirs, 64);
        BUF_AUTO(ours, 64);
        BUF_AUTO(msg, 600);
        assert_int_equal(tsig_key_set(&k, str_of(tsig_vectors[i].key), str_of(tsig_vectors[i].alg), STR(SECRET), &e),
                         0);
        size_t start = 0;
        int64_t t = time_of(q, &theirs, &start);
        buf_add(&msg, (signet_str){ q.p, start });
        msg.p[11]--; /* without the TSIG record */
        assert_int_equal(tsig_sign(&msg, &k, t, &ours), 0);
        assert_true(str_eq(buf_str(&ours), buf_str(&theirs)));
        tsig_key_done(&k);
    }
}

static void test_keys(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } bad[] = {
        { "options { };", "line 1: there is no key clause" },
        { "\n\nkey \"a\" { algorithm hmac-sha256; };", "lacks its algorithm or its secret" },
        { "key \"a\" { algorithm hmac-sha3; secret \"eA==\"; };", "is no TSIG algorithm known here" },
        { "key \"a\" { algorithm hmac-sha256; secret \"!!!\"; };", "is not base64" },
        { "key \"a\" hmac", "\"{\" is missing" },
    };
    struct tsig_key k = { 0 };
    struct err e = { 0 };
    assert_int_equal(
        tsig_key_read(
            &k, STR("/* old */ # x\n// y\nkey \"K.Example.\" {\n algorithm HMAC-SHA512;\n secret \"eHl6\";\n};\n"), "f",
            &e),
        0);
    assert_string_equal(k.name, "k.example");
    assert_string_equal(k.alg->word, "hmac-sha512");
    assert_true(str_eq(buf_str(&k.secret), STR("xyz")));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        err_clear(&e);
        assert_true(tsig_key_read(&k, str_of(bad[i].text), "FILE", &e) < 0);
        assert_non_null(strstr(e.text, bad[i].why));
        assert_null(strstr(e.text, "!!!"));
    }
    tsig_key_done(&k);
    assert_string_equal(tsig_alg_find(STR("HMAC-MD5.SIG-ALG.REG.INT."))->word, "hmac-md5");
    assert_string_equal(tsig_alg_find(STR("hmac-sha224."))->hash, "sha224");
    assert_null(tsig_alg_find(STR("")));
}

static void answer(struct buf *b, const struct update *u, unsigned rcode)
{
    buf_clear(b);
    dns_put16(b, u->id);
    dns_put16(b, DNS_FLAG_QR | DNS_OPCODE_UPDATE << 11 | rcode);
    dns_put32(b, 0);
    dns_put32(b, 0);
}

static void test_update(void **state)
{
    (void)state;
    struct update u = { .id = 99, .zone = "example.com", .ttl = 60 };
    const struct update_item items[] = { { "a.example.com", STR("one"), false },
                                         { "a.example.com", STR("two"), true } };
    BUF_AUTO(msg, 1000);
    BUF_AUTO(mac, 64);
    BUF_AUTO(got, 100);
    struct dns_msg m;
    struct dns_walk w;
    struct dns_rr rr;
    struct err e = { 0 };
    assert_int_equal(update_make(&msg, &u, items, 2, &mac), 0);
    assert_int_equal(dns_msg_open(&m, buf_str(&msg)), 0);
    assert_int_equal(m.opcode, DNS_OPCODE_UPDATE);
    assert_int_equal(dns_walk_open(&w, &m), 0);
    assert_int_equal(dns_walk_next(&w, &rr), 1);
    assert_true(rr.section == 2 && rr.cls == DNS_IN && rr.ttl == 60 && rr.type == DNS_TXT);
    assert_int_equal(dns_walk_next(&w, &rr), 1);
    assert_true(rr.cls == DNS_NONE && rr.ttl == 0); /* RFC 2136 section 2.5.4 */
    assert_int_equal(dns_get_text(rr.data, &got), 0);
    assert_string_equal(buf_z(&got), "two");
    answer(&msg, &u, DNS_NOERROR);
    assert_int_equal(update_read(buf_str(&msg), &u, buf_str(&mac), "192.0.2.1", &e), 0);
    answer(&msg, &u, DNS_REFUSED);
    assert_int_equal(update_read(buf_str(&msg), &u, buf_str(&mac), "192.0.2.1", &e), SIGNET_EPROBLEM);
    assert_string_equal(e.text, "the name server 192.0.2.1 answered REFUSED to the update of the zone example.com");
    answer(&msg, &u, DNS_NOTZONE);
    assert_int_equal(update_read(buf_str(&msg), &u, buf_str(&mac), "192.0.2.1", &e), SIGNET_EPROBLEM);
    assert_string_equal(e.text, "the name server 192.0.2.1 answered NOTZONE to the update of the zone example.com");
    assert_non_null(strstr(e.hint, "the primary server of this zone"));
    u.id = 98;
    assert_int_equal(update_read(buf_str(&msg), &u, buf_str(&mac), "192.0.2.1", &e), SIGNET_EPROTO);
}

/* What a server says that does not like our key (RFC 8945 section 5.2): unsigned but for BADTIME, with the error in the
 * TSIG record. */
static void refused(struct buf *b, const struct update *u, unsigned error, int64_t their_s)
{
    BUF_AUTO(data, 300);
    answer(b, u, DNS_NOTAUTH);
    b->p[11] = 1;
    (void)dns_put_name(&data, "hmac-sha256");
    dns_put16(&data, 0);
    dns_put32(&data, (uint32_t)u->now_s);
    dns_put16(&data, TSIG_FUDGE);
    dns_put16(&data, 0); /* no MAC */
    dns_put16(&data, u->id);
    dns_put16(&data, error);
    dns_put16(&data, their_s ? 6 : 0);
    if (their_s) {
        dns_put16(&data, 0);
        dns_put32(&data, (uint32_t)their_s);
    }
    (void)dns_put_name(b, "k");
    dns_put16(b, DNS_TSIG);
    dns_put16(b, DNS_ANY);
    dns_put32(b, 0);
    dns_put16(b, (unsigned)data.n);
    buf_add(b, buf_str(&data));
}

static void test_refusals(void **state)
{
    (void)state;
    static const struct {
        unsigned error;
        int64_t their_s;
        const char *text, *hint;
    } rows[] = {
        { 16, 0, "(BADSIG)", "secret here and the one of the server differ" },
        { 17, 0, "knows no TSIG key \"k\" with the algorithm hmac-sha256 (BADKEY)", "must be written as" },
        { 18, 1003600, "too far apart (BADTIME)", "3600 seconds before this machine's" },
        { 18, 998200, "too far apart (BADTIME)", "1800 seconds behind this machine's" },
        { 22, 0, "refused the TSIG key \"k\" (error 22)", "" },
    };
    struct tsig_key k = { 0 };
    struct err e = { 0 };
    assert_int_equal(tsig_key_set(&k, STR("k"), STR("hmac-sha256"), STR("eHl6"), &e), 0);
    struct update u = { .id = 7, .zone = "example.com", .key = &k, .now_s = 1000000 };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        BUF_AUTO(b, 1000);
        err_clear(&e);
        refused(&b, &u, rows[i].error, rows[i].their_s);
        assert_int_equal(update_read(buf_str(&b), &u, STR("mac"), "192.0.2.1", &e), SIGNET_EPROBLEM);
        assert_non_null(strstr(e.text, rows[i].text));
        assert_non_null(strstr(e.hint, rows[i].hint));
    }
    BUF_AUTO(b, 100); /* an answer without a signature to a signed request */
    answer(&b, &u, DNS_NOERROR);
    assert_int_equal(update_read(buf_str(&b), &u, STR("mac"), "192.0.2.1", &e), SIGNET_EPROTO);
    tsig_key_done(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_vectors), cmocka_unit_test(test_sign),
                                        cmocka_unit_test(test_keys), cmocka_unit_test(test_update),
                                        cmocka_unit_test(test_refusals) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
