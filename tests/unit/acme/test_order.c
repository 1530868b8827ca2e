/* Orders that go well, and those that fail as the protocol says. */
#include "fakeca.h"
#include <stdio.h>
#include <stdlib.h>

static struct run R;
#define ACCOUNT CA_URL "/a/1"
/* python3: base64.b32encode(hashlib.sha256(b"https://ca.test/a/1").digest()[:10]).lower() */
#define ACCOUNT_LABEL "t7wr6jhij6dunhub"

static int reset(void **state)
{
    (void)state;
    memset(&R, 0, sizeof(R));
    return 0;
}

static const char *const ONE[] = { "example.com" };

/* What a session remembers from an earlier run. */
static char *saved_directory(void)
{
    run_open(&R, ACCOUNT, STR(""));
    signet_str t;
    assert_int_equal(signet_session_save(R.s, &t), SIGNET_ENOTFOUND);
    run_idle(&R);
    assert_int_equal(signet_session_save(R.s, &t), 0);
    char *copy = strndup(t.p, t.n);
    run_close(&R);
    memset(&R, 0, sizeof(R));
    return copy;
}

static void one_name_takes_seven_posts_and_a_nonce(void **state)
{
    (void)state;
    signet_str chain;
    char *saved = saved_directory();
    run_open(&R, ACCOUNT, str_of(saved));
    signet_job *j = run_order(&R, ONE, 1, NULL);
    R.ca.process_looks = 0;
    run_until(&R, j);
    assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
    assert_null(signet_job_problem(j));
    assert_string_equal(
        R.ca.log,
        "HEAD /nonce\nPOST /order\nPOST /z/0\nPOST /c/0\nPOST /o/0\nPOST /o/0/fin\nPOST /o/0\nPOST /cert/0\n");
    assert_str(signet_job_order_url(j), CA_URL "/o/0");
    assert_int_equal(signet_job_chain(j, 0, &chain), 0);
    assert_true(str_starts(chain, STR("-----BEGIN CERTIFICATE-----\nMAMCAQE=\n")));
    assert_int_equal(signet_job_chain(j, 1, &chain), SIGNET_ENOTFOUND);
    assert_int_equal(R.presents, 1);
    assert_int_equal(R.cleanups, 1);
    assert_int_equal(R.done, 1);
    assert_true(R.now - R.start <
                200); /* two first looks of 50 ms: the Retry-After of the finalize answer does not hold up the first */
    signet_job_free(j);
    run_close(&R);
    free(saved);
}

static void tweak_slow(struct fakeca *ca, const char *path, json_t *doc, struct fake_res *r)
{
    (void)ca;
    if (strcmp(path, "poll") == 0 && strcmp(js_text(doc, "status"), "processing") == 0)
        snprintf(r->retry_after, sizeof(r->retry_after), "15");
}

/* A CA that takes 0.8 s to look a name up, and says Retry-After: 3 when it has been asked to issue. */
static void tweak_real(struct fakeca *ca, const char *path, json_t *doc, struct fake_res *r)
{
    (void)r;
    if (strcmp(path, "poll") == 0 && strcmp(js_text(doc, "status"), "pending") == 0 && R.now - R.start >= 800) {
        json_object_set_new(doc, "status", json_string("ready"));
        ca->order[0].status = "ready";
    }
}

static void a_cas_own_timing_takes_six_polls(void **state)
{
    (void)state;
    unsigned polls = 0;
    run_open(&R, ACCOUNT, STR(""));
    R.ca.tweak = tweak_real;
    R.ca.validate_looks = 1000;
    R.ca.process_looks = 0;
    signet_job *j = run_order(&R, ONE, 1, NULL);
    run_until(&R, j);
    assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
    for (const char *p = R.ca.log; (p = strstr(p, "POST /o/0\n")); p++)
        polls++;
    assert_in_range(polls, 2, 6);
    assert_in_range(R.now - R.start, 800, 1100);
    run_close(&R);
}

