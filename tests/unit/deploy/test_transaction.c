/* Changes that a server does not take, or takes: what is there afterwards. */
#include "base/fs.h"
#include "crypto/digest.h"
#include "deploy/laid.h"
#include "deploy/rollback.h"
#include "deploy/transaction.h"
// clang-format off
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
// clang-format on
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], work[128];
static struct loop *loop;

static int make_dir(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/signet-test-XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void)snprintf(work, sizeof work, "%s/work", dir);
    return loop_new(&loop, NULL) || mkdir(work, 0755);
}

static int drop_dir(void **state)
{
    (void)state;
    loop_free(loop);
    return fs_remove_tree(AT_FDCWD, dir, NULL);
}

static const char *in_dir(const char *name)
{
    static char path[4][256];
    static unsigned at;
    char *p = path[at++ % 4];
    (void)snprintf(p, sizeof path[0], "%s/%s", dir, name);
    return p;
}

static void put(const char *name, const char *text)
{
    assert_int_equal(fs_replace(AT_FDCWD, in_dir(name), str_of(text), 0644, false, NULL), 0);
}

static void holds(const char *name, const char *text)
{
    BUF_AUTO(is, 4096);
    assert_int_equal(fs_read(AT_FDCWD, in_dir(name), &is, NULL), 0);
    assert_string_equal(buf_z(&is), text);
}

/* ---- a server that takes what it is told to ---- */

static struct {
    struct server base;
    bool refuses, fails; /* its test, its reload */
    unsigned tests, reloads;
} fake;

static int on_test(struct server *s, struct err *e)
{
    (void)s;
    fake.tests++;
    return fake.refuses ? err_set(e, SIGNET_ESTATE, "unknown directive") : 0;
}

static int on_reload(struct server *s, struct err *e)
{
    (void)s;
    fake.reloads++;
    return fake.fails ? err_set(e, SIGNET_ESTATE, "no reload") : 0;
}

static const struct server_ops fake_ops = { .plugin = "fake", .name = "fake", .test = on_test, .reload = on_reload };

static struct server *server_that(bool refuses, bool fails)
{
    memset(&fake, 0, sizeof fake);
    fake.base = (struct server){ .ops = &fake_ops, .loop = loop, .ctl = (char *)"fake", .root = dir };
    fake.refuses = refuses;
    fake.fails = fails;
    return &fake.base;
}

/* ---- settings that are laid beside the certificates ---- */

static const char *const outdated[] = { /* "old\n" */
                                        "01d09d19c2139a46aebfb577780d123d7396e97201bc7ead210a2ebff8239dee"
};
static const struct laid_file options = {
    .name = "options.conf", .digest_name = ".digest.txt", .text = "new\n", .outdated = outdated, .n_outdated = 1
};

static int renew(bool refuses)
{
    struct changes c = CHANGES_INIT;
    const struct transaction t = { .server = server_that(refuses, false), .work_dir = work, .title = "t" };
    assert_int_equal(laid_put(&options, dir, NULL), 0);
    assert_int_equal(laid_renew(&options, dir, &c, NULL), 0);
    int rc = changes_none(&c) ? 1 : transaction_run(&t, &c, NULL);
    changes_done(&c);
    return rc;
}

static void outdated_settings_come_back_when_they_are_refused(void **state)
{
    (void)state;
    put("options.conf", "old\n");
    (void)unlink(in_dir(".digest.txt"));
    assert_int_equal(renew(true), SIGNET_ESTATE);
    holds("options.conf", "old\n");
    assert_false(fs_exists(AT_FDCWD, in_dir(".digest.txt")));
    assert_int_equal(renew(false), 0);
    holds("options.conf", "new\n");
    holds(".digest.txt", "7aa7a5359173d05b63cfd682e3c38487f3cb4f7f1d60659fe59fab1505977d4c");
    assert_int_equal(renew(false), 1);
}

static void settings_of_others_are_left_alone(void **state)
{
    (void)state;
    put("options.conf", "own\n");
    assert_int_equal(renew(false), 1);
    holds("options.conf", "own\n");
}

