/* Everything that is not an order: directory, accounts, rollover, revocation, renewal information. */
#include "fakeca.h"
#include <stdio.h>
#include <stdlib.h>

static struct run R;
#define ACCOUNT CA_URL "/a/1"

static int reset(void **state)
{
    (void)state;
    memset(&R, 0, sizeof(R));
    return 0;
}

static signet_job *account(const signet_account_params *p)
{
    signet_account_params q = *p;
    signet_job *j;
    q.size = sizeof(q);
    assert_int_equal(signet_account_start(R.s, &q, &j), 0);
    run_until(&R, j);
    return j;
}

static void directory_and_its_meta(void **state)
{
    (void)state;
    signet_meta m;
    signet_job *j;
    run_open(&R, "", STR(""));
    assert_int_equal(signet_session_meta(R.s, &m), SIGNET_ENOTFOUND);
    assert_int_equal(signet_directory_start(R.s, &j), 0);
    run_until(&R, j);
    assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
    assert_int_equal(signet_session_meta(R.s, &m), 0);
    assert_str(m.terms_of_service, CA_URL "/tos");
    assert_int_equal(m.n_caa_identities, 1);
    assert_str(m.caa_identities[0], "ca.test");
    assert_int_equal(m.n_profiles, 1);
    assert_str(m.profiles[0], "classic");
    assert_str(m.profile_texts[0], "the usual");
    assert_true(m.has_renewal_info && !m.external_account_required);
    assert_int_equal(R.ca.gets, 1);
    assert_str(signet_session_thumbprint(R.s), "5wx2KLDy-hySa-fkW0zMt6eUh1ZgPlh8mxyNAToyT1s");
    run_close(&R);
}

static void account_is_made_found_and_changed(void **state)
{
    (void)state;
    signet_account a;
    signet_str contact = STR("mailto:a@b.c");
    run_open(&R, "", STR(""));
    R.ca.no_account = true;
    signet_job *j = account(&(signet_account_params){ .op = SIGNET_ACCOUNT_FIND });
    assert_str(signet_job_problem(j)->type, "urn:ietf:params:acme:error:accountDoesNotExist");
    assert_int_equal(signet_job_account(j, &a), SIGNET_ENOTFOUND);
    j = account(
        &(signet_account_params){ .op = SIGNET_ACCOUNT_NEW, .terms_agreed = 1, .contacts = &contact, .n_contacts = 1 });
    assert_int_equal(signet_job_account(j, &a), 0);
    assert_str(a.url, ACCOUNT);
    assert_int_equal(a.created, 1);
    assert_int_equal(a.n_contacts, 1);
    assert_str(a.contacts[0], "mailto:a@b.c");
    assert_str(signet_session_account(R.s), ACCOUNT);
    j = account(&(signet_account_params){ .op = SIGNET_ACCOUNT_FIND });
    assert_int_equal(signet_job_account(j, &a), 0);
    assert_int_equal(a.created, 0);
    j = account(&(signet_account_params){ .op = SIGNET_ACCOUNT_UPDATE });
    assert_string_equal(R.ca.contact, "[]"); /* none given: none left */
    j = account(&(signet_account_params){ .op = SIGNET_ACCOUNT_FETCH });
    assert_int_equal(signet_job_account(j, &a), 0);
    assert_str(a.status, "valid");
    j = account(&(signet_account_params){ .op = SIGNET_ACCOUNT_DEACTIVATE });
    assert_int_equal(signet_job_account(j, &a), 0);
    assert_str(a.status, "deactivated");
    run_close(&R);
}

static void account_is_looked_up_when_it_is_needed(void **state)
{
    (void)state;
    static const char *const ONE[] = { "example.com" };
    run_open(&R, "", STR(""));
    R.ca.no_account = true;
    signet_job *j = run_order(&R, ONE, 1, NULL), *k = run_order(&R, ONE, 1, NULL);
    run_until(&R, j);
    run_until(&R, k);
    assert_str(signet_job_problem(j)->type, "urn:ietf:params:acme:error:accountDoesNotExist");
    assert_str(signet_job_problem(k)->doing, "looking up the account by its key");
    assert_int_equal(R.ca.posts, 1); /* once for both */
    run_close(&R);
}

