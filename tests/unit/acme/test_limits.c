/* Each limit of acme/limits.h that a CA can come to: what is just within it works, what is one beyond it does not. */
#include "fakeca.h"
#include <stdio.h>
#include <stdlib.h>

static struct run R;
static const char *const ONE[] = { "example.com" };

/* What the CA is made to do now. */
static const char *at_path;
static size_t amount;

static signet_job *order_with(fake_tweak *tweak, fake_tweak *tweak_raw)
{
    memset(&R, 0, sizeof(R));
    run_open(&R, CA_URL "/a/1", STR(""));
    R.ca.tweak = tweak;
    R.ca.tweak_raw = tweak_raw;
    signet_job *j = run_order(&R, ONE, 1, NULL);
    run_until(&R, j);
    return j;
}

/* ---- bodies ---- */

static void fill_body(struct fake_res *r, size_t n, char with)
{
    char *body = realloc(r->body, n);
    assert_true(body && r->n <= n);
    memset(body + r->n, with, n - r->n);
    r->body = body;
    r->n = n;
}

static void pad_tweak(struct fakeca *ca, const char *path, json_t *doc, struct fake_res *r)
{
    (void)ca;
    (void)doc;
    if (strcmp(path, at_path) == 0)
        fill_body(r, amount, '\n');
}

static void answers_have_a_size(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        size_t cap;
    } t[] = {
        { "/dir", LIM_BODY },          { "/order", LIM_ORDER_BODY },   { "/z/0", LIM_BODY },
        { "/o/0", LIM_ORDER_BODY },    { "/o/0/fin", LIM_ORDER_BODY }, { "/c/0", LIM_BODY },
        { "/cert/0", LIM_CHAIN_BODY },
    };
    for (size_t i = 0; i < 2 * sizeof(t) / sizeof(t[0]); i++) {
        at_path = t[i / 2].path;
        amount = t[i / 2].cap + i % 2;
        signet_job *j = order_with(NULL, pad_tweak);
        if (signet_job_error(j) != (i % 2 ? SIGNET_ELIMIT : 0))
            fail_msg("%s with %zu bytes: %d", at_path, amount, signet_job_error(j));
        assert_true(R.ca.orders <= 1);
        run_close(&R);
    }
}

static void refuse_tweak(struct fakeca *ca, const char *path, json_t *doc, struct fake_res *r)
{
    if (strcmp(path, "/z/0") != 0)
        return;
    free(r->body);
    r->body = strdup("{\"type\":\"urn:x:y\",\"detail\":\"just so\"}");
    r->n = strlen(r->body);
    r->status = 403;
    pad_tweak(ca, path, doc, r);
}

static void problems_have_a_size(void **state)
{
    (void)state;
    at_path = "/z/0";
    for (size_t over = 0; over < 2; over++) {
        amount = LIM_BODY + over;
        signet_job *j = order_with(NULL, refuse_tweak);
        assert_int_equal(signet_job_error(j), SIGNET_EPROBLEM);
        assert_non_null(strstr(signet_job_problem(j)->detail.p, over ? "without saying why" : "just so"));
        run_close(&R);
    }
}

/* ---- nonces ---- */

static void lengthen_nonce(struct fake_res *r)
{
    size_t n = strlen(r->nonce);
    assert_true(n < amount && amount < sizeof(r->nonce));
    memset(r->nonce + n, 'a', amount - n);
    r->nonce[amount] = '\0';
}

static void post_nonces_tweak(struct fakeca *ca, const char *path, json_t *doc, struct fake_res *r)
{
    (void)ca;
    (void)doc;
    if (r->nonce[0] && strcmp(path, "/nonce") != 0)
        lengthen_nonce(r);
}

static void new_nonces_tweak(struct fakeca *ca, const char *path, json_t *doc, struct fake_res *r)
{
    (void)ca;
    (void)doc;
    if (strcmp(path, "/nonce") == 0)
        lengthen_nonce(r);
}

static void nonces_have_a_length(void **state)
{
    (void)state;
    for (size_t over = 0; over < 2; over++) {
        amount = LIM_NONCE + over;
        signet_job *j = order_with(NULL, post_nonces_tweak);
        assert_int_equal(signet_job_error(j), 0);
        assert_int_equal(R.ca.heads, over ? R.ca.posts : 1); /* one too long is not used, another is fetched */
        run_close(&R);
        j = order_with(NULL, new_nonces_tweak);
        assert_int_equal(signet_job_error(j), over ? SIGNET_EPROTO : 0);
        assert_int_equal(R.ca.posts == 0, over);
        run_close(&R);
    }
}

/* ---- alternate chains ---- */

static void alternates_have_a_number(void **state)
{
    (void)state;
    for (unsigned n = LIM_ALTERNATES; n <= LIM_ALTERNATES + 1; n++) {
        signet_str chain;
        memset(&R, 0, sizeof(R));
        run_open(&R, CA_URL "/a/1", STR(""));
        R.ca.n_alternates = n;
        signet_job *j = run_order(&R, ONE, 1, &(signet_order_params){ .csr_der = STR("csr"), .fetch_alternates = 1 });
        run_until(&R, j);
        assert_int_equal(signet_job_error(j), 0);
        assert_int_equal(R.ca.certs, 1 + LIM_ALTERNATES);
        assert_int_equal(signet_job_chain(j, LIM_ALTERNATES, &chain), 0);
        assert_int_equal(signet_job_chain(j, LIM_ALTERNATES + 1, &chain), SIGNET_ENOTFOUND);
        run_close(&R);
    }
}

