/* lego's tree. */
#include "store_help.h"

#include "crash.h"
#include "crypto/cert.h"
#include "store/account.h"
#include "store/lego.h"
#include "store/store.h"
#include "store/zip.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SERVER "https://ca.example:14000/acme/dir"

static void lego_tree(struct tree *t, const char *name, bool v5)
{
    assert_int_equal(lego_tree_init(t, help_path("%s", name), v5), 0);
}

static struct account *new_account(const char *id, enum key_type type, unsigned size)
{
    struct account *a = calloc(1, sizeof *a);
    struct err e = { 0 };
    assert_non_null(a);
    a->id = str_dup(str_of(id));
    a->server = str_dup(STR(SERVER));
    a->url = str_dup(STR("https://ca.example:14000/acct/1"));
    a->status = str_dup(STR("valid"));
    a->orders_url = str_dup(STR("https://ca.example:14000/orders/1"));
    strlist_addz(&a->contacts, "mailto:me@example.com");
    assert_int_equal(key_new(&a->key, type, size, &e), 0);
    return a;
}

/* ---- accounts ---- */

static void what_is_saved_is_loaded(void **state)
{
    (void)state;
    for (int v5 = 0; v5 < 2; v5++) {
        struct tree t;
        struct err e = { 0 };
        STRLIST_AUTO(ids);
        struct account *a = new_account("me@example.com", v5 ? KEY_RSA : KEY_EC, v5 ? 2048 : 384), *b = NULL;
        lego_tree(&t, v5 ? "five" : "four", v5);
        assert_int_equal(account_save(&t, a, "me@example.com", &e), 0);
        assert_int_equal(account_list(&t, SERVER, &ids, &e), 0);
        assert_int_equal(ids.n, 1);
        assert_int_equal(account_load(&b, &t, SERVER, ids.v[0], &e), 0);
        assert_string_equal(b->url, a->url);
        assert_string_equal(b->mail, "me@example.com");
        assert_string_equal(b->orders_url, a->orders_url);
        assert_int_equal(b->contacts.n, 1);
        assert_true(key_same(a->key, b->key));
        const char *dir = help_path("%s/accounts/ca.example_14000/me@example.com", v5 ? "five" : "four");
        BUF_AUTO(path, PATH_MAX);
        buf_addf(&path, "%s%s", dir, v5 ? "/me@example.com.key" : "/keys/me@example.com.key");
        assert_int_equal(help_mode(buf_z(&path)), 0600);
        assert_int_equal(help_mode(dir), 0700);
        tree_done(&t);
        lego_tree(&t, v5 ? "five" : "four", !v5); /* what lies there decides */
        assert_int_equal(lego_tree_is_v5(&t), v5);
        account_free(a);
        account_free(b);
        tree_done(&t);
    }
}

static void account_json_is_legos(void **state)
{
    (void)state;
    struct tree t;
    struct err e = { 0 };
    BUF_AUTO(text, 4096);
    struct account *a = new_account("me@example.com", KEY_EC, 256);
    lego_tree(&t, "json", false);
    assert_int_equal(account_save(&t, a, "me@example.com", &e), 0);
    help_read(help_path("json/accounts/ca.example_14000/me@example.com/account.json"), &text);
    assert_string_equal(
        buf_z(&text),
        "{\n\t\"email\": \"me@example.com\",\n\t\"registration\": {\n\t\t\"body\": {\n\t\t\t\"status\": \"valid\",\n"
        "\t\t\t\"contact\": [\n\t\t\t\t\"mailto:me@example.com\"\n\t\t\t],\n"
        "\t\t\t\"orders\": \"https://ca.example:14000/orders/1\"\n\t\t},\n"
        "\t\t\"uri\": \"https://ca.example:14000/acct/1\"\n\t}\n}");
    account_free(a);
    tree_done(&t);
}

static void damaged_accounts(void **state)
{
    (void)state;
    static const char *const texts[] = { "", "{", "[]", "{\"email\": \"x\"", "null" };
    struct tree t;
    struct err e = { 0 };
    struct account *a = new_account("me", KEY_EC, 256), *b = NULL;
    lego_tree(&t, "bad", false);
    assert_int_equal(account_load(&b, &t, SERVER, "me", &e), SIGNET_ENOTFOUND);
    assert_int_equal(account_save(&t, a, NULL, &e), 0);
    const char *json = "accounts/ca.example_14000/me/account.json";
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        help_write(help_path("bad/%s", json), texts[i]);
        if (account_load(&b, &t, SERVER, "me", &e) != SIGNET_EFORMAT || !strstr(e.text, "account.json"))
            fail_msg("%s: %s", texts[i], e.text);
    }
    help_write(help_path("bad/%s", json), "{\"email\": 1, \"registration\": null}");
    assert_int_equal(account_load(&b, &t, SERVER, "me", &e), 0); /* looked up by its key */
    account_free(b);
    static const char *const ids[] = { "../x", "", ".", "a/b" };
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(account_load(&b, &t, SERVER, ids[i], &e), SIGNET_EINVAL);
    assert_int_equal(account_load(&b, &t, "nonsense", "me", &e), SIGNET_EINVAL);
    assert_int_equal(account_load(&b, &t, "https://../", "me", &e), SIGNET_EINVAL);
    account_free(a);
    tree_done(&t);
}

