#include "store_help.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void names_are_those_of_renewal_files(void **state)
{
    (void)state;
    struct tree t;
    struct err e = { 0 };
    STRLIST_AUTO(names);
    assert_int_equal(tree_init(&t, help_path("none"), help_path("w"), help_path("l")), 0);
    assert_int_equal(lineage_list(&t, &names, &e), 0);
    assert_int_equal(names.n, 0);
    tree_done(&t);
    help_tree(&t, "t");
    static const char *const files[] = { "a.conf", "a-b.conf", ".x.conf",      "b.conf.new",
                                         "README", ".conf",    ".signet-new.c" };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        help_write(help_path("t/config/renewal/%s", files[i]), "");
    assert_int_equal(lineage_list(&t, &names, &e), 0);
    assert_int_equal(names.n, 2);
    assert_string_equal(names.v[0], "a-b"); /* the order of the files, as certbot's */
    assert_string_equal(names.v[1], "a");
    tree_done(&t);
}

static void open_fails(const struct tree *t, const char *name, int code, const char *words)
{
    struct lineage *l;
    struct err e = { 0 };
    int r = lineage_open(&l, t, name, &e);
    if (r != code || !strstr(e.text, words))
        fail_msg("%d: %s", r, e.text);
}

static void what_is_broken_is_told_in_certbots_words(void **state)
{
    (void)state;
    struct tree t;
    help_tree(&t, "t");
    lineage_free(help_create(&t, "a.test"));
    open_fails(&t, "none", SIGNET_ENOTFOUND, "No certificate found with name none (expected ");
    open_fails(&t, "../x", SIGNET_EINVAL, "cannot be the name");
    assert_int_equal(rename(help_path("t/config/archive/a.test/chain1.pem"), help_path("chain")), 0);
    open_fails(&t, "a.test", SIGNET_EFORMAT, "chain1.pem of symlink ");
    assert_int_equal(rename(help_path("chain"), help_path("t/config/archive/a.test/chain1.pem")), 0);
    assert_int_equal(unlink(help_path("t/config/live/a.test/privkey.pem")), 0);
    open_fails(&t, "a.test", SIGNET_EFORMAT, "expected ");
    open_fails(&t, "a.test", SIGNET_EFORMAT, "privkey.pem to be a symlink");
    help_write(help_path("t/config/live/a.test/privkey.pem"), "a plain file");
    open_fails(&t, "a.test", SIGNET_EFORMAT, "privkey.pem to be a symlink");
    static const struct {
        const char *text, *words;
    } rows[] = {
        { "", "is missing a required file reference" },
        { "cert = /x\nprivkey = /x\nchain = /x\n", "is missing a required file reference" },
        { "cert = '\n", "error parsing " },
        { "\x01\x02\xff", "error parsing " },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        help_write(help_path("t/config/renewal/b.conf"), rows[i].text);
        open_fails(&t, "b", SIGNET_EFORMAT, rows[i].words);
    }
    assert_int_equal(unlink(help_path("t/config/renewal/b.conf")), 0);
    assert_int_equal(mkdir(help_path("t/config/renewal/b.conf"), 0755), 0);
    open_fails(&t, "b", SIGNET_EFORMAT, "not a regular file");
    tree_done(&t);
}

static void versions_are_told(void **state)
{
    (void)state;
    struct tree t;
    struct err e = { 0 };
    help_tree(&t, "t");
    struct lineage *l = help_create(&t, "a.test");
    BUF_AUTO(b, LINEAGE_MAX_FILE);
    for (unsigned i = 1; i < 4; i++) {
        const struct generation g = help_generation(i);
        assert_int_equal(lineage_save(l, &t, &g, NULL, NULL, &e), 0);
    }
    lineage_free(l);
    /* absolute links are as good */
    assert_int_equal(unlink(help_path("t/config/live/a.test/cert.pem")), 0);
    assert_int_equal(
        symlink(help_path("t/config/archive/a.test/cert4.pem"), help_path("t/config/live/a.test/cert.pem")), 0);
    assert_int_equal(lineage_open(&l, &t, "a.test", &e), 0);
    assert_int_equal(l->linked, 4);
    assert_int_equal(l->newest, 4);
    assert_false(l->unfinished);
    assert_int_equal(lineage_read(l, KIND_CERT, l->newest, &b, &e), 0);
    assert_true(str_eq(buf_str(&b), help_generation(3).cert));
    lineage_live_dir(l, &b);
    assert_string_equal(buf_z(&b), help_path("t/config/live/a.test"));
    lineage_free(l);
    help_write(help_path("t/config/archive/a.test/.signet-save.9"), "");
    assert_int_equal(lineage_open(&l, &t, "a.test", &e), 0);
    assert_true(l->unfinished);
    lineage_free(l);
    tree_done(&t);
}

static void a_lineage_is_found_by_its_files(void **state)
{
    (void)state;
    struct tree t;
    struct err e = { 0 };
    BUF_AUTO(name, 300);
    help_tree(&t, "t");
    lineage_free(help_create(&t, "a.test"));
    lineage_free(help_create(&t, "b.test"));
    static const char *const paths[] = { "live/b.test/cert.pem", "live/b.test/../b.test/fullchain.pem",
                                         "archive/b.test/cert1.pem", "live/.b.test.link" };
    assert_int_equal(symlink("b.test/cert.pem", help_path("t/config/live/.b.test.link")), 0);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        if (lineage_by_path(&t, help_path("t/config/%s", paths[i]), &name, &e))
            fail_msg("%s", e.text);
        assert_string_equal(buf_z(&name), "b.test");
    }
    assert_int_equal(lineage_by_path(&t, "/etc/passwd", &name, &e), SIGNET_ENOTFOUND);
    assert_int_equal(lineage_by_path(&t, help_path("none"), &name, &e), SIGNET_ENOTFOUND);
    bool shared = true;
    assert_int_equal(lineage_shares_archive(&t, "a.test", &shared, &e), 0);
    assert_false(shared);
    BUF_AUTO(text, CONF_MAX_BYTES);
    help_read(help_path("t/config/renewal/a.test.conf"), &text);
    help_write(help_path("t/config/renewal/copy.conf"), buf_z(&text));
    assert_int_equal(lineage_shares_archive(&t, "a.test", &shared, &e), 0);
    assert_true(shared);
    tree_done(&t);
}