/* ---- redirects ---- */

/* Answers as often as that with a redirect to yet another place; how often it was asked. */
static unsigned redirect(signet_job *j, unsigned times)
{
    char to[64];
    unsigned asked = 0;
    signet_action a;
    while (signet_poll(R.s, R.now, &a) == 1 && a.kind == SIGNET_ACT_HTTP &&
           signet_job_status(j) == SIGNET_JOB_RUNNING) {
        struct fake_res r = { 0 };
        signet_http_res h = { .size = sizeof(h), .status = 302 };
        if (asked++ < times) {
            snprintf(to, sizeof(to), "/dir?%u", asked);
            h.location = str_of(to);
        } else {
            a.u.http.url = STR(CA_URL "/dir");
            ca_respond(&R.ca, &a, &r);
            h.status = r.status;
            h.body = (signet_str){ r.body, r.n };
        }
        assert_int_equal(signet_http_done(R.s, a.id, R.now, &h), 0);
        free(r.body);
    }
    return asked;
}

static void redirects_have_a_number(void **state)
{
    (void)state;
    for (unsigned n = LIM_REDIRECTS; n <= LIM_REDIRECTS + 1; n++) {
        signet_job *j;
        memset(&R, 0, sizeof(R));
        run_open(&R, CA_URL "/a/1", STR(""));
        assert_int_equal(signet_directory_start(R.s, &j), 0);
        assert_int_equal(redirect(j, n), LIM_REDIRECTS + 1);
        assert_int_equal(signet_job_error(j), n > LIM_REDIRECTS ? SIGNET_EPROTO : 0);
        run_close(&R);
    }
}

/* ---- challenges ---- */

static void challenges_tweak(struct fakeca *ca, const char *path, json_t *doc, struct fake_res *r)
{
    (void)ca;
    (void)r;
    json_t *list = json_object_get(doc, "challenges");
    while (strcmp(path, "authz") == 0 && json_array_size(list) < amount)
        json_array_append_new(list, json_pack("{s:s}", "type", "smoke-01"));
}

static void challenges_have_a_number(void **state)
{
    (void)state;
    for (size_t over = 0; over < 2; over++) {
        amount = LIM_CHALLENGES + over;
        signet_job *j = order_with(challenges_tweak, NULL);
        assert_int_equal(signet_job_error(j), over ? SIGNET_EAUTHZ : 0);
        assert_int_equal(R.presents, over ? 0 : 1);
        run_close(&R);
    }
}

static void token_tweak(struct fakeca *ca, const char *path, json_t *doc, struct fake_res *r)
{
    char token[300];
    json_t *c;
    size_t i;
    (void)ca;
    (void)r;
    memset(token, 'a', sizeof(token));
    if (strcmp(path, "authz") == 0)
        json_array_foreach(json_object_get(doc, "challenges"), i, c)
            json_object_set_new(c, "token", json_stringn(token, amount));
}

static void tokens_have_a_length(void **state)
{
    (void)state;
    for (size_t over = 0; over < 2; over++) {
        amount = LIM_TOKEN + over;
        signet_job *j = order_with(token_tweak, NULL);
        assert_int_equal(signet_job_error(j), over ? SIGNET_EPROTO : 0);
        assert_int_equal(R.presents, over ? 0 : 1);
        assert_int_equal(strlen(R.seen[0].token), over ? 0 : LIM_TOKEN);
        run_close(&R);
    }
}

/* ---- what the embedder asks for ---- */

static void orders_have_a_number_of_names(void **state)
{
    (void)state;
    char text[LIM_IDENTS + 1][32];
    signet_order_ident ids[LIM_IDENTS + 1] = { 0 };
    for (size_t i = 0; i <= LIM_IDENTS; i++) {
        snprintf(text[i], sizeof(text[i]), "n%zu.example.com", i);
        ids[i].ident = (signet_ident){ SIGNET_IDENT_DNS, str_of(text[i]) };
    }
    memset(&R, 0, sizeof(R));
    run_open(&R, CA_URL "/a/1", STR(""));
    signet_order_params p = { .size = sizeof(p), .idents = ids, .n_idents = LIM_IDENTS + 1, .csr_der = STR("csr") };
    signet_job *j = NULL;
    assert_int_equal(signet_order_start(R.s, &p, &j), SIGNET_EINVAL);
    assert_null(j);
    p.n_idents = LIM_IDENTS;
    assert_int_equal(signet_order_start(R.s, &p, &j), 0);
    run_until(&R, j);
    assert_int_equal(signet_job_error(j), 0);
    run_close(&R);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_have_a_size),     cmocka_unit_test(problems_have_a_size),
        cmocka_unit_test(nonces_have_a_length),    cmocka_unit_test(alternates_have_a_number),
        cmocka_unit_test(redirects_have_a_number), cmocka_unit_test(challenges_have_a_number),
        cmocka_unit_test(tokens_have_a_length),    cmocka_unit_test(orders_have_a_number_of_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