static void polls_are_as_rare_as_the_ca_wants(void **state)
{
    (void)state;
    run_open(&R, ACCOUNT, STR(""));
    R.ca.tweak = tweak_slow;
    R.ca.process_looks = 20;
    signet_job *j = run_order(&R, ONE, 1, NULL);
    run_until(&R, j);
    assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
    assert_in_range(R.now - R.start, 20 * 15000, 20 * 15000 + 1000);
    run_close(&R);
}

static void order_that_never_ends_times_out(void **state)
{
    (void)state;
    run_open(&R, ACCOUNT, STR(""));
    R.ca.process_looks = 1000000;
    R.ca.tweak = tweak_slow;
    signet_job *j = run_order(&R, ONE, 1, NULL);
    run_until(&R, j);
    assert_int_equal(signet_job_error(j), SIGNET_ETIMEOUT);
    assert_str(signet_job_order_url(j), CA_URL "/o/0");
    assert_in_range(R.now - R.start, 900000, 900100);
    assert_true(R.ca.posts < 900 / 15 + 12);
    run_close(&R);
}

static void pending_for_ever_times_out_and_gives_up_the_authorization(void **state)
{
    (void)state;
    R.cfg.order_timeout_s = 100;
    run_open(&R, ACCOUNT, STR(""));
    R.ca.validate_looks = 1000000;
    signet_job *j = run_order(&R, ONE, 1, NULL);
    run_until(&R, j);
    assert_int_equal(signet_job_error(j), SIGNET_ETIMEOUT);
    assert_int_equal(R.ca.deactivated, 1);
    assert_int_equal(R.cleanups, 1);
    run_close(&R);
}

static void hundred_names(struct run *r, char (*text)[32], const char **names)
{
    (void)r;
    for (size_t i = 0; i < 100; i++) {
        snprintf(text[i], sizeof(text[i]), "n%zu.example.com", i);
        names[i] = text[i];
    }
}

static void hundred_names_go_out_ten_at_a_time(void **state)
{
    (void)state;
    char text[100][32];
    const char *names[100];
    char *saved = saved_directory();
    hundred_names(&R, text, names);
    run_open(&R, ACCOUNT, str_of(saved));
    signet_job *j = run_order(&R, names, 100, NULL);
    run_until(&R, j);
    assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
    assert_int_equal(R.max_fly, 10);
    assert_true(R.rounds <= 28);
    assert_int_equal(R.ca.posts, 1 + 100 + 100 + 1 + 1 + 1 + 1);
    assert_true(R.ca.heads <= 10);
    assert_int_equal(R.presents, 100);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(R.seen[i].left, 99 - i);
        assert_int_equal(R.seen[i].total, 100);
        assert_string_equal(R.seen[i].ident, names[i]);
    }
    run_close(&R);
    free(saved);
}

static void many_jobs_share_a_session(void **state)
{
    (void)state;
    signet_job *j[10];
    char name[10][32];
    run_open(&R, ACCOUNT, STR(""));
    for (size_t i = 0; i < 10; i++) {
        snprintf(name[i], sizeof(name[i]), "j%zu.test", i);
        const char *one[] = { name[i] };
        j[i] = run_order(&R, one, 1, &(signet_order_params){ .csr_der = STR("csr") });
    }
    for (size_t i = 0; i < 10; i++)
        run_until(&R, j[i]);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(signet_job_status(j[i]), SIGNET_JOB_DONE);
    assert_true(R.max_fly <= 10);
    assert_int_equal(R.ca.finalized, 10);
    run_close(&R);
}

static void names_of_every_kind(void **state)
{
    (void)state;
    static const char *const names[] = { "example.com", "*.example.com", "192.0.2.7", "2001:DB8::7" };
    run_open(&R, ACCOUNT, STR(""));
    signet_job *j = run_order(&R, names, 4, NULL);
    run_until(&R, j);
    assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
    assert_int_equal(R.seen[0].type, SIGNET_CHAL_HTTP_01);
    assert_int_equal(R.seen[1].type, SIGNET_CHAL_DNS_01);
    assert_string_equal(R.seen[1].name, "_acme-challenge.example.com");
    assert_string_equal(R.seen[1].ident, "*.example.com");
    assert_int_equal(R.seen[2].type, SIGNET_CHAL_HTTP_01);
    assert_non_null(strstr(R.ca.order_payload, "{\"type\":\"ip\",\"value\":\"192.0.2.7\"}"));
    run_close(&R);
}

