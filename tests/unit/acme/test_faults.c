/* One fault at every request: the certificate still comes, and only one order and one certificate are made. Faults that
 * last: an end in bounded time and with few requests. */
#include "fakeca.h"
#include <stdio.h>
#include <stdlib.h>

static struct run R;
static const char *const TWO[] = { "a.test", "b.test" };

static void fault_run(enum fault f, unsigned at, unsigned n, const char *path, signet_job **j)
{
    memset(&R, 0, sizeof(R));
    run_open(&R, "", STR(""));
    R.ca.fault = f;
    R.ca.fault_at = at;
    R.ca.fault_n = n;
    R.ca.fault_path = path;
    R.ca.validate_looks = 1;
    R.ca.process_looks = 1;
    *j = run_order(&R, TWO, 2, NULL);
    run_until(&R, *j);
}

static void one_fault_at_every_request(void **state)
{
    (void)state;
    signet_job *j;
    fault_run(FAULT_NONE, 0, 0, NULL, &j);
    unsigned total = R.ca.requests;
    run_close(&R);
    for (int f = FAULT_NET; f < FAULT_KINDS; f++) {
        for (unsigned k = 1; k <= total; k++) {
            fault_run((enum fault)f, k, 1, NULL, &j);
            if (signet_job_status(j) != SIGNET_JOB_DONE)
                fail_msg("fault %d at request %u: %s\n%s", f, k, signet_job_problem(j)->detail.p, R.ca.log);
            /* a newOrder whose answer never came may have made an order: one more is all there may be */
            if (R.ca.orders != 1)
                assert_true(f == FAULT_LOST && R.ca.orders == 2);
            assert_int_equal(R.ca.finalized, 1);
            assert_int_equal(R.presents, 2);
            assert_int_equal(R.cleanups, 2);
            assert_true(R.now - R.start < 10000);
            run_close(&R);
        }
    }
}

static void retry_after_of_a_503_is_waited_for(void **state)
{
    (void)state;
    static const char *const paths[] = { "/dir", "/nonce", "/acct", "/order", "/z/", "/c/", "/o/0/fin", "/cert" };
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        signet_job *j;
        fault_run(FAULT_503, 0, 1, paths[i], &j);
        assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
        assert_in_range(R.now - R.start, 2000, 3500);
        run_close(&R);
    }
}

static void every_nonce_refused(void **state)
{
    (void)state;
    signet_job *j;
    fault_run(FAULT_BADNONCE, 0, 100000, NULL, &j);
    assert_int_equal(signet_job_status(j), SIGNET_JOB_FAILED);
    assert_str(signet_job_problem(j)->type, "urn:ietf:params:acme:error:badNonce");
    assert_true(R.ca.requests <= 20);
    run_close(&R);
    fault_run(FAULT_BADNONCE, 0, 100000, "/z/", &j);
    assert_int_equal(signet_job_status(j), SIGNET_JOB_FAILED);
    assert_true(R.ca.posts <= 20 + 2);
    run_close(&R);
}

/* Half of all good nonces are refused: pebble's chaos. */
static unsigned half_state;
static void half_refused(struct fakeca *ca, const char *path, json_t *doc, struct fake_res *r)
{
    (void)path;
    (void)doc;
    (void)r;
    half_state = half_state * 1103515245 + 12345;
    ca->fault = half_state >> 16 & 1 ? FAULT_BADNONCE : FAULT_NONE;
}

static void half_of_the_nonces_refused(void **state)
{
    (void)state;
    unsigned good = 0;
    for (unsigned seed = 0; seed < 200; seed++) {
        memset(&R, 0, sizeof(R));
        half_state = seed;
        run_open(&R, CA_URL "/a/1", STR(""));
        R.ca.fault_n = 100000;
        R.ca.tweak_raw = half_refused;
        signet_job *j = run_order(&R, TWO, 1, NULL);
        run_until(&R, j);
        good += signet_job_status(j) == SIGNET_JOB_DONE;
        run_close(&R);
    }
    assert_int_equal(good, 200);
}

static void lasting_faults_end(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "/dir", "/nonce", "/acct", "/order", "/z/", "/c/", "/o/0", "/o/0/fin", "/cert"
    };
    static const struct {
        enum fault f;
        int code;
    } T[] = { { FAULT_NET, SIGNET_ENET },
              { FAULT_500, SIGNET_EPROBLEM },
              { FAULT_503, SIGNET_EPROBLEM },
              { FAULT_LOST, SIGNET_ENET } };
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        for (size_t t = 0; t < sizeof(T) / sizeof(T[0]); t++) {
            signet_job *j;
            /* the CA does it, and never says so: but the order tells, and the finalize path is hit once */
            if (T[t].f == FAULT_LOST && strcmp(paths[i], "/o/0/fin") == 0)
                continue;
            fault_run(T[t].f, 0, 100000, paths[i], &j);
            assert_int_equal(signet_job_status(j), SIGNET_JOB_FAILED);
            const signet_problem *p = signet_job_problem(j);
            assert_int_equal(p->code, T[t].code);
            assert_true(p->doing.n > 0 && p->detail.n > 0);
            assert_true(str_starts(p->url, STR(CA_URL)));
            assert_true(R.ca.requests < 40);
            assert_true(R.ca.orders <= 2);
            assert_true(R.now - R.start < 60000);
            run_close(&R);
        }
    }
}

