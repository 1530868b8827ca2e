/* A CA that lies, and says too much: the job fails in few requests, nothing signed leaves for another place, nothing is
 * presented that was not checked. */
#include "fakeca.h"
#include <stdio.h>
#include <stdlib.h>

static struct run R;
static const char *const ONE[] = { "example.com" };

static const struct hostile {
    const char *what; /* which answer */
    const char *key;  /* member to be replaced; NULL: the whole text */
    const char *json; /* by this; NULL: removed */
    int code;         /* 0: it works nevertheless */
} T[] = {
    { "dir", "newNonce", NULL, SIGNET_EPROTO },
    { "dir", "newNonce", "\"/nonce\"", SIGNET_EPROTO },
    { "dir", "newOrder", "\"http://ca.test/order\"", SIGNET_EPROTO },
    { "dir", "newOrder", "7", SIGNET_EPROTO },
    { "dir", "newAccount", "null", SIGNET_EPROTO },
    { "dir", "revokeCert", NULL, 0 },
    { "dir", "keyChange", "[1]", 0 },
    { "dir", "renewalInfo", "\"nowhere\"", 0 },
    { "dir", "meta", "[]", 0 },
    { "dir", "meta", "{\"caaIdentities\":[1,2,{}],\"profiles\":{\"a\":1},\"termsOfService\":{}}", 0 },
    { "dir", "x", "\"https://evil.test/\"", 0 },
    { "order", "status", "\"splendid\"", SIGNET_EPROTO },
    { "order", "status", NULL, SIGNET_EPROTO },
    { "order", "status", "\"Pending\"", SIGNET_EPROTO },
    { "order", "authorizations", NULL, SIGNET_EPROTO },
    { "order", "authorizations", "[]", SIGNET_EPROTO },
    { "order", "authorizations", "{\"0\":\"https://ca.test/z/0\"}", SIGNET_EPROTO },
    { "order", "authorizations", "[\"https://ca.test/z/0\",\"https://ca.test/z/0\"]", SIGNET_EPROTO },
    { "order", "authorizations", "[\"http://ca.test/z/0\"]", SIGNET_EPROTO },
    { "order", "authorizations", "[\"https://evil.test/z/0\"]", SIGNET_EPROTO },
    { "order", "authorizations", "[\"https://ca.test:8443/z/0\"]", SIGNET_EPROTO },
    { "order", "authorizations", "[\"https://a:b@ca.test/z/0\"]", SIGNET_EPROTO },
    { "order", "authorizations", "[\"https://ca.test@evil.test/z/0\"]", SIGNET_EPROTO },
    { "order", "authorizations", "[\"https://ca.test.evil.test/z/0\"]", SIGNET_EPROTO },
    { "order", "authorizations", "[\"https://ca.test\\\\@evil.test/\"]", SIGNET_EPROTO },
    { "order", "authorizations", "[\"file:///etc/passwd\"]", SIGNET_EPROTO },
    { "order", "authorizations", "[\"/z/0\"]", SIGNET_EPROTO },
    { "order", "authorizations", "[\"\"]", SIGNET_EPROTO },
    { "order", "authorizations", "[{}]", SIGNET_EPROTO },
    { "order", "finalize", NULL, SIGNET_EPROTO },
    { "order", "finalize", "\"https://evil.test/fin\"", SIGNET_EPROTO },
    { "order", "finalize", "\"https://ca.test/a b\"", SIGNET_EPROTO },
    { "authz", "status", "\"fine\"", SIGNET_EPROTO },
    { "authz", "status", "\"expired\"", SIGNET_EPROTO },
    { "authz", "status", "\"deactivated\"", SIGNET_EPROTO },
    { "authz", "identifier", "{\"type\":\"dns\",\"value\":\"other.com\"}", SIGNET_EPROTO },
    { "authz", "identifier", "{\"type\":\"ip\",\"value\":\"example.com\"}", SIGNET_EPROTO },
    { "authz", "identifier", "{\"type\":\"email\",\"value\":\"example.com\"}", SIGNET_EPROTO },
    { "authz", "identifier", "\"example.com\"", SIGNET_EPROTO },
    { "authz", "identifier", "{\"type\":\"dns\",\"value\":\"EXAMPLE.com\"}", 0 },
    { "authz", "identifier", "{\"type\":\"dns\",\"value\":\"example.com\\u0000.evil\"}", SIGNET_EPROTO },
    { "authz", "wildcard", "true", 0 }, /* it is the only name, so it is plain whose it is */
    { "authz", "challenges", NULL, SIGNET_EAUTHZ },
    { "authz", "challenges", "[]", SIGNET_EAUTHZ },
    { "authz", "challenges", "[1,null,\"http-01\",[[]]]", SIGNET_EAUTHZ },
    { "authz", "challenges", "{\"http-01\":1}", SIGNET_EAUTHZ },
    { "poll", "status", "\"undead\"", SIGNET_EPROTO },
    { "poll", "status", "3", SIGNET_EPROTO },
    { "poll", "certificate", "\"https://evil.test/cert\"", SIGNET_EPROTO },
    { "poll", "error", "[[]]", 0 },
    { "fin", "status", "\"\"", SIGNET_EPROTO },
    { "chal", "status", "{}", 0 },
};

