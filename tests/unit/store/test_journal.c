/* What is owed outlives the run: written, cut anywhere, killed anywhere, and read by the next. */
#include "store_help.h"

#include "crash.h"
#include "store/journal.h"
#include "store/space.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct tree tree;

static int setup(void **state)
{
    int rc = help_setup(state);
    if (!rc)
        help_tree(&tree, "t");
    return rc;
}

static int teardown(void **state)
{
    tree_done(&tree);
    return help_teardown(state);
}

/* Names in the journal's folder, however the tree calls its work directory. */
static size_t files(struct strlist *ret)
{
    BUF_AUTO(path, 4096);
    struct err e = { 0 };
    buf_addf(&path, "%s/signet/journal", tree.work_dir);
    if (fs_list(AT_FDCWD, buf_z(&path), ret, &e) == SIGNET_ENOTFOUND)
        return 0;
    assert_int_equal(e.code, 0);
    return ret->n;
}

static const char *file_path(const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/signet/journal/%s", tree.work_dir, name);
    return path;
}

static void put_file(const char *name, const char *text)
{
    BUF_AUTO(dir, 4096);
    struct err e = { 0 };
    buf_addf(&dir, "%s/signet/journal", tree.work_dir);
    assert_int_equal(fs_mkdirs(buf_z(&dir), 0700, &e), 0);
    assert_int_equal(fs_create(AT_FDCWD, file_path(name), str_of(text), 0600, &e), 0);
}

static struct journal *open_one(void)
{
    struct journal *j;
    struct err e = { 0 };
    assert_int_equal(journal_open(&j, &tree, &e), 0);
    return j;
}

static uint64_t put(struct journal *j, enum journal_type type, const char *value)
{
    RECORD_AUTO(r);
    struct err e = { 0 };
    uint64_t id = 0;
    assert_int_equal(record_addz(&r, "what", value), 0);
    assert_int_equal(journal_put(j, type, &r, &id, &e), 0);
    assert_true(id != 0);
    return id;
}

static size_t inherit(struct journal *j, size_t want_did)
{
    STRLIST_AUTO(did);
    struct err e = { 0 };
    size_t n = 0;
    assert_int_equal(journal_inherit(j, &did, &e), 0);
    assert_int_equal(did.n, want_did);
    while (journal_at(j, n))
        n++;
    return n;
}

static void nothing_owed_nothing_written(void **state)
{
    (void)state;
    STRLIST_AUTO(names);
    struct journal *j = open_one();
    assert_int_equal(inherit(j, 0), 0);
    journal_done(j, &(uint64_t){ 0 });
    journal_done(NULL, &(uint64_t){ 3 });
    assert_int_equal(journal_sync(j, NULL), 0);
    journal_close(j);
    journal_close(NULL);
    assert_int_equal(files(&names), 0);
}