static void deleting_takes_all_that_is_ours(void **state)
{
    (void)state;
    struct tree t;
    struct err e = { 0 };
    help_tree(&t, "t");
    struct lineage *l = help_create(&t, "a.test");
    const struct generation g = help_generation(1);
    assert_int_equal(lineage_save(l, &t, &g, NULL, NULL, &e), 0);
    lineage_free(l);
    help_write(help_path("t/config/live/a.test/mine.txt"), "x");
    assert_int_equal(lineage_delete(&t, "a.test", &e), 0);
    assert_false(fs_exists(AT_FDCWD, help_path("t/config/archive/a.test")));
    assert_false(fs_exists(AT_FDCWD, help_path("t/config/live/.a.test.twin")));
    assert_false(fs_exists(AT_FDCWD, help_path("t/config/live/a.test/README")));
    assert_true(fs_exists(AT_FDCWD, help_path("t/config/live/a.test/mine.txt")));
    assert_int_equal(lineage_delete(&t, "a.test", &e), SIGNET_ENOTFOUND);
    /* an archive folder elsewhere: only our files in it */
    lineage_free(help_create(&t, "b.test"));
    assert_int_equal(rename(help_path("t/config/archive/b.test"), help_path("data")), 0);
    assert_int_equal(symlink(help_path("data"), help_path("t/config/archive/b.test")), 0);
    help_write(help_path("data/other"), "x");
    assert_int_equal(lineage_delete(&t, "b.test", &e), 0);
    assert_true(fs_exists(AT_FDCWD, help_path("data/other")));
    assert_false(fs_exists(AT_FDCWD, help_path("data/privkey1.pem")));
    /* a renewal file that says nothing */
    help_write(help_path("t/config/renewal/c.conf"), "cert = '");
    assert_int_equal(lineage_delete(&t, "c", &e), SIGNET_EFORMAT);
    assert_false(fs_exists(AT_FDCWD, help_path("t/config/renewal/c.conf")));
    tree_done(&t);
}

static void the_renewal_file_keeps_mode_and_comments(void **state)
{
    (void)state;
    struct tree t;
    struct err e = { 0 };
    BUF_AUTO(text, CONF_MAX_BYTES);
    help_tree(&t, "t");
    struct lineage *l = help_create(&t, "a.test");
    const char *path = help_path("t/config/renewal/a.test.conf");
    help_read(path, &text);
    buf_addz(&text, "# mine\nunknown = 1 # as well\n");
    help_write(path, buf_z(&text));
    assert_int_equal(chmod(path, 0600), 0);
    lineage_free(l);
    assert_int_equal(lineage_open(&l, &t, "a.test", &e), 0);
    const struct generation g = help_generation(1);
    assert_int_equal(lineage_save(l, &t, &g, NULL, NULL, &e), 0);
    path = help_path("t/config/renewal/a.test.conf");
    BUF_AUTO(after, CONF_MAX_BYTES);
    help_read(path, &after);
    assert_string_equal(buf_z(&after), buf_z(&text));
    assert_int_equal(help_mode(path), 0600);
    lineage_free(l);
    tree_done(&t);
}

static void trees_are_made_and_locked(void **state)
{
    (void)state;
    struct tree t, other;
    struct err e = { 0 };
    help_tree(&t, "t");
    assert_int_equal(help_mode(help_path("t/logs")), 0700);
    assert_int_equal(help_mode(help_path("t/work")), 0755);
    assert_int_equal(tree_make(&t, true, &e), 0);
    assert_int_equal(chmod(help_path("t/logs"), 0755), 0);
    assert_int_equal(tree_make(&t, true, &e), SIGNET_ESYS);
    assert_non_null(strstr(e.text, "permissions 0700"));
    assert_int_equal(tree_lock(&t, &e), 0);
    assert_int_equal(help_mode(help_path("t/config/.certbot.lock")), 0600);
    pid_t pid = fork();
    if (pid == 0) {
        int r = tree_init(&other, t.config_dir, t.work_dir, t.logs_dir) ? 1 : tree_lock(&other, &e);
        _exit(r == SIGNET_EBUSY && strstr(e.text, "Another instance of Certbot is already running.") ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    tree_unlock(&t);
    assert_false(fs_exists(AT_FDCWD, help_path("t/config/.certbot.lock")));
    /* one folder for all three */
    assert_int_equal(tree_init(&other, help_path("t/work"), help_path("t/work"), help_path("t/work")), 0);
    assert_int_equal(tree_lock(&other, &e), 0);
    tree_done(&other);
    assert_false(fs_exists(AT_FDCWD, help_path("t/work/.certbot.lock")));
    tree_done(&t);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, help_setup, help_teardown)
    const struct CMUnitTest tests[] = {
        T(names_are_those_of_renewal_files),
        T(what_is_broken_is_told_in_certbots_words),
        T(versions_are_told),
        T(a_lineage_is_found_by_its_files),
        T(deleting_takes_all_that_is_ours),
        T(the_renewal_file_keeps_mode_and_comments),
        T(trees_are_made_and_locked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