static void every_challenge_type_has_its_answer(void **state)
{
    (void)state;
    static const struct {
        signet_chal type;
        const char *name, *ident, *record, *value;
    } T[] = {
        { SIGNET_CHAL_HTTP_01, "http-01", "example.com", "", "token-0." },
        { SIGNET_CHAL_DNS_01, "dns-01", "example.com", "_acme-challenge.example.com", NULL },
        { SIGNET_CHAL_TLS_ALPN_01, "tls-alpn-01", "example.com", "", NULL },
        { SIGNET_CHAL_DNS_ACCOUNT_01, "dns-account-01", "*.example.com",
          "_" ACCOUNT_LABEL "._acme-challenge.example.com", NULL },
        { SIGNET_CHAL_DNS_PERSIST_01, "dns-persist-01", "example.com", "_validation-persist.example.com",
          "ca.test; accounturi=https://ca.test/a/1" },
        { SIGNET_CHAL_DNS_PERSIST_01, "dns-persist-01", "*.example.com", "_validation-persist.example.com",
          "ca.test; accounturi=https://ca.test/a/1; policy=wildcard" },
    };
    for (size_t i = 0; i < sizeof(T) / sizeof(T[0]); i++) {
        reset(NULL);
        run_open(&R, ACCOUNT, STR(""));
        signet_order_ident pref = { .prefs = SIGNET_PREFS(T[i].type, 0, 0, 0) };
        const char *names[] = { T[i].ident };
        signet_job *j = run_order(&R, names, 1, &(signet_order_params){ .csr_der = STR("csr"), .idents = &pref });
        run_until(&R, j);
        assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
        assert_int_equal(R.seen[0].type, T[i].type);
        assert_string_equal(signet_chal_name(T[i].type), T[i].name);
        assert_string_equal(R.seen[0].name, T[i].record);
        if (T[i].type == SIGNET_CHAL_HTTP_01)
            assert_int_equal(strncmp(R.seen[0].value, "token-0.", 8), 0);
        else if (T[i].value)
            assert_string_equal(R.seen[0].value, T[i].value);
        else
            assert_int_equal(strlen(R.seen[0].value), T[i].type == SIGNET_CHAL_TLS_ALPN_01 ? 64 : 43);
        run_close(&R);
    }
}

static void no_challenge_that_fits(void **state)
{
    (void)state;
    run_open(&R, ACCOUNT, STR(""));
    R.ca.challenge_types[0] = "quantum-02";
    R.ca.challenge_types[1] = "HTTP-01";
    signet_job *j = run_order(&R, ONE, 1, NULL);
    run_until(&R, j);
    assert_int_equal(signet_job_error(j), SIGNET_EAUTHZ);
    assert_non_null(strstr(signet_job_problem(j)->detail.p, "quantum-02, HTTP-01"));
    assert_int_equal(R.presents, 0);
    run_close(&R);
}

static void authorizations_that_are_valid_need_no_challenge(void **state)
{
    (void)state;
    run_open(&R, ACCOUNT, STR(""));
    R.ca.born_valid = true;
    signet_job *j = run_order(&R, ONE, 1, NULL);
    run_until(&R, j);
    assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
    assert_int_equal(R.presents, 0);
    assert_int_equal(R.ca.posts, 4); /* order, finalize, look, certificate */
    run_close(&R);
}

static void revalidate_validates_again(void **state)
{
    (void)state;
    run_open(&R, ACCOUNT, STR(""));
    R.ca.born_valid = true;
    static const char *const names[] = { "a.test", "b.test" };
    signet_job *j = run_order(&R, names, 2, &(signet_order_params){ .csr_der = STR("csr"), .revalidate = 1 });
    run_until(&R, j);
    assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
    assert_int_equal(R.ca.deactivated, 2);
    assert_int_equal(R.ca.orders, 2);
    assert_int_equal(R.presents, 2);
    run_close(&R);
}