static const struct hostile *now;

static void hostile_tweak(struct fakeca *ca, const char *path, json_t *doc, struct fake_res *r)
{
    (void)ca;
    (void)r;
    if (strcmp(path, now->what) != 0 || !doc)
        return;
    bool fits =
        strcmp(now->what, "poll") != 0 || strcmp(now->key, "certificate") != 0 || json_object_get(doc, "certificate");
    if (!now->json)
        json_object_del(doc, now->key);
    else if (fits)
        json_object_set_new(doc, now->key, json_loads(now->json, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL));
}

static void members_that_are_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(T) / sizeof(T[0]); i++) {
        memset(&R, 0, sizeof(R));
        now = &T[i];
        run_open(&R, CA_URL "/a/1", STR(""));
        R.ca.tweak = hostile_tweak;
        signet_job *j = run_order(&R, ONE, 1, NULL);
        run_until(&R, j);
        if (signet_job_error(j) != T[i].code)
            fail_msg("%s.%s = %s: %d %s", T[i].what, T[i].key, T[i].json, signet_job_error(j),
                     signet_job_problem(j) ? signet_job_problem(j)->detail.p : "");
        assert_true(R.ca.requests < 20);
        if (T[i].code)
            assert_true(R.ca.posts < 8);
        run_close(&R);
    }
}

static const char *const TOKENS[] = { "",     "../../etc/passwd", "a/b",  "a.b",   "a b",      "a\nb",
                                      "a=",   "a;rm -rf",         "`id`", "$(id)", "\xc3\xa4", "a%2e",
                                      "a\\b", "long:257" };
static const char *token;

static void token_tweak(struct fakeca *ca, const char *path, json_t *doc, struct fake_res *r)
{
    (void)ca;
    (void)r;
    json_t *c;
    size_t i;
    char big[258];
    memset(big, 'a', 257);
    big[257] = 0;
    if (strcmp(path, "authz") == 0)
        json_array_foreach(json_object_get(doc, "challenges"), i, c)
            json_object_set_new(c, "token", json_string(strcmp(token, "long:257") == 0 ? big : token));
}

static void tokens_are_checked_before_anybody_sees_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(TOKENS) / sizeof(TOKENS[0]); i++) {
        memset(&R, 0, sizeof(R));
        token = TOKENS[i];
        run_open(&R, CA_URL "/a/1", STR(""));
        R.ca.tweak = token_tweak;
        signet_job *j = run_order(&R, ONE, 1, NULL);
        run_until(&R, j);
        assert_int_equal(signet_job_error(j), SIGNET_EPROTO);
        assert_int_equal(R.presents, 0);
        run_close(&R);
    }
}

/* Whole texts in place of an answer. */
static const char *raw_path;
static char *raw_text;
static size_t raw_len;

static void raw_tweak(struct fakeca *ca, const char *path, json_t *doc, struct fake_res *r)
{
    (void)ca;
    (void)doc;
    if (strncmp(path, raw_path, strlen(raw_path)) != 0)
        return;
    free(r->body);
    r->body = malloc(raw_len + 1);
    memcpy(r->body, raw_text, raw_len);
    r->n = raw_len;
}

static char *repeat(const char *head, const char *piece, size_t n, const char *tail, size_t *len)
{
    size_t h = strlen(head), p = strlen(piece), t = strlen(tail);
    char *out = malloc(h + p * n + t + 1);
    memcpy(out, head, h);
    for (size_t i = 0; i < n; i++)
        memcpy(out + h + i * p, piece, p);
    memcpy(out + h + p * n, tail, t + 1);
    *len = h + p * n + t;
    return out;
}

