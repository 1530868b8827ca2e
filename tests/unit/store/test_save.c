#include "store_help.h"

#include "base/log.h"
#include "crash.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int save(struct lineage *l, const struct tree *t, unsigned i)
{
    struct err e = { 0 };
    const struct generation g = help_generation(i);
    int r = lineage_save(l, t, &g, NULL, NULL, &e);
    if (r)
        print_message("%s\n", e.text);
    return r;
}

static void assert_link(const char *path, const char *want)
{
    BUF_AUTO(text, PATH_MAX);
    assert_int_equal(fs_readlink(AT_FDCWD, path, &text, NULL), 0);
    assert_string_equal(buf_z(&text), want);
}

static void a_new_lineage_is_laid_out_as_certbot_does(void **state)
{
    (void)state;
    struct tree t;
    umask(0);
    help_tree(&t, "t");
    struct lineage *l = help_create(&t, "a.test");
    umask(022);
    static const struct {
        const char *path;
        unsigned mode;
    } modes[] = {
        { "archive", 0700 },
        { "archive/a.test", 0755 },
        { "live", 0700 },
        { "live/a.test", 0755 },
        { "live/README", 0644 },
        { "live/a.test/README", 0644 },
        { "renewal", 0755 },
        { "renewal/a.test.conf", 0644 },
        { "accounts", 0700 },
        { "archive/a.test/privkey1.pem", 0600 },
        { "archive/a.test/cert1.pem", 0644 },
        { "archive/a.test/chain1.pem", 0644 },
        { "archive/a.test/fullchain1.pem", 0644 },
        { "renewal-hooks/deploy", 0755 },
    };
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (help_mode(help_path("t/config/%s", modes[i].path)) != modes[i].mode)
            fail_msg("%s: %o", modes[i].path, help_mode(help_path("t/config/%s", modes[i].path)));
    assert_link(help_path("t/config/live/a.test/fullchain.pem"), "../../archive/a.test/fullchain1.pem");
    assert_int_equal(help_live(&t, "a.test"), 0);
    assert_int_equal(l->linked, 1);
    BUF_AUTO(text, CONF_MAX_BYTES);
    BUF_AUTO(want, CONF_MAX_BYTES);
    help_read(help_path("t/config/renewal/a.test.conf"), &text);
    const char *c = t.config_dir;
    buf_addf(&want,
             "version = " LINEAGE_CERTBOT_VERSION
             "\narchive_dir = %s/archive/a.test\ncert = %s/live/a.test/cert.pem\nprivkey = %s/live/a.test/privkey.pem\n"
             "chain = %s/live/a.test/chain.pem\nfullchain = %s/live/a.test/fullchain.pem\n\n# Options used in the "
             "renewal process\n[renewalparams]\n"
             "account = 00112233445566778899aabbccddeeff\nauthenticator = standalone\nserver = "
             "https://acme.example/dir\nkey_type = ecdsa\n",
             c, c, c, c, c);
    assert_string_equal(buf_z(&text), buf_z(&want));
    STRLIST_AUTO(names);
    assert_int_equal(fs_list(AT_FDCWD, help_path("t/config/archive"), &names, NULL), 0);
    assert_int_equal(names.n, 1);
    lineage_free(l);
    tree_done(&t);
}

static void a_save_moves_all_links_and_the_twin(void **state)
{
    (void)state;
    struct tree t;
    help_tree(&t, "t");
    struct lineage *l = help_create(&t, "a.test");
    int held = open(help_path("t/config/live/a.test"), O_RDONLY | O_DIRECTORY);
    for (unsigned i = 1; i < 9; i++) {
        assert_int_equal(save(l, &t, i), 0);
        assert_int_equal(l->linked, i + 1);
        assert_int_equal(l->newest, i + 1);
        assert_false(l->unfinished);
        assert_int_equal(help_live(&t, "a.test"), i);
        /* whoever holds the folder of the beginning sees the new files as well */
        BUF_AUTO(text, PATH_MAX);
        char want[64];
        snprintf(want, sizeof want, "../../archive/a.test/privkey%u.pem", i + 1);
        assert_int_equal(fs_readlink(held, "privkey.pem", &text, NULL), 0);
        assert_string_equal(buf_z(&text), want);
    }
    close(held);
    assert_true(fs_exists(AT_FDCWD, help_path("t/config/live/.a.test.twin/README")));
    STRLIST_AUTO(names);
    assert_int_equal(fs_list(AT_FDCWD, help_path("t/config/archive/a.test"), &names, NULL), 0);
    assert_int_equal(names.n, 4 * (LINEAGE_KEEP_OLD + 1)); /* 4 … 9, and nothing of ours */
    assert_false(fs_exists(AT_FDCWD, help_path("t/config/archive/a.test/cert3.pem")));
    assert_true(fs_exists(AT_FDCWD, help_path("t/config/archive/a.test/cert4.pem")));
    lineage_free(l);
    tree_done(&t);
}

