/* ca.c against the other end of a socketpair that says what a test tells it to say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/b64.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "talker/ca_int.h"
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct fixture {
    struct loop *loop;
    struct key *key, *other;
    struct ca *ca;
    struct wire far; /* the talker's end */
    struct buf thumbprint, key_auth;
};

#define assert_str(s, lit) assert_true(str_eq((s), STR(lit)))

static void open_ca(struct fixture *x, pid_t pid, bool trace)
{
    int pair[2];
    struct err e = { 0 };
    struct ca_config c = {
        .directory_url = "https://ca.example/dir", .user_agent = "test", .account_key = x->key, .trace = trace
    };
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(ca_open_fd(&x->ca, x->loop, &c, pair[0], pid, false, &e), 0);
    wire_init(&x->far, pair[1], WIRE_MAIN);
}

static int set_up(void **state)
{
    struct fixture *x = calloc(1, sizeof(*x));
    struct err e = { 0 };
    assert_non_null(x);
    assert_int_equal(loop_new(&x->loop, &e), 0);
    assert_int_equal(key_new(&x->key, KEY_EC, 256, &e), 0);
    assert_int_equal(key_new(&x->other, KEY_EC, 384, &e), 0);
    x->thumbprint = BUF_INIT(64);
    x->key_auth = BUF_INIT(128);
    assert_int_equal(key_thumbprint(x->key, &x->thumbprint), 0);
    buf_addz(&x->key_auth, "tok-EN_1.");
    buf_add(&x->key_auth, buf_str(&x->thumbprint));
    open_ca(x, -1, false);
    *state = x;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *x = *state;
    ca_close(x->ca);
    wire_done(&x->far);
    key_free(x->key);
    key_free(x->other);
    buf_done(&x->thumbprint);
    buf_done(&x->key_auth);
    loop_free(x->loop);
    free(x);
    return 0;
}

static struct wire_frame heard(struct fixture *x)
{
    struct wire_frame f;
    int rc;
    while ((rc = wire_next(&x->far, &f)) == 0)
        assert_int_equal(wire_fill(&x->far), 1);
    assert_int_equal(rc, 1);
    return f;
}

static void skip_config(struct fixture *x)
{
    struct wire_frame f = heard(x);
    assert_int_equal(f.type, WIRE_CONFIG);
}

static void said(struct fixture *x, int rc)
{
    assert_int_equal(rc, 0);
    assert_int_equal(wire_flush(&x->far), 0);
    assert_int_equal(wire_queued(&x->far), 0);
}

static ca_job start_order(struct fixture *x, void *data)
{
    struct err e = { 0 };
    ca_job job;
    const signet_order_ident idents[] = { { .ident = { SIGNET_IDENT_DNS, STR("a.example") } },
                                          { .ident = { SIGNET_IDENT_DNS, STR("*.b.example") } } };
    signet_order_params p = { .size = sizeof(p), .idents = idents, .n_idents = 2 };
    assert_int_equal(ca_order(x->ca, &p, data, &job, &e), 0);
    struct wire_frame f = heard(x);
    assert_int_equal(f.type, WIRE_ORDER);
    assert_int_equal(f.job, job);
    return job;
}

static struct msg_chal sample_chal(struct fixture *x)
{
    return (struct msg_chal){ .id = 5,
                              .chal_id = 6,
                              .type = SIGNET_CHAL_HTTP_01,
                              .ident = { SIGNET_IDENT_DNS, STR("a.example") },
                              .token = STR("tok-EN_1"),
                              .key_auth = buf_str(&x->key_auth),
                              .value = buf_str(&x->key_auth),
                              .left = 1,
                              .total = 2 };
}

static void assert_lost(struct fixture *x, const char *words)
{
    struct ca_event ev;
    assert_int_equal(ca_next(x->ca, 1000, &ev), 1);
    assert_int_equal(ev.kind, CA_LOST);
    assert_non_null(strstr(ev.u.lost, words));
    assert_int_equal(ca_next(x->ca, -1, &ev), 1); /* and it goes on saying so, instead of waiting for ever */
    assert_int_equal(ev.kind, CA_LOST);
}

