#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "talker/messages.h"
#include <cmocka.h>
#include <stdlib.h>
#include <sys/socket.h>

/* A writer whose bytes are looked at, never sent. */
static struct wire *new_writer(enum wire_end peer)
{
    struct wire *w = calloc(1, sizeof(*w));
    assert_non_null(w);
    wire_init(w, -1, peer);
    return w;
}

static void free_writer(struct wire *w)
{
    wire_done(w);
    free(w);
}

static struct wire_frame only_frame(const struct wire *w, enum wire_end from)
{
    struct wire_frame f;
    size_t used = 0;
    assert_int_equal(wire_decode(buf_str(&w->out), from, &f, &used), 1);
    assert_int_equal(used, w->out.n);
    return f;
}

#define assert_str(s, lit) assert_true(str_eq((s), STR(lit)))

static const signet_str contacts[] = { { "mailto:a@example.com", 20 }, { "", 0 }, { "x", 1 } };

static void put_sample_order(struct wire *w)
{
    const signet_order_ident idents[] = {
        { .ident = { SIGNET_IDENT_DNS, STR("*.example.com") }, .prefs = SIGNET_PREFS(SIGNET_CHAL_DNS_01, 0, 0, 0) },
        { .ident = { SIGNET_IDENT_IP, STR("192.0.2.1") } },
    };
    signet_order_params p = { .size = sizeof(p),
                              .idents = idents,
                              .n_idents = 2,
                              .csr_der = STR("d\0er"),
                              .profile = STR("short"),
                              .not_before = STR("nb"),
                              .not_after = STR("na"),
                              .replaces = STR("r.s"),
                              .order_url = STR("https://o"),
                              .preferred_chain = STR("Root X"),
                              .fetch_alternates = 1,
                              .keep_pending = 1 };
    assert_int_equal(msg_put_order(w, 7, &p), 0);
}

static void put_sample_done(struct wire *w)
{
    const signet_subproblem sub[] = { { STR("t1"), STR("d1"), STR("a.example"), SIGNET_CHAL_HTTP_01 },
                                      { STR("t2"), STR("d2"), STR("*.b.example"), SIGNET_CHAL_DNS_01 } };
    struct msg_done d = {
        .problem = { .code = SIGNET_EAUTHZ,
                     .http_status = 403,
                     .type = STR("urn"),
                     .detail = STR("no"),
                     .url = STR("https://u"),
                     .doing = STR("validating"),
                     .retry_after_s = 30,
                     .sub = sub,
                     .n_sub = 2 },
        .account = { .url = STR("https://acct"),
                     .status = STR("valid"),
                     .contacts = contacts,
                     .n_contacts = 3,
                     .created = 1 },
        .chain_missed = true,
        .ari = { .start_s = 1, .end_s = -2, .retry_after_s = 3, .explanation_url = STR("why") },
    };
    assert_int_equal(msg_put_done(w, 8, &d), 0);
}

static void test_order_round_trip(void **state)
{
    (void)state;
    struct wire *w = new_writer(WIRE_TALKER);
    struct msg_mem m = { 0 };
    signet_order_params p;
    put_sample_order(w);
    struct wire_frame f = only_frame(w, WIRE_MAIN);
    assert_int_equal(f.type, WIRE_ORDER);
    assert_int_equal(f.job, 7);
    assert_int_equal(msg_get_order(&f.body, &m, &p), 0);
    assert_int_equal(p.n_idents, 2);
    assert_str(p.idents[0].ident.value, "*.example.com");
    assert_int_equal(p.idents[0].prefs, SIGNET_CHAL_DNS_01);
    assert_int_equal(p.idents[1].ident.type, SIGNET_IDENT_IP);
    assert_str(p.csr_der, "d\0er");
    assert_str(p.not_after, "na");
    assert_str(p.preferred_chain, "Root X");
    assert_true(p.fetch_alternates && p.keep_pending && !p.revalidate);
    msg_free(&m);
    free_writer(w);
}