/* ---- certificates ---- */

struct job {
    struct tree *t;
    unsigned pair;
};

static int save_pair(void *ctx)
{
    const struct job *j = ctx;
    struct generation g = help_generation(j->pair);
    struct err e = { 0 };
    const struct lego_file files[] = { { ".key", g.privkey, true },
                                       { ".crt", g.fullchain, false },
                                       { ".issuer.crt", g.chain, false },
                                       { ".json", STR("{}"), false } };
    int rc = tree_make_store(j->t, &e);
    return rc ? rc : lego_save(j->t, "a.test", files, 4, &e);
}

/* Which pair the files are, -1 none, -2: they do not belong together. */
static int pair_on_disk(const char *tree)
{
    BUF_AUTO(key, LINEAGE_MAX_FILE);
    BUF_AUTO(crt, LINEAGE_MAX_FILE);
    if (!fs_exists(AT_FDCWD, help_path("%s/certificates/a.test.crt", tree)))
        return -1;
    help_read(help_path("%s/certificates/a.test.key", tree), &key);
    help_read(help_path("%s/certificates/a.test.crt", tree), &crt);
    for (unsigned i = 0; i < HELP_PAIRS; i++) {
        struct generation g = help_generation(i);
        if (str_eq(g.fullchain, buf_str(&crt)))
            return str_eq(g.privkey, buf_str(&key)) ? (int)i : -2;
    }
    return -2;
}

static void files_modes_and_reading(void **state)
{
    (void)state;
    struct tree t;
    struct err e = { 0 };
    STRLIST_AUTO(names);
    struct lineage *l = NULL;
    BUF_AUTO(text, LINEAGE_MAX_FILE);
    lego_tree(&t, "c", false);
    umask(0);
    assert_int_equal(save_pair(&(struct job){ &t, 1 }), 0);
    umask(022);
    assert_int_equal(help_mode(help_path("c/certificates")), 0700);
    assert_int_equal(help_mode(help_path("c/certificates/a.test.crt")), 0600);
    assert_int_equal(lineage_list(&t, &names, &e), 0);
    assert_int_equal(names.n, 1); /* the issuer's file is none */
    assert_int_equal(lineage_open(&l, &t, "a.test", &e), 0);
    assert_int_equal(lineage_read(l, KIND_CERT, l->newest, &text, &e), 0);
    assert_true(str_eq(buf_str(&text), help_generation(1).cert));
    assert_int_equal(lineage_read(l, KIND_FULLCHAIN, l->newest, &text, &e), 0);
    assert_true(str_eq(buf_str(&text), help_generation(1).fullchain));
    unsigned first = l->newest;
    lineage_free(l);
    /* the admin's modes stay, but nobody else may read a key */
    assert_int_equal(chmod(help_path("c/certificates/a.test.crt"), 0644), 0);
    assert_int_equal(chmod(help_path("c/certificates/a.test.key"), 0644), 0);
    assert_int_equal(save_pair(&(struct job){ &t, 2 }), 0);
    assert_int_equal(help_mode(help_path("c/certificates/a.test.crt")), 0644);
    assert_int_equal(help_mode(help_path("c/certificates/a.test.key")), 0600);
    assert_int_equal(lineage_open(&l, &t, "a.test", &e), 0);
    assert_int_not_equal(l->newest, first);
    lineage_free(l);
    assert_int_equal(lineage_open(&l, &t, "b.test", &e), SIGNET_ENOTFOUND);
    tree_done(&t);
}