static void test_config(void **state)
{
    struct fixture *x = *state;
    struct msg_config c;
    BUF_AUTO(jwk, 1000);
    struct wire_frame f = heard(x);
    assert_int_equal(f.type, WIRE_CONFIG);
    assert_int_equal(msg_get_config(&f.body, &c), 0);
    assert_str(c.directory_url, "https://ca.example/dir");
    assert_str(c.user_agent, "test");
    assert_int_equal(c.alg, SIGNET_ALG_ES256);
    assert_int_equal(key_public_jwk(x->key, &jwk), 0);
    assert_true(str_eq(c.jwk, buf_str(&jwk)));
    assert_null(strstr(buf_z(&jwk), "\"d\""));
}

static void test_order_to_the_end(void **state)
{
    struct fixture *x = *state;
    struct ca_event ev;
    int mark;
    skip_config(x);
    ca_job job = start_order(x, &mark);
    struct msg_chal m = sample_chal(x);
    said(x, msg_put_text(&x->far, WIRE_ORDER_URL, job, STR("https://ca.example/order/1")));
    said(x, msg_put_chal(&x->far, WIRE_PRESENT, job, &m));
    assert_int_equal(ca_next(x->ca, 1000, &ev), 1);
    assert_int_equal(ev.kind, CA_ORDER_PLACED);
    assert_true(ev.data == &mark && ev.job == job);
    assert_str(ev.u.order_url, "https://ca.example/order/1");
    assert_int_equal(ca_next(x->ca, 1000, &ev), 1);
    assert_int_equal(ev.kind, CA_PRESENT);
    assert_int_equal(ev.u.chal.action_id, 5);
    assert_int_equal(ev.u.chal.chal_id, 6);
    assert_str(ev.u.chal.token, "tok-EN_1");
    assert_int_equal(ca_challenge_done(x->ca, ev.u.chal.action_id, SIGNET_ENOTFOUND, STR("no webroot")), 0);
    struct wire_frame f = heard(x);
    uint64_t id;
    int code;
    signet_str why;
    assert_int_equal(f.type, WIRE_CHAL_DONE);
    assert_int_equal(msg_get_outcome(&f.body, &id, &code, &why), 0);
    assert_int_equal(id, 5);
    assert_int_equal(code, SIGNET_ENOTFOUND);
    assert_str(why, "no webroot");
    struct msg_done d = { .ok = true, .chain_missed = true };
    said(x, msg_put_text(&x->far, WIRE_CHAIN, job, STR("PEM 1")));
    said(x, msg_put_text(&x->far, WIRE_CHAIN, job, STR("PEM 2")));
    said(x, msg_put_done(&x->far, job, &d));
    assert_int_equal(ca_next(x->ca, 1000, &ev), 1);
    assert_int_equal(ev.kind, CA_DONE);
    assert_true(ev.u.done.ok && ev.u.done.chain_missed);
    assert_int_equal(ev.u.done.n_chains, 2);
    assert_str(ev.u.done.chains[1], "PEM 2");
    assert_int_equal(ca_next(x->ca, 0, &ev), 0);
    struct err e = { 0 };
    assert_int_equal(ca_order_csr(x->ca, job, STR("x"), &e), SIGNET_ENOTFOUND);
}

static void test_problem_is_escaped(void **state)
{
    struct fixture *x = *state;
    struct ca_event ev;
    skip_config(x);
    ca_job job = start_order(x, NULL);
    const signet_subproblem sub[] = { { STR("t"), STR("d\033[2J"), STR("a.example"), (signet_chal)99 } };
    struct msg_done d = {
        .problem = { .code = 5, .detail = STR("bad\nthing\033]0;x"), .retry_after_s = -4, .sub = sub, .n_sub = 1 }
    };
    said(x, msg_put_done(&x->far, job, &d));
    assert_int_equal(ca_next(x->ca, 1000, &ev), 1);
    const struct ca_problem *p = ev.u.done.problem;
    assert_non_null(p);
    assert_int_equal(p->code, SIGNET_EPROTO); /* a failure has a code of ours */
    assert_null(strpbrk(p->detail, "\n\033"));
    assert_non_null(strstr(p->detail, "thing"));
    assert_string_equal(p->url, "");
    assert_int_equal(p->retry_after_s, 0);
    assert_null(strchr(p->sub[0].detail, '\033'));
    assert_int_equal(p->sub[0].chal, SIGNET_CHAL_UNKNOWN);
}