static void one_bad_name_is_told_apart(void **state)
{
    (void)state;
    char text[100][32];
    const char *names[100];
    hundred_names(&R, text, names);
    run_open(&R, ACCOUNT, STR(""));
    R.ca.bad_name = "n7.example.com";
    R.ca.only_dns_error = true;
    signet_job *j = run_order(&R, names, 20, NULL);
    run_until(&R, j);
    const signet_problem *p = signet_job_problem(j);
    assert_int_equal(signet_job_error(j), SIGNET_EAUTHZ);
    assert_int_equal(p->n_sub, 1);
    assert_str(p->sub[0].ident, "n7.example.com");
    assert_str(p->sub[0].type, "urn:ietf:params:acme:error:dns");
    assert_str(p->sub[0].detail, "no such name");
    assert_int_equal(p->sub[0].chal, SIGNET_CHAL_HTTP_01);
    assert_str(p->detail, "no such name");
    assert_int_equal(R.cleanups, 20);
    run_close(&R);
}

static void a_challenge_that_cannot_be_set_up(void **state)
{
    (void)state;
    static const char *const names[] = { "a.test", "b.test", "c.test" };
    run_open(&R, ACCOUNT, STR(""));
    R.present_fail = "b.test";
    signet_job *j = run_order(&R, names, 3, NULL);
    run_until(&R, j);
    assert_int_equal(signet_job_error(j), SIGNET_ESYS);
    assert_str(signet_job_problem(j)->sub[0].ident, "b.test");
    assert_str(signet_job_problem(j)->detail, "port 80 is taken");
    assert_int_equal(R.ca.deactivated, 3);
    run_close(&R);
}

static void keep_pending_keeps(void **state)
{
    (void)state;
    run_open(&R, ACCOUNT, STR(""));
    R.present_fail = "example.com";
    signet_job *j = run_order(&R, ONE, 1, &(signet_order_params){ .csr_der = STR("csr"), .keep_pending = 1 });
    run_until(&R, j);
    assert_int_equal(R.ca.deactivated, 0);
    run_close(&R);
}

static void csr_may_come_late(void **state)
{
    (void)state;
    run_open(&R, ACCOUNT, STR(""));
    signet_job *j = run_order(&R, ONE, 1, &(signet_order_params){ 0 });
    for (int i = 0; i < 50; i++) {
        run_idle(&R);
        int64_t d = signet_deadline(R.s);
        R.now = d < R.now + 1000 ? d : R.now + 1000;
    }
    assert_int_equal(signet_job_status(j), SIGNET_JOB_RUNNING);
    assert_int_equal(R.cleanups, 1);
    assert_int_equal(signet_order_set_csr(j, STR("late")), 0);
    assert_int_equal(signet_order_set_csr(j, STR("later")), SIGNET_ESTATE);
    run_until(&R, j);
    assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
    assert_string_equal(R.ca.last_csr, "bGF0ZQ");
    run_close(&R);
}

static void order_is_resumed_by_its_url(void **state)
{
    (void)state;
    static const char *const states[] = { "pending", "ready", "processing", "valid", "invalid" };
    for (size_t i = 0; i < 5; i++) {
        reset(NULL);
        run_open(&R, ACCOUNT, STR(""));
        signet_job *j = run_order(&R, ONE, 1, &(signet_order_params){ 0 });
        while (!R.ca.orders)
            run_step(&R);
        signet_job_free(j);
        R.ca.order[0].status = states[i];
        if (i)
            R.ca.authz[0].status = i == 4 ? "invalid" : "valid";
        j = run_order(&R, ONE, 1, &(signet_order_params){ .csr_der = STR("csr"), .order_url = STR(CA_URL "/o/0") });
        run_until(&R, j);
        assert_int_equal(signet_job_status(j), i == 4 ? SIGNET_JOB_FAILED : SIGNET_JOB_DONE);
        assert_int_equal(R.ca.orders, 1);
        assert_int_equal(R.ca.finalized, i < 2 ? 1 : 0);
        if (i == 4)
            assert_int_equal(signet_job_problem(j)->n_sub, 1);
        run_close(&R);
    }
}