/* Killed, or failing, at every change of the disk: afterwards the old pair or the new one, and nothing of ours. */
static void every_step_can_be_the_last(void **state)
{
    (void)state;
    struct tree t;
    lego_tree(&t, "k", false);
    struct job first = { &t, 0 }, next = { &t, 1 };
    struct crash count = { .way = CRASH_COUNT };
    assert_int_equal(save_pair(&first), 0);
    if (!crash_run(&count, save_pair, &next)) {
        skip();
        return;
    }
    assert_int_equal(count.status, 0);
    for (int way = CRASH_KILL; way <= CRASH_FAIL; way++)
        for (int at = 1; at <= count.calls; at++) {
            STRLIST_AUTO(did);
            STRLIST_AUTO(left);
            struct err e = { 0 };
            struct crash c = { .way = (enum crash_way)way, .at = at, .errnum = ENOSPC };
            assert_int_equal(save_pair(&first), 0);
            assert_true(crash_run(&c, save_pair, &next));
            assert_int_equal(lineage_recover_tree(&t, &did, &e), 0);
            int pair = pair_on_disk("k");
            if (pair != 0 && pair != 1)
                fail_msg("%s at %d (%s): the files are %d", way == CRASH_KILL ? "killed" : "failed", at, c.name, pair);
            if (c.status == 0 && pair != 1)
                fail_msg("said to be saved, and is not: %d (%s)", at, c.name);
            assert_int_equal(fs_list(AT_FDCWD, help_path("k/certificates"), &left, &e), 0);
            if (left.n != 4)
                fail_msg("%zu files are there after %d (%s): %s", left.n, at, c.name, left.v[0]);
        }
    tree_done(&t);
}

static void foreign_notes_rename_nothing(void **state)
{
    (void)state;
    struct tree t;
    struct err e = { 0 };
    STRLIST_AUTO(did);
    lego_tree(&t, "n", false);
    assert_int_equal(save_pair(&(struct job){ &t, 0 }), 0);
    help_write(help_path("n/certificates/.a.test.signet-save"), "/../../x\n.sh\n.crt\n");
    assert_int_equal(lineage_recover_tree(&t, &did, &e), 0);
    assert_int_equal(pair_on_disk("n"), 0);
    assert_false(fs_exists(AT_FDCWD, help_path("n/certificates/.a.test.signet-save")));
    tree_done(&t);
}

static void archived(void **state)
{
    (void)state;
    struct tree t;
    struct err e = { 0 };
    lego_tree(&t, "r", false);
    assert_int_equal(save_pair(&(struct job){ &t, 0 }), 0);
    help_write(help_path("r/certificates/a.test.example.crt"), "another's");
    assert_int_equal(lego_archive(&t, "a.test", 1790000000, &e), 0);
    assert_true(fs_exists(AT_FDCWD, help_path("r/archives/1790000000.a.test.crt")));
    assert_true(fs_exists(AT_FDCWD, help_path("r/archives/1790000000.a.test.issuer.crt")));
    assert_true(fs_exists(AT_FDCWD, help_path("r/certificates/a.test.example.crt")));
    assert_int_equal(help_mode(help_path("r/archives")), 0700);
    tree_done(&t);
}

static void archived_by_five(void **state)
{
    (void)state;
    struct tree t;
    struct err e = { 0 };
    BUF_AUTO(out, 1u << 20);
    lego_tree(&t, "z", true);
    assert_int_equal(save_pair(&(struct job){ &t, 0 }), 0);
    assert_int_equal(lego_archive(&t, "a.test", 1790000000, &e), 0);
    const char *zip = help_path("z/archives/certificates/a.test_1790000000.zip");
    assert_int_equal(help_mode(zip), 0600);
    assert_false(fs_exists(AT_FDCWD, help_path("z/certificates/a.test.key")));
    /* another program reads it, checks every sum, and finds the same bytes */
    const char *const argv[] = { "/usr/bin/python3", "-c",
                                 "import sys,zipfile; z=zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; "
                                 "assert z.comment == b'certificates'; sys.stdout.write(z.read('a.test.key').decode())",
                                 zip, NULL };
    assert_int_equal(help_run(&out, argv), 0);
    assert_true(str_eq(buf_str(&out), help_generation(0).privkey));
    tree_done(&t);
}

static void one_run_at_a_time(void **state)
{
    (void)state;
    struct tree a, b;
    struct err e = { 0 };
    lego_tree(&a, "l", false);
    assert_int_equal(tree_lock(&a, &e), 0); /* nothing to lock yet */
    assert_int_equal(tree_make_store(&a, &e), 0);
    lego_tree(&b, "l", false);
    assert_int_equal(tree_lock(&a, &e), 0);
    assert_int_equal(tree_lock(&a, &e), 0);
    assert_int_equal(tree_lock(&b, &e), SIGNET_EBUSY);
    tree_unlock(&a);
    assert_int_equal(tree_lock(&b, &e), 0);
    tree_done(&a);
    tree_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_saved_is_loaded),
        cmocka_unit_test(account_json_is_legos),
        cmocka_unit_test(damaged_accounts),
        cmocka_unit_test(files_modes_and_reading),
        cmocka_unit_test(every_step_can_be_the_last),
        cmocka_unit_test(foreign_notes_rename_nothing),
        cmocka_unit_test(archived),
        cmocka_unit_test(archived_by_five),
        cmocka_unit_test(one_run_at_a_time),
    };
    return cmocka_run_group_tests(tests, help_setup, help_teardown);
}
