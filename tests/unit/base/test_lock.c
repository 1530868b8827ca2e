#include "base/lock.h"

#include "base/fs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char home[] = "/tmp/signet-test-lock-XXXXXX";

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
    return chdir("/") || fs_remove_tree(AT_FDCWD, home, &e);
}

/* What lock_take says in another process; the child holds the lock until it ends. */
static int take_elsewhere(const char *path)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct lock *l;
        struct err e = { 0 };
        int r = lock_take(&l, path, &e);
        if (r == SIGNET_EBUSY && !strstr(e.hint, "holds it"))
            _exit(99);
        _exit(-r);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return -WEXITSTATUS(status);
}

static void another_process_is_told_who_holds_it(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct lock *l = NULL;
    struct stat st;
    assert_int_equal(lock_take(&l, ".certbot.lock", &e), 0);
    assert_int_equal(stat(".certbot.lock", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(take_elsewhere(".certbot.lock"), SIGNET_EBUSY);
    lock_release(l);
    assert_false(fs_exists(AT_FDCWD, ".certbot.lock"));
    assert_int_equal(take_elsewhere(".certbot.lock"), 0);
}

static void a_dead_holder_holds_nothing(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct lock *l = NULL;
    assert_int_equal(take_elsewhere("lock"), 0);
    assert_true(fs_exists(AT_FDCWD, "lock")); /* it died without removing it */
    assert_int_equal(lock_take(&l, "lock", &e), 0);
    assert_int_equal(take_elsewhere("lock"), SIGNET_EBUSY);
    lock_release(l);
    assert_false(fs_exists(AT_FDCWD, "lock"));
}

static void the_same_folder_twice_is_one_lock(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct lock *a = NULL, *b = NULL;
    assert_int_equal(lock_take(&a, "lock", &e), 0);
    assert_int_equal(lock_take(&b, "./lock", &e), 0);
    lock_release(a);
    assert_int_equal(take_elsewhere("lock"), SIGNET_EBUSY);
    lock_release(b);
    assert_int_equal(take_elsewhere("lock"), 0);
}

static void somebody_elses_file_is_not_removed(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct lock *l = NULL;
    assert_int_equal(lock_take(&l, "lock", &e), 0);
    assert_int_equal(unlink("lock"), 0);
    assert_int_equal(fs_create(AT_FDCWD, "lock", STR(""), 0600, &e), 0);
    lock_release(l);
    assert_true(fs_exists(AT_FDCWD, "lock"));
    lock_release(NULL);
}

static void a_forked_child_does_not_let_go(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct lock *l = NULL;
    assert_int_equal(lock_take(&l, "lock", &e), 0);
    pid_t pid = fork();
    if (pid == 0) {
        lock_release(l);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_true(fs_exists(AT_FDCWD, "lock"));
    assert_int_equal(take_elsewhere("lock"), SIGNET_EBUSY);
    lock_release(l);
}

static void what_is_no_lock_file_is_refused_at_once(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct lock *l = NULL;
    assert_int_equal(symlink("target", "link"), 0);
    assert_int_equal(lock_take(&l, "link", &e), SIGNET_ESYS);
    assert_string_equal(e.hint, "It must be a plain file and no link; remove it.");
    assert_false(fs_exists(AT_FDCWD, "target"));
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(lock_take(&l, "fifo", &e), SIGNET_ESYS);
    assert_int_equal(lock_take(&l, ".", &e), SIGNET_ESYS);
    assert_int_equal(lock_take(&l, "missing/lock", &e), SIGNET_ESYS);
    assert_int_equal(lock_take(&l, "/dev/null", &e), SIGNET_EFORMAT);
    assert_null(l);
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(another_process_is_told_who_holds_it), IN_FOLDER(a_dead_holder_holds_nothing),
        IN_FOLDER(the_same_folder_twice_is_one_lock),    IN_FOLDER(somebody_elses_file_is_not_removed),
        IN_FOLDER(a_forked_child_does_not_let_go),       IN_FOLDER(what_is_no_lock_file_is_refused_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
