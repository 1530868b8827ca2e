/* Which runs of renew there were, and whether that is often enough. */
#include "store_help.h"

#include "store/runs.h"

#include <stdio.h>

#define HOUR 3600
#define DAY  (24 * HOUR)
#define NOW  1800000000

static struct tree tree;

static int setup(void **state)
{
    int rc = help_setup(state);
    if (!rc)
        help_tree(&tree, "t");
    return rc;
}

static int teardown(void **state)
{
    tree_done(&tree);
    return help_teardown(state);
}

/* n runs, `apart` seconds between two, the last one `ago` before now. */
static size_t runs(struct renew_run v[RUNS_KEPT], size_t n, int64_t apart, int64_t ago, bool well)
{
    for (size_t i = 0; i < n; i++)
        v[i] = (struct renew_run){ .at = NOW - ago - (int64_t)(n - 1 - i) * apart, .well = well };
    return n;
}

static void each_verdict(void **state)
{
    (void)state;
    struct renew_run v[RUNS_KEPT];
    size_t n = runs(v, 16, 12 * HOUR, 5 * HOUR, true);
    struct runs_verdict r = runs_judge(v, n, NOW, 30 * DAY, NOW - 60 * DAY);
    assert_int_equal(r.state, RUNS_WELL);
    assert_int_equal(r.apart_s, 12 * HOUR);
    assert_int_equal(r.last, NOW - 5 * HOUR);
    assert_int_equal(r.last_well, r.last);

    /* two days in which a certificate of six can be renewed: a day apart is just enough */
    n = runs(v, 4, DAY, HOUR, true);
    assert_int_equal(runs_judge(v, n, NOW, 2 * DAY, NOW - DAY).state, RUNS_WELL);
    n = runs(v, 4, DAY + 1, HOUR, true);
    assert_int_equal(runs_judge(v, n, NOW, 2 * DAY, NOW - DAY).state, RUNS_RARE);
    /* one long pause among many short ones is no habit */
    n = runs(v, 9, HOUR, HOUR, true);
    v[0].at -= 100 * DAY;
    assert_int_equal(runs_judge(v, n, NOW, 2 * DAY, NOW - DAY).state, RUNS_WELL);

    n = runs(v, 3, DAY, RUNS_QUIET_S, true);
    assert_int_equal(runs_judge(v, n, NOW, 30 * DAY, NOW - 60 * DAY).state, RUNS_WELL);
    n = runs(v, 3, DAY, RUNS_QUIET_S + 1, true);
    assert_int_equal(runs_judge(v, n, NOW, 30 * DAY, NOW - 60 * DAY).state, RUNS_STOPPED);

    n = runs(v, 9, 12 * HOUR, HOUR, false);
    assert_int_equal(runs_judge(v, n, NOW, 30 * DAY, NOW - 60 * DAY).state, RUNS_FAILING);
    v[4].well = true; /* four runs, two days, ago */
    r = runs_judge(v, n, NOW, 30 * DAY, NOW - 60 * DAY);
    assert_int_equal(r.state, RUNS_WELL);
    assert_int_equal(r.last_well, NOW - 49 * HOUR);
    n = runs(v, 2, 12 * HOUR, HOUR, false); /* failing since yesterday, and nothing known before */
    assert_int_equal(runs_judge(v, n, NOW, 30 * DAY, NOW - 60 * DAY).state, RUNS_WELL);
}

static void without_runs_or_certificates(void **state)
{
    (void)state;
    struct renew_run v[RUNS_KEPT];
    assert_int_equal(runs_judge(NULL, 0, NOW, 30 * DAY, NOW - RUNS_QUIET_S).state, RUNS_WELL); /* just begun */
    assert_int_equal(runs_judge(NULL, 0, NOW, 30 * DAY, NOW - RUNS_QUIET_S - 1).state, RUNS_NONE);
    assert_int_equal(runs_judge(NULL, 0, NOW, 0, 0).state, RUNS_WELL);
    runs(v, 3, DAY, -5 * DAY, true); /* the clock has gone back */
    struct runs_verdict r = runs_judge(v, 3, NOW, 30 * DAY, NOW - 60 * DAY);
    assert_int_equal(r.state, RUNS_WELL);
    assert_int_equal(r.last, NOW);
}

static void the_newest_are_kept(void **state)
{
    (void)state;
    struct renew_run v[RUNS_KEPT];
    struct err e = { 0 };
    assert_int_equal(runs_load(&tree, v), 0);
    for (int i = 0; i < RUNS_KEPT + 5; i++)
        assert_int_equal(runs_note(&tree, (struct renew_run){ .at = NOW + i, .well = i % 2 }, &e), 0);
    assert_int_equal(runs_load(&tree, v), RUNS_KEPT);
    for (int i = 0; i < RUNS_KEPT; i++) {
        assert_int_equal(v[i].at, NOW + 5 + i);
        assert_int_equal(v[i].well, (i + 5) % 2);
    }
}

static void damaged_lines_are_passed_over(void **state)
{
    (void)state;
    struct renew_run v[RUNS_KEPT];
    struct err e = { 0 };
    assert_int_equal(runs_note(&tree, (struct renew_run){ .at = 1, .well = true }, &e), 0);
    char path[4096];
    snprintf(path, sizeof path, "%s/signet/renewals", tree.work_dir);
    help_write(path, "7 well\n\n-1 well\n99999999999999999999999 well\n8 maybe\n8\nx well\n 9 well\n9 failed");
    assert_int_equal(runs_load(&tree, v), 2);
    assert_true(v[0].at == 7 && v[0].well && v[1].at == 9 && !v[1].well);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_verdict),
        cmocka_unit_test(without_runs_or_certificates),
        cmocka_unit_test_setup_teardown(the_newest_are_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged_lines_are_passed_over, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
