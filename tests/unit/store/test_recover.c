/* Killed at each system call that changes a file: what a server reads is a matching set all the while, and the next run
 * ends what was begun. */
#include "store_help.h"

#include "crash.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct job {
    struct tree *t;
    const char *name;
    unsigned i;
};

static int do_create(void *ctx)
{
    const struct job *j = ctx;
    struct lineage *l;
    struct err e = { 0 };
    const struct generation g = help_generation(j->i);
    int r = lineage_create(&l, j->t, j->name, true, help_conf(), &g, NULL, NULL, &e);
    if (!r)
        lineage_free(l);
    return r;
}

static int do_save(void *ctx)
{
    const struct job *j = ctx;
    struct lineage *l;
    struct err e = { 0 };
    const struct generation g = help_generation(j->i);
    int r = lineage_open(&l, j->t, j->name, &e);
    if (r)
        return r;
    r = lineage_save(l, j->t, &g, NULL, NULL, &e);
    lineage_free(l);
    return r;
}

static int do_delete(void *ctx)
{
    const struct job *j = ctx;
    return lineage_delete(j->t, j->name, NULL);
}

static int do_recover(void *ctx)
{
    const struct job *j = ctx;
    STRLIST_AUTO(did);
    STRLIST_AUTO(names);
    struct err e = { 0 };
    int r = lineage_recover_tree(j->t, &did, &e);
    if (!r)
        r = lineage_list(j->t, &names, &e);
    for (size_t i = 0; !r && i < names.n; i++)
        r = lineage_recover(j->t, names.v[i], &did, &e);
    if (r)
        print_message("%s\n", e.text);
    return r ? r : (int)did.n;
}

static void copy_tree(const char *from, const char *to)
{
    help_remove(to);
    const char *const argv[] = { "/bin/cp", "-a", from, to, NULL };
    assert_int_equal(help_run(NULL, argv), 0);
}

/* Nothing that a killed run may leave is there. The twin, which stays, is in step. */
static void assert_clean(const struct tree *t, const char *name, const char *when)
{
    static const char *const folders[] = { "archive",     "archive/a.test",    "live",
                                           "live/a.test", "live/.a.test.twin", "renewal" };
    (void)name;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        STRLIST_AUTO(names);
        BUF_AUTO(path, PATH_MAX);
        buf_addf(&path, "%s/%s", t->config_dir, folders[i]);
        fs_list(AT_FDCWD, buf_z(&path), &names, NULL);
        for (size_t k = 0; k < names.n; k++)
            if (strstr(names.v[k], ".signet-"))
                fail_msg("%s: %s is left in %s", when, names.v[k], folders[i]);
    }
}

static void assert_twin_in_step(const struct tree *t, const char *when)
{
    for (unsigned k = 0; k < KIND_COUNT; k++) {
        BUF_AUTO(a, PATH_MAX);
        BUF_AUTO(b, PATH_MAX);
        BUF_AUTO(path, PATH_MAX);
        buf_addf(&path, "%s/live/a.test/%s.pem", t->config_dir, kind_name((enum kind)k));
        assert_int_equal(fs_readlink(AT_FDCWD, buf_z(&path), &a, NULL), 0);
        buf_clear(&path);
        buf_addf(&path, "%s/live/.a.test.twin/%s.pem", t->config_dir, kind_name((enum kind)k));
        if (fs_readlink(AT_FDCWD, buf_z(&path), &b, NULL) == 0 && strcmp(buf_z(&a), buf_z(&b)) != 0)
            fail_msg("%s: the twin says %s, live %s", when, buf_z(&b), buf_z(&a));
    }
}