static void finalize_that_is_lost_is_not_sent_with_another_csr(void **state)
{
    (void)state;
    signet_job *j;
    fault_run(FAULT_LOST, 0, 1, "/o/0/fin", &j);
    assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
    assert_int_equal(R.ca.finalized, 1);
    assert_null(strstr(strstr(R.ca.log, "/o/0/fin") + 1, "/o/0/fin"));
    run_close(&R);
    fault_run(FAULT_NET, 0, 1, "/o/0/fin", &j); /* never arrived: the order is ready still, the same CSR goes again */
    assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
    assert_int_equal(R.ca.finalized, 1);
    run_close(&R);
}

static void order_whose_answer_was_cut_is_found_by_its_location(void **state)
{
    (void)state;
    signet_job *j;
    fault_run(FAULT_CUT, 0, 1, "/order", &j);
    assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
    assert_int_equal(R.ca.orders, 1);
    run_close(&R);
}

static void no_nonces(struct fakeca *ca, const char *path, json_t *doc, struct fake_res *r)
{
    (void)ca;
    (void)doc;
    if (strcmp(path, "/nonce") != 0)
        snprintf(r->nonce, sizeof(r->nonce), "%s", strlen(path) % 2 ? "bad nonce!" : "");
}

static void answers_without_usable_nonces(void **state)
{
    (void)state;
    memset(&R, 0, sizeof(R));
    run_open(&R, CA_URL "/a/1", STR(""));
    R.ca.tweak_raw = no_nonces;
    signet_job *j = run_order(&R, TWO, 2, NULL);
    run_until(&R, j);
    assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
    assert_true(R.ca.heads >= R.ca.posts);
    run_close(&R);
}

static void no_nonce_at_all(struct fakeca *ca, const char *path, json_t *doc, struct fake_res *r)
{
    (void)ca;
    (void)path;
    (void)doc;
    r->nonce[0] = 0;
}

static void newnonce_without_a_nonce_ends(void **state)
{
    (void)state;
    memset(&R, 0, sizeof(R));
    run_open(&R, CA_URL "/a/1", STR(""));
    R.ca.tweak_raw = no_nonce_at_all;
    signet_job *j = run_order(&R, TWO, 2, NULL);
    run_until(&R, j);
    assert_int_equal(signet_job_error(j), SIGNET_EPROTO);
    assert_true(R.ca.requests < 20);
    run_close(&R);
}

static const char *ra_text;
static void retry_after_503(struct fakeca *ca, const char *path, json_t *doc, struct fake_res *r)
{
    (void)doc;
    if (strcmp(path, "/cert/0") != 0 || ca->faulted++)
        return;
    r->status = 503;
    snprintf(r->retry_after, sizeof(r->retry_after), "%s", ra_text);
}

static void odd_retry_after_values(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool done;
    } T[] = { { "-1", true },
              { "0", true },
              { "99999999999999999999", true },
              { "garbage", true },
              { "", true },
              { "1, 2", true },
              { "Thu, 01 Jan 1970 00:00:00 GMT", true },
              { "60", true },
              { "61", false },
              { "31536000", false },
              { " 5", true },
              { "5.5", true },
              { "Fri, 31 Dec 9999 23:59:59 GMT", false },
              { "0x10", true } };
    for (size_t i = 0; i < sizeof(T) / sizeof(T[0]); i++) {
        memset(&R, 0, sizeof(R));
        run_open(&R, CA_URL "/a/1", STR(""));
        ra_text = T[i].text;
        R.ca.tweak_raw = retry_after_503;
        signet_job *j = run_order(&R, TWO, 1, NULL);
        run_until(&R, j);
        if (i != 2) /* a number past all bounds may count as far away or as nonsense */
            assert_int_equal(signet_job_status(j), T[i].done ? SIGNET_JOB_DONE : SIGNET_JOB_FAILED);
        if (signet_job_status(j) == SIGNET_JOB_FAILED)
            assert_in_range(signet_job_problem(j)->retry_after_s, 61, LIM_RETRY_AFTER_MAX_S);
        assert_true(R.now - R.start < 62000);
        run_close(&R);
    }
}

