#include "base/buf.h"
#include "base/fs.h"
#include "challenge/webfile.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NOBODY  65534
#define TOKEN   STR("tok-EN_1")
#define CONTENT STR("tok-EN_1.thumbprint")

static char root[64]; /* a fresh folder for each test, only ours */
static char paths[8][256];
static unsigned next_path;

static const char *at(const char *rel)
{
    char *p = paths[next_path++ % 8];
    assert_true(snprintf(p, sizeof paths[0], "%s/%s", root, rel) < (int)sizeof paths[0]);
    return p;
}

static int setup(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/webfile.XXXXXX");
    umask(022);
    return mkdtemp(root) && chmod(root, 0755) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    struct err e;
    umask(022);
    return fs_remove_tree(AT_FDCWD, root, &e);
}

static void folder(const char *rel, uid_t owner, mode_t mode)
{
    assert_int_equal(mkdir(at(rel), 0700), 0);
    assert_int_equal(chown(at(rel), owner, (gid_t)owner), 0);
    assert_int_equal(chmod(at(rel), mode), 0);
}

static void link_to(const char *text, const char *rel, uid_t owner)
{
    assert_int_equal(symlink(text, at(rel)), 0);
    assert_int_equal(lchown(at(rel), owner, (gid_t)owner), 0);
}

static bool there(const char *rel)
{
    return fs_exists(AT_FDCWD, at(rel));
}

static size_t count(const char *rel)
{
    struct strlist l = { 0 };
    struct err e;
    assert_int_equal(fs_list(AT_FDCWD, at(rel), &l, &e), 0);
    size_t n = l.n;
    strlist_done(&l);
    return n;
}

static void assert_owned(const char *rel, uid_t owner, mode_t mode)
{
    struct stat st;
    assert_int_equal(lstat(at(rel), &st), 0);
    assert_int_equal(st.st_uid, owner);
    assert_int_equal(st.st_gid, owner);
    assert_int_equal(st.st_mode & 07777, mode);
}

static bool is_root(void)
{
    if (geteuid() == 0)
        return true;
    print_message("needs root, left out\n");
    return false;
}

static void files_have_the_webroots_owner_whatever_the_umask(void **state)
{
    (void)state;
    static const mode_t masks[] = { 0, 022, 077 };
    for (size_t i = 0; is_root() && i < 3; i++) {
        struct webfile *f;
        struct err e = { 0 };
        BUF_AUTO(text, 1024);
        folder("w", NOBODY, 0755);
        umask(masks[i]);
        assert_int_equal(webfile_put(&f, at("w"), TOKEN, CONTENT, &e), 0);
        assert_int_equal(e.code, 0);
        umask(022);
        assert_owned("w/.well-known", NOBODY, 0755);
        assert_owned("w/.well-known/acme-challenge", NOBODY, 0755);
        assert_owned("w/.well-known/acme-challenge/tok-EN_1", NOBODY, 0644);
        assert_int_equal(fs_read(AT_FDCWD, at("w/.well-known/acme-challenge/tok-EN_1"), &text, &e), 0);
        assert_true(str_eq(buf_str(&text), CONTENT));
        webfile_remove(f);
        assert_int_equal(count("w"), 0);
        assert_int_equal(rmdir(at("w")), 0);
    }
}

static void only_what_was_made_is_removed(void **state)
{
    (void)state;
    struct webfile *f, *g;
    struct err e = { 0 };
    folder("w", geteuid(), 0755);
    folder("w/.well-known", geteuid(), 0700);
    assert_int_equal(webfile_put(&f, at("w"), TOKEN, CONTENT, &e), 0);
    webfile_remove(f);
    assert_owned("w/.well-known", geteuid(), 0700);
    assert_int_equal(count("w/.well-known"), 0);

    assert_int_equal(webfile_put(&f, at("w"), TOKEN, CONTENT, &e), 0);
    assert_int_equal(mkdir(at("w/.well-known/acme-challenge/theirs"), 0755), 0);
    webfile_remove(f);
    assert_int_equal(count("w/.well-known/acme-challenge"), 1);
    assert_int_equal(rmdir(at("w/.well-known/acme-challenge/theirs")), 0);

    /* The folder is not ours any more: it stays. */
    assert_int_equal(webfile_put(&g, at("w"), TOKEN, CONTENT, &e), 0);
    webfile_remove(g);
    assert_int_equal(count("w/.well-known/acme-challenge"), 0);
    webfile_remove(NULL);
}