static void a_paid_debt_leaves_no_file(void **state)
{
    (void)state;
    STRLIST_AUTO(names);
    struct err e = { 0 };
    struct stat st;
    struct journal *j = open_one();
    uint64_t a = put(j, JOURNAL_CHALLENGE, "a"), b = put(j, JOURNAL_POST, "b");
    assert_int_equal(files(&names), 1);
    assert_int_equal(stat(file_path(names.v[0]), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(stat(file_path("."), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(journal_sync(j, &e), 0);
    journal_done(j, &a);
    assert_int_equal(a, 0);
    assert_non_null(journal_find(j, b));
    journal_done(j, &b);
    assert_null(journal_at(j, 0));
    journal_close(j);
    assert_int_equal(files(&names), 0);
}

static void a_running_journal_is_left_alone(void **state)
{
    (void)state;
    struct journal *alive = open_one(), *other = open_one();
    uint64_t a = put(alive, JOURNAL_CHALLENGE, "a");
    assert_int_equal(inherit(other, 0), 0);
    journal_close(other);
    journal_done(alive, &a);
    journal_close(alive);
}

static void values_come_back_as_they_were(void **state)
{
    (void)state;
    RECORD_AUTO(r);
    struct err e = { 0 };
    uint64_t id = 0;
    struct journal *j = open_one();
    assert_int_equal(record_addz(&r, "path", "/srv/caf\xe9 \xff\"\\\n"), 0); /* not UTF-8 */
    assert_int_equal(record_addz(&r, "env", "A=1"), 0);
    assert_int_equal(record_addz(&r, "env", "B=\xfe"), 0);
    assert_int_equal(record_addz(&r, "env", ""), 0);
    assert_int_equal(record_addz(&r, "one", "\xc3\xa9"), 0);
    assert_int_equal(journal_put(j, JOURNAL_ORDER, &r, &id, &e), 0);
    journal_close(j);
    j = open_one();
    assert_int_equal(inherit(j, 0), 1);
    const struct journal_entry *entry = journal_at(j, 0);
    assert_true(entry->inherited);
    assert_int_equal(entry->type, JOURNAL_ORDER);
    assert_true(record_same(&entry->data, &r));
    /* a later word of the same number counts, and what is kept is kept again */
    RECORD_AUTO(changed);
    assert_int_equal(record_addz(&changed, "x", "y"), 0);
    id = entry->id;
    assert_int_equal(journal_put(j, JOURNAL_ORDER, &changed, &id, &e), 0);
    journal_close(j);
    j = open_one();
    assert_int_equal(inherit(j, 0), 1);
    assert_true(record_same(&journal_at(j, 0)->data, &changed));
    id = journal_at(j, 0)->id;
    journal_done(j, &id);
    journal_close(j);
}

static void what_several_runs_left_is_taken_together(void **state)
{
    (void)state;
    STRLIST_AUTO(names);
    struct journal *a = open_one(), *b = open_one(), *c = open_one();
    put(a, JOURNAL_CHALLENGE, "a");
    put(b, JOURNAL_POST, "b1");
    uint64_t paid = put(b, JOURNAL_POST, "b2");
    put(c, JOURNAL_ORDER, "c");
    journal_done(b, &paid);
    journal_close(a);
    journal_close(b);
    journal_close(c);
    assert_int_equal(files(&names), 3);
    struct journal *j = open_one();
    assert_int_equal(inherit(j, 0), 3);
    assert_int_equal(files(&names), 1);
    uint64_t mine = put(j, JOURNAL_POST, "mine");
    assert_false(journal_find(j, mine)->inherited);
    while (journal_at(j, 0)) {
        uint64_t id = journal_at(j, 0)->id;
        journal_done(j, &id);
    }
    journal_close(j);
    assert_int_equal(files(&names), 0);
}

static void broken_files_are_set_aside(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t open, did;
    } rows[] = {
        { "", 0, 0 },
        { "{\"v\":1,\"id\":1,\"type\":\"post\",\"data\":{\"a\":\"b\"}}", 0, 0 }, /* cut: never acted upon */
        { "{\"v\":1,\"id\":1,\"type\":\"post\",\"data\":{\"a\":\"b\"}}\n{\"v\":1,\"id\":1,\"do", 1, 0 },
        { "{\"v\":1,\"id\":1,\"type\":\"post\",\"data\":{}}\n{\"v\":1,\"id\":1,\"done\":true}\n", 0, 0 },
        { "{\"v\":1,\"id\":7,\"done\":true}\n", 0, 0 },
        { "\n", 0, 1 },
        { "junk\n", 0, 1 },
        { "[]\n", 0, 1 },
        { "{\"v\":2,\"id\":1,\"type\":\"post\",\"data\":{}}\n", 0, 1 },
        { "{\"v\":1,\"id\":1,\"type\":\"unheard-of\",\"data\":{}}\n", 0, 1 },
        { "{\"v\":1,\"id\":0,\"type\":\"post\",\"data\":{}}\n", 0, 1 },
        { "{\"v\":1,\"id\":-4,\"type\":\"post\",\"data\":{}}\n", 0, 1 },
        { "{\"v\":1,\"id\":1,\"type\":\"post\"}\n", 0, 1 },
        { "{\"v\":1,\"id\":1,\"type\":\"post\",\"data\":{\"a\":1}}\n", 0, 1 },
        { "{\"v\":1,\"id\":1,\"type\":\"post\",\"data\":{\"a\":{\"b64\":\"*\"}}}\n", 0, 1 },
        { "{\"v\":1,\"id\":1,\"type\":\"post\",\"data\":{\"a\":\"\\u0000\"}}\n", 0, 1 },
        { "{\"v\":1,\"id\":1,\"type\":\"post\",\"data\":{}}\njunk\n", 0, 1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        put_file("1-1.jsonl", rows[i].text);
        struct journal *j = open_one();
        size_t n = inherit(j, rows[i].did);
        if (n != rows[i].open)
            print_message("row %zu\n", i);
        assert_int_equal(n, rows[i].open);
        while (journal_at(j, 0)) {
            uint64_t id = journal_at(j, 0)->id;
            journal_done(j, &id);
        }
        journal_close(j);
        assert_int_equal(fs_exists(AT_FDCWD, file_path("1-1.jsonl.aside")), rows[i].did != 0);
        assert_false(fs_exists(AT_FDCWD, file_path("1-1.jsonl")));
        unlink(file_path("1-1.jsonl.aside"));
    }
}

static void others_cannot_plant_one(void **state)
{
    (void)state;
    static const char line[] = "{\"v\":1,\"id\":1,\"type\":\"post\",\"data\":{\"command\":\"x\"}}\n";
    put_file("1-1.jsonl", line);
    put_file("2-2.jsonl", line);
    put_file("elsewhere", line);
    assert_int_equal(chmod(file_path("1-1.jsonl"), 0620), 0);
    if (geteuid() == 0)
        assert_int_equal(chown(file_path("2-2.jsonl"), 65534, 65534), 0);
    else
        assert_int_equal(chmod(file_path("2-2.jsonl"), 0602), 0);
    assert_int_equal(symlink("elsewhere", file_path("3-3.jsonl")), 0);
    assert_int_equal(mkfifo(file_path("4-4.jsonl"), 0600), 0);
    assert_int_equal(mkdir(file_path("5-5.jsonl"), 0700), 0);
    struct journal *j = open_one();
    assert_int_equal(inherit(j, 5), 0);
    journal_close(j);
    j = open_one();
    assert_int_equal(inherit(j, 0), 0);
    journal_close(j);
}

static void a_long_run_keeps_it_small(void **state)
{
    (void)state;
    STRLIST_AUTO(names);
    RECORD_AUTO(r);
    struct err e = { 0 };
    struct stat st;
    BUF_AUTO(text, 8192);
    struct journal *j = open_one();
    uint64_t kept = put(j, JOURNAL_POST, "kept");
    for (int i = 0; i < 4000; i++)
        buf_addc(&text, 'x');
    assert_int_equal(record_add(&r, "x", buf_str(&text)), 0);
    for (int i = 0; i < 1500; i++) {
        uint64_t id = 0;
        assert_int_equal(journal_put(j, JOURNAL_ORDER, &r, &id, &e), 0);
        journal_done(j, &id);
    }
    assert_int_equal(journal_sync(j, &e), 0);
    assert_int_equal(files(&names), 1);
    assert_int_equal(stat(file_path(names.v[0]), &st), 0);
    assert_true(st.st_size < 2 << 20);
    struct journal *other = open_one(); /* the rewritten file is held, too */
    assert_int_equal(inherit(other, 0), 0);
    journal_close(other);
    assert_non_null(journal_find(j, kept));
    journal_close(j);
    j = open_one();
    assert_int_equal(inherit(j, 0), 1);
    assert_string_equal(record_get(&journal_at(j, 0)->data, "what"), "kept");
    journal_close(j);
}

/* ---- killed, or refused by the disk, at each call ---- */

static int a_run(void *ctx)
{
    struct journal *j;
    struct err e = { 0 };
    RECORD_AUTO(r);
    STRLIST_AUTO(did);
    uint64_t a = 0, b = 0;
    (void)ctx;
    int rc = journal_open(&j, &tree, &e);
    if (rc)
        return rc;
    if (!(rc = journal_inherit(j, &did, &e)) && !(rc = record_addz(&r, "what", "a")) &&
        !(rc = journal_put(j, JOURNAL_CHALLENGE, &r, &a, &e)) && !(rc = journal_put(j, JOURNAL_ORDER, &r, &b, &e)))
        rc = journal_sync(j, &e);
    for (const struct journal_entry *entry; !rc && (entry = journal_at(j, 0));) {
        uint64_t id = entry->id;
        journal_done(j, &id);
    }
    journal_close(j);
    return rc;
}

static void killed_or_failing_anywhere(void **state)
{
    (void)state;
    struct crash c = { .way = CRASH_COUNT };
    if (!crash_run(&c, a_run, NULL)) {
        print_message("no ptrace here, left out\n");
        return;
    }
    assert_int_equal(c.status, 0);
    int calls = c.calls;
    assert_true(calls > 5);
    for (int way = CRASH_KILL; way <= CRASH_FAIL; way++)
        for (int n = 1; n <= calls + 4; n++) {
            STRLIST_AUTO(names);
            struct crash hit = { .way = (enum crash_way)way, .at = n, .errnum = 28 };
            crash_run(&hit, a_run, NULL);
            if (way == CRASH_FAIL && hit.status != 0)
                assert_true(hit.status < 0);
            struct journal *j = open_one();
            size_t left = inherit(j, 0);
            assert_true(left <= 4);
            while (journal_at(j, 0)) {
                uint64_t id = journal_at(j, 0)->id;
                journal_done(j, &id);
            }
            journal_close(j);
            assert_int_equal(files(&names), 0);
        }
}

/* ---- room ---- */

static void room_is_asked_for_where_it_is_needed(void **state)
{
    (void)state;
    struct err e = { 0 };
    STRLIST_AUTO(names);
    assert_int_equal(space_check(help_path("t"), help_path("t/not/there/yet"), 16384, &e), 0);
    assert_int_equal(fs_exists(AT_FDCWD, help_path("t/not")), false);
    assert_int_equal(fs_list(AT_FDCWD, help_path("t"), &names, &e), 0);
    assert_false(strlist_has(&names, STR(".signet-probe")));
    help_write(help_path("file"), "x");
    assert_true(space_check(help_path("file"), help_path("t"), 16384, &e) < 0);
    assert_non_null(strstr(e.text, "file"));
    e = (struct err){ 0 };
    assert_true(space_check(help_path("t"), "/proc", 16384, &e) < 0);
    assert_non_null(strstr(e.text, "16 KiB"));
    assert_non_null(strstr(e.text, "/proc"));
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(nothing_owed_nothing_written),
        T(a_paid_debt_leaves_no_file),
        T(a_running_journal_is_left_alone),
        T(values_come_back_as_they_were),
        T(what_several_runs_left_is_taken_together),
        T(broken_files_are_set_aside),
        T(others_cannot_plant_one),
        T(a_long_run_keeps_it_small),
        T(killed_or_failing_anywhere),
        T(room_is_asked_for_where_it_is_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