static void replaces_is_dropped_once_when_refused(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        int status;
        bool again;
    } T[] = { { "alreadyReplaced", 409, true },    { "unauthorized", 403, true },        { "malformed", 400, true },
              { "serverInternal", 500, true },     { "rejectedIdentifier", 400, false }, { "rateLimited", 429, false },
              { "userActionRequired", 403, false } };
    for (size_t i = 0; i < sizeof(T) / sizeof(T[0]); i++) {
        reset(NULL);
        run_open(&R, ACCOUNT, STR(""));
        R.ca.refuse_replaces = T[i].type;
        R.ca.refuse_status = T[i].status;
        signet_job *j = run_order(&R, ONE, 1,
                                  &(signet_order_params){ .csr_der = STR("csr"),
                                                          .replaces = STR("aki.serial"),
                                                          .profile = STR("classic"),
                                                          .not_after = STR("2027-01-01T00:00:00Z") });
        run_until(&R, j);
        assert_int_equal(signet_job_status(j), T[i].again ? SIGNET_JOB_DONE : SIGNET_JOB_FAILED);
        if (T[i].again)
            assert_null(strstr(R.ca.order_payload, "replaces"));
        assert_non_null(strstr(R.ca.order_payload, "\"profile\":\"classic\""));
        assert_non_null(strstr(R.ca.order_payload, "\"notAfter\":\"2027"));
        run_close(&R);
    }
}

static void tweak_rate(struct fakeca *ca, const char *path, json_t *doc, struct fake_res *r)
{
    (void)ca;
    if (strcmp(path, "order") == 0) {
        r->status = 429;
        json_object_set_new(doc, "type", json_string("urn:ietf:params:acme:error:rateLimited"));
        snprintf(r->retry_after, sizeof(r->retry_after), "3600");
    }
}

static void rate_limit_is_not_tried_again(void **state)
{
    (void)state;
    run_open(&R, ACCOUNT, STR(""));
    R.ca.tweak = tweak_rate;
    signet_job *j = run_order(&R, ONE, 1, NULL);
    run_until(&R, j);
    assert_int_equal(signet_job_error(j), SIGNET_ERATE);
    assert_int_equal(signet_job_problem(j)->retry_after_s, 3600);
    assert_int_equal(R.ca.orders, 1);
    run_close(&R);
}

static void not_ready_is_looked_at_again(void **state)
{
    (void)state;
    run_open(&R, ACCOUNT, STR(""));
    R.ca.not_ready = 2;
    signet_job *j = run_order(&R, ONE, 1, NULL);
    run_until(&R, j);
    assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
    assert_int_equal(R.ca.finalized, 1);
    run_close(&R);
}

static void alternates(void **state)
{
    (void)state;
    static const struct {
        const char *prefer;
        bool all;
        unsigned got;
        int first;
        bool missed;
    } T[] = { { "", false, 1, 0, false },       { "", true, 3, 0, false },       { "Root 1", false, 1, 0, false },
              { "Root 3", false, 3, 2, false }, { "Root 9", false, 3, 0, true }, { "Root 2", true, 3, 1, false } };
    for (size_t i = 0; i < sizeof(T) / sizeof(T[0]); i++) {
        reset(NULL);
        run_open(&R, ACCOUNT, STR(""));
        R.ca.n_alternates = 2;
        for (size_t k = 0; k < 3; k++)
            R.ca.chain[k] = test_chain_of((unsigned)k + 1);
        signet_job *j = run_order(&R, ONE, 1,
                                  &(signet_order_params){ .csr_der = STR("csr"),
                                                          .preferred_chain = str_of(T[i].prefer),
                                                          .fetch_alternates = T[i].all });
        run_until(&R, j);
        assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
        signet_str pem;
        assert_int_equal(signet_job_chain(j, T[i].got - 1, &pem), 0);
        assert_int_equal(signet_job_chain(j, T[i].got, &pem), SIGNET_ENOTFOUND);
        assert_int_equal(signet_job_chain(j, 0, &pem), 0);
        assert_str(pem, R.ca.chain[T[i].first]);
        assert_int_equal(signet_job_chain_missed(j), T[i].missed);
        run_close(&R);
    }
}