static void texts_that_are_no_answer(void **state)
{
    (void)state;
    static const char *const paths[] = { "/dir", "/order", "/z/", "/o/0", "/cert" };
    static const struct {
        const char *head, *piece;
        size_t n;
        const char *tail;
    } X[] = {
        { "", "[", 200000, "" },
        { "{\"a\":", "[", 60000, "" },
        { "", "{\"a\":", 17, "1}}}}}}}}}}}}}}}}}" },
        { "[", "1,", 30000, "1]" },
        { "{\"authorizations\":[\"x\"", ",\"https://ca.test/z/0\"", 100000, "]}" },
        { "{\"a\":1", ",\"a\":1", 3, "}" },
        { "{\"a\":1e400", "", 0, "}" },
        { "{\"a\":\"\\ud800", "", 0, "\"}" },
        { "{\"a\":\"\xff", "", 0, "\"}" },
        { "{} x", "", 0, "" },
        { "<html>", "x", 1000, "" },
        { "", "", 0, "" },
        { "null", "", 0, "" },
        { "-----BEGIN PRIVATE KEY-----\n", "", 0, "MAMCAQE=\n-----END PRIVATE KEY-----\n" },
    };
    for (size_t p = 0; p < sizeof(paths) / sizeof(paths[0]); p++) {
        for (size_t i = 0; i < sizeof(X) / sizeof(X[0]); i++) {
            memset(&R, 0, sizeof(R));
            raw_path = paths[p];
            raw_text = repeat(X[i].head, X[i].piece, X[i].n, X[i].tail, &raw_len);
            run_open(&R, CA_URL "/a/1", STR(""));
            R.ca.tweak_raw = raw_tweak;
            signet_job *j = run_order(&R, ONE, 1, NULL);
            run_until(&R, j);
            int code = signet_job_error(j);
            bool found = p == 1 && code == 0; /* the order's Location was right: that is enough to go on with */
            if (!found && code != SIGNET_EPROTO && code != SIGNET_ELIMIT && code != SIGNET_ECERT)
                fail_msg("%s with text %zu: %d", paths[p], i, code);
            assert_true(R.ca.requests < 25);
            assert_true(R.ca.orders <= 2);
            run_close(&R);
            free(raw_text);
        }
    }
}

static const struct {
    int status;
    const char *body;
    int code;
    const char *type, *detail;
    size_t subs;
} P[] = {
    { 400, "", SIGNET_EPROBLEM, "", "without saying why", 0 },
    { 404, "<html>\x1b[31m", SIGNET_EPROBLEM, "", "HTTP 404", 0 },
    { 403, "{\"type\":7,\"detail\":[],\"subproblems\":{}}", SIGNET_EPROBLEM, "", "HTTP 403", 0 },
    { 403, "{\"type\":\"urn:x:y\",\"title\":\"Only a title\"}", SIGNET_EPROBLEM, "urn:x:y", "Only a title", 0 },
    { 403, "[1]", SIGNET_EPROBLEM, "", "HTTP 403", 0 },
    { 403,
      "{\"type\":\"urn:ietf:params:acme:error:compound\",\"detail\":\"\\u001b[2Jtwo\",\"subproblems\":[{\"type\":\"a\","
      "\"detail\":\"b\",\"identifier\":"
      "{\"type\":\"dns\",\"value\":\"x.y\"}},7,{\"detail\":null}]}",
      SIGNET_EPROBLEM, "urn:ietf:params:acme:error:compound", "\x1b[2Jtwo", 3 },
    { 400, "{\"type\":\"urn:ietf:params:acme:error:accountDoesNotExist\"}", SIGNET_EPROBLEM,
      "urn:ietf:params:acme:error:accountDoesNotExist", "HTTP 400", 0 },
    { 302, "", SIGNET_EPROTO, "", "redirect", 0 },
    { 100, "", SIGNET_EPROTO, "", "makes no sense", 0 },
    { 999, "", SIGNET_EPROTO, "", "makes no sense", 0 },
};
static size_t problem_now;

static void problem_tweak(struct fakeca *ca, const char *path, json_t *doc, struct fake_res *r)
{
    (void)ca;
    (void)doc;
    if (strcmp(path, "/z/0") != 0)
        return;
    free(r->body);
    r->body = strdup(P[problem_now].body);
    r->n = strlen(r->body);
    r->status = P[problem_now].status;
    snprintf(r->location, sizeof(r->location), "https://evil.test/z/0");
}

