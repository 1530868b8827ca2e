#include "base/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static char home[] = "/tmp/signet-test-fs-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    memcpy(home + sizeof(home) - 7, "XXXXXX", 6);
    return mkdtemp(home) && chdir(home) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    struct err e = { 0 };
    return chdir("/") || fs_remove_tree(AT_FDCWD, home, &e) || fs_exists(AT_FDCWD, home);
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode & 07777;
}

static void assert_content(const char *path, signet_str want)
{
    struct err e = { 0 };
    BUF_AUTO(b, 100000);
    assert_int_equal(fs_read(AT_FDCWD, path, &b, &e), 0);
    assert_true(str_eq(buf_str(&b), want));
}

static void assert_listed(const char *path, const char *want)
{
    struct err e = { 0 };
    STRLIST_AUTO(names);
    BUF_AUTO(b, 10000);
    assert_int_equal(fs_list(AT_FDCWD, path, &names, &e), 0);
    strlist_join(&names, " ", &b);
    assert_string_equal(buf_z(&b), want);
}

static void creates_once_with_the_exact_mode(void **state)
{
    (void)state;
    struct err e = { 0 };
    mode_t old = umask(077);
    assert_int_equal(fs_create(AT_FDCWD, "a", STR("one\0two"), 0644, &e), 0);
    umask(0);
    assert_int_equal(fs_create(AT_FDCWD, "b", STR(""), 0600, &e), 0);
    umask(old);
    assert_int_equal(mode_of("a"), 0644);
    assert_int_equal(mode_of("b"), 0600);
    assert_content("a", STR("one\0two"));
    assert_content("b", STR(""));
    assert_int_equal(fs_create(AT_FDCWD, "a", STR("x"), 0644, &e), SIGNET_EEXIST);
    assert_content("a", STR("one\0two"));
    assert_int_equal(symlink("nowhere", "link"), 0);
    assert_int_equal(fs_create(AT_FDCWD, "link", STR("x"), 0644, &e), SIGNET_EEXIST);
    assert_false(fs_exists(AT_FDCWD, "nowhere"));
    assert_true(fs_exists(AT_FDCWD, "link"));
    /* what cannot be examined is not missing */
    assert_int_equal(symlink("loop", "loop"), 0);
    assert_true(fs_exists(AT_FDCWD, "loop/x"));
    assert_false(fs_exists(AT_FDCWD, "nowhere/x"));
    assert_int_equal(unlink("loop"), 0);
    assert_int_equal(fs_create(AT_FDCWD, "missing/x", STR("x"), 0644, &e), SIGNET_ESYS);
    assert_string_equal(e.text, "cannot make missing/x: No such file or directory");
}