static void orders_share_a_webroot(void **state)
{
    (void)state;
    struct webfile *f[4];
    struct err e = { 0 };
    folder("w", geteuid(), 0755);
    link_to("w", "alias", geteuid());
    assert_int_equal(webfile_put(&f[0], at("w"), TOKEN, CONTENT, &e), 0);
    assert_int_equal(webfile_put(&f[1], at("w/."), STR("other"), CONTENT, &e), 0);
    assert_int_equal(webfile_put(&f[2], at("alias"), TOKEN, CONTENT, &e), 0);
    assert_ptr_equal(f[0], f[2]);
    assert_int_equal(webfile_put(&f[3], at("w"), TOKEN, STR("different"), &e), SIGNET_EEXIST);
    webfile_remove(f[0]);
    assert_true(there("w/.well-known/acme-challenge/tok-EN_1"));
    webfile_remove(f[2]);
    assert_false(there("w/.well-known/acme-challenge/tok-EN_1"));
    assert_true(there("w/.well-known/acme-challenge/other"));
    webfile_remove(f[1]);
    assert_int_equal(count("w"), 0);
}

static void webroots_share_a_folder_through_links(void **state)
{
    (void)state;
    struct webfile *f, *g;
    struct err e = { 0 };
    folder("a", geteuid(), 0755);
    folder("b", geteuid(), 0755);
    folder("shared", geteuid(), 0755);
    link_to("../shared", "a/.well-known", geteuid());
    link_to("../shared", "b/.well-known", geteuid());
    assert_int_equal(webfile_put(&f, at("a"), TOKEN, CONTENT, &e), 0);
    assert_int_equal(webfile_put(&g, at("b"), STR("other"), CONTENT, &e), 0);
    webfile_remove(f);
    assert_int_equal(count("shared/acme-challenge"), 1);
    webfile_remove(g);
    assert_int_equal(count("shared"), 0);
}

/* Who may lead us where. Root is 0, a site's user 65534. The link is w/.well-known or w/.well-known/acme-challenge. */
static void links_of_others_lead_nowhere(void **state)
{
    (void)state;
    static const struct {
        uid_t parent;
        mode_t mode;
        uid_t link, target;
        bool ok;
    } rows[] = {
        { 0, 0755, 0, 0, true },            /* the admin's link */
        { 0, 0755, 0, NOBODY, true },       /* … to a user's folder */
        { NOBODY, 0755, NOBODY, 0, false }, /* the attack: a user's link to a folder of root's */
        { NOBODY, 0755, NOBODY, 1, false }, /* … of another user's */
        { NOBODY, 0755, NOBODY, NOBODY, true },
        { NOBODY, 0755, 0, 0, false }, /* a link of root's where the user can move it to */
        { 0, 0775, 0, 0, false },      /* the group could */
        { 0, 0757, 0, 0, false },      /* everybody could */
        { 0, 01777, 0, 0, false },
        { 0, 0777, NOBODY, 0, false },
    };
    for (size_t i = 0; is_root() && i < sizeof rows / sizeof *rows * 2; i++) {
        bool deep = i % 2;
        struct webfile *f = NULL;
        struct err e = { 0 };
        folder("target", rows[i / 2].target, 0755);
        folder("w", deep ? 0 : rows[i / 2].parent, deep ? 0755 : rows[i / 2].mode);
        if (deep)
            folder("w/.well-known", rows[i / 2].parent, rows[i / 2].mode);
        link_to(at("target"), deep ? "w/.well-known/acme-challenge" : "w/.well-known", rows[i / 2].link);
        int rc = webfile_put(&f, at("w"), TOKEN, CONTENT, &e);
        assert_int_equal(rc, rows[i / 2].ok ? 0 : SIGNET_EINVAL);
        assert_int_equal(count("target"), rows[i / 2].ok ? 1 : 0);
        assert_int_equal(e.code, rc);
        webfile_remove(f);
        assert_int_equal(count("target"), 0);
        assert_int_equal(fs_remove_tree(AT_FDCWD, at("w"), &e), 0);
        assert_int_equal(rmdir(at("target")), 0);
    }
}

static void links_within_links_are_judged_too(void **state)
{
    (void)state;
    if (!is_root())
        return;
    struct webfile *f = NULL;
    struct err e = { 0 };
    folder("w", 0, 0755);
    folder("home", NOBODY, 0755);
    folder("secret", 0, 0755);
    link_to("../home/acme", "w/.well-known", 0);
    link_to(at("secret"), "home/acme", NOBODY);
    assert_int_equal(webfile_put(&f, at("w"), TOKEN, CONTENT, &e), SIGNET_EINVAL);
    assert_int_equal(count("secret"), 0);
    assert_non_null(strstr(e.text, "is not followed"));
    assert_true(e.hint[0]);
}

