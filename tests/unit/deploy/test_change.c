/* Diffs, checkpoints, files that change place together. */
#include "base/fs.h"
#include "base/stage.h"
#include "deploy/checkpoint.h"
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

/* ---- diffs ---- */

static void diffs_are_as_diff_shows_them(void **state)
{
    static const struct {
        const char *a, *b, *want;
    } cases[] = {
        { "a\nb\nc\n", "a\nX\nc\n", "--- f\n+++ f\n@@ -1,3 +1,3 @@\n a\n-b\n+X\n c\n" },
        { "a\n", "a\nb\n", "--- f\n+++ f\n@@ -1 +1,2 @@\n a\n+b\n" },
        { "a\nb", "a\nb\n", "--- f\n+++ f\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n" },
        { "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n3\n4\n5\n6\n7\n8\n9\nx\n",
          "--- f\n+++ f\n@@ -1,5 +1,4 @@\n 1\n-2\n 3\n 4\n 5\n@@ -7,3 +6,4 @@\n 7\n 8\n 9\n+x\n" },
        { "1\n2\n3\n4\n5\n", "1\nx\n3\n4\ny\n", "--- f\n+++ f\n@@ -1,5 +1,5 @@\n 1\n-2\n+x\n 3\n 4\n-5\n+y\n" },
        { "same\n", "same\n", "--- f\n+++ f\n" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        BUF_AUTO(out, 4096);
        diff_unified("f", false, str_of(cases[i].a), str_of(cases[i].b), &out);
        assert_string_equal(buf_z(&out), cases[i].want);
    }
    BUF_AUTO(out, 4096);
    diff_unified("f", true, STR(""), STR("new\n"), &out);
    assert_string_equal(buf_z(&out), "--- /dev/null\n+++ f\n@@ -0,0 +1 @@\n+new\n");
}

/* Whatever the two texts: what the diff says goes, goes, and the rest with what it says comes is the other. */
static void any_diff_leads_from_one_to_the_other(void **state)
{
    unsigned seed = 1;
    (void)state;
    for (int round = 0; round < 300; round++) {
        BUF_AUTO(a, 4096);
        BUF_AUTO(b, 4096);
        BUF_AUTO(out, 65536);
        BUF_AUTO(old, 4096);
        BUF_AUTO(fresh, 4096);
        int n = rand_r(&seed) % 40;
        for (int i = 0; i < n; i++) {
            if (rand_r(&seed) % 4)
                buf_addf(&a, "%d\n", rand_r(&seed) % 5);
            if (rand_r(&seed) % 4)
                buf_addf(&b, "%d\n", rand_r(&seed) % 5);
        }
        diff_unified("f", false, buf_str(&a), buf_str(&b), &out);
        signet_str line, rest = buf_str(&out);
        while (rest.n) {
            (void)str_cut(rest, '\n', &line, &rest);
            if (str_starts(line, STR("--- ")) || str_starts(line, STR("+++ ")) || str_starts(line, STR("@@")))
                continue;
            if (line.p[0] != '+')
                buf_add(&old, (signet_str){ line.p + 1, line.n });
            if (line.p[0] != '-')
                buf_add(&fresh, (signet_str){ line.p + 1, line.n });
        }
        if (!str_eq(buf_str(&a), buf_str(&b)) && str_has(buf_str(&out), '@') && a.n < 14) { /* one hunk holds all */
            assert_true(str_eq(buf_str(&old), buf_str(&a)));
            assert_true(str_eq(buf_str(&fresh), buf_str(&b)));
        }
    }
}

/* ---- files ---- */

static char dir[64], work[128];

static int make_dir(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/signet-test-XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void)snprintf(work, sizeof work, "%s/work", dir);
    return mkdir(work, 0755);
}