static void problems_of_every_kind(void **state)
{
    (void)state;
    for (problem_now = 0; problem_now < sizeof(P) / sizeof(P[0]); problem_now++) {
        memset(&R, 0, sizeof(R));
        run_open(&R, CA_URL "/a/1", STR(""));
        R.ca.tweak_raw = problem_tweak;
        signet_job *j = run_order(&R, ONE, 1, NULL);
        run_until(&R, j);
        const signet_problem *p = signet_job_problem(j);
        assert_int_equal(p->code, P[problem_now].code);
        assert_int_equal(p->http_status, P[problem_now].status);
        assert_str(p->type, P[problem_now].type);
        assert_non_null(strstr(p->detail.p, P[problem_now].detail));
        assert_int_equal(p->n_sub, P[problem_now].subs);
        assert_str(p->url, CA_URL "/z/0");
        assert_str(p->doing, "reading an authorization");
        run_close(&R);
    }
}

static void location_tweak(struct fakeca *ca, const char *path, json_t *doc, struct fake_res *r)
{
    (void)doc;
    if (strcmp(path, "order") == 0)
        snprintf(r->location, sizeof(r->location), "%s", ca->fault_path);
}

static void order_urls_that_lead_elsewhere(void **state)
{
    (void)state;
    static const char *const urls[] = { "", "/o/0", "http://ca.test/o/0", "https://evil.test/o/0",
                                        "https://ca.test/o/0\r\nX: y" };
    for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        memset(&R, 0, sizeof(R));
        run_open(&R, CA_URL "/a/1", STR(""));
        R.ca.fault_path = urls[i];
        R.ca.tweak = location_tweak;
        signet_job *j = run_order(&R, ONE, 1, NULL);
        run_until(&R, j);
        assert_int_equal(signet_job_error(j), SIGNET_EPROTO);
        assert_int_equal(R.ca.posts, 1);
        run_close(&R);
    }
}

static void redirects_of_the_directory(void **state)
{
    (void)state;
    static const struct {
        const char *to;
        bool followed;
    } X[] = { { "https://ca.test/dir2", true }, { "/dir2", true },
              { "http://ca.test/dir2", false }, { "https://evil.test/dir2", false },
              { "//evil.test/dir2", false },    { "", false },
              { "file:///etc/passwd", false } };
    for (size_t i = 0; i < sizeof(X) / sizeof(X[0]); i++) {
        signet_action a;
        signet_job *j;
        memset(&R, 0, sizeof(R));
        run_open(&R, CA_URL "/a/1", STR(""));
        assert_int_equal(signet_directory_start(R.s, &j), 0);
        unsigned n = 0;
        while (signet_poll(R.s, R.now, &a) == 1 && a.kind == SIGNET_ACT_HTTP) {
            assert_str(a.u.http.method, "GET");
            signet_http_res h = { .size = sizeof(h), .status = 302, .location = str_of(X[i].to) };
            assert_true(n == 0 || str_eq(a.u.http.url, STR("https://ca.test/dir2")));
            assert_int_equal(signet_http_done(R.s, a.id, R.now, &h), 0);
            n++;
        }
        assert_int_equal(n, X[i].followed ? 4 : 1); /* a loop ends after three */
        assert_int_equal(signet_job_error(j), SIGNET_EPROTO);
        run_close(&R);
    }
}

static void bodies_are_capped(void **state)
{
    (void)state;
    signet_action a;
    signet_job *j;
    memset(&R, 0, sizeof(R));
    run_open(&R, CA_URL "/a/1", STR(""));
    assert_int_equal(signet_directory_start(R.s, &j), 0);
    assert_int_equal(signet_poll(R.s, R.now, &a), 1);
    assert_int_equal(a.u.http.max_body, LIM_BODY);
    char *big = calloc(1, LIM_BODY + 1);
    memset(big, ' ', LIM_BODY + 1);
    signet_http_res h = { .size = sizeof(h), .status = 200, .body = { big, LIM_BODY + 1 } };
    assert_int_equal(signet_http_done(R.s, a.id, R.now, &h), 0);
    assert_int_equal(signet_job_error(j), SIGNET_ELIMIT);
    free(big);
    assert_int_equal(signet_http_done(R.s, 12345, R.now, &h), SIGNET_ENOTFOUND);
    h.size = 1;
    assert_int_equal(signet_http_done(R.s, a.id, R.now, &h), SIGNET_EINVAL);
    run_close(&R);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_that_are_wrong),
        cmocka_unit_test(tokens_are_checked_before_anybody_sees_them),
        cmocka_unit_test(texts_that_are_no_answer),
        cmocka_unit_test(problems_of_every_kind),
        cmocka_unit_test(order_urls_that_lead_elsewhere),
        cmocka_unit_test(redirects_of_the_directory),
        cmocka_unit_test(bodies_are_capped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