static void bad_links_end(void **state)
{
    (void)state;
    static const char *const texts[] = { ".well-known", "nowhere", "../missing/x", "/proc/self/root/nowhere",
                                         "../file",     "../fifo" };
    folder("w", geteuid(), 0755);
    assert_int_equal(mknod(at("file"), S_IFREG | 0644, 0), 0);
    assert_int_equal(mkfifo(at("fifo"), 0666), 0);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct webfile *f = NULL;
        struct err e = { 0 };
        link_to(texts[i], "w/.well-known", geteuid());
        assert_true(webfile_put(&f, at("w"), TOKEN, CONTENT, &e) < 0);
        assert_true(e.code < 0 && e.text[0]);
        assert_int_equal(unlink(at("w/.well-known")), 0);
    }
}

static void what_is_in_the_way_is_left_alone(void **state)
{
    (void)state;
    static const char name[] = "w/.well-known/acme-challenge/tok-EN_1";
    struct webfile *f = NULL;
    struct err e = { 0 };
    BUF_AUTO(text, 64);
    folder("w", geteuid(), 0755);
    folder("w/.well-known", geteuid(), 0755);
    folder("w/.well-known/acme-challenge", geteuid(), 0755);
    assert_int_equal(fs_create(AT_FDCWD, at("precious"), STR("precious"), 0600, &e), 0);
    for (int kind = 0; kind < 5; kind++) {
        assert_int_equal(kind == 0   ? link(at("precious"), at(name))
                         : kind == 1 ? symlink(at("precious"), at(name))
                         : kind == 2 ? symlink("nowhere", at(name))
                         : kind == 3 ? mkfifo(at(name), 0666)
                                     : mkdir(at(name), 0755),
                         0);
        assert_int_equal(webfile_put(&f, at("w"), TOKEN, CONTENT, &e), SIGNET_EEXIST);
        assert_non_null(strstr(e.text, "exists already"));
        assert_true(there(name));
        assert_int_equal(remove(at(name)), 0);
        assert_int_equal(count("w/.well-known/acme-challenge"), 0);
    }
    assert_int_equal(fs_read(AT_FDCWD, at("precious"), &text, &e), 0);
    assert_string_equal(buf_z(&text), "precious");
    for (int kind = 0; kind < 2; kind++) {
        assert_int_equal(rmdir(at("w/.well-known/acme-challenge")), 0);
        assert_int_equal(kind ? mkfifo(at("w/.well-known/acme-challenge"), 0666)
                              : mknod(at("w/.well-known/acme-challenge"), S_IFREG, 0),
                         0);
        assert_int_equal(webfile_put(&f, at("w"), TOKEN, CONTENT, &e), SIGNET_EINVAL);
        assert_non_null(strstr(e.text, "is not a folder"));
        assert_int_equal(unlink(at("w/.well-known/acme-challenge")), 0);
        folder("w/.well-known/acme-challenge", geteuid(), 0755);
    }
}

static void what_replaced_our_file_stays(void **state)
{
    (void)state;
    struct webfile *f;
    struct err e = { 0 };
    folder("w", geteuid(), 0755);
    assert_int_equal(webfile_put(&f, at("w"), TOKEN, CONTENT, &e), 0);
    assert_int_equal(rename(at("w/.well-known/acme-challenge/tok-EN_1"), at("kept")), 0);
    assert_int_equal(fs_create(AT_FDCWD, at("w/.well-known/acme-challenge/tok-EN_1"), STR("theirs"), 0644, &e), 0);
    webfile_remove(f);
    assert_true(there("w/.well-known/acme-challenge/tok-EN_1"));

    /* Gone already is fine, too. */
    folder("v", geteuid(), 0755);
    assert_int_equal(webfile_put(&f, at("v"), TOKEN, CONTENT, &e), 0);
    assert_int_equal(fs_remove_tree(AT_FDCWD, at("v"), &e), 0);
    webfile_remove(f);
}

