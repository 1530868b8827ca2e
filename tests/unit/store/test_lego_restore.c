/* lego 5's archives put back. */
#include "store_help.h"

#include "base/fs.h"
#include "store/lego.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

/* argv[1]: the archive, argv[2]: its comment, then "NAME=CONTENT" … in one word, separated by '|'. */
static void make_zip(const char *path, const char *comment, const char *files)
{
    static const char program[] = "import os, sys, zipfile\n"
                                  "os.makedirs(os.path.dirname(sys.argv[1]), exist_ok=True)\n"
                                  "z = zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED)\n"
                                  "z.comment = sys.argv[2].encode()\n"
                                  "for f in sys.argv[3].split('|'):\n"
                                  "    z.writestr(*f.split('=', 1))\n"
                                  "z.close()\n";
    BUF_AUTO(out, 1u << 20);
    const char *const argv[] = { "/usr/bin/python3", "-W", "ignore", "-c", program, path, comment, files, NULL };
    assert_int_equal(help_run(&out, argv), 0);
}

static void is(const char *path, const char *text)
{
    BUF_AUTO(got, 4096);
    help_read(path, &got);
    assert_string_equal(buf_z(&got), text);
    assert_int_equal(help_mode(path), 0600);
}

static void certificates(void **state)
{
    struct tree t;
    struct err e = { 0 };
    STRLIST_AUTO(names);
    int64_t when = 0;
    (void)state;
    assert_int_equal(lego_tree_init(&t, help_path("c"), true), 0);
    make_zip(help_path("c/archives/certificates/a.test_1790000000.zip"), "certificates",
             "a.test.crt=CERT|a.test.issuer.crt=ISSUER|a.test.json={}|a.test.key=KEY");
    help_write(help_path("c/archives/certificates/notes.txt"), "x");
    assert_int_equal(lego_archives(&t, "certificates", &names, &e), 0);
    assert_int_equal(lego_archives(&t, "accounts", &names, &e), 0);
    assert_int_equal(names.n, 1);
    assert_true(lego_archive_time(names.v[0], &when));
    assert_int_equal(when, 1790000000);
    assert_int_equal(lego_restore(&t, "certificates", names.v[0], &e), 0);
    is(help_path("c/certificates/a.test.crt"), "CERT");
    is(help_path("c/certificates/a.test.issuer.crt"), "ISSUER");
    is(help_path("c/certificates/a.test.key"), "KEY");
    assert_false(fs_exists(AT_FDCWD, help_path("c/archives/certificates/a.test_1790000000.zip")));
    /* what we have packed ourselves */
    assert_int_equal(lego_archive(&t, "a.test", 1790000001, &e), 0);
    assert_false(fs_exists(AT_FDCWD, help_path("c/certificates/a.test.key")));
    assert_int_equal(lego_restore(&t, "certificates", "a.test_1790000001.zip", &e), 0);
    is(help_path("c/certificates/a.test.key"), "KEY");
    tree_done(&t);
}

static void nothing_is_overwritten(void **state)
{
    struct tree t;
    struct err e = { 0 };
    (void)state;
    assert_int_equal(lego_tree_init(&t, help_path("o"), true), 0);
    assert_int_equal(fs_mkdirs(help_path("o/certificates"), 0700, &e), 0);
    help_write(help_path("o/certificates/a.test.crt"), "newer");
    make_zip(help_path("o/archives/certificates/a.test_1.zip"), "certificates", "a.test.key=KEY|a.test.crt=CERT");
    assert_int_equal(lego_restore(&t, "certificates", "a.test_1.zip", &e), SIGNET_EEXIST);
    assert_non_null(strstr(e.text, "a.test.crt is there already"));
    assert_false(fs_exists(AT_FDCWD, help_path("o/certificates/a.test.key")));
    assert_true(fs_exists(AT_FDCWD, help_path("o/archives/certificates/a.test_1.zip")));
    tree_done(&t);
}