static void a_remembered_directory_that_is_wrong_is_fetched_anew(void **state)
{
    (void)state;
    memset(&R, 0, sizeof(R));
    run_open(&R, CA_URL "/a/1", STR(""));
    run_idle(&R);
    signet_str t;
    assert_int_equal(signet_session_save(R.s, &t), 0);
    json_t *o = json_loadb(t.p, t.n, 0, NULL);
    run_close(&R);
    json_object_set_new(json_object_get(o, "document"), "newOrder", json_string(CA_URL "/order-of-old"));
    char *text = json_dumps(o, 0);
    memset(&R, 0, sizeof(R));
    run_open(&R, CA_URL "/a/1", str_of(text));
    signet_job *j = run_order(&R, TWO, 1, NULL);
    while (!strstr(R.ca.log, "old")) {
        signet_action a;
        assert_int_equal(signet_poll(R.s, R.now, &a), 1);
        if (str_ends(a.u.http.url, STR("old"))) {
            signet_http_res h = { .size = sizeof(h), .status = 404, .body = STR("<html>") };
            assert_int_equal(signet_http_done(R.s, a.id, R.now, &h), 0);
            break;
        }
        struct fake_res res;
        ca_respond(&R.ca, &a, &res);
        signet_http_res h = {
            .size = sizeof(h), .status = res.status, .nonce = str_of(res.nonce), .body = { res.body, res.n }
        };
        assert_int_equal(signet_http_done(R.s, a.id, R.now, &h), 0);
        free(res.body);
    }
    run_until(&R, j);
    assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
    assert_int_equal(R.ca.gets, 1);
    run_close(&R);
    /* too old, of the future, of another CA, of nobody: all as if there were nothing */
    json_object_set_new(json_object_get(o, "document"), "newOrder", json_string(CA_URL "/order"));
    static const int64_t ages[] = { 90000, -90000, 86000 };
    for (size_t i = 0; i < 3; i++) {
        json_object_set_new(o, "fetched", json_integer(1800000000 - ages[i]));
        char *again = json_dumps(o, 0);
        memset(&R, 0, sizeof(R));
        run_open(&R, CA_URL "/a/1", str_of(again));
        j = run_order(&R, TWO, 1, NULL);
        run_until(&R, j);
        assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
        assert_int_equal(R.ca.gets, i == 2 ? 0 : 1);
        run_close(&R);
        free(again);
    }
    free(text);
    json_decref(o);
}

/* A failing newNonce throws the remembered directory away; what waits for a nonce must not wait for ever then. */
static void nonces_that_cannot_be_fetched_with_a_remembered_directory(void **state)
{
    static const enum fault kinds[] = { FAULT_NET, FAULT_LOST, FAULT_500, FAULT_503 };
    static const struct {
        const char *path;
        unsigned n;
        int status;
    } rows[] = { { "/nonce", 1, SIGNET_JOB_DONE },
                 { "/nonce", 2, SIGNET_JOB_DONE },
                 { NULL, 1000000, SIGNET_JOB_FAILED } };
    (void)state;
    memset(&R, 0, sizeof(R));
    run_open(&R, CA_URL "/a/1", STR(""));
    run_idle(&R);
    signet_str t;
    assert_int_equal(signet_session_save(R.s, &t), 0);
    char *saved = strndup(t.p, t.n);
    run_close(&R);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++) {
            memset(&R, 0, sizeof(R));
            run_open(&R, CA_URL "/a/1", str_of(saved));
            R.ca.fault = kinds[i];
            R.ca.fault_n = rows[k].n;
            R.ca.fault_path = rows[k].path;
            signet_job *j = run_order(&R, TWO, 1, NULL);
            run_until(&R, j);
            assert_int_equal(signet_job_status(j), rows[k].status);
            assert_true(R.now - R.start < 600000);
            run_close(&R);
        }
    free(saved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_fault_at_every_request),
        cmocka_unit_test(retry_after_of_a_503_is_waited_for),
        cmocka_unit_test(every_nonce_refused),
        cmocka_unit_test(half_of_the_nonces_refused),
        cmocka_unit_test(lasting_faults_end),
        cmocka_unit_test(finalize_that_is_lost_is_not_sent_with_another_csr),
        cmocka_unit_test(order_whose_answer_was_cut_is_found_by_its_location),
        cmocka_unit_test(answers_without_usable_nonces),
        cmocka_unit_test(newnonce_without_a_nonce_ends),
        cmocka_unit_test(odd_retry_after_values),
        cmocka_unit_test(a_remembered_directory_that_is_wrong_is_fetched_anew),
        cmocka_unit_test(nonces_that_cannot_be_fetched_with_a_remembered_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