static void bad_tokens_touch_nothing(void **state)
{
    (void)state;
    char longest[258];
    memset(longest, 'a', sizeof longest);
    const signet_str tokens[] = { STR(""),        STR("."),      STR(".."),       STR("../x"), STR("a/b"),
                                  STR("a=b"),     STR("a b"),    STR("a\nb"),     STR("a\0b"), STR("\xc3\xa9"),
                                  STR("a;b`c`$"), STR("/etc/x"), { longest, 257 } };
    folder("w", geteuid(), 0755);
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        struct webfile *f = NULL;
        struct err e = { 0 };
        assert_int_equal(webfile_put(&f, at("w"), tokens[i], CONTENT, &e), SIGNET_EINVAL);
        assert_null(f);
        assert_int_equal(count("w"), 0);
    }
    /* names of at most 255 bytes is all that file systems take: told as such, and nothing is left */
    struct webfile *f = NULL;
    struct err e = { 0 };
    assert_int_equal(webfile_put(&f, at("w"), (signet_str){ longest, 256 }, CONTENT, &e), SIGNET_ESYS);
    assert_int_equal(count("w"), 0);
    assert_int_equal(webfile_put(&f, at("w"), (signet_str){ longest, 255 }, CONTENT, &e), 0);
    webfile_remove(f);
    assert_int_equal(count("w"), 0);
}

static void missing_webroots_are_told(void **state)
{
    (void)state;
    struct webfile *f = NULL;
    struct err e = { 0 };
    assert_int_equal(webfile_put(&f, "/nowhere/at all", TOKEN, CONTENT, &e), SIGNET_EINVAL);
    assert_string_equal(e.text, "/nowhere/at all does not exist or is not a directory");
    assert_int_equal(mknod(at("file"), S_IFREG | 0644, 0), 0);
    assert_int_equal(webfile_put(&f, at("file"), TOKEN, CONTENT, &e), SIGNET_EINVAL);
}

static void a_failed_write_leaves_nothing(void **state)
{
    (void)state;
    struct rlimit old, tiny;
    struct webfile *f = NULL;
    struct err e = { 0 };
    folder("w", geteuid(), 0755);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    tiny = old;
    tiny.rlim_cur = 4;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tiny), 0);
    int rc = webfile_put(&f, at("w"), TOKEN, CONTENT, &e);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(rc, SIGNET_ESYS);
    assert_int_equal(count("w"), 0);
}

/* What a plain user may not do is said, and half of it is undone. Exit status: which check failed. */
static int as_nobody(void)
{
    struct webfile *f = NULL;
    struct err e = { 0 };
    if (setgid(NOBODY) || setuid(NOBODY))
        return 1;
    if (webfile_put(&f, at("w"), TOKEN, CONTENT, &e) != SIGNET_ESYS || !strstr(e.text, strerror(EACCES)))
        return 2;
    if (webfile_put(&f, at("mine"), TOKEN, CONTENT, &e))
        return 3;
    webfile_remove(f);
    return there("mine/.well-known") ? 4 : 0;
}

static void a_plain_user_is_told_what_is_not_allowed(void **state)
{
    (void)state;
    if (!is_root())
        return;
    folder("w", 0, 0755);
    folder("mine", NOBODY, 0755);
    pid_t pid = fork();
    if (pid == 0)
        _exit(as_nobody());
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(count("w"), 0);
}

/* The site's user, who never stops putting a link to a folder of root's in the way. */
static void swap_for_ever(void)
{
    char folder_path[256], away[256], victim[256];
    snprintf(folder_path, sizeof folder_path, "%s/w/.well-known", root);
    snprintf(away, sizeof away, "%s/w/away", root);
    snprintf(victim, sizeof victim, "%s/secret", root);
    if (setgid(NOBODY) || setuid(NOBODY))
        _exit(1);
    for (;;) {
        rename(folder_path, away);
        if (symlink(victim, folder_path) == 0)
            unlink(folder_path);
        rename(away, folder_path);
        mkdir(folder_path, 0755);
    }
}

static void a_user_who_races_us_gains_nothing(void **state)
{
    (void)state;
    if (!is_root())
        return;
    folder("secret", 0, 0755);
    folder("w", NOBODY, 0755);
    pid_t pid = fork();
    if (pid == 0)
        swap_for_ever();
    assert_true(pid > 0);
    unsigned put = 0;
    size_t escaped = 0;
    for (unsigned i = 0; i < 2000; i++) {
        struct webfile *f = NULL;
        struct err e = { 0 };
        put += webfile_put(&f, at("w"), TOKEN, CONTENT, &e) == 0;
        escaped += count("secret");
        webfile_remove(f);
    }
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(escaped, 0);
    assert_owned("secret", 0, 0755);
    assert_true(put > 0);
}

/* ---- what another process takes away ---- */