static void owner_and_mode_of_the_key_carry_over(void **state)
{
    (void)state;
    if (geteuid())
        skip();
    struct tree t;
    struct stat st;
    help_tree(&t, "t");
    struct lineage *l = help_create(&t, "a.test");
    assert_int_equal(chmod(help_path("t/config/archive/a.test/privkey1.pem"), 0646), 0);
    assert_int_equal(chown(help_path("t/config/archive/a.test/privkey1.pem"), 1, 7), 0);
    assert_int_equal(chmod(help_path("t/config/live/a.test"), 0751), 0);
    assert_int_equal(chown(help_path("t/config/live/a.test"), 3, 4), 0);
    assert_int_equal(save(l, &t, 1), 0);
    assert_int_equal(stat(help_path("t/config/archive/a.test/privkey2.pem"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644); /* 0600 | (0646 & 0074) */
    assert_int_equal(st.st_gid, 7);
    assert_int_equal(st.st_uid, 1);
    assert_int_equal(stat(help_path("t/config/live/a.test"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0751);
    assert_int_equal(st.st_uid, 3);
    assert_int_equal(st.st_gid, 4);
    lineage_free(l);
    tree_done(&t);
}

static void without_a_key_the_old_one_goes_on(void **state)
{
    (void)state;
    struct tree t;
    struct err e = { 0 };
    help_tree(&t, "t");
    struct lineage *l = help_create(&t, "a.test");
    struct generation g = help_generation(0);
    g.privkey = (signet_str){ 0 };
    assert_int_equal(lineage_save(l, &t, &g, NULL, NULL, &e), 0);
    assert_int_equal(help_live(&t, "a.test"), 0);
    struct stat a, b;
    assert_int_equal(lstat(help_path("t/config/archive/a.test/privkey1.pem"), &a), 0);
    assert_int_equal(lstat(help_path("t/config/archive/a.test/privkey2.pem"), &b), 0);
    assert_true(S_ISREG(b.st_mode));
    assert_int_not_equal(a.st_ino, b.st_ino);
    lineage_free(l);
    tree_done(&t);
}

static int refuse(void *ctx, const struct generation *g, struct err *e)
{
    assert_true(g->cert.n && g->privkey.n && g->chain.n && g->fullchain.n);
    ++*(int *)ctx;
    return err_set(e, SIGNET_ECERT, "not this one");
}

static void list_all(const char *path, struct buf *to)
{
    STRLIST_AUTO(names);
    assert_int_equal(fs_list(AT_FDCWD, path, &names, NULL), 0);
    strlist_join(&names, " ", to);
}

static void a_refused_version_leaves_nothing(void **state)
{
    (void)state;
    struct tree t;
    struct err e = { 0 };
    int asked = 0;
    BUF_AUTO(before, 10000);
    BUF_AUTO(after, 10000);
    help_tree(&t, "t");
    struct lineage *l = help_create(&t, "a.test");
    list_all(help_path("t/config/archive/a.test"), &before);
    const struct generation g = help_generation(1);
    assert_int_equal(lineage_save(l, &t, &g, refuse, &asked, &e), SIGNET_ECERT);
    assert_int_equal(asked, 1);
    assert_int_equal(l->linked, 1);
    assert_int_equal(help_live(&t, "a.test"), 0);
    list_all(help_path("t/config/archive/a.test"), &after);
    assert_string_equal(buf_z(&before), buf_z(&after));
    struct lineage *other;
    assert_int_equal(lineage_create(&other, &t, "b.test", false, help_conf(), &g, refuse, &asked, &e), SIGNET_ECERT);
    static const char *const folders[] = { "archive", "live", "renewal" };
    for (size_t i = 0; i < 3; i++) {
        BUF_AUTO(names, 10000);
        list_all(help_path("t/config/%s", folders[i]), &names);
        assert_null(strstr(buf_z(&names), "b.test"));
    }
    lineage_free(l);
    tree_done(&t);
}

static void what_else_lies_in_live_comes_along(void **state)
{
    (void)state;
    struct tree t;
    BUF_AUTO(text, 100);
    help_tree(&t, "t");
    struct lineage *l = help_create(&t, "a.test");
    help_write(help_path("t/config/live/a.test/combined.pem"), "one");
    assert_int_equal(symlink("/dev/null", help_path("t/config/live/a.test/link")), 0);
    assert_int_equal(save(l, &t, 1), 0);
    help_read(help_path("t/config/live/a.test/combined.pem"), &text);
    assert_string_equal(buf_z(&text), "one");
    assert_link(help_path("t/config/live/a.test/link"), "/dev/null");
    /* replaced and removed by the admin: the twin must not bring the old ones back */
    help_write(help_path("t/config/live/a.test/combined.pem"), "two");
    assert_int_equal(unlink(help_path("t/config/live/a.test/link")), 0);
    assert_int_equal(save(l, &t, 2), 0);
    help_read(help_path("t/config/live/a.test/combined.pem"), &text);
    assert_string_equal(buf_z(&text), "two");
    assert_false(fs_exists(AT_FDCWD, help_path("t/config/live/a.test/link")));
    assert_int_equal(help_live(&t, "a.test"), 2);
    lineage_free(l);
    tree_done(&t);
}

static unsigned warnings;

static void count_warnings(void *ctx, enum log_level level, const char *room, const char *line)
{
    (void)ctx, (void)room, (void)line;
    warnings += level == LOG_WARNING;
}

static void a_folder_in_live_means_link_by_link(void **state)
{
    (void)state;
    struct tree t;
    help_tree(&t, "t");
    struct lineage *l = help_create(&t, "a.test");
    assert_int_equal(mkdir(help_path("t/config/live/a.test/sub"), 0755), 0);
    warnings = 0;
    log_add_sink(count_warnings, NULL);
    assert_int_equal(save(l, &t, 1), 0);
    log_reset();
    assert_int_equal(warnings, 1);
    assert_int_equal(help_live(&t, "a.test"), 1);
    assert_true(fs_exists(AT_FDCWD, help_path("t/config/live/a.test/sub")));
    assert_false(fs_exists(AT_FDCWD, help_path("t/config/live/.a.test.twin")));
    lineage_free(l);
    tree_done(&t);
}

static void numbers_go_on_from_the_highest_of_any_kind(void **state)
{
    (void)state;
    struct tree t;
    help_tree(&t, "t");
    struct lineage *l = help_create(&t, "a.test");
    help_write(help_path("t/config/archive/a.test/chain9999.pem"), "x");
    help_write(help_path("t/config/archive/a.test/cert07.pem"), "x");
    help_write(help_path("t/config/archive/a.test/notes.txt"), "x");
    assert_int_equal(save(l, &t, 1), 0);
    assert_int_equal(l->linked, 10000);
    assert_true(fs_exists(AT_FDCWD, help_path("t/config/archive/a.test/privkey10000.pem")));
    assert_true(fs_exists(AT_FDCWD, help_path("t/config/archive/a.test/notes.txt")));
    assert_int_equal(help_live(&t, "a.test"), 1);
    lineage_free(l);
    tree_done(&t);
}

static void a_key_that_a_link_needs_is_kept(void **state)
{
    (void)state;
    struct tree t;
    help_tree(&t, "t");
    struct lineage *l = help_create(&t, "a.test");
    for (unsigned i = 1; i < 6; i++)
        assert_int_equal(save(l, &t, i), 0);
    /* as older certbots did for --reuse-key */
    assert_int_equal(unlink(help_path("t/config/archive/a.test/privkey5.pem")), 0);
    assert_int_equal(symlink("privkey1.pem", help_path("t/config/archive/a.test/privkey5.pem")), 0);
    assert_int_equal(save(l, &t, 6), 0);
    assert_int_equal(save(l, &t, 7), 0);
    assert_true(fs_exists(AT_FDCWD, help_path("t/config/archive/a.test/privkey1.pem")));
    assert_false(fs_exists(AT_FDCWD, help_path("t/config/archive/a.test/cert1.pem")));
    assert_false(fs_exists(AT_FDCWD, help_path("t/config/archive/a.test/privkey2.pem")));
    lineage_free(l);
    tree_done(&t);
}

static void taken_names_get_a_number(void **state)
{
    (void)state;
    struct tree t;
    struct err e = { 0 };
    help_tree(&t, "t");
    lineage_free(help_create(&t, "a.test"));
    struct lineage *l;
    const struct generation g = help_generation(1);
    for (int i = 1; i < 3; i++) {
        char want[32];
        snprintf(want, sizeof want, "a.test-%04d", i);
        assert_int_equal(lineage_create(&l, &t, "a.test", false, help_conf(), &g, NULL, NULL, &e), 0);
        assert_string_equal(l->name, want);
        assert_int_equal(help_live(&t, want), 1);
        lineage_free(l);
    }
    assert_int_equal(lineage_create(&l, &t, "a.test", true, help_conf(), &g, NULL, NULL, &e), SIGNET_EEXIST);
    /* folders that no renewal file speaks of */
    assert_int_equal(mkdir(help_path("t/config/archive/empty"), 0755), 0);
    assert_int_equal(lineage_create(&l, &t, "empty", true, help_conf(), &g, NULL, NULL, &e), 0);
    lineage_free(l);
    assert_int_equal(mkdir(help_path("t/config/live/full"), 0755), 0);
    help_write(help_path("t/config/live/full/x"), "x");
    assert_int_equal(lineage_create(&l, &t, "full", false, help_conf(), &g, NULL, NULL, &e), SIGNET_EEXIST);
    assert_string_equal(e.text, "live directory exists for full");
    static const char *const bad[] = { "", ".", "..", "a/b", ".hidden", "a\nb" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(lineage_create(&l, &t, bad[i], false, help_conf(), &g, NULL, NULL, &e), SIGNET_EINVAL);
    tree_done(&t);
}

static void links_of_the_admin_are_followed(void **state)
{
    (void)state;
    struct tree t;
    help_tree(&t, "t");
    assert_int_equal(mkdir(help_path("elsewhere"), 0755), 0);
    assert_int_equal(rename(help_path("t/config/live"), help_path("elsewhere/live")), 0);
    assert_int_equal(symlink(help_path("elsewhere/live"), help_path("t/config/live")), 0);
    struct lineage *l = help_create(&t, "a.test");
    assert_int_equal(help_live(&t, "a.test"), 0);
    assert_int_equal(save(l, &t, 1), 0);
    assert_int_equal(help_live(&t, "a.test"), 1);
    /* live/NAME itself a link */
    assert_int_equal(rename(help_path("elsewhere/live/a.test"), help_path("elsewhere/moved")), 0);
    assert_int_equal(symlink(help_path("elsewhere/moved"), help_path("elsewhere/live/a.test")), 0);
    assert_int_equal(save(l, &t, 2), 0);
    assert_int_equal(help_live(&t, "a.test"), 2);
    struct stat st;
    assert_int_equal(lstat(help_path("elsewhere/live/a.test"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    lineage_free(l);
    tree_done(&t);
}

static void a_moved_archive_is_found_again(void **state)
{
    (void)state;
    struct tree t;
    struct err e = { 0 };
    BUF_AUTO(path, PATH_MAX);
    help_tree(&t, "t");
    struct lineage *l = help_create(&t, "a.test");
    assert_int_equal(save(l, &t, 1), 0);
    buf_addz(&path, help_path("data"));
    assert_int_equal(rename(help_path("t/config/archive/a.test"), buf_z(&path)), 0);
    assert_int_equal(conf_set(l->conf, "", "archive_dir", buf_str(&path)), 0);
    assert_int_equal(lineage_write_conf(l, &e), 0);
    lineage_free(l);
    assert_int_equal(lineage_open(&l, &t, "a.test", &e), SIGNET_EFORMAT);
    assert_non_null(strstr(e.text, "does not exist"));
    assert_int_equal(lineage_open_broken(&l, &t, "a.test", &e), 0);
    assert_int_equal(l->linked, 0);
    assert_int_equal(lineage_relink(l, &e), 0);
    assert_int_equal(help_live(&t, "a.test"), 1);
    assert_int_equal(save(l, &t, 2), 0);
    assert_int_equal(help_live(&t, "a.test"), 2);
    assert_true(fs_exists(AT_FDCWD, help_path("data/cert3.pem")));
    lineage_free(l);
    tree_done(&t);
}

/* ---- a system call that fails ---- */

struct job {
    struct tree *t;
    bool create;
};

static int run_job(void *ctx)
{
    const struct job *j = ctx;
    struct lineage *l;
    struct err e = { 0 };
    const struct generation g = help_generation(1);
    if (j->create) {
        int r = lineage_create(&l, j->t, "b.test", true, help_conf(), &g, NULL, NULL, &e);
        return r;
    }
    int r = lineage_open(&l, j->t, "a.test", &e);
    return r ? r : lineage_save(l, j->t, &g, NULL, NULL, &e);
}

static void copy_tree(const char *from, const char *to)
{
    help_remove(to);
    const char *const argv[] = { "/bin/cp", "-a", from, to, NULL };
    assert_int_equal(help_run(NULL, argv), 0);
}

static void failing_calls(bool no_exchange)
{
    struct tree t;
    help_tree(&t, "t");
    struct lineage *l = help_create(&t, "a.test");
    lineage_free(l);
    const char *spare = help_path("spare"), *used = help_path("t");
    copy_tree(used, spare);
    struct job job = { &t, false };
    int failed = 0;
    for (int at = 1;; at++) {
        struct crash c = { .way = CRASH_FAIL, .at = at, .errnum = ENOSPC, .no_exchange = no_exchange };
        copy_tree(help_path("spare"), help_path("t"));
        if (!crash_run(&c, run_job, &job))
            skip();
        if (!c.name[0])
            break;
        if (at == 1 && c.status == 0)
            fail_msg("the first failure was not noticed");
        int live = help_live(&t, "a.test");
        if (live != 0 && live != 1)
            fail_msg("call %d (%s): live is %d", at, c.name, live);
        failed += c.status != 0;
        if (c.status == 0 && live != 1)
            fail_msg("call %d (%s): said to be saved, but it is not", at, c.name);
        struct err e = { 0 };
        if (lineage_open(&l, &t, "a.test", &e))
            fail_msg("call %d (%s): %s", at, c.name, e.text);
        if (live == 0 && l->unfinished && strcmp(c.name, "unlinkat") != 0)
            fail_msg("call %d (%s): something was left", at, c.name);
        lineage_free(l);
    }
    assert_true(failed > 10);
    tree_done(&t);
}

static void a_full_disk_changes_nothing(void **state)
{
    (void)state;
    failing_calls(false);
}

static void a_full_disk_changes_nothing_without_exchange(void **state)
{
    (void)state;
    failing_calls(true);
}

static void a_full_disk_makes_no_lineage(void **state)
{
    (void)state;
    struct tree t;
    help_tree(&t, "t");
    struct job job = { &t, true };
    int calls = 0;
    for (int at = 1;; at++) {
        struct crash c = { .way = CRASH_FAIL, .at = at, .errnum = ENOSPC };
        if (!crash_run(&c, run_job, &job))
            skip();
        if (!c.name[0])
            break;
        calls++;
        STRLIST_AUTO(names);
        assert_int_equal(lineage_list(&t, &names, NULL), 0);
        if (c.status == 0 || names.n) {
            assert_int_equal(help_live(&t, "b.test"), 1);
            assert_int_equal(lineage_delete(&t, "b.test", NULL), 0);
        } else if (fs_exists(AT_FDCWD, help_path("t/config/archive/b.test")) ||
                   fs_exists(AT_FDCWD, help_path("t/config/archive/.signet-new.b.test")))
            fail_msg("call %d (%s) left something", at, c.name);
    }
    assert_true(calls > 20);
    tree_done(&t);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, help_setup, help_teardown)
    const struct CMUnitTest tests[] = {
        T(a_new_lineage_is_laid_out_as_certbot_does),
        T(a_save_moves_all_links_and_the_twin),
        T(owner_and_mode_of_the_key_carry_over),
        T(without_a_key_the_old_one_goes_on),
        T(a_refused_version_leaves_nothing),
        T(what_else_lies_in_live_comes_along),
        T(a_folder_in_live_means_link_by_link),
        T(numbers_go_on_from_the_highest_of_any_kind),
        T(a_key_that_a_link_needs_is_kept),
        T(taken_names_get_a_number),
        T(links_of_the_admin_are_followed),
        T(a_moved_archive_is_found_again),
        T(a_full_disk_changes_nothing),
        T(a_full_disk_changes_nothing_without_exchange),
        T(a_full_disk_makes_no_lineage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
