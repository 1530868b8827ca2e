#include "cli/logfile.h"

#include "base/buf.h"
#include "base/fs.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];

static int make_dir(void **state)
{
    (void)state;
    memcpy(dir, "/tmp/signet-test-log-XXXXXX", 28);
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    return fs_remove_tree(AT_FDCWD, dir, NULL);
}

static void read_log(const char *name, struct buf *to)
{
    BUF_AUTO(path, 256);
    fs_join(&path, dir, name);
    buf_clear(to);
    assert_int_equal(fs_read(AT_FDCWD, buf_z(&path), to, NULL), 0);
}

static void write_run(unsigned backups, const char *line)
{
    struct logfile f;
    struct err e = { 0 };
    assert_int_equal(logfile_open(&f, dir, backups, &e), 0);
    logfile_sink(&f, LOG_WARNING, "test.room", line);
    logfile_close(&f);
    assert_int_equal(f.fd, -1);
}

static size_t count_files(void)
{
    STRLIST_AUTO(names);
    assert_int_equal(fs_list(AT_FDCWD, dir, &names, NULL), 0);
    return names.n;
}

static void test_rotation(void **state)
{
    (void)state;
    BUF_AUTO(text, 1 << 20);
    write_run(2, "one");
    write_run(2, "two");
    write_run(2, "three");
    assert_int_equal(count_files(), 3);
    write_run(2, "four");
    assert_int_equal(count_files(), 3);
    read_log("letsencrypt.log", &text);
    assert_true(str_ends(buf_str(&text), STR(":WARNING:test.room:four\n")));
    read_log("letsencrypt.log.1", &text);
    assert_true(str_ends(buf_str(&text), STR("three\n")));
    read_log("letsencrypt.log.2", &text);
    assert_true(str_ends(buf_str(&text), STR("two\n")));
}

/* 2026-11-22 08:25:43,123:LEVEL:room:text, in local time */
static void test_line(void **state)
{
    (void)state;
    BUF_AUTO(text, 1 << 20);
    write_run(3, "a\nb");
    read_log("letsencrypt.log", &text);
    static const char form[] = "dddd-dd-dd dd:dd:dd,ddd:WARNING:test.room:a\nb\n";
    assert_int_equal(text.n, sizeof(form) - 1);
    for (size_t i = 0; i < text.n; i++)
        assert_true(form[i] == 'd' ? text.p[i] >= '0' && text.p[i] <= '9' : text.p[i] == form[i]);
}

static void test_no_backups(void **state)
{
    (void)state;
    BUF_AUTO(text, 1 << 20);
    write_run(0, "one");
    write_run(0, "two");
    assert_int_equal(count_files(), 1);
    read_log("letsencrypt.log", &text);
    assert_non_null(strstr(buf_z(&text), "one\n"));
    assert_non_null(strstr(buf_z(&text), "two\n"));
}

static void test_mode(void **state)
{
    (void)state;
    struct stat st;
    BUF_AUTO(path, 256);
    mode_t before = umask(0);
    write_run(5, "x");
    umask(before);
    fs_join(&path, dir, "letsencrypt.log");
    assert_int_equal(stat(buf_z(&path), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0644);
}

static void test_size(void **state)
{
    (void)state;
    struct logfile f;
    struct err e = { 0 };
    struct stat st;
    BUF_AUTO(path, 256);
    char *line = malloc(100 * 1024 + 1);
    assert_non_null(line);
    memset(line, 'x', 100 * 1024);
    line[100 * 1024] = '\0';
    assert_int_equal(logfile_open(&f, dir, 3, &e), 0);
    for (int i = 0; i < 45; i++)
        logfile_sink(&f, LOG_DEBUG, "r", line);
    logfile_close(&f);
    free(line);
    assert_int_equal(count_files(), 4);
    for (int i = 0; i < 4; i++) {
        buf_clear(&path);
        buf_addf(&path, i ? "%s/letsencrypt.log.%d" : "%s/letsencrypt.log", dir, i);
        assert_int_equal(stat(buf_z(&path), &st), 0);
        assert_true(st.st_size > 0 && st.st_size <= LOGFILE_BYTES_MAX);
    }
}

/* What somebody put there in our place is not followed. */
static void test_planted(void **state)
{
    (void)state;
    struct logfile f;
    struct err e = { 0 };
    BUF_AUTO(link, 256);
    BUF_AUTO(target, 256);
    fs_join(&link, dir, "letsencrypt.log");
    fs_join(&target, dir, "target");
    assert_int_equal(symlink(buf_z(&target), buf_z(&link)), 0);
    assert_int_not_equal(logfile_open(&f, dir, 0, &e), 0);
    assert_non_null(strstr(e.text, "letsencrypt.log"));
    assert_int_not_equal(access(buf_z(&target), F_OK), 0);
    write_run(2, "rotated away");
    assert_int_not_equal(access(buf_z(&target), F_OK), 0);
    unlink(buf_z(&link));
    assert_int_equal(mkfifo(buf_z(&link), 0600), 0);
    assert_int_not_equal(logfile_open(&f, dir, 0, &e), 0);
}

static void test_no_folder(void **state)
{
    (void)state;
    struct logfile f;
    struct err e = { 0 };
    assert_int_equal(logfile_open(&f, "/nonexistent/logs", 5, &e), SIGNET_ESYS);
    assert_string_equal(e.text, "cannot write the log /nonexistent/logs/letsencrypt.log: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rotation, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_line, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_no_backups, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_mode, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_size, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(test_planted, make_dir, remove_dir),
        cmocka_unit_test(test_no_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