static void test_done_round_trip(void **state)
{
    (void)state;
    struct wire *w = new_writer(WIRE_MAIN);
    struct msg_mem m = { 0 };
    struct msg_done d = { 0 };
    put_sample_done(w);
    struct wire_frame f = only_frame(w, WIRE_TALKER);
    assert_int_equal(msg_get_done(&f.body, &m, &d), 0);
    assert_false(d.ok);
    assert_int_equal(d.problem.code, SIGNET_EAUTHZ);
    assert_int_equal(d.problem.retry_after_s, 30);
    assert_int_equal(d.problem.n_sub, 2);
    assert_str(d.problem.sub[1].ident, "*.b.example");
    assert_int_equal(d.problem.sub[1].chal, SIGNET_CHAL_DNS_01);
    assert_int_equal(d.account.n_contacts, 3);
    assert_str(d.account.contacts[0], "mailto:a@example.com");
    assert_true(d.chain_missed);
    assert_int_equal(d.ari.end_s, -2);
    msg_free(&m);
    free_writer(w);
}

static void test_config_round_trip(void **state)
{
    (void)state;
    struct wire *w = new_writer(WIRE_TALKER);
    struct msg_config c = { .directory_url = STR("https://d"),
                            .user_agent = STR("ua"),
                            .jwk = STR("{}"),
                            .saved = STR("s\n"),
                            .alg = SIGNET_ALG_EDDSA,
                            .trace = true,
                            .has_roots = true,
                            .http_timeout_s = 9,
                            .max_nonces = 3 };
    struct msg_config r;
    assert_int_equal(msg_put_config(w, &c), 0);
    struct wire_frame f = only_frame(w, WIRE_MAIN);
    assert_int_equal(msg_get_config(&f.body, &r), 0);
    assert_str(r.directory_url, "https://d");
    assert_str(r.saved, "s\n");
    assert_int_equal(r.alg, SIGNET_ALG_EDDSA);
    assert_true(r.trace && r.has_roots && !r.no_verify && !r.allow_http);
    assert_int_equal(r.http_timeout_s, 9);
    assert_int_equal(r.max_nonces, 3);
    free_writer(w);
}

/* Every prefix of a frame asks for more; every prefix of its fields, framed, is refused; so is a byte too many. */
static void check_cuts(const struct wire *w, enum wire_end from, int (*get)(struct wire_reader *))
{
    signet_str all = buf_str(&w->out);
    struct wire_frame f;
    size_t used;
    for (size_t n = 0; n < all.n; n++)
        assert_int_equal(wire_decode((signet_str){ all.p, n }, from, &f, &used), 0);
    assert_int_equal(wire_decode(all, from, &f, &used), 1);
    signet_str body = f.body.rest;
    for (size_t n = 0; n < body.n; n++) {
        char *copy = malloc(n ? n : 1); /* of this size, so that a read past the end is seen */
        assert_non_null(copy);
        if (n)
            memcpy(copy, body.p, n);
        struct wire_reader r = { .rest = { copy, n } };
        assert_int_equal(get(&r), SIGNET_EPROTO);
        free(copy);
    }
    char *longer = malloc(body.n + 1);
    assert_non_null(longer);
    memcpy(longer, body.p, body.n);
    longer[body.n] = 0;
    struct wire_reader r = { .rest = { longer, body.n + 1 } };
    assert_int_equal(get(&r), SIGNET_EPROTO);
    free(longer);
}

static int get_order(struct wire_reader *r)
{
    struct msg_mem m = { 0 };
    signet_order_params p;
    int rc = msg_get_order(r, &m, &p);
    msg_free(&m);
    return rc;
}

static int get_done(struct wire_reader *r)
{
    struct msg_mem m = { 0 };
    struct msg_done d = { 0 };
    int rc = msg_get_done(r, &m, &d);
    msg_free(&m);
    return rc;
}

