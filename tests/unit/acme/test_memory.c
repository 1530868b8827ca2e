/* Memory runs out at the n-th allocation, for every n: once, and from then on. No crash, no leak (the sanitizer
 * watches), no hang, and what was presented is cleaned. */
#include "fakeca.h"
#include <stdio.h>
#include <stdlib.h>

static struct run R;
static struct {
    bool armed, at_work, for_good;
    unsigned n, fail_at;
} M;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_reallocarray(void *p, size_t n, size_t size);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_reallocarray(void *p, size_t n, size_t size);

static bool out_of_memory(void)
{
    if (!M.armed || M.at_work)
        return false;
    M.n++;
    return M.for_good ? M.n >= M.fail_at : M.n == M.fail_at;
}

void *__wrap_malloc(size_t n)
{
    return out_of_memory() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return out_of_memory() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return out_of_memory() ? NULL : __real_realloc(p, n);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
    return out_of_memory() ? NULL : __real_reallocarray(p, n, size);
}

/* jansson is a library of its own, which the linker's wrapping does not reach */
static void *json_memory(size_t n)
{
    return out_of_memory() ? NULL : __real_malloc(n);
}

json_t *__real_json_loadb(const char *p, size_t n, size_t flags, json_error_t *e);
json_t *__wrap_json_loadb(const char *p, size_t n, size_t flags, json_error_t *e);

/* jansson's parser does not survive a failure inside (2.14 drops the character that found no room, and writes past its
 * end for it): so it fails as a whole here, and programs had better give jansson an allocator that does not come back.
 */
json_t *__wrap_json_loadb(const char *p, size_t n, size_t flags, json_error_t *e)
{
    if (out_of_memory())
        return NULL;
    bool before = M.at_work;
    M.at_work = true;
    json_t *o = __real_json_loadb(p, n, flags, e);
    M.at_work = before;
    return o;
}

static void set_at_work(bool yes)
{
    M.at_work = yes;
}

static void finish(signet_job *j)
{
    if (!j)
        return;
    run_until(&R, j);
    if (signet_job_status(j) == SIGNET_JOB_FAILED)
        assert_true(signet_job_problem(j)->code < 0 && signet_job_problem(j)->detail.p);
    assert_int_equal(R.cleanups, R.presents);
}

static void order(void)
{
    static const char *const names[] = { "a.test", "*.a.test" };
    run_open(&R, "", STR(""));
    R.ca.validate_looks = 1;
    R.ca.n_alternates = 1;
    if (R.s)
        finish(run_order(
            &R, names, 2,
            &(signet_order_params){ .csr_der = STR("csr"), .preferred_chain = STR("Nobody"), .replaces = STR("a.b") }));
}

static void bad_order(void)
{
    static const char *const names[] = { "a.test", "b.test" };
    R.ask_sign = true;
    run_open(&R, CA_URL "/a/1",
             STR("{\"directory\":\"" CA_URL "/dir\",\"fetched\":1800000000,\"document\":{\"newNonce\":\"" CA_URL
                 "/nonce\",\"newAccount\":\"" CA_URL "/acct\",\"newOrder\":\"" CA_URL "/order\"}}"));
    R.ca.bad_name = "b.test";
    if (R.s)
        finish(run_order(&R, names, 2, NULL));
}

static void bind_account(signet_str mac_key)
{
    signet_job *j = NULL;
    signet_str c = STR("mailto:a@b.c");
    signet_account_params p = { .size = sizeof(p),
                                .op = SIGNET_ACCOUNT_NEW,
                                .contacts = &c,
                                .n_contacts = 1,
                                .eab_kid = STR("k"),
                                .eab_hmac_key = mac_key };
    run_open(&R, "", STR(""));
    if (R.s && signet_account_start(R.s, &p, &j) == 0)
        finish(j);
}

static void account(void)
{
    bind_account(STR("secret"));
}

static void account_bound_by_the_embedder(void)
{
    bind_account(STR(""));
}

static void rollover(void)
{
    signet_job *j = NULL;
    signet_signer b = fake_signer("b");
    run_open(&R, "", STR(""));
    if (R.s && signet_rollover_start(
                   R.s, &(signet_rollover_params){ .size = sizeof(signet_rollover_params), .new_key = &b }, &j) == 0)
        finish(j);
}

static void revoke_and_ari(void)
{
    signet_job *j = NULL;
    signet_signer b = fake_signer("b");
    run_open(&R, "", STR(""));
    R.ca.ari_body = "{\"suggestedWindow\":{\"start\":\"2027-01-01T00:00:00Z\",\"end\":\"2027-01-02T00:00:00Z\"}}";
    if (R.s &&
        signet_revoke_start(
            R.s, &(signet_revoke_params){ .size = sizeof(signet_revoke_params), .cert_der = STR("x"), .key = &b },
            &j) == 0)
        finish(j);
    if (R.s && signet_ari_start(R.s, STR("a.b"), &j) == 0)
        finish(j);
    if (R.s && signet_directory_start(R.s, &j) == 0)
        finish(j);
    if (R.s && signet_deactivate_start(R.s, STR(CA_URL "/z/0"), &j) == 0)
        signet_job_free(j);
}

static void torture(void (*scenario)(void))
{
    unsigned total = 0;
    for (int for_good = 0; for_good <= 1; for_good++) {
        for (unsigned n = 0; n <= total; n++) {
            memset(&R, 0, sizeof(R));
            memset(&M, 0, sizeof(M));
            R.may_fail = true;
            M.for_good = for_good;
            M.fail_at = n ? n : UINT32_MAX;
            M.armed = true;
            scenario();
            M.armed = false;
            if (n == 0)
                total = M.n;
            run_close(&R);
        }
    }
    assert_true(total > 50);
}

static void torture_order(void **state)
{
    (void)state;
    torture(order);
}

static void torture_bad_order(void **state)
{
    (void)state;
    torture(bad_order);
}

static void torture_account(void **state)
{
    (void)state;
    torture(account);
    torture(account_bound_by_the_embedder);
}

static void torture_rollover(void **state)
{
    (void)state;
    torture(rollover);
}

static void torture_revoke_and_ari(void **state)
{
    (void)state;
    torture(revoke_and_ari);
}

int main(void)
{
    json_set_alloc_funcs(json_memory, free);
    fake_at_work = set_at_work;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(torture_order),    cmocka_unit_test(torture_bad_order),      cmocka_unit_test(torture_account),
        cmocka_unit_test(torture_rollover), cmocka_unit_test(torture_revoke_and_ari),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