static void ask_signature(struct fixture *x, uint32_t job, signet_key_role role, signet_alg alg, signet_str tbs)
{
    struct msg_sign s = { .id = 77, .role = role, .alg = alg, .tbs = tbs };
    struct ca_event ev;
    said(x, msg_put_sign(&x->far, job, &s));
    assert_in_range(ca_next(x->ca, 0, &ev), 0, 1);
}

static size_t signature_size(struct fixture *x)
{
    uint64_t id;
    signet_str sig;
    struct wire_frame f = heard(x);
    assert_int_equal(f.type, WIRE_SIGNED);
    assert_int_equal(msg_get_signed(&f.body, &id, &sig), 0);
    assert_int_equal(id, 77);
    return sig.n;
}

/* A request as libsignet builds it, by the account. */
static void put_jws(struct buf *to, const char *alg, const char *url, const char *payload)
{
    BUF_AUTO(head, 4096);
    buf_addf(&head, "{\"alg\":\"%s\",\"kid\":\"https://ca.example/acct/1\",\"nonce\":\"n0nce\",\"url\":\"%s\"}", alg,
             url);
    b64url_enc(to, buf_str(&head));
    buf_addc(to, '.');
    b64url_enc(to, str_of(payload));
    assert_int_equal(buf_err(to), 0);
}

/* From here on the account signs. */
static void start_directory(struct fixture *x)
{
    struct err e = { 0 };
    ca_job job;
    skip_config(x);
    assert_int_equal(ca_directory(x->ca, NULL, &job, &e), 0);
    struct wire_frame f = heard(x);
    assert_int_equal(f.type, WIRE_DIRECTORY);
}

static void test_sign(void **state)
{
    struct fixture *x = *state;
    struct err e = { 0 };
    ca_job job;
    BUF_AUTO(tbs, 8192);
    BUF_AUTO(head, 8192);
    start_directory(x);
    put_jws(&tbs, "ES256", "https://ca.example/order/1", "");
    ask_signature(x, 0, SIGNET_KEY_ACCOUNT, SIGNET_ALG_ES256, buf_str(&tbs));
    assert_int_equal(signature_size(x), 64);
    assert_int_equal(ca_revoke(x->ca, STR("DER"), 1, x->other, NULL, &job, &e), 0);
    struct wire_frame f = heard(x);
    assert_int_equal(f.type, WIRE_REVOKE);
    buf_addz(&head, "{\"alg\":\"ES384\",\"nonce\":\"n\",\"url\":\"https://ca.example/revoke\",\"jwk\":");
    assert_int_equal(key_public_jwk(x->other, &head), 0);
    buf_addc(&head, '}');
    buf_clear(&tbs);
    b64url_enc(&tbs, buf_str(&head));
    buf_addc(&tbs, '.');
    b64url_enc(&tbs, STR("{\"certificate\":\"REVS\",\"reason\":1}")); /* "DER" */
    ask_signature(x, job, SIGNET_KEY_JOB, SIGNET_ALG_ES384, buf_str(&tbs));
    assert_int_equal(signature_size(x), 96);
    ask_signature(x, job + 1, SIGNET_KEY_JOB, SIGNET_ALG_ES384, buf_str(&tbs));
    assert_int_equal(signature_size(x), 0); /* no such job: no signature */
    struct msg_done d = { .ok = true };
    struct ca_event ev;
    said(x, msg_put_done(&x->far, job, &d));
    assert_int_equal(ca_next(x->ca, 0, &ev), 1);
    assert_int_equal(ev.kind, CA_DONE);
    ask_signature(x, job, SIGNET_KEY_JOB, SIGNET_ALG_ES384, buf_str(&tbs));
    assert_int_equal(signature_size(x), 0); /* the job is over, and with it the key */
}