/* Puts a file up in a process of its own that is then gone without a word. */
static void put_and_die(const char *webroot, signet_str token)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct webfile *f;
        struct err e = { 0 };
        _exit(webfile_put(&f, webroot, token, CONTENT, &e) ? 1 : 0);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static bool undo(const struct record *r)
{
    struct err e = { 0 };
    bool removed = false;
    assert_int_equal(webfile_undo(r, &removed, &e), 0);
    assert_int_equal(e.code, 0);
    return removed;
}

static void what_a_dead_process_left_is_taken_away(void **state)
{
    (void)state;
    RECORD_AUTO(first);
    RECORD_AUTO(second);
    folder("w", geteuid(), 0755);
    assert_int_equal(webfile_describe(at("w"), TOKEN, CONTENT, &first), 0);
    assert_false(undo(&first)); /* killed before anything was made */
    put_and_die(at("w"), TOKEN);
    assert_int_equal(webfile_describe(at("w"), STR("other"), CONTENT, &second), 0);
    put_and_die(at("w"), STR("other"));
    assert_int_equal(count("w/.well-known/acme-challenge"), 2);
    assert_true(undo(&second));
    assert_true(there("w/.well-known/acme-challenge/tok-EN_1"));
    assert_true(undo(&first));
    assert_int_equal(count("w"), 0);
    assert_false(undo(&first));
}

static void only_what_is_provably_ours_is_taken_away(void **state)
{
    (void)state;
    RECORD_AUTO(r);
    RECORD_AUTO(bad);
    struct err e = { 0 };
    bool removed;
    folder("w", geteuid(), 0755);
    folder("w/.well-known", geteuid(), 0755);
    folder("w/.well-known/acme-challenge", geteuid(), 0755);
    assert_int_equal(webfile_describe(at("w"), TOKEN, CONTENT, &r), 0);
    assert_int_equal(fs_create(AT_FDCWD, at("w/.well-known/acme-challenge/tok-EN_1"), STR("somebody else's"), 0644, &e),
                     0);
    assert_false(undo(&r));
    assert_int_equal(unlink(at("w/.well-known/acme-challenge/tok-EN_1")), 0);
    assert_int_equal(symlink("/etc/passwd", at("w/.well-known/acme-challenge/tok-EN_1")), 0);
    assert_false(undo(&r));
    assert_int_equal(unlink(at("w/.well-known/acme-challenge/tok-EN_1")), 0);
    /* killed between making the file and writing it: the beginning of its content, or nothing */
    assert_int_equal(fs_create(AT_FDCWD, at("w/.well-known/acme-challenge/tok-EN_1"), STR(""), 0644, &e), 0);
    assert_true(undo(&r));
    assert_true(there("w/.well-known/acme-challenge")); /* it was there before */
    assert_int_equal(webfile_undo(&bad, &removed, &e), SIGNET_EFORMAT);
    record_addz(&bad, "webroot", at("w"));
    record_addz(&bad, "content", "x");
    record_addz(&bad, "token", "../../secret");
    assert_int_equal(webfile_undo(&bad, &removed, &e), SIGNET_EFORMAT);
}

static void a_planted_link_is_not_followed_to_take_away(void **state)
{
    (void)state;
    RECORD_AUTO(r);
    struct err e = { 0 };
    if (!is_root())
        return;
    folder("w", NOBODY, 0755);
    folder("secret", 0, 0755);
    assert_int_equal(webfile_describe(at("w"), TOKEN, CONTENT, &r), 0);
    folder("w/.well-known", NOBODY, 0755);
    link_to("../../secret", "w/.well-known/acme-challenge", NOBODY);
    assert_int_equal(fs_create(AT_FDCWD, at("secret/tok-EN_1"), CONTENT, 0644, &e), 0);
    assert_false(undo(&r));
    assert_true(there("secret/tok-EN_1"));
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(files_have_the_webroots_owner_whatever_the_umask),
        T(only_what_was_made_is_removed),
        T(orders_share_a_webroot),
        T(webroots_share_a_folder_through_links),
        T(links_of_others_lead_nowhere),
        T(links_within_links_are_judged_too),
        T(bad_links_end),
        T(what_is_in_the_way_is_left_alone),
        T(what_replaced_our_file_stays),
        T(bad_tokens_touch_nothing),
        T(missing_webroots_are_told),
        T(a_failed_write_leaves_nothing),
        T(a_plain_user_is_told_what_is_not_allowed),
        T(a_user_who_races_us_gains_nothing),
        T(what_a_dead_process_left_is_taken_away),
        T(only_what_is_provably_ours_is_taken_away),
        T(a_planted_link_is_not_followed_to_take_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