/* Kills a save at each call; `mixed_ok`: without EXCHANGE the links may be of two versions until recovery. */
static void sweep_save(unsigned saves_before, bool no_exchange)
{
    struct tree t;
    help_tree(&t, "t");
    struct lineage *l = help_create(&t, "a.test");
    for (unsigned i = 1; i <= saves_before; i++) {
        const struct generation g = help_generation(i);
        assert_int_equal(lineage_save(l, &t, &g, NULL, NULL, NULL), 0);
    }
    lineage_free(l);
    copy_tree(help_path("t"), help_path("spare"));
    int old = (int)saves_before, new = old + 1, mixed = 0, forward = 0, calls = 1;
    struct job job = { &t, "a.test", saves_before + 1 };
    for (int at = 1; at <= calls; at++) {
        char when[64];
        struct crash c = { .way = CRASH_KILL, .at = at, .no_exchange = no_exchange };
        copy_tree(help_path("spare"), help_path("t"));
        if (!crash_run(&c, do_save, &job))
            skip();
        calls = c.calls == at ? at + 1 : calls;
        snprintf(when, sizeof when, "killed at call %d (%s)", at, c.name);
        int live = help_live(&t, "a.test");
        if (live != old && live != new && !(no_exchange && live == -2))
            fail_msg("%s: live is %d", when, live);
        mixed += live == -2;
        int did = do_recover(&job);
        if (did < 0)
            fail_msg("%s: recovery failed", when);
        int after = help_live(&t, "a.test");
        if (after != old && after != new)
            fail_msg("%s: live is %d after recovery", when, after);
        if (live == new &&after != new)
            fail_msg("%s: recovery went back", when);
        forward += after == new;
        assert_clean(&t, "a.test", when);
        assert_twin_in_step(&t, when);
        if (do_recover(&job) != 0)
            fail_msg("%s: the second recovery found something to do", when);
        if (do_save(&job) != 0 || help_live(&t, "a.test") != new)
            fail_msg("%s: the next save failed", when);
    }
    print_message("%d calls, %d of them recovered to the new version, %d with links of two versions in between\n",
                  calls - 1, forward, mixed);
    assert_true(calls > 25);
    assert_true(forward > 5);
    tree_done(&t);
}

static void a_killed_first_renewal(void **state)
{
    (void)state;
    sweep_save(0, false);
}

static void a_killed_later_renewal(void **state)
{
    (void)state;
    sweep_save(7, false);
}

static void a_killed_renewal_without_exchange(void **state)
{
    (void)state;
    sweep_save(1, true);
}

static void a_killed_creation(void **state)
{
    (void)state;
    struct tree t;
    help_tree(&t, "t");
    copy_tree(help_path("t"), help_path("spare"));
    struct job job = { &t, "a.test", 3 };
    int calls = 1, forward = 0;
    for (int at = 1; at <= calls; at++) {
        char when[64];
        struct crash c = { .way = CRASH_KILL, .at = at };
        copy_tree(help_path("spare"), help_path("t"));
        if (!crash_run(&c, do_create, &job))
            skip();
        calls = c.calls == at ? at + 1 : calls;
        snprintf(when, sizeof when, "killed at call %d (%s)", at, c.name);
        STRLIST_AUTO(names);
        assert_int_equal(lineage_list(&t, &names, NULL), 0);
        if (names.n && help_live(&t, "a.test") != 3)
            fail_msg("%s: a renewal file without its files", when);
        if (do_recover(&job) < 0)
            fail_msg("%s: recovery failed", when);
        assert_clean(&t, "a.test", when);
        bool made = fs_exists(AT_FDCWD, help_path("t/config/renewal/a.test.conf"));
        forward += made;
        if (made ? help_live(&t, "a.test") != 3
                 : fs_exists(AT_FDCWD, help_path("t/config/archive/a.test")) ||
                       fs_exists(AT_FDCWD, help_path("t/config/live/a.test")))
            fail_msg("%s: half a lineage after recovery", when);
        if (!made && do_create(&job) != 0)
            fail_msg("%s: it cannot be made after recovery", when);
        assert_int_equal(help_live(&t, "a.test"), 3);
    }
    print_message("%d calls, %d recovered to a lineage\n", calls - 1, forward);
    assert_true(calls > 25);
    assert_true(forward >= 2);
    tree_done(&t);
}