/* Questions for renewal information need no signature, so there is no signer, and who wants one all the same is ended.
 */
static void test_ari_signs_nothing(void **state)
{
    struct fixture *x = *state;
    struct err e = { 0 };
    ca_job job;
    BUF_AUTO(tbs, 8192);
    put_jws(&tbs, "ES256", "https://ca.example/order/1", "");
    skip_config(x);
    assert_int_equal(ca_ari(x->ca, STR("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"), NULL, &job, &e), 0);
    struct wire_frame f = heard(x);
    assert_int_equal(f.type, WIRE_ARI);
    assert_null(x->ca->signer);
    ask_signature(x, 0, SIGNET_KEY_ACCOUNT, SIGNET_ALG_ES256, buf_str(&tbs));
    assert_lost(x, "may not say");
}

static int refuse_order(void *ctx, void *data, signet_str url)
{
    (void)url;
    *(void **)ctx = data;
    return SIGNET_ESYS;
}

/* Whoever cannot write an order down gives it up before its certificate can be asked for; others go on. */
static void test_an_order_that_cannot_be_noted(void **state)
{
    struct fixture *x = *state;
    void *told = NULL;
    int mark;
    BUF_AUTO(tbs, 8192);
    put_jws(&tbs, "ES256", "https://ca.example/order/1", "");
    x->ca->placed = refuse_order;
    x->ca->placed_ctx = &told;
    skip_config(x);
    ca_job job = start_order(x, &mark), other = start_order(x, NULL);
    said(x, msg_put_text(&x->far, WIRE_ORDER_URL, job, STR("https://ca.example/order/1")));
    ask_signature(x, job, SIGNET_KEY_ACCOUNT, SIGNET_ALG_ES256, buf_str(&tbs));
    assert_ptr_equal(told, &mark);
    struct wire_frame f = heard(x);
    assert_true(f.type == WIRE_CANCEL && f.job == job);
    assert_int_equal(signature_size(x), 0);
    ask_signature(x, other, SIGNET_KEY_ACCOUNT, SIGNET_ALG_ES256, buf_str(&tbs));
    assert_int_equal(signature_size(x), 64);
}

/* What the talker may not have signed ends it. */
static void test_sign_refused(void **state)
{
    struct fixture *x = *state;
    BUF_AUTO(big, 128u << 10);
    BUF_AUTO(foreign, 4096);
    BUF_AUTO(revoke, 4096);
    put_jws(&foreign, "ES256", "https://evil.example/order/1", "");
    put_jws(&revoke, "ES256", "https://ca.example/revoke", "{\"certificate\":\"REVS\"}");
    buf_addz(&big, "aGVhZA.");
    while (big.n <= SIGN_TBS_MAX)
        buf_addz(&big, "AAAA");
    const struct {
        signet_alg alg;
        signet_str tbs;
        const char *words;
    } table[] = {
        { SIGNET_ALG_RS256, buf_str(&revoke), "may not have signed" },
        { SIGNET_ALG_ES256, STR("\0\1\2"), "may not have signed" },
        { SIGNET_ALG_ES256, STR("aGVhZA"), "may not have signed" },
        { SIGNET_ALG_ES256, STR("a b.cGF5"), "may not have signed" },
        { SIGNET_ALG_ES256, buf_str(&foreign), "its URL is not of the CA" },
        { SIGNET_ALG_ES256, buf_str(&revoke), "not to be revoked" },
        { SIGNET_ALG_ES256, buf_str(&big), "may not say" },
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        start_directory(x);
        ask_signature(x, 0, SIGNET_KEY_ACCOUNT, table[i].alg, table[i].tbs);
        assert_lost(x, table[i].words);
        ca_close(x->ca);
        wire_done(&x->far);
        open_ca(x, -1, false);
    }
}