static int drop_dir(void **state)
{
    (void)state;
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

static void put(const char *name, const char *text, mode_t mode)
{
    (void)unlink(in_dir(name));
    assert_int_equal(fs_create(AT_FDCWD, in_dir(name), str_of(text), mode, NULL), 0);
    const struct timespec old[2] = { { 1000000, 5 }, { 1000000, 7 } };
    assert_int_equal(utimensat(AT_FDCWD, in_dir(name), old, 0), 0);
}

static void holds(const char *name, const char *text)
{
    BUF_AUTO(is, 4096);
    assert_int_equal(fs_read(AT_FDCWD, in_dir(name), &is, NULL), 0);
    assert_string_equal(buf_z(&is), text);
}

static void stages_swap_and_come_back(void **state)
{
    struct stage s;
    struct stat before, after;
    (void)state;
    put("f", "old", 0640);
    assert_int_equal(stat(in_dir("f"), &before), 0);
    assert_int_equal(stage_begin(&s, in_dir("f"), STR("new"), 0600, NULL), 0);
    assert_int_equal(stage_sync(&s, NULL), 0);
    holds("f", "old");
    assert_int_equal(stage_swap(&s, NULL), 0);
    holds("f", "new");
    assert_int_equal(stat(in_dir("f"), &after), 0);
    assert_int_equal(after.st_mode & 0777, 0640);
    assert_int_equal(stage_back(&s, NULL), 0);
    stage_end(&s);
    holds("f", "old");
    assert_int_equal(stat(in_dir("f"), &after), 0);
    assert_true(after.st_ino == before.st_ino && after.st_mtim.tv_sec == 1000000 && after.st_mtim.tv_nsec == 7);
    assert_false(fs_exists(AT_FDCWD, in_dir(".f.signet-tmp")));

    assert_int_equal(stage_begin(&s, in_dir("g"), STR("new"), 0600, NULL), 0);
    assert_int_equal(stage_sync(&s, NULL), 0);
    assert_int_equal(stage_swap(&s, NULL), 0);
    holds("g", "new");
    assert_int_equal(stage_back(&s, NULL), 0);
    stage_end(&s);
    assert_false(fs_exists(AT_FDCWD, in_dir("g")));
}

static void stages_keep_what_they_replaced_out_of_the_way(void **state)
{
    struct stage s;
    (void)state;
    put("h", "old", 0644);
    assert_int_equal(stage_begin(&s, in_dir("h"), STR("new"), 0600, NULL), 0);
    assert_int_equal(stage_sync(&s, NULL), 0);
    assert_int_equal(stage_swap(&s, NULL), 0);
    stage_end(&s);
    holds("h", "new");
    assert_false(fs_exists(AT_FDCWD, in_dir(".h.signet-tmp")));
    assert_int_equal(mkdir(in_dir("d"), 0755), 0);
    assert_int_equal(stage_begin(&s, in_dir("d"), STR("x"), 0600, NULL), SIGNET_EINVAL);
    stage_end(&s);
}

static struct changes two_changes(void)
{
    struct changes c = CHANGES_INIT;
    put("a.conf", "before a", 0640);
    (void)unlink(in_dir("b.conf"));
    assert_int_equal(changes_add(&c, in_dir("a.conf"), STR("before a"), STR("after a"), NULL), 0);
    assert_int_equal(changes_add_new(&c, in_dir("b.conf"), STR("new b"), 0644, NULL), 0);
    changes_note(&c, "note %d", 1);
    return c;
}

static void change_both(void)
{
    assert_int_equal(fs_replace(AT_FDCWD, in_dir("a.conf"), STR("after a"), 0644, true, NULL), 0);
    assert_int_equal(fs_replace(AT_FDCWD, in_dir("b.conf"), STR("new b"), 0644, true, NULL), 0);
}

static void checkpoints_have_certbots_layout(void **state)
{
    struct changes c = two_changes();
    RECORD_AUTO(server);
    BUF_AUTO(want, 512);
    struct stat st;
    (void)state;
    assert_int_equal(record_addz(&server, "installer", "nginx"), 0);
    assert_int_equal(checkpoint_make(work, CHECKPOINT_CHANGE, &c, "A title", &server, NULL), 0);
    assert_true(checkpoint_exists(work, CHECKPOINT_CHANGE));
    buf_addf(&want, "%s\n", in_dir("a.conf"));
    holds("work/backups/IN_PROGRESS/FILEPATHS", buf_z(&want));
    buf_clear(&want);
    buf_addf(&want, "%s\n", in_dir("b.conf"));
    holds("work/backups/IN_PROGRESS/NEW_FILES", buf_z(&want));
    holds("work/backups/IN_PROGRESS/CHANGES_SINCE", "-- A title --\nnote 1\n");
    holds("work/backups/IN_PROGRESS/a.conf_0", "before a");
    assert_int_equal(stat(in_dir("work/backups/IN_PROGRESS/a.conf_0"), &st), 0);
    assert_true((st.st_mode & 0777) == 0640 && st.st_mtim.tv_sec == 1000000);
    assert_int_equal(checkpoint_make(work, CHECKPOINT_CHANGE, &c, "again", NULL, NULL), SIGNET_EEXIST);
    assert_int_equal(checkpoint_drop(work, CHECKPOINT_CHANGE, NULL), 0);
    assert_false(checkpoint_exists(work, CHECKPOINT_CHANGE));
    changes_done(&c);
}

static void what_was_begun_is_taken_back(void **state)
{
    struct changes c = two_changes();
    struct stat st;
    RECORD_AUTO(server);
    RECORD_AUTO(noted);
    STRLIST_AUTO(did);
    (void)state;
    assert_int_equal(record_addz(&server, "ctl", "a b"), 0);
    assert_int_equal(checkpoint_make(work, CHECKPOINT_TEMPORARY, &c, "t", &server, NULL), 0);
    change_both();
    put(".a.conf.signet-tmp", "left", 0600);
    const struct checkpoint_undo u = { .ret_server = &noted, .did = &did };
    assert_int_equal(checkpoint_undo(work, CHECKPOINT_TEMPORARY, &u, NULL), 0);
    holds("a.conf", "before a");
    assert_false(fs_exists(AT_FDCWD, in_dir("b.conf")) || fs_exists(AT_FDCWD, in_dir(".a.conf.signet-tmp")));
    assert_int_equal(stat(in_dir("a.conf"), &st), 0);
    assert_true((st.st_mode & 0777) == 0640 && st.st_mtim.tv_sec == 1000000);
    assert_string_equal(record_get(&noted, "ctl"), "a b");
    assert_int_equal(did.n, 2);
    assert_false(checkpoint_exists(work, CHECKPOINT_TEMPORARY));
    changes_done(&c);
}

/* A link to a file, a file that includes another: what refers to something goes before it. */
static void new_files_go_last_first(void **state)
{
    struct changes c = CHANGES_INIT;
    STRLIST_AUTO(did);
    (void)state;
    static const char *const names[] = { "one", "two", "three" };
    for (size_t i = 0; i < 3; i++) {
        put(names[i], "x", 0644);
        assert_int_equal(changes_add_new(&c, in_dir(names[i]), STR("x"), 0644, NULL), 0);
    }
    assert_int_equal(checkpoint_make(work, CHECKPOINT_CHANGE, &c, "t", NULL, NULL), 0);
    const struct checkpoint_undo u = { .did = &did };
    assert_int_equal(checkpoint_undo(work, CHECKPOINT_CHANGE, &u, NULL), 0);
    assert_int_equal(did.n, 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(did.v[i], in_dir(names[2 - i]));
    changes_done(&c);
}

static int note_words(void *ctx, const struct strlist *argv)
{
    buf_addc(ctx, '[');
    strlist_join(argv, "|", ctx);
    buf_addc(ctx, ']');
    return 0;
}

static void commands_are_noted_as_certbot_reads_them(void **state)
{
    struct changes c = CHANGES_INIT;
    BUF_AUTO(seen, 1024);
    static const char *const run[] = { "on", "x", NULL };
    static const char *const first[] = { "/a b/off", "-f", "x", NULL }, *const second[] = { "say \"no\", sir", "",
                                                                                            NULL };
    static const char *const bad[] = { "a\nb", NULL };
    (void)state;
    assert_true(changes_none(&c));
    assert_int_equal(changes_add_command(&c, run, first, NULL), 0);
    assert_int_equal(changes_add_command(&c, run, second, NULL), 0);
    assert_false(changes_none(&c));
    assert_int_equal(checkpoint_make(work, CHECKPOINT_CHANGE, &c, "t", NULL, NULL), 0);
    holds("work/backups/IN_PROGRESS/COMMANDS", "\"/a b/off\",\"-f\",\"x\"\n\"say \"\"no\"\", sir\",\"\"\n");
    const struct checkpoint_undo u = { .run = note_words, .ctx = &seen };
    assert_int_equal(checkpoint_undo(work, CHECKPOINT_CHANGE, &u, NULL), 0);
    assert_string_equal(buf_z(&seen), "[say \"no\", sir|][/a b/off|-f|x]");
    assert_int_equal(changes_add_command(&c, run, bad, NULL), 0);
    assert_int_equal(checkpoint_make(work, CHECKPOINT_CHANGE, &c, "t", NULL, NULL), SIGNET_EINVAL);
    assert_false(checkpoint_exists(work, CHECKPOINT_CHANGE));
    changes_done(&c);
}

static void finished_ones_stand_in_order(void **state)
{
    STRLIST_AUTO(names);
    struct checkpoint_info info = { 0 };
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct changes c = two_changes();
        assert_int_equal(checkpoint_make(work, CHECKPOINT_CHANGE, &c, "t", NULL, NULL), 0);
        assert_int_equal(checkpoint_finish(work, 1700000000000000 - i, NULL), 0); /* the clock goes back */
        changes_done(&c);
    }
    change_both();
    assert_int_equal(checkpoint_list(work, &names, NULL), 0);
    assert_int_equal(names.n, 3);
    assert_true(strcmp(names.v[0], names.v[1]) < 0 && strcmp(names.v[1], names.v[2]) < 0);
    assert_int_equal(checkpoint_read(work, names.v[2], &info, NULL), 0);
    assert_true(info.files.n == 1 && info.new_files.n == 1);
    checkpoint_info_done(&info);
    const struct checkpoint_undo u = { 0 };
    assert_int_equal(checkpoint_restore(work, names.v[2], &u, NULL), 0);
    holds("a.conf", "before a");
    assert_int_equal(checkpoint_list(work, &names, NULL), 0);
    assert_int_equal(names.n, 3);
    assert_int_equal(checkpoint_forget(work, names.v[2], NULL), 0);
    assert_int_equal(checkpoint_list(work, &names, NULL), 0);
    assert_int_equal(names.n, 2);
}

static int note_command(void *ctx, const struct strlist *argv)
{
    strlist_join(argv, "|", ctx);
    buf_addc(ctx, '\n');
    return 0;
}

static void certbots_commands_are_run_last_first(void **state)
{
    BUF_AUTO(ran, 512);
    BUF_AUTO(paths, 512);
    (void)state;
    assert_int_equal(fs_mkdirs(in_dir("work/backups/1600000000.5"), 0755, NULL), 0);
    put("work/backups/1600000000.5/COMMANDS", "one,\"a \"\"b\"\", c\"\r\ntwo\r\n", 0644);
    assert_int_equal(symlink("a.conf", in_dir("link.conf")), 0);
    put("a.conf", "now", 0644);
    buf_addf(&paths, "%s\n", in_dir("link.conf"));
    put("work/backups/1600000000.5/FILEPATHS", buf_z(&paths), 0644);
    put("work/backups/1600000000.5/link.conf_0", "then", 0644);
    const struct checkpoint_undo u = { .run = note_command, .ctx = &ran };
    assert_int_equal(checkpoint_restore(work, "1600000000.5", &u, NULL), 0);
    assert_string_equal(buf_z(&ran), "two\none|a \"b\", c\n");
    holds("a.conf", "then"); /* through the link, which stays one */
    BUF_AUTO(target, 64);
    assert_int_equal(fs_readlink(AT_FDCWD, in_dir("link.conf"), &target, NULL), 0);
}

static void a_broken_checkpoint_stays(void **state)
{
    struct err e = { 0 };
    const struct checkpoint_undo u = { 0 };
    (void)state;
    assert_int_equal(fs_mkdirs(in_dir("work/backups/IN_PROGRESS"), 0755, NULL), 0);
    put("work/backups/IN_PROGRESS/FILEPATHS", "relative\n", 0644);
    assert_int_equal(checkpoint_undo(work, CHECKPOINT_CHANGE, &u, &e), SIGNET_EFORMAT);
    assert_true(checkpoint_exists(work, CHECKPOINT_CHANGE));
    put("work/backups/IN_PROGRESS/FILEPATHS", "/nonexistent/x\n", 0644);
    assert_int_equal(checkpoint_undo(work, CHECKPOINT_CHANGE, &u, &e), SIGNET_ENOTFOUND); /* its copy is missing */
    assert_int_equal(checkpoint_drop(work, CHECKPOINT_CHANGE, &e), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(diffs_are_as_diff_shows_them),
        cmocka_unit_test(any_diff_leads_from_one_to_the_other),
        cmocka_unit_test(stages_swap_and_come_back),
        cmocka_unit_test(stages_keep_what_they_replaced_out_of_the_way),
        cmocka_unit_test(checkpoints_have_certbots_layout),
        cmocka_unit_test(what_was_begun_is_taken_back),
        cmocka_unit_test(new_files_go_last_first),
        cmocka_unit_test(commands_are_noted_as_certbot_reads_them),
        cmocka_unit_test(finished_ones_stand_in_order),
        cmocka_unit_test(certbots_commands_are_run_last_first),
        cmocka_unit_test(a_broken_checkpoint_stays),
    };
    return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