static void external_binding(void **state)
{
    (void)state;
    static const struct {
        signet_alg alg;
        const char *name;
    } T[] = {
        { 0, "HS256" }, { SIGNET_ALG_HS256, "HS256" }, { SIGNET_ALG_HS384, "HS384" }, { SIGNET_ALG_HS512, "HS512" }
    };
    for (size_t i = 0; i < 4; i++) {
        reset(NULL);
        run_open(&R, "", STR(""));
        R.ca.no_account = R.ca.eab_required = true;
        signet_job *j = account(&(signet_account_params){ .op = SIGNET_ACCOUNT_NEW, .terms_agreed = 1 });
        assert_str(signet_job_problem(j)->type, "urn:ietf:params:acme:error:externalAccountRequired");
        j = account(&(signet_account_params){ .op = SIGNET_ACCOUNT_NEW,
                                              .terms_agreed = 1,
                                              .eab_kid = STR("kid-1"),
                                              .eab_hmac_key = STR("secret"),
                                              .eab_alg = T[i].alg });
        assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
        assert_string_equal(R.ca.eab_kid, "kid-1");
        assert_string_equal(R.ca.eab_alg, T[i].name);
        run_close(&R);
    }
}

/* The key stays with the embedder: it is asked for the MAC, before the request by the account's key goes out. */
static void external_binding_by_the_embedder(void **state)
{
    (void)state;
    static const signet_alg algs[] = { 0, SIGNET_ALG_HS256, SIGNET_ALG_HS384, SIGNET_ALG_HS512 };
    for (size_t i = 0; i < 8; i++) {
        reset(NULL);
        R.ask_sign = i % 2;
        run_open(&R, "", STR(""));
        R.ca.no_account = R.ca.eab_required = true;
        signet_account_params p = {
            .op = SIGNET_ACCOUNT_NEW, .terms_agreed = 1, .eab_kid = STR("kid-1"), .eab_alg = algs[i / 2]
        };
        signet_job *j = account(&p);
        assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
        assert_string_equal(R.ca.eab_kid, "kid-1"); /* the fake CA has checked the MAC */
        assert_string_equal(R.ca.eab_alg, signet_alg_name(algs[i / 2] ? algs[i / 2] : SIGNET_ALG_HS256));
        assert_int_equal(R.signs, R.ask_sign ? 2 : 1);
        run_close(&R);
    }
}

static void external_binding_that_nobody_signs(void **state)
{
    (void)state;
    reset(NULL);
    R.mute = true;
    run_open(&R, "", STR(""));
    R.ca.no_account = R.ca.eab_required = true;
    signet_job *j = account(&(signet_account_params){ .op = SIGNET_ACCOUNT_NEW, .eab_kid = STR("kid-1") });
    assert_int_equal(signet_job_error(j), SIGNET_ECRYPTO);
    assert_str(signet_job_problem(j)->doing, "registering the account");
    assert_non_null(strstr(signet_job_problem(j)->detail.p, "external account could not sign"));
    assert_int_equal(R.ca.posts, 0);
    run_close(&R);
}

static void account_params_that_make_no_sense(void **state)
{
    (void)state;
    signet_job *j;
    run_open(&R, "", STR(""));
    signet_account_params p = { .size = sizeof(p), .op = SIGNET_ACCOUNT_NEW, .eab_hmac_key = STR("x") };
    assert_int_equal(signet_account_start(R.s, &p, &j), SIGNET_EINVAL);
    p = (signet_account_params){ .size = sizeof(p), .op = SIGNET_ACCOUNT_NEW, .eab_alg = SIGNET_ALG_ES256 };
    assert_int_equal(signet_account_start(R.s, &p, &j), SIGNET_EINVAL);
    p = (signet_account_params){ .size = sizeof(p) };
    assert_int_equal(signet_account_start(R.s, &p, &j), SIGNET_EINVAL);
    run_close(&R);
}