static void a_killed_deletion(void **state)
{
    (void)state;
    struct tree t;
    help_tree(&t, "t");
    lineage_free(help_create(&t, "a.test"));
    struct job job = { &t, "a.test", 1 };
    assert_int_equal(do_save(&job), 0);
    copy_tree(help_path("t"), help_path("spare"));
    int calls = 1;
    for (int at = 1; at <= calls; at++) {
        char when[64];
        struct crash c = { .way = CRASH_KILL, .at = at };
        copy_tree(help_path("spare"), help_path("t"));
        if (!crash_run(&c, do_delete, &job))
            skip();
        calls = c.calls == at ? at + 1 : calls;
        snprintf(when, sizeof when, "killed at call %d (%s)", at, c.name);
        bool conf = fs_exists(AT_FDCWD, help_path("t/config/renewal/a.test.conf"));
        if (conf && help_live(&t, "a.test") != 1)
            fail_msg("%s: the renewal file speaks of what is gone", when);
        if (at % 2 ? do_recover(&job) < 0 : do_delete(&job) != 0 && c.status != 0)
            fail_msg("%s: it cannot be completed", when);
        if (conf && at % 2)
            assert_int_equal(do_delete(&job), 0);
        assert_clean(&t, "a.test", when);
        static const char *const gone[] = { "archive/a.test", "live/a.test", "live/.a.test.twin",
                                            "renewal/a.test.conf" };
        for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
            if (fs_exists(AT_FDCWD, help_path("t/config/%s", gone[i])))
                fail_msg("%s: %s is still there", when, gone[i]);
    }
    assert_true(calls > 10);
    tree_done(&t);
}

static void a_killed_recovery_is_completed_by_the_next(void **state)
{
    (void)state;
    struct tree t;
    help_tree(&t, "t");
    lineage_free(help_create(&t, "a.test"));
    struct job job = { &t, "a.test", 1 };
    copy_tree(help_path("t"), help_path("spare"));
    for (int at = 1; at < 80; at += 11) {
        struct crash c = { .way = CRASH_KILL, .at = at };
        copy_tree(help_path("spare"), help_path("t"));
        if (!crash_run(&c, do_save, &job))
            skip();
        if (c.status != -1000)
            break;
        copy_tree(help_path("t"), help_path("half"));
        for (int again = 1;; again++) {
            struct crash d = { .way = CRASH_KILL, .at = again };
            copy_tree(help_path("half"), help_path("t"));
            assert_true(crash_run(&d, do_recover, &job));
            int live = help_live(&t, "a.test");
            if (live != 0 && live != 1)
                fail_msg("killed at %d, then at %d (%s): live is %d", at, again, d.name, live);
            assert_true(do_recover(&job) >= 0);
            assert_clean(&t, "a.test", d.name);
            if (d.status != -1000)
                break;
        }
    }
    tree_done(&t);
}

/* ---- what certbot may leave ---- */

static void link_to(const struct tree *t, enum kind k, unsigned version)
{
    BUF_AUTO(path, PATH_MAX);
    BUF_AUTO(target, PATH_MAX);
    buf_addf(&path, "%s/live/a.test/%s.pem", t->config_dir, kind_name(k));
    buf_addf(&target, "../../archive/a.test/%s%u.pem", kind_name(k), version);
    unlink(buf_z(&path));
    if (version)
        assert_int_equal(symlink(buf_z(&target), buf_z(&path)), 0);
}

static struct tree two_versions(void)
{
    struct tree t;
    help_tree(&t, "t");
    struct lineage *l = help_create(&t, "a.test");
    const struct generation g = help_generation(1);
    assert_int_equal(lineage_save(l, &t, &g, NULL, NULL, NULL), 0);
    lineage_free(l);
    return t;
}

static void links_of_two_versions_are_repaired(void **state)
{
    (void)state;
    static const unsigned rows[][4] = {
        { 1, 1, 1, 1 }, { 2, 1, 1, 1 }, { 1, 2, 1, 2 }, { 2, 0, 1, 1 }, { 0, 0, 0, 0 }
    };
    struct tree t = two_versions();
    struct job job = { &t, "a.test", 0 };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (unsigned k = 0; k < KIND_COUNT; k++)
            link_to(&t, (enum kind)k, rows[i][k]);
        struct lineage *l;
        assert_int_equal(lineage_open_broken(&l, &t, "a.test", NULL), 0);
        assert_true(l->unfinished);
        lineage_free(l);
        assert_int_equal(symlink("../../archive/a.test/cert1.pem", help_path("t/config/live/a.test/previous_cert.pem")),
                         0);
        assert_true(do_recover(&job) > 0);
        assert_int_equal(help_live(&t, "a.test"), 1);
        assert_false(fs_exists(AT_FDCWD, help_path("t/config/live/a.test/previous_cert.pem")));
        assert_int_equal(do_recover(&job), 0);
    }
    tree_done(&t);
}