static void accounts(void **state)
{
    struct tree t;
    struct err e = { 0 };
    STRLIST_AUTO(names);
    (void)state;
    assert_int_equal(lego_tree_init(&t, help_path("a"), true), 0);
    /* as lego archives a server, and one account */
    make_zip(help_path("a/archives/accounts/ca_1.zip"), "accounts/ca", "me/=|me/account.json={}|me/me.key=KEY");
    assert_int_equal(lego_restore(&t, "accounts", "ca_1.zip", &e), 0);
    is(help_path("a/accounts/ca/me/me.key"), "KEY");
    assert_int_equal(help_mode(help_path("a/accounts/ca/me")), 0700);
    make_zip(help_path("a/archives/accounts/ca_you_2.zip"), "accounts/ca/you/", "account.json={}|you.key=KEY");
    assert_int_equal(lego_restore(&t, "accounts", "ca_you_2.zip", &e), 0);
    is(help_path("a/accounts/ca/you/account.json"), "{}");
    /* what we pack */
    assert_int_equal(lego_archive_account(&t, "ca", "you", 1790000000, &e), 0);
    assert_false(fs_exists(AT_FDCWD, help_path("a/accounts/ca/you")));
    assert_int_equal(lego_archives(&t, "accounts", &names, &e), 0);
    assert_int_equal(names.n, 1);
    assert_string_equal(names.v[0], "ca_you_1790000000.zip");
    assert_int_equal(lego_restore(&t, "accounts", names.v[0], &e), 0);
    is(help_path("a/accounts/ca/you/you.key"), "KEY");
    tree_done(&t);
}

static void no_name_leads_elsewhere(void **state)
{
    static const struct {
        const char *kind, *comment, *files;
    } rows[] = {
        { "certificates", "certificates", "../a.crt=x" },
        { "certificates", "certificates", "/etc/a.crt=x" },
        { "certificates", "certificates", "sub/a.crt=x" },
        { "certificates", "certificates", ".crt=x" },
        { "certificates", "certificates", ".a.crt=x" },
        { "certificates", "certificates", "a.sh=x" },
        { "certificates", "certificates", "a.crt=x|b.key=x" },
        { "certificates", "certificates", "a.crt=x|a.crt=y" },
        { "certificates", "certificates", "a\\b.crt=x" },
        { "certificates", "accounts", "a.crt=x" },
        { "certificates", "../certificates", "a.crt=x" },
        { "accounts", "certificates", "a.crt=x" },
        { "accounts", "accounts/..", "x/y/z=x" },
        { "accounts", "accounts/ca", "../../x/y=x" },
        { "accounts", "accounts/ca", "me/../../x=x" },
        { "accounts", "accounts/ca/me", "/etc/x=x" },
        { "accounts", "accounts/ca/me", ".ssh=x" },
        { "accounts", "accounts/ca/me", "a/b/c=x" },
        { "accounts", "accounts/ca", "account.json=x" },
        { "accounts", "accounts/ca/me", "account.json=x|../x/=" },
        { "accounts", "accounts/ca/me", "good=x|bad\n=x" },
    };
    struct tree t;
    (void)state;
    assert_int_equal(lego_tree_init(&t, help_path("n"), true), 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err e = { 0 };
        make_zip(help_path("n/archives/%s/x_1.zip", rows[i].kind), rows[i].comment, rows[i].files);
        int rc = lego_restore(&t, rows[i].kind, "x_1.zip", &e);
        if (rc != SIGNET_EFORMAT)
            fail_msg("row %zu: %d %s", i, rc, e.text);
        assert_false(fs_exists(AT_FDCWD, help_path("n/accounts")));
        assert_false(fs_exists(AT_FDCWD, help_path("n/certificates/a.crt")));
    }
    tree_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(certificates, help_setup, help_teardown),
        cmocka_unit_test_setup_teardown(nothing_is_overwritten, help_setup, help_teardown),
        cmocka_unit_test_setup_teardown(accounts, help_setup, help_teardown),
        cmocka_unit_test_setup_teardown(no_name_leads_elsewhere, help_setup, help_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