static void rollover(bool ask, enum fault f, unsigned n)
{
    reset(NULL);
    R.ask_sign = ask;
    run_open(&R, "", STR(""));
    R.ca.fault = f;
    R.ca.fault_n = n;
    R.ca.fault_path = "/key";
    signet_signer b = fake_signer("b");
    if (ask)
        b.sign = NULL;
    signet_job *j;
    assert_int_equal(signet_rollover_start(
                         R.s, &(signet_rollover_params){ .size = sizeof(signet_rollover_params), .new_key = &b }, &j),
                     0);
    run_until(&R, j);
    bool ok = signet_job_status(j) == SIGNET_JOB_DONE;
    assert_int_equal(ok, n < 5);
    assert_int_equal(R.ca.key_changes, ok);
    if (ok && !ask) { /* from now on the new key signs: the fake CA checks */
        j = account(&(signet_account_params){ .op = SIGNET_ACCOUNT_FETCH });
        assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
        assert_str(signet_session_thumbprint(R.s), "JLJE5HBDsHXzbT3OE9RXuL_JD5tfAC9h9NaE2BFHzjQ");
    }
    run_close(&R);
}

static void account_key_is_changed(void **state)
{
    (void)state;
    rollover(false, FAULT_NONE, 0);
    rollover(true, FAULT_NONE, 0);
    rollover(false, FAULT_BADNONCE, 1);
    rollover(false, FAULT_BADNONCE, 100);
    rollover(false, FAULT_500, 1);
}

static void revocation(void **state)
{
    (void)state;
    signet_signer b = fake_signer("b");
    static const struct {
        bool own_key;
        int reason;
    } T[] = { { false, -1 }, { false, 4 }, { true, 1 } };
    for (size_t i = 0; i < 3; i++) {
        reset(NULL);
        run_open(&R, ACCOUNT, STR(""));
        signet_revoke_params p = { .size = sizeof(p),
                                   .cert_der = STR("0\x03\x02\x01\x01"),
                                   .reason = T[i].reason,
                                   .key = T[i].own_key ? &b : NULL };
        signet_job *j;
        assert_int_equal(signet_revoke_start(R.s, &p, &j), 0);
        run_until(&R, j);
        assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
        assert_int_equal(R.ca.revoke_reason, T[i].reason);
        assert_int_equal(R.ca.revoke_by_jwk, T[i].own_key);
        assert_int_equal(signet_revoke_start(R.s, &p, &j), 0);
        run_until(&R, j);
        assert_str(signet_job_problem(j)->type, "urn:ietf:params:acme:error:alreadyRevoked");
        run_close(&R);
    }
    reset(NULL);
    run_open(&R, ACCOUNT, STR(""));
    R.ca.fault = FAULT_LOST; /* done, but the answer is lost: the second try hears "already", and that is success */
    R.ca.fault_n = 1;
    R.ca.fault_path = "/revoke";
    signet_job *j;
    signet_revoke_params p = { .size = sizeof(p), .cert_der = STR("0\x03\x02\x01\x01"), .reason = -1 };
    assert_int_equal(signet_revoke_start(R.s, &p, &j), 0);
    run_until(&R, j);
    assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
    p.reason = 99;
    assert_int_equal(signet_revoke_start(R.s, &p, &j), SIGNET_EINVAL);
    run_close(&R);
}

static void one_authorization_is_given_up(void **state)
{
    (void)state;
    static const char *const ONE[] = { "example.com" };
    signet_job *j;
    run_open(&R, ACCOUNT, STR(""));
    j = run_order(&R, ONE, 1, NULL);
    run_until(&R, j);
    assert_int_equal(signet_deactivate_start(R.s, STR(CA_URL "/z/0"), &j), 0);
    run_until(&R, j);
    assert_int_equal(signet_job_status(j), SIGNET_JOB_DONE);
    assert_int_equal(R.ca.deactivated, 1);
    assert_int_equal(signet_deactivate_start(R.s, STR("https://evil.test/z/0"), &j), 0);
    run_until(&R, j);
    assert_int_equal(signet_job_error(j), SIGNET_EINVAL);
    run_close(&R);
}