/* Whoever includes them must not lose them: what is new is no part of a checkpoint. */
static void missing_settings_are_written_for_good(void **state)
{
    (void)state;
    (void)unlink(in_dir("options.conf"));
    assert_int_equal(renew(false), 1);
    holds("options.conf", "new\n");
}

/* ---- rollback ---- */

/* Two changes: a file that is there, a new one; then the first again, a link, a module. */
static void change_twice(struct strlist *names)
{
    static const char *const on[] = { "true", NULL }, *const off[] = { "/x/a2dismod", "-f", "ssl", NULL };
    struct changes a = CHANGES_INIT, b = CHANGES_INIT;
    const struct transaction t = { .server = server_that(false, false), .work_dir = work, .title = "t" };
    put("f", "one");
    (void)unlink(in_dir("new"));
    (void)unlink(in_dir("link"));
    assert_int_equal(changes_add(&a, in_dir("f"), STR("one"), STR("two"), NULL), 0);
    assert_int_equal(changes_add_new(&a, in_dir("new"), STR("fresh"), 0640, NULL), 0);
    assert_int_equal(transaction_run(&t, &a, NULL), 0);
    assert_int_equal(changes_add(&b, in_dir("f"), STR("two"), STR("three"), NULL), 0);
    assert_int_equal(changes_add_link(&b, in_dir("link"), "new", NULL), 0);
    assert_int_equal(changes_add_command(&b, on, off, NULL), 0);
    assert_int_equal(transaction_run(&t, &b, NULL), 0);
    changes_done(&a);
    changes_done(&b);
    strlist_done(names);
    assert_int_equal(checkpoint_list(work, names, NULL), 0);
}