static int get_meta(struct wire_reader *r)
{
    struct msg_mem m = { 0 };
    signet_meta meta;
    int rc = msg_get_meta(r, &m, &meta);
    msg_free(&m);
    return rc;
}

static void test_cut_at_every_byte(void **state)
{
    (void)state;
    struct wire *w = new_writer(WIRE_TALKER);
    put_sample_order(w);
    check_cuts(w, WIRE_MAIN, get_order);
    free_writer(w);
    w = new_writer(WIRE_MAIN);
    put_sample_done(w);
    check_cuts(w, WIRE_TALKER, get_done);
    free_writer(w);
    w = new_writer(WIRE_MAIN);
    signet_meta meta = { .website = STR("w"), .profiles = contacts, .profile_texts = contacts, .n_profiles = 3 };
    assert_int_equal(msg_put_meta(w, &meta), 0);
    check_cuts(w, WIRE_TALKER, get_meta);
    free_writer(w);
}

static void test_heads(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        enum wire_end from;
        int rc;
    } table[] = {
        { "\0\0\0\6\0\2\0\0\0\1", 10, WIRE_MAIN, 1 },
        { "\0\0\0\6\0\2\0\0\0\1", 10, WIRE_TALKER, SIGNET_EPROTO }, /* main's words from the talker */
        { "\0\0\0\6\0\100\0\0\0\1", 10, WIRE_MAIN, SIGNET_EPROTO },
        { "\0\0\0\6\0\100\0\0\0\1", 10, WIRE_TALKER, 1 },
        { "\0\0\0\6\0\0\0\0\0\1", 10, WIRE_MAIN, SIGNET_EPROTO },
        { "\0\0\0\6\377\377\0\0\0\1", 10, WIRE_TALKER, SIGNET_EPROTO },
        { "\0\0\0\5\0\2\0\0\0\1", 10, WIRE_MAIN, SIGNET_EPROTO }, /* shorter than a head */
        { "\0\0\0\0", 4, WIRE_MAIN, SIGNET_EPROTO },
        { "\0\10\0\0", 4, WIRE_MAIN, 0 },             /* the cap itself */
        { "\0\10\0\1", 4, WIRE_MAIN, SIGNET_ELIMIT }, /* one above it */
        { "\377\377\377\377", 4, WIRE_MAIN, SIGNET_ELIMIT },
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct wire_frame f;
        size_t used;
        assert_int_equal(wire_decode((signet_str){ table[i].bytes, table[i].n }, table[i].from, &f, &used),
                         table[i].rc);
    }
}

static void test_reader_trusts_no_length(void **state)
{
    (void)state;
    struct wire_reader r = { .rest = STR("\377\377\377\377abc") };
    assert_int_equal(wire_str(&r).n, 0);
    assert_true(r.bad);
    r = (struct wire_reader){ .rest = STR("\0\0\0\3ab") };
    assert_int_equal(wire_count(&r), 0);
    assert_true(r.bad);
    r = (struct wire_reader){ .rest = STR("\0\0\0\1abcd") };
    assert_int_equal(wire_count(&r), 1);
    assert_int_equal(wire_u64(&r), 0);
    assert_int_equal(wire_u32(&r), 0); /* bad stays bad though there are bytes for it */
    assert_int_equal(wire_end_of(&r), SIGNET_EPROTO);
}