static void cancel_at_every_action(void **state)
{
    (void)state;
    for (unsigned k = 1; k < 40; k++) {
        reset(NULL);
        static const char *const names[] = { "a.test", "b.test" };
        run_open(&R, ACCOUNT, STR(""));
        signet_job *j = run_order(&R, names, 2, NULL);
        R.stop_after = k;
        for (int i = 0; i < 100 && R.actions < k && signet_job_status(j) == SIGNET_JOB_RUNNING; i++)
            if (!run_step(&R))
                R.now = signet_deadline(R.s);
        bool over = signet_job_status(j) != SIGNET_JOB_RUNNING;
        signet_job_cancel(j);
        R.stop_after = 0;
        run_until(&R, j);
        if (!over)
            assert_int_equal(signet_job_error(j), SIGNET_ECANCELED);
        assert_int_equal(R.cleanups, R.presents);
        run_close(&R);
    }
}

static void free_at_every_action(void **state)
{
    (void)state;
    for (unsigned k = 1; k < 40; k++) {
        reset(NULL);
        static const char *const names[] = { "a.test", "b.test" };
        run_open(&R, ACCOUNT, STR(""));
        signet_job *j = run_order(&R, names, 2, NULL);
        R.stop_after = k;
        for (int i = 0; i < 100 && R.actions < k; i++)
            if (!run_step(&R))
                R.now = signet_deadline(R.s);
        signet_job_free(j);
        R.stop_after = 0;
        run_idle(&R);
        assert_int_equal(R.cleanups, R.presents);
        run_close(&R);
    }
}

/* Never more than one is up; a bad one ends it, and nothing more is presented. */
static void one_by_one(void **state)
{
    (void)state;
    static const char *const names[] = { "a.test", "b.test", "c.test" };
    for (int bad = 0; bad < 2; bad++) {
        reset(NULL);
        signet_order_params more = { .size = sizeof(more), .csr_der = STR("csr"), .one_by_one = 1 };
        R.ca.each_looks = 3;
        R.ca.bad_name = bad ? "b.test" : NULL;
        run_open(&R, ACCOUNT, STR(""));
        signet_job *j = run_order(&R, names, 3, &more);
        while (signet_job_status(j) == SIGNET_JOB_RUNNING) {
            if (!run_step(&R))
                R.now = signet_deadline(R.s);
            assert_true(R.presents - R.cleanups <= 1);
        }
        assert_int_equal(signet_job_status(j), bad ? SIGNET_JOB_FAILED : SIGNET_JOB_DONE);
        assert_int_equal(R.presents, bad ? 2 : 3);
        assert_int_equal(R.cleanups, R.presents);
        for (unsigned i = 0; i < R.presents; i++) {
            assert_int_equal(R.seen[i].left, 0);
            assert_string_equal(R.seen[i].ident, names[i]);
        }
        run_close(&R);
    }
}

static void present_that_hangs_is_cleaned_in_the_end(void **state)
{
    (void)state;
    R.cfg.order_timeout_s = 60;
    R.hold_present = true;
    run_open(&R, ACCOUNT, STR(""));
    signet_job *j = run_order(&R, ONE, 1, NULL);
    run_until(&R, j);
    assert_int_equal(signet_job_error(j), SIGNET_ETIMEOUT);
    assert_int_equal(R.cleanups, 1);
    /* how long setting up takes is not the CA's time: two hours, and the time for winding down */
    assert_in_range(R.now - R.start, 7230000, 7232000);
    run_close(&R);
}

static void clock_jumps_do_not_end_an_order(void **state)
{
    (void)state;
    for (int sign = -1; sign <= 1; sign += 2) {
        reset(NULL);
        run_open(&R, ACCOUNT, STR(""));
        R.ca.process_looks = 20;
        signet_job *j = run_order(&R, ONE, 1, NULL);
        for (int i = 0; i < 30 && signet_job_status(j) == SIGNET_JOB_RUNNING; i++) {
            R.now += sign * 365LL * 86400 * 1000; /* once at each step: more often than the order has minutes */
            run_step(&R);
        }
        run_until(&R, j);
        assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
        run_close(&R);
    }
}