static void ari_table(void **state)
{
    (void)state;
#define W(a, b) "{\"suggestedWindow\":{\"start\":" a ",\"end\":" b "}}"
    static const struct {
        const char *body, *ra;
        int code;
        int64_t start, end, retry;
    } T[] = {
        { W("\"2027-01-01T00:00:00Z\"", "\"2027-01-03T00:00:00Z\""), "21600", 0, 1798761600, 1798934400, 21600 },
        { W("\"2027-01-01T01:00:00+01:00\"", "\"2027-01-03T00:00:00.5Z\""), "", 0, 1798761600, 1798934400, 21600 },
        { W("\"2000-01-01T00:00:00Z\"", "\"2000-01-02T00:00:00Z\""), "0", 0, 946684800, 946771200, 60 },
        { W("\"2027-01-01T00:00:00Z\"", "\"2027-01-03T00:00:00Z\""), "315360000", 0, 1798761600, 1798934400, 86400 },
        { W("\"2027-01-03T00:00:00Z\"", "\"2027-01-03T00:00:00Z\""), "", SIGNET_EPROTO, 0, 0, 0 },
        { W("\"2027-01-03T00:00:00Z\"", "\"2027-01-01T00:00:00Z\""), "", SIGNET_EPROTO, 0, 0, 0 },
        { W("\"99999-01-01T00:00:00Z\"", "\"99999-01-02T00:00:00Z\""), "", SIGNET_EPROTO, 0, 0, 0 },
        { W("\"9998-01-01T00:00:00Z\"", "\"9999-01-02T00:00:00Z\""), "", SIGNET_EPROTO, 0, 0, 0 },
        { W("1", "2"), "", SIGNET_EPROTO, 0, 0, 0 },
        { W("\"\"", "\"tomorrow\""), "", SIGNET_EPROTO, 0, 0, 0 },
        { "{\"suggestedWindow\":[]}", "", SIGNET_EPROTO, 0, 0, 0 },
        { "{}", "", SIGNET_EPROTO, 0, 0, 0 },
        { "<html>", "", SIGNET_EPROTO, 0, 0, 0 },
        { "", "", SIGNET_EPROTO, 0, 0, 0 },
    };
    for (size_t i = 0; i < sizeof(T) / sizeof(T[0]); i++) {
        signet_job *j;
        signet_ari a;
        reset(NULL);
        run_open(&R, "", STR(""));
        R.ca.ari_body = T[i].body;
        R.ca.ari_retry_after = T[i].ra;
        assert_int_equal(signet_ari_start(R.s, STR("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"), &j), 0);
        run_until(&R, j);
        assert_int_equal(signet_job_error(j), T[i].code);
        assert_int_equal(R.ca.heads + R.ca.posts, 0);
        assert_int_equal(strncmp(R.ca.log, "GET /dir\nGET /ari/aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE\n", 53), 0);
        if (T[i].code == 0) {
            assert_int_equal(signet_job_ari(j, &a), 0);
            assert_int_equal(a.start_s, T[i].start);
            assert_int_equal(a.end_s, T[i].end);
            assert_int_equal(a.retry_after_s, T[i].retry);
            assert_str(a.explanation_url, "");
        }
        run_close(&R);
    }
}

static void ari_explains_itself(void **state)
{
    (void)state;
    static const struct {
        const char *url, *want;
    } T[] = { { "https://elsewhere.test/why", "https://elsewhere.test/why" },
              { "javascript:alert(1)", "" },
              { "https://a/\\u001b", "" } };
    for (size_t i = 0; i < 3; i++) {
        char body[256];
        signet_job *j;
        signet_ari a;
        reset(NULL);
        snprintf(body, sizeof(body),
                 "{\"suggestedWindow\":{\"start\":\"2027-01-01T00:00:00Z\",\"end\":\"2027-01-02T00:00:00Z\"},"
                 "\"explanationURL\":\"%s\"}",
                 T[i].url);
        run_open(&R, "", STR(""));
        R.ca.ari_body = body;
        assert_int_equal(signet_ari_start(R.s, STR("a.b"), &j), 0);
        run_until(&R, j);
        assert_int_equal(signet_job_ari(j, &a), 0);
        assert_str(a.explanation_url, T[i].want);
        run_close(&R);
    }
}

static void ari_ids_are_checked(void **state)
{
    (void)state;
    static const char *const bad[] = { "", "a", ".", "a.", ".b", "a/../b.c", "a.b.c", "a.b?x" };
    signet_job *j;
    run_open(&R, "", STR(""));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(signet_ari_start(R.s, str_of(bad[i]), &j), SIGNET_EINVAL);
    run_close(&R);
}