static void what_cannot_be_proved_is_left_alone(void **state)
{
    (void)state;
    struct tree t = two_versions();
    struct job job = { &t, "a.test", 0 };
    /* certbot, killed between making and writing: complete by name, empty inside */
    help_write(help_path("t/config/archive/a.test/fullchain2.pem"), "");
    for (unsigned k = 0; k < KIND_COUNT; k++)
        link_to(&t, (enum kind)k, 1);
    assert_true(do_recover(&job) >= 0); /* it may bring the twin in step */
    assert_int_equal(help_live(&t, "a.test"), 0);
    assert_int_equal(do_recover(&job), 0);
    /* a key that is another's */
    const struct generation g = help_generation(2), right = help_generation(1);
    BUF_AUTO(full, LINEAGE_MAX_FILE);
    buf_add(&full, right.fullchain);
    help_write(help_path("t/config/archive/a.test/fullchain2.pem"), buf_z(&full));
    BUF_AUTO(key, LINEAGE_MAX_FILE);
    buf_add(&key, g.privkey);
    help_write(help_path("t/config/archive/a.test/privkey2.pem"), buf_z(&key));
    assert_int_equal(do_recover(&job), 0);
    assert_int_equal(help_live(&t, "a.test"), 0);
    /* a plain file in place of a link */
    link_to(&t, KIND_CHAIN, 0);
    help_write(help_path("t/config/live/a.test/chain.pem"), "mine");
    assert_int_equal(do_recover(&job), 0);
    BUF_AUTO(text, 100);
    help_read(help_path("t/config/live/a.test/chain.pem"), &text);
    assert_string_equal(buf_z(&text), "mine");
    assert_true(fs_exists(AT_FDCWD, help_path("t/config/archive/a.test/cert2.pem")));
    tree_done(&t);
}

static void files_of_certbot_beside_our_scrap_stay(void **state)
{
    (void)state;
    struct tree t = two_versions();
    struct job job = { &t, "a.test", 0 };
    /* we were killed making version 3; certbot then made a version 3 of its own, and links to it */
    static const char *const ours[] = { ".signet-save.3", ".signet-privkey3.pem", ".signet-cert3.pem",
                                        ".signet-chain3.pem", ".signet-fullchain3.pem" };
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        help_write(help_path("t/config/archive/a.test/%s", ours[i]), "half");
    for (unsigned k = 0; k < KIND_COUNT; k++) {
        const struct generation g = help_generation(4);
        const signet_str parts[] = { g.cert, g.privkey, g.chain, g.fullchain };
        assert_int_equal(fs_create(AT_FDCWD, help_path("t/config/archive/a.test/%s3.pem", kind_name((enum kind)k)),
                                   parts[k], 0600, NULL),
                         0);
        link_to(&t, (enum kind)k, 3);
    }
    assert_true(do_recover(&job) > 0);
    assert_int_equal(help_live(&t, "a.test"), 4);
    assert_clean(&t, "a.test", "after certbot");
    assert_int_equal(do_recover(&job), 0);
    tree_done(&t);
}

static void a_twin_whose_lineage_certbot_deleted_goes(void **state)
{
    (void)state;
    struct tree t = two_versions();
    struct job job = { &t, "a.test", 0 };
    lineage_free(help_create(&t, "b.test"));
    help_remove(help_path("t/config/live/a.test"));
    help_remove(help_path("t/config/archive/a.test"));
    help_remove(help_path("t/config/renewal/a.test.conf"));
    assert_int_equal(do_recover(&job), 1);
    assert_false(fs_exists(AT_FDCWD, help_path("t/config/live/.a.test.twin")));
    assert_int_equal(help_live(&t, "b.test"), 0);
    assert_int_equal(do_recover(&job), 0);
    tree_done(&t);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, help_setup, help_teardown)
    const struct CMUnitTest tests[] = {
        T(a_killed_first_renewal),
        T(a_killed_later_renewal),
        T(a_killed_renewal_without_exchange),
        T(a_killed_creation),
        T(a_killed_deletion),
        T(a_killed_recovery_is_completed_by_the_next),
        T(links_of_two_versions_are_repaired),
        T(what_cannot_be_proved_is_left_alone),
        T(files_of_certbot_beside_our_scrap_stay),
        T(a_twin_whose_lineage_certbot_deleted_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