static void test_refused_frame_leaves_no_trace(void **state)
{
    (void)state;
    struct wire *w = new_writer(WIRE_TALKER);
    BUF_AUTO(big, WIRE_FRAME_MAX + 10);
    while (big.n < WIRE_FRAME_MAX)
        buf_add(&big, STR("0123456789abcdef"));
    assert_int_equal(msg_put_empty(w, WIRE_CANCEL, 1), 0);
    size_t before = w->out.n;
    /* head and length word make it ten bytes too long */
    assert_int_equal(msg_put_text(w, WIRE_CSR, 1, buf_str(&big)), SIGNET_ELIMIT);
    assert_int_equal(w->out.n, before);
    assert_int_equal(msg_put_text(w, WIRE_CSR, 1, (signet_str){ big.p, WIRE_FRAME_MAX - 10 }), 0);
    signet_order_params p = { .n_idents = WIRE_LIST_MAX + 1 };
    assert_int_equal(msg_put_order(w, 1, &p), SIGNET_ELIMIT);
    /* the queue is full some time, and then whole */
    int rc = 0;
    for (int i = 0; i < 100 && rc == 0; i++) {
        before = w->out.n;
        rc = msg_put_text(w, WIRE_CSR, 1, (signet_str){ big.p, WIRE_FRAME_MAX / 2 });
    }
    assert_int_equal(rc, SIGNET_ELIMIT);
    assert_int_equal(w->out.n, before);
    free_writer(w);
}

static void test_long_problems_fit(void **state)
{
    (void)state;
    struct wire *w = new_writer(WIRE_MAIN);
    BUF_AUTO(text, 20000);
    while (text.n < 20000)
        buf_addz(&text, "detail of a problem ");
    signet_subproblem *sub = calloc(1000, sizeof(*sub));
    assert_non_null(sub);
    for (int i = 0; i < 1000; i++)
        sub[i] = (signet_subproblem){ STR("urn:ietf:params:acme:error:unauthorized"), buf_str(&text),
                                      STR("name.example.com"), 1 };
    struct msg_done d = { .problem = { .detail = buf_str(&text), .sub = sub, .n_sub = 1000 } }, r = { 0 };
    assert_int_equal(msg_put_done(w, 1, &d), 0);
    struct wire_frame f = only_frame(w, WIRE_TALKER);
    struct msg_mem m = { 0 };
    assert_int_equal(msg_get_done(&f.body, &m, &r), 0);
    assert_int_equal(r.problem.n_sub, 200);
    msg_free(&m);
    free(sub);
    free_writer(w);
}

/* More than the socket takes at once, through the real thing, in both directions of waiting. */
static void test_line(void **state)
{
    (void)state;
    int pair[2];
    struct wire a, b;
    struct wire_frame f;
    unsigned got = 0;
    BUF_AUTO(big, 300000);
    while (big.n < 300000)
        buf_addz(&big, "abcde");
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    wire_init(&a, pair[0], WIRE_TALKER);
    wire_init(&b, pair[1], WIRE_MAIN);
    assert_int_equal(wire_fill(&b), 0);
    for (uint32_t i = 1; i <= 10; i++)
        assert_int_equal(msg_put_text(&a, WIRE_CSR, i, buf_str(&big)), 0);
    for (int i = 0; i < 10000 && got < 10; i++) {
        assert_int_equal(wire_flush(&a), 0);
        assert_true(wire_fill(&b) >= 0);
        while (wire_next(&b, &f) == 1) {
            signet_str s;
            assert_int_equal(f.job, ++got);
            assert_int_equal(msg_get_text(&f.body, &s), 0);
            assert_true(str_eq(s, buf_str(&big)));
        }
    }
    assert_int_equal(got, 10);
    wire_done(&a);
    assert_int_equal(wire_fill(&b), SIGNET_ENET);
    assert_int_equal(msg_put_empty(&b, WIRE_META, 0), 0);
    assert_int_equal(wire_flush(&b), SIGNET_ENET);
    wire_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_round_trip),
        cmocka_unit_test(test_order_round_trip),
        cmocka_unit_test(test_done_round_trip),
        cmocka_unit_test(test_cut_at_every_byte),
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_reader_trusts_no_length),
        cmocka_unit_test(test_refused_frame_leaves_no_trace),
        cmocka_unit_test(test_long_problems_fit),
        cmocka_unit_test(test_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