static bool fits(struct fixture *x, ca_job job, struct msg_chal m)
{
    return ca_chal_fits(x->ca, ca_find(x->ca, job), &m);
}

static void test_challenges_are_checked(void **state)
{
    struct fixture *x = *state;
    BUF_AUTO(digest, 100);
    BUF_AUTO(hex, 100);
    uint8_t hash[32];
    skip_config(x);
    ca_job job = start_order(x, NULL);
    assert_int_equal(digest_sha256(buf_str(&x->key_auth), hash), 0);
    b64url_enc(&digest, (signet_str){ (const char *)hash, 32 });
    hex_enc(&hex, (signet_str){ (const char *)hash, 32 });
    struct msg_chal ok = sample_chal(x), m;
    assert_true(fits(x, job, ok));
    m = ok, m.ident.value = STR("c.example");
    assert_false(fits(x, job, m));
    m = ok, m.ident.type = SIGNET_IDENT_IP;
    assert_false(fits(x, job, m));
    m = ok, m.value = STR("other");
    assert_false(fits(x, job, m));
    m = ok, m.token = STR("../../etc");
    assert_false(fits(x, job, m));
    m = ok, m.token = STR("tok-EN_2");
    assert_false(fits(x, job, m));
    m = ok, m.key_auth = STR("tok-EN_1.AAAA"), m.value = m.key_auth;
    assert_false(fits(x, job, m));
    m = ok, m.type = SIGNET_CHAL_TLS_ALPN_01, m.value = buf_str(&hex);
    assert_true(fits(x, job, m));
    m.value = buf_str(&digest);
    assert_false(fits(x, job, m));
    m = ok, m.type = SIGNET_CHAL_DNS_01, m.ident.value = STR("*.b.example"), m.name = STR("_acme-challenge.b.example"),
    m.value = buf_str(&digest);
    assert_true(fits(x, job, m));
    m.name = STR("_acme-challenge.c.example");
    assert_false(fits(x, job, m));
    m.name = STR("b.example");
    assert_false(fits(x, job, m));
    m.type = SIGNET_CHAL_DNS_ACCOUNT_01, m.name = STR("_ujmmovf2vn55tgye._acme-challenge.b.example");
    assert_true(fits(x, job, m));
    m.name = STR("www._acme-challenge.b.example");
    assert_false(fits(x, job, m));
    m.type = SIGNET_CHAL_DNS_PERSIST_01, m.name = STR("_validation-persist.b.example"),
    m.value = STR("ca.example; accounturi=https://x/1"), m.token = m.key_auth = (signet_str){ 0 };
    assert_true(fits(x, job, m));
    m.value = STR("a\nb");
    assert_false(fits(x, job, m));
    m = ok, m.type = SIGNET_CHAL_UNKNOWN;
    assert_false(fits(x, job, m));
}

/* One wrong message each. */
static void test_talker_may_not_say(void **state)
{
    struct fixture *x = *state;
    for (int i = 0; i < 9; i++) {
        skip_config(x);
        ca_job job = start_order(x, NULL);
        struct msg_chal m = sample_chal(x);
        struct msg_done d = { .ok = true };
        struct wire *far = &x->far;
        if (i == 0)
            said(x, msg_put_done(far, job, &d)); /* an order without a chain */
        else if (i == 1)
            said(x, msg_put_done(far, job + 1, &d));
        else if (i == 2)
            said(x, msg_put_text(far, WIRE_CHAIN, 0, STR("PEM")));
        else if (i == 3)
            said(x, msg_put_text(far, WIRE_ORDER_URL, job, STR("file:///etc/passwd")));
        else if (i == 4)
            said(x, msg_put_text(far, WIRE_ORDER_URL, job, STR("https://a/\033[0m")));
        else if (i == 5)
            said(x, msg_put_chal(far, WIRE_PRESENT, job + 1, &m));
        else if (i == 6)
            said(x, msg_put_text(far, WIRE_ACCOUNT_URL, 0, STR("acct")));
        else if (i == 7)
            said(x, msg_put_empty(far, WIRE_DONE, job));
        else
            for (unsigned k = 0; k <= CA_CHAINS_MAX; k++)
                said(x, msg_put_text(far, WIRE_CHAIN, job, STR("PEM")));
        assert_lost(x, "may not say");
        ca_close(x->ca);
        wire_done(far);
        open_ca(x, -1, false);
    }
}