static void no_ari_tweak(struct fakeca *ca, const char *path, json_t *doc, struct fake_res *r)
{
    (void)ca;
    (void)r;
    if (strcmp(path, "dir") == 0) {
        json_object_del(doc, "renewalInfo");
        json_object_del(doc, "keyChange");
        json_object_del(doc, "revokeCert");
    }
}

static void what_a_ca_does_not_offer(void **state)
{
    (void)state;
    signet_job *j[3];
    signet_signer b = fake_signer("b");
    run_open(&R, ACCOUNT, STR(""));
    R.ca.tweak = no_ari_tweak;
    assert_int_equal(signet_ari_start(R.s, STR("a.b"), &j[0]), 0);
    assert_int_equal(
        signet_rollover_start(R.s, &(signet_rollover_params){ .size = sizeof(signet_rollover_params), .new_key = &b },
                              &j[1]),
        0);
    assert_int_equal(
        signet_revoke_start(R.s, &(signet_revoke_params){ .size = sizeof(signet_revoke_params), .cert_der = STR("x") },
                            &j[2]),
        0);
    for (size_t i = 0; i < 3; i++) {
        run_until(&R, j[i]);
        assert_int_equal(signet_job_error(j[i]), SIGNET_ENOTFOUND);
        assert_non_null(strstr(signet_job_problem(j[i])->detail.p, "offers no"));
    }
    run_close(&R);
}

static void sessions_want_sane_configurations(void **state)
{
    (void)state;
    signet_signer k = fake_signer("a");
    signet_session *s = NULL;
    static const struct {
        const char *url;
        int http, rc;
    } T[] = { { "https://ca.test/dir", 0, 0 },
              { "http://ca.test/dir", 0, SIGNET_EINVAL },
              { "http://ca.test/dir", 1, SIGNET_EINVAL },
              { "http://127.0.0.1:14000/dir", 1, 0 },
              { "http://[::1]/dir", 1, 0 },
              { "http://127.0.0.1/dir", 0, SIGNET_EINVAL },
              { "http://localhost/dir", 1, 0 },
              { "", 0, SIGNET_EINVAL },
              { "ftp://ca.test/", 0, SIGNET_EINVAL } };
    for (size_t i = 0; i < sizeof(T) / sizeof(T[0]); i++) {
        signet_config c = { .size = sizeof(c), .directory_url = str_of(T[i].url), .allow_http = T[i].http };
        assert_int_equal(signet_session_new(&s, &c, &k, STR("{garbage"), 0), T[i].rc);
        if (T[i].rc == 0)
            signet_session_free(s);
    }
    signet_config c = { .size = sizeof(c), .directory_url = STR("https://ca.test/") };
    k.jwk = STR("no json");
    assert_int_equal(signet_session_new(&s, &c, &k, STR(""), 0), SIGNET_EINVAL);
    k = fake_signer("a");
    k.alg = SIGNET_ALG_HS256;
    assert_int_equal(signet_session_new(&s, &c, &k, STR(""), 0), SIGNET_EINVAL);
    signet_session_free(NULL);
    signet_job_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(directory_and_its_meta, reset),
        cmocka_unit_test_setup(account_is_made_found_and_changed, reset),
        cmocka_unit_test_setup(account_is_looked_up_when_it_is_needed, reset),
        cmocka_unit_test_setup(external_binding, reset),
        cmocka_unit_test_setup(external_binding_by_the_embedder, reset),
        cmocka_unit_test_setup(external_binding_that_nobody_signs, reset),
        cmocka_unit_test_setup(account_params_that_make_no_sense, reset),
        cmocka_unit_test_setup(account_key_is_changed, reset),
        cmocka_unit_test_setup(revocation, reset),
        cmocka_unit_test_setup(one_authorization_is_given_up, reset),
        cmocka_unit_test_setup(ari_table, reset),
        cmocka_unit_test_setup(ari_explains_itself, reset),
        cmocka_unit_test_setup(ari_ids_are_checked, reset),
        cmocka_unit_test_setup(what_a_ca_does_not_offer, reset),
        cmocka_unit_test_setup(sessions_want_sane_configurations, reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