static void is_changed(void)
{
    struct stat st;
    BUF_AUTO(target, 64);
    holds("f", "three");
    holds("new", "fresh");
    assert_int_equal(stat(in_dir("new"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(fs_readlink(AT_FDCWD, in_dir("link"), &target, NULL), 0);
    assert_string_equal(buf_z(&target), "new");
}

static void is_as_before(void)
{
    holds("f", "one");
    assert_false(fs_exists(AT_FDCWD, in_dir("new")) || fs_exists(AT_FDCWD, in_dir("link")));
}

/* As for commands of checkpoints: notes them all, runs those that make links. */
static int run_command(void *ctx, const struct strlist *argv)
{
    strlist_join(argv, " ", ctx);
    buf_addc(ctx, '\n');
    struct child_result r = { 0 };
    int rc = strcmp(argv->v[0], "ln") ? 0 : server_run(&fake.base, (const char *const *)argv->v, &r, NULL);
    child_result_done(&r);
    return rc;
}

static int go_back(const struct strlist *names, bool refuses, bool fails, struct buf *ran, struct err *e)
{
    STRLIST_AUTO(did);
    struct server *const servers[] = { server_that(refuses, fails) };
    const struct rollback r = {
        .work_dir = work, .names = names, .n = 2, .servers = servers, .n_servers = 1, .run = run_command, .ctx = ran
    };
    return rollback_run(&r, &did, e);
}

static void a_rollback_takes_all_back(void **state)
{
    STRLIST_AUTO(names);
    BUF_AUTO(ran, 1024);
    (void)state;
    change_twice(&names);
    size_t had = names.n;
    is_changed();
    assert_int_equal(go_back(&names, false, false, &ran, NULL), 0);
    is_as_before();
    assert_string_equal(buf_z(&ran), "/x/a2dismod -f ssl\n");
    assert_true(fake.tests == 1 && fake.reloads == 1);
    assert_false(checkpoint_exists(work, CHECKPOINT_CHANGE));
    assert_int_equal(checkpoint_list(work, &names, NULL), 0);
    assert_int_equal(names.n, had - 2);
}

static void a_rollback_that_is_refused_changes_nothing(void **state)
{
    (void)state;
    for (int reload = 0; reload < 2; reload++) {
        STRLIST_AUTO(names);
        BUF_AUTO(ran, 1024);
        struct err e = { 0 };
        change_twice(&names);
        size_t had = names.n;
        assert_int_equal(go_back(&names, !reload, reload, &ran, &e), SIGNET_ESTATE);
        is_changed();
        assert_non_null(strstr(e.text, reload ? "no reload" : "unknown directive"));
        assert_non_null(strstr(buf_z(&ran), "/x/a2enmod ssl\n"));
        assert_int_equal(fake.reloads, reload ? 2 : 0);
        assert_false(checkpoint_exists(work, CHECKPOINT_CHANGE));
        assert_int_equal(checkpoint_list(work, &names, NULL), 0);
        assert_int_equal(names.n, had);
    }
}

/* Its checkpoint is a change that is under way: whoever runs next takes it back. */
static void a_rollback_that_was_killed_is_taken_back(void **state)
{
    STRLIST_AUTO(names);
    STRLIST_AUTO(did);
    BUF_AUTO(ran, 1024);
    struct changes now = CHANGES_INIT;
    const struct checkpoint_undo u = { .run = run_command, .ctx = &ran };
    const struct tx_recovery r = { .work_dir = work, .run = run_command, .ctx = &ran };
    (void)state;
    change_twice(&names);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(checkpoint_now(work, names.v[names.n - 1 - i], &now, NULL), 0);
    assert_int_equal(checkpoint_make(work, CHECKPOINT_CHANGE, &now, "t", NULL, NULL), 0);
    changes_done(&now);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(checkpoint_restore(work, names.v[names.n - 1 - i], &u, NULL), 0);
    is_as_before();
    assert_int_equal(transaction_recover(&r, &did, NULL), 0);
    is_changed();
}

static int is_locked(void *ctx, const struct record *server, struct err *e)
{
    (void)ctx;
    assert_string_equal(record_get(server, "installer"), "fake");
    return err_set(e, SIGNET_EBUSY, "locked");
}

static void nothing_is_taken_back_in_a_locked_folder(void **state)
{
    struct changes c = CHANGES_INIT;
    RECORD_AUTO(server);
    STRLIST_AUTO(did);
    const struct tx_recovery r = { .work_dir = work, .lock = is_locked };
    (void)state;
    put("f", "one");
    assert_int_equal(changes_add(&c, in_dir("f"), STR("one"), STR("two"), NULL), 0);
    assert_int_equal(server_describe(server_that(false, false), &server), 0);
    assert_int_equal(checkpoint_make(work, CHECKPOINT_CHANGE, &c, "t", &server, NULL), 0);
    changes_done(&c);
    put("f", "two");
    assert_int_equal(transaction_recover(&r, &did, NULL), SIGNET_EBUSY);
    holds("f", "two");
    assert_true(checkpoint_exists(work, CHECKPOINT_CHANGE));
    assert_int_equal(checkpoint_drop(work, CHECKPOINT_CHANGE, NULL), 0);
}

/* ---- one server, named in several ways ---- */

static void servers_are_the_same_by_where_they_lead(void **state)
{
    (void)state;
    assert_int_equal(symlink(dir, in_dir("alias")), 0);
    struct server a = { .ops = &fake_ops, .root = dir, .ctl = (char *)"sh" }, b = a;
    b.root = (char *)in_dir("alias");
    b.ctl = (char *)"/bin/sh";
    assert_true(server_same(&a, &b));
    b.ctl = (char *)"/bin/true";
    assert_false(server_same(&a, &b));
    b = a;
    b.root = (char *)"/";
    assert_false(server_same(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outdated_settings_come_back_when_they_are_refused),
        cmocka_unit_test(settings_of_others_are_left_alone),
        cmocka_unit_test(missing_settings_are_written_for_good),
        cmocka_unit_test(a_rollback_takes_all_back),
        cmocka_unit_test(a_rollback_that_is_refused_changes_nothing),
        cmocka_unit_test(a_rollback_that_was_killed_is_taken_back),
        cmocka_unit_test(nothing_is_taken_back_in_a_locked_folder),
        cmocka_unit_test(servers_are_the_same_by_where_they_lead),
    };
    return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