/* A file size limit stops a write halfway, as a full disk does. */
static void a_write_that_fails_leaves_nothing_behind(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct rlimit before, small;
    char data[3000] = { 0 };
    assert_int_equal(fs_create(AT_FDCWD, "old", STR("old"), 0600, &e), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 1000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int made = fs_create(AT_FDCWD, "new", (signet_str){ data, sizeof(data) }, 0600, &e);
    int replaced = fs_replace(AT_FDCWD, "old", (signet_str){ data, sizeof(data) }, 0600, true, &e);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(made, SIGNET_ESYS);
    assert_int_equal(replaced, SIGNET_ESYS);
    assert_string_equal(e.text, "cannot write old: File too large");
    assert_content("old", STR("old"));
    assert_listed(".", "old");
}

static void reads_only_regular_files_up_to_the_cap(void **state)
{
    (void)state;
    struct err e = { 0 };
    BUF_AUTO(b, 10);
    buf_addz(&b, "before");
    assert_int_equal(fs_read(AT_FDCWD, "missing", &b, &e), SIGNET_ENOTFOUND);
    assert_int_equal(e.code, SIGNET_ENOTFOUND);
    assert_int_equal(b.n, 0);
    assert_int_equal(fs_create(AT_FDCWD, "ten", STR("0123456789"), 0600, &e), 0);
    assert_int_equal(fs_read(AT_FDCWD, "ten", &b, &e), 0);
    assert_string_equal(buf_z(&b), "0123456789");
    assert_int_equal(fs_create(AT_FDCWD, "eleven", STR("0123456789A"), 0600, &e), 0);
    assert_int_equal(fs_read(AT_FDCWD, "eleven", &b, &e), SIGNET_ELIMIT);
    assert_string_equal(e.text, "cannot read eleven: its 11 bytes are more than the 10 it may have");
    assert_int_equal(b.n, 0);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(fs_read(AT_FDCWD, "fifo", &b, &e), SIGNET_EFORMAT);
    assert_string_equal(e.text, "cannot read fifo: it is not a regular file");
    assert_int_equal(fs_read(AT_FDCWD, ".", &b, &e), SIGNET_EFORMAT);
    assert_int_equal(fs_read(AT_FDCWD, "/dev/zero", &b, &e), SIGNET_EFORMAT);
    /* A file whose size is not known beforehand. */
    assert_int_equal(fs_read(AT_FDCWD, "/proc/self/status", &b, &e), SIGNET_ELIMIT);
    BUF_AUTO(large, 100000);
    assert_int_equal(fs_read(AT_FDCWD, "/proc/self/status", &large, &e), 0);
    assert_true(str_starts(buf_str(&large), STR("Name:")));
}

static void replaces_in_one_step(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_int_equal(fs_replace(AT_FDCWD, "a", STR("new"), 0640, true, &e), 0);
    assert_int_equal(mode_of("a"), 0640);
    assert_int_equal(chmod("a", 0604), 0);
    assert_int_equal(fs_replace(AT_FDCWD, "a", STR("kept"), 0640, true, &e), 0);
    assert_content("a", STR("kept"));
    assert_int_equal(mode_of("a"), 0604);
    assert_int_equal(fs_replace(AT_FDCWD, "a", STR("fresh"), 0600, false, &e), 0);
    assert_int_equal(mode_of("a"), 0600);
    assert_listed(".", "a");
}

static void carries_over_owner_and_attributes(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct stat st;
    char value[10] = { 0 };
    assert_int_equal(fs_create(AT_FDCWD, "a", STR("old"), 0640, &e), 0);
    bool root = chown("a", 12, 34) == 0;
    bool attr = setxattr("a", "user.note", "hello", 5, 0) == 0;
    assert_int_equal(fs_replace(AT_FDCWD, "./a", STR("new"), 0600, true, &e), 0);
    assert_int_equal(stat("a", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    if (root) {
        assert_int_equal(st.st_uid, 12);
        assert_int_equal(st.st_gid, 34);
    }
    if (attr) {
        assert_int_equal(getxattr("a", "user.note", value, sizeof(value)), 5);
        assert_string_equal(value, "hello");
    }
}

static void a_link_is_replaced_not_followed(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_int_equal(fs_create(AT_FDCWD, "target", STR("old"), 0666, &e), 0);
    assert_int_equal(symlink("target", "link"), 0);
    assert_int_equal(fs_replace(AT_FDCWD, "link", STR("new"), 0600, true, &e), 0);
    assert_content("target", STR("old"));
    assert_content("link", STR("new"));
    assert_int_equal(mode_of("link"), 0600);
}

static void a_killed_run_leaves_no_litter(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_int_equal(fs_create(AT_FDCWD, ".a.signet-tmp", STR("half"), 0600, &e), 0);
    assert_int_equal(fs_replace(AT_FDCWD, "a", STR("whole"), 0600, true, &e), 0);
    assert_listed(".", "a");
    /* A living writer's file stays. */
    int fd = open(".a.signet-tmp", O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(fs_replace(AT_FDCWD, "a", STR("again"), 0600, true, &e), 0);
    assert_listed(".", ".a.signet-tmp a");
    close(fd);
    /* Nor is what is in the way followed or waited for. */
    assert_int_equal(unlink(".a.signet-tmp"), 0);
    assert_int_equal(symlink("elsewhere", ".a.signet-tmp"), 0);
    assert_int_equal(fs_replace(AT_FDCWD, "a", STR("third"), 0600, true, &e), 0);
    assert_content("a", STR("third"));
    assert_false(fs_exists(AT_FDCWD, "elsewhere"));
}

static void a_failed_replace_leaves_the_old_file(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_int_equal(fs_mkdirs("d/inner", 0755, &e), 0);
    assert_int_equal(fs_replace(AT_FDCWD, "d", STR("x"), 0600, true, &e), SIGNET_ESYS);
    assert_int_equal(fs_replace(AT_FDCWD, "d/", STR("x"), 0600, true, &e), SIGNET_EINVAL);
    assert_int_equal(fs_replace(AT_FDCWD, "missing/x", STR("x"), 0600, true, &e), SIGNET_ESYS);
    assert_listed(".", "d");
    assert_listed("d", "inner");
    assert_int_equal(fs_fsync_dir(AT_FDCWD, "d", &e), 0);
    assert_int_equal(fs_fsync_dir(AT_FDCWD, "gone", &e), SIGNET_ESYS);
}

static void a_name_of_255_bytes_can_be_replaced(void **state)
{
    (void)state;
    struct err e = { 0 };
    char name[257];
    memset(name, 'n', 256);
    name[255] = name[256] = '\0';
    assert_int_equal(fs_replace(AT_FDCWD, name, STR("x"), 0600, true, &e), 0);
    assert_content(name, STR("x"));
    name[255] = 'n';
    assert_int_equal(fs_replace(AT_FDCWD, name, STR("x"), 0600, true, &e), SIGNET_ESYS);
}

static void makes_folders_with_the_exact_mode(void **state)
{
    (void)state;
    struct err e = { 0 };
    mode_t old = umask(077);
    assert_int_equal(fs_mkdirs("x//y/z/", 0755, &e), 0);
    umask(old);
    assert_int_equal(mode_of("x"), 0755);
    assert_int_equal(mode_of("x/y/z"), 0755);
    assert_int_equal(fs_mkdirs("x/y/w", 0700, &e), 0);
    assert_int_equal(mode_of("x/y"), 0755);
    assert_int_equal(mode_of("x/y/w"), 0700);
    assert_int_equal(fs_mkdirs("x", 0700, &e), 0);
    assert_int_equal(mode_of("x"), 0755);
    assert_int_equal(fs_create(AT_FDCWD, "x/file", STR(""), 0600, &e), 0);
    assert_int_equal(fs_mkdirs("x/file/more", 0755, &e), SIGNET_EEXIST);
    assert_string_equal(e.text, "cannot make the folder x/file: something that is not a folder has this name");
    assert_int_equal(symlink("y", "x/link"), 0);
    assert_int_equal(fs_mkdirs("x/link/new", 0755, &e), 0);
    assert_true(fs_exists(AT_FDCWD, "x/y/new"));
}

static void removes_a_tree_but_follows_no_link(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_int_equal(fs_mkdirs("tree/a/b", 0755, &e), 0);
    assert_int_equal(fs_mkdirs("safe", 0755, &e), 0);
    assert_int_equal(fs_create(AT_FDCWD, "safe/file", STR("x"), 0600, &e), 0);
    assert_int_equal(fs_create(AT_FDCWD, "tree/a/file", STR("x"), 0600, &e), 0);
    assert_int_equal(symlink("../safe", "tree/link"), 0);
    assert_int_equal(fs_remove_tree(AT_FDCWD, "tree/", &e), 0);
    assert_false(fs_exists(AT_FDCWD, "tree"));
    assert_int_equal(symlink("safe", "link"), 0);
    assert_int_equal(fs_remove_tree(AT_FDCWD, "link", &e), SIGNET_EINVAL);
    assert_int_equal(fs_remove_tree(AT_FDCWD, "link/", &e), SIGNET_EINVAL);
    assert_int_equal(fs_remove_tree(AT_FDCWD, "safe/file", &e), SIGNET_EINVAL);
    assert_content("safe/file", STR("x"));
    assert_int_equal(fs_remove_tree(AT_FDCWD, "missing", &e), 0);
}

static void stops_at_absurd_depth(void **state)
{
    (void)state;
    struct err e = { 0 };
    BUF_AUTO(path, 1000);
    for (int i = 0; i < 80; i++)
        buf_addz(&path, "d/");
    assert_int_equal(fs_mkdirs(buf_z(&path), 0700, &e), 0);
    assert_int_equal(fs_remove_tree(AT_FDCWD, "d", &e), SIGNET_ELIMIT);
    assert_int_equal(chdir("d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d"), 0);
    assert_int_equal(fs_remove_tree(AT_FDCWD, "d", &e), 0);
    assert_int_equal(chdir(home), 0);
}

static void lists_sorted(void **state)
{
    (void)state;
    struct err e = { 0 };
    static const char *const names[] = { "b", "B", ".hidden", "a10", "a9" };
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(fs_create(AT_FDCWD, names[i], STR(""), 0600, &e), 0);
    assert_listed(".", ".hidden B a10 a9 b");
    STRLIST_AUTO(l);
    assert_int_equal(strlist_addz(&l, "before"), 0);
    assert_int_equal(fs_list(AT_FDCWD, "missing", &l, &e), SIGNET_ENOTFOUND);
    assert_int_equal(fs_list(AT_FDCWD, "a9", &l, &e), SIGNET_ESYS);
    assert_int_equal(l.n, 1);
}

static void reads_links_and_unlinks(void **state)
{
    (void)state;
    struct err e = { 0 };
    BUF_AUTO(b, 100);
    assert_int_equal(symlink("../../archive/x/cert1.pem", "link"), 0);
    assert_int_equal(fs_readlink(AT_FDCWD, "link", &b, &e), 0);
    assert_string_equal(buf_z(&b), "../../archive/x/cert1.pem");
    assert_int_equal(fs_readlink(AT_FDCWD, ".", &b, &e), SIGNET_EINVAL);
    assert_int_equal(fs_readlink(AT_FDCWD, "gone", &b, &e), SIGNET_ENOTFOUND);
    assert_true(fs_exists(AT_FDCWD, "link"));
    assert_int_equal(fs_unlink(AT_FDCWD, "link", &e), 0);
    assert_int_equal(fs_unlink(AT_FDCWD, "link", &e), 0);
    assert_false(fs_exists(AT_FDCWD, "link"));
    assert_int_equal(fs_unlink(AT_FDCWD, ".", &e), SIGNET_ESYS);
}

static void joins_names(void **state)
{
    (void)state;
    static const char *const t[][3] = {
        { "/etc", "x", "/etc/x" }, { "/etc/", "x", "/etc/x" }, { "/", "x", "/x" },
        { "", "x", "x" },          { "/etc", "/abs", "/abs" }, { "a", "", "a/" },
    };
    BUF_AUTO(b, 100);
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        fs_join(&b, t[i][0], t[i][1]);
        assert_string_equal(buf_z(&b), t[i][2]);
    }
}

static void makes_paths_absolute(void **state)
{
    (void)state;
    static const char *const t[][2] = {
        { "/", "/" },     { "//a//b/", "/a/b" },   { "/a/./b/../c", "/a/c" }, { "/../..", "/" },
        { "/a/..", "/" }, { "~", "/home/u" },      { "~/x", "/home/u/x" },    { "~/..", "/home" },
        { "/~", "/~" },   { "/a/~/b", "/a/~/b" },  { "x/../y", "/y" },        { "", "/" },
        { "..", "/" },    { "~other", "/~other" }, { "/...", "/..." },
    };
    struct err e = { 0 };
    BUF_AUTO(b, 100);
    setenv("HOME", "/home/u", 1);
    assert_int_equal(chdir("/"), 0);
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        assert_int_equal(fs_absolute(t[i][0], &b, &e), 0);
        assert_string_equal(buf_z(&b), t[i][1]);
    }
    assert_int_equal(chdir("/tmp"), 0);
    assert_int_equal(fs_absolute("x", &b, &e), 0);
    assert_string_equal(buf_z(&b), "/tmp/x");
    BUF_AUTO(tiny, 3);
    assert_int_equal(fs_absolute("/abc/def", &tiny, &e), SIGNET_ELIMIT);
}

static void tells_which_limit_a_path_breaks(void **state)
{
    (void)state;
    static const struct {
        size_t parts, each; /* "/" and so many bytes, so often */
        const char *why;    /* "" it fits */
    } t[] = {
        { 1, 1, "" },
        { 1, NAME_MAX, "" },
        { 1, NAME_MAX + 1, "a name of 256 bytes in a path is too long, 255 are the most: aaa" },
        { 12, NAME_MAX, "" },
        { 12, NAME_MAX + 1, "a path of 3084 bytes is too long, 3072 are the most: /aaa" },
        { 16, NAME_MAX, "a path of 4096 bytes" },
        { 2000, 1, "a path of 4000 bytes" },
    };
    for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
        BUF_AUTO(path, 1u << 16);
        struct err e = { 0 };
        for (size_t k = 0; k < t[i].parts; k++) {
            buf_addc(&path, '/');
            for (size_t n = 0; n < t[i].each; n++)
                buf_addc(&path, 'a');
        }
        assert_int_equal(fs_fits(buf_str(&path), &e), t[i].why[0] ? SIGNET_ELIMIT : 0);
        if (t[i].why[0])
            assert_non_null(strstr(e.text, t[i].why));
    }
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(creates_once_with_the_exact_mode),
        IN_FOLDER(a_write_that_fails_leaves_nothing_behind),
        IN_FOLDER(reads_only_regular_files_up_to_the_cap),
        IN_FOLDER(replaces_in_one_step),
        IN_FOLDER(carries_over_owner_and_attributes),
        IN_FOLDER(a_link_is_replaced_not_followed),
        IN_FOLDER(a_killed_run_leaves_no_litter),
        IN_FOLDER(a_failed_replace_leaves_the_old_file),
        IN_FOLDER(a_name_of_255_bytes_can_be_replaced),
        IN_FOLDER(makes_folders_with_the_exact_mode),
        IN_FOLDER(removes_a_tree_but_follows_no_link),
        IN_FOLDER(stops_at_absurd_depth),
        IN_FOLDER(lists_sorted),
        IN_FOLDER(reads_links_and_unlinks),
        IN_FOLDER(joins_names),
        IN_FOLDER(makes_paths_absolute),
        IN_FOLDER(tells_which_limit_a_path_breaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