static void test_account_meta_and_ari(void **state)
{
    struct fixture *x = *state;
    struct err e = { 0 };
    struct ca_event ev;
    signet_meta meta;
    ca_job job;
    const signet_str contacts[] = { STR("mailto:a@example.com") };
    skip_config(x);
    assert_false(ca_meta(x->ca, &meta));
    signet_account_params p = { .size = sizeof(p), .op = SIGNET_ACCOUNT_NEW, .contacts = contacts, .n_contacts = 1 };
    assert_int_equal(ca_account(x->ca, &p, NULL, &job, &e), 0);
    signet_meta m = {
        .terms_of_service = STR("https://t"), .profiles = contacts, .profile_texts = contacts, .n_profiles = 1
    };
    said(x, msg_put_meta(&x->far, &m));
    said(x, msg_put_text(&x->far, WIRE_SAVED, 0, STR("{saved}")));
    said(x, msg_put_text(&x->far, WIRE_ACCOUNT_URL, 0, STR("https://ca.example/acct/1")));
    struct msg_done d = { .ok = true,
                          .account = { .url = STR("https://ca.example/acct/1"),
                                       .status = STR("valid"),
                                       .contacts = contacts,
                                       .n_contacts = 1 } };
    said(x, msg_put_done(&x->far, job, &d));
    assert_int_equal(ca_next(x->ca, 1000, &ev), 1);
    assert_str(ev.u.done.account.url, "https://ca.example/acct/1");
    assert_str(ev.u.done.account.contacts[0], "mailto:a@example.com");
    assert_str(ca_saved(x->ca), "{saved}");
    assert_str(ca_account_url(x->ca), "https://ca.example/acct/1");
    assert_true(ca_meta(x->ca, &meta));
    assert_str(meta.terms_of_service, "https://t");
    assert_int_equal(meta.n_profiles, 1);
    assert_int_equal(ca_ari(x->ca, STR("a.b"), NULL, &job, &e), 0);
    d = (struct msg_done){ .ok = true, .ari = { .start_s = 100, .end_s = 200, .retry_after_s = 60 } };
    said(x, msg_put_done(&x->far, job, &d));
    assert_int_equal(ca_next(x->ca, 1000, &ev), 1);
    assert_true(ev.u.done.ok);
    assert_int_equal(ev.u.done.ari.end_s, 200);
}

static void test_lost(void **state)
{
    struct fixture *x = *state;
    struct ca_event ev;
    struct err e = { 0 };
    ca_job job;
    skip_config(x);
    job = start_order(x, NULL);
    said(x, msg_put_text(&x->far, WIRE_ORDER_URL, job, STR("https://o")));
    said(x, msg_put_outcome(&x->far, WIRE_FATAL, 0, SIGNET_ENOMEM, STR("no memory\033 left")));
    wire_done(&x->far);
    assert_int_equal(ca_next(x->ca, 1000, &ev), 1);
    assert_int_equal(ev.kind, CA_ORDER_PLACED); /* what it said before still counts */
    assert_lost(x, "no memory");
    assert_int_equal(ca_directory(x->ca, NULL, &job, &e), SIGNET_ENET);
    assert_int_equal(ca_challenge_done(x->ca, 1, 0, (signet_str){ 0 }), SIGNET_ENET);
    ca_cancel(x->ca, 1);
}

