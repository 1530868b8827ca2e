/* Changes that a server does not take, or takes: what is there afterwards. */
#include "base/fs.h"
#include "crypto/digest.h"
#include "deploy/laid.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outdated_settings_come_back_when_they_are_refused),
        cmocka_unit_test(settings_of_others_are_left_alone),
        cmocka_unit_test(missing_settings_are_written_for_good),
    };
    return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