static void key_may_live_elsewhere(void **state)
{
    (void)state;
    R.ask_sign = true;
    run_open(&R, "", STR(""));
    signet_job *j = run_order(&R, ONE, 1, NULL);
    run_until(&R, j);
    assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
    assert_int_equal(R.signs, R.ca.posts);
    assert_str(signet_session_account(R.s), ACCOUNT);
    run_close(&R);
}

static void nonsense_is_refused_at_the_door(void **state)
{
    (void)state;
    signet_job *j;
    static const char *const bad[] = { "", "a b", "exa\nmple.com", "a/../b", "*.", "\xc3\xa4.de" };
    run_open(&R, ACCOUNT, STR(""));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        signet_order_ident id = { { SIGNET_IDENT_DNS, str_of(bad[i]) }, 0 };
        assert_int_equal(
            signet_order_start(
                R.s, &(signet_order_params){ .size = sizeof(signet_order_params), .idents = &id, .n_idents = 1 }, &j),
            SIGNET_EINVAL);
    }
    signet_order_ident two[2] = { { { SIGNET_IDENT_DNS, STR("a.test") }, 0 },
                                  { { SIGNET_IDENT_DNS, STR("A.test") }, 0 } };
    assert_int_equal(
        signet_order_start(
            R.s, &(signet_order_params){ .size = sizeof(signet_order_params), .idents = two, .n_idents = 2 }, &j),
        SIGNET_EINVAL);
    assert_int_equal(signet_order_start(R.s, &(signet_order_params){ .size = 8, .idents = two, .n_idents = 1 }, &j),
                     SIGNET_EINVAL);
    run_close(&R);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_name_takes_seven_posts_and_a_nonce, reset),
        cmocka_unit_test_setup(a_cas_own_timing_takes_six_polls, reset),
        cmocka_unit_test_setup(polls_are_as_rare_as_the_ca_wants, reset),
        cmocka_unit_test_setup(order_that_never_ends_times_out, reset),
        cmocka_unit_test_setup(pending_for_ever_times_out_and_gives_up_the_authorization, reset),
        cmocka_unit_test_setup(hundred_names_go_out_ten_at_a_time, reset),
        cmocka_unit_test_setup(many_jobs_share_a_session, reset),
        cmocka_unit_test_setup(names_of_every_kind, reset),
        cmocka_unit_test_setup(every_challenge_type_has_its_answer, reset),
        cmocka_unit_test_setup(no_challenge_that_fits, reset),
        cmocka_unit_test_setup(authorizations_that_are_valid_need_no_challenge, reset),
        cmocka_unit_test_setup(revalidate_validates_again, reset),
        cmocka_unit_test_setup(one_bad_name_is_told_apart, reset),
        cmocka_unit_test_setup(a_challenge_that_cannot_be_set_up, reset),
        cmocka_unit_test_setup(keep_pending_keeps, reset),
        cmocka_unit_test_setup(csr_may_come_late, reset),
        cmocka_unit_test_setup(order_is_resumed_by_its_url, reset),
        cmocka_unit_test_setup(replaces_is_dropped_once_when_refused, reset),
        cmocka_unit_test_setup(rate_limit_is_not_tried_again, reset),
        cmocka_unit_test_setup(not_ready_is_looked_at_again, reset),
        cmocka_unit_test_setup(alternates, reset),
        cmocka_unit_test_setup(cancel_at_every_action, reset),
        cmocka_unit_test_setup(free_at_every_action, reset),
        cmocka_unit_test_setup(present_that_hangs_is_cleaned_in_the_end, reset),
        cmocka_unit_test_setup(one_by_one, reset),
        cmocka_unit_test_setup(clock_jumps_do_not_end_an_order, reset),
        cmocka_unit_test_setup(key_may_live_elsewhere, reset),
        cmocka_unit_test_setup(nonsense_is_refused_at_the_door, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