/* The words name the exit status or the signal of a process that ended. */
static void test_words_of_an_end(void **state)
{
    struct fixture *x = *state;
    for (int i = 0; i < 2; i++) {
        ca_close(x->ca);
        wire_done(&x->far);
        int hold[2];
        char c;
        assert_int_equal(pipe(hold), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            if (i == 0)
                _exit(3);
            close(hold[1]);
            (void)!read(hold[0], &c, 1);
            signal(SIGABRT, SIG_DFL);
            raise(SIGABRT);
        }
        close(hold[0]);
        close(hold[1]);
        open_ca(x, pid, false);
        wire_done(&x->far);
        assert_lost(x, i == 0 ? "exit status 3" : "signal 6");
    }
}

static void many_events(struct fixture *x, ca_job job, size_t bytes)
{
    BUF_AUTO(text, 2048);
    BUF_AUTO(url, 2048);
    (void)text;
    buf_addz(&url, "https://ca.example/");
    while (url.n < 2000)
        buf_addz(&url, "0123456789");
    for (size_t n = 0; n < bytes; n += url.n)
        assert_int_equal(msg_put_text(&x->far, WIRE_ORDER_URL, job, buf_str(&url)), 0);
}

/* A talker that talks without end fills main's queue to its cap, and no further; nothing is lost when main goes on. */
static void test_backpressure(void **state)
{
    struct fixture *x = *state;
    struct ca_event ev;
    skip_config(x);
    ca_job job = start_order(x, NULL);
    many_events(x, job, CA_EVENTS_MAX + (2u << 20));
    for (int i = 0; i < 3000; i++) {
        assert_int_equal(wire_flush(&x->far), 0);
        assert_int_equal(loop_step(x->loop, 0), 0);
    }
    assert_true(wire_queued(&x->far) > 0);
    assert_true(x->ca->queued < CA_EVENTS_MAX + 8192);
    size_t got = 0;
    bool open = true;
    while (ca_next(x->ca, 0, &ev) == 1 && ev.kind == CA_ORDER_PLACED) {
        got++;
        if (open)
            assert_int_equal(wire_flush(&x->far), 0);
        if (open && wire_queued(&x->far) == 0) {
            open = false; /* it may even have gone before main has read all */
            wire_done(&x->far);
        }
    }
    assert_int_equal(ev.kind, CA_LOST);
    assert_in_range(got, (CA_EVENTS_MAX + (2u << 20)) / 2009, (CA_EVENTS_MAX + (2u << 20)) / 1999 + 1);
}

static char logged[8192];

static void keep_log(void *ctx, enum log_level level, const char *room, const char *line)
{
    (void)ctx;
    (void)level;
    snprintf(logged, sizeof(logged), "%s|%s", room, line);
}

static void test_trace(void **state)
{
    struct fixture *x = *state;
    struct ca_event ev;
    skip_config(x);
    assert_int_equal(log_add_sink(keep_log, NULL), 0);
    said(x, msg_put_text(&x->far, WIRE_TRACE, 0, STR("answer: GET https://x\n{\"a\": \"\033[1m\"}")));
    assert_int_equal(ca_next(x->ca, 0, &ev), 0);
    log_reset();
    assert_non_null(strstr(logged, "acme.client|answer: GET https://x\n"));
    assert_null(strchr(logged, '\033'));
}

static void test_job_limit(void **state)
{
    struct fixture *x = *state;
    struct err e = { 0 };
    ca_job job;
    int rc = 0;
    unsigned n = 0;
    while ((rc = ca_directory(x->ca, NULL, &job, &e)) == 0)
        n++;
    assert_int_equal(rc, SIGNET_ELIMIT);
    assert_int_equal(n, CA_JOBS_MAX);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(test_config),
        T(test_order_to_the_end),
        T(test_problem_is_escaped),
        T(test_sign),
        T(test_ari_signs_nothing),
        T(test_an_order_that_cannot_be_noted),
        T(test_sign_refused),
        T(test_challenges_are_checked),
        T(test_talker_may_not_say),
        T(test_account_meta_and_ari),
        T(test_lost),
        T(test_words_of_an_end),
        T(test_backpressure),
        T(test_trace),
        T(test_job_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
