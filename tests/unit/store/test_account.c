#include "store_help.h"

#include "store/account.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SERVER "https://ca.example:14000/acme/dir"
#define V02    "https://acme-v02.api.letsencrypt.org/directory"
#define V01    "https://acme-v01.api.letsencrypt.org/directory"

static struct account *new_account(const char *server, enum key_type type, unsigned size)
{
    struct account *a = calloc(1, sizeof *a);
    struct err e = { 0 };
    assert_non_null(a);
    a->server = str_dup(str_of(server));
    a->url = str_dup(STR("https://ca.example/acct/1"));
    a->created = 1795335943; /* 2026-11-22T08:25:43Z */
    a->creation_host = str_dup(STR("host.example"));
    if (key_new(&a->key, type, size, &e))
        fail_msg("%s", e.text);
    return a;
}

static void save(const struct tree *t, struct account *a, const char *mail)
{
    struct err e = { 0 };
    if (account_save(t, a, mail, &e))
        fail_msg("%s", e.text);
}

static void what_is_saved_is_loaded(void **state)
{
    (void)state;
    struct tree t;
    struct err e = { 0 };
    help_tree(&t, "t");
    struct account *a = new_account(SERVER, KEY_RSA, 2048), *b;
    umask(0);
    save(&t, a, "me@example.com");
    umask(022);
    STRLIST_AUTO(ids);
    assert_int_equal(account_list(&t, SERVER, &ids, &e), 0);
    assert_int_equal(ids.n, 1);
    assert_string_equal(ids.v[0], a->id);
    assert_int_equal(strlen(a->id), 32);
    assert_int_equal(account_load(&b, &t, SERVER, a->id, &e), 0);
    assert_string_equal(b->url, a->url);
    assert_string_equal(b->creation_host, "host.example");
    assert_int_equal(b->created, a->created);
    assert_true(key_same(a->key, b->key));
    static const struct {
        const char *path;
        unsigned mode;
    } modes[] = { { "", 0700 }, { "/private_key.json", 0400 }, { "/regr.json", 0644 }, { "/meta.json", 0644 } };
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(help_mode(help_path("t/config/accounts/ca.example:14000/acme/dir/%s%s", a->id, modes[i].path)),
                         modes[i].mode);
    assert_int_equal(help_mode(help_path("t/config/accounts/ca.example:14000/acme")), 0700);
    BUF_AUTO(text, 10000);
    help_read(help_path("t/config/accounts/ca.example:14000/acme/dir/%s/regr.json", a->id), &text);
    assert_string_equal(buf_z(&text), "{\"body\": {}, \"uri\": \"https://ca.example/acct/1\"}");
    help_read(help_path("t/config/accounts/ca.example:14000/acme/dir/%s/meta.json", a->id), &text);
    assert_string_equal(buf_z(&text), "{\"creation_dt\": \"2026-11-22T08:25:43Z\", \"creation_host\": "
                                      "\"host.example\", \"register_to_eff\": \"me@example.com\"}");
    account_free(a);
    account_free(b);
    tree_done(&t);
}

static void saving_again_keeps_the_key_file(void **state)
{
    (void)state;
    struct tree t;
    struct err e = { 0 };
    struct stat before, after;
    help_tree(&t, "t");
    struct account *a = new_account(SERVER, KEY_EC, 256), *b;
    save(&t, a, NULL);
    assert_int_equal(stat(help_path("t/config/accounts/ca.example:14000/acme/dir/%s/private_key.json", a->id), &before),
                     0);
    free(a->url);
    a->url = str_dup(STR("https://ca.example/acct/2"));
    save(&t, a, NULL);
    assert_int_equal(stat(help_path("t/config/accounts/ca.example:14000/acme/dir/%s/private_key.json", a->id), &after),
                     0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_int_equal(account_load(&b, &t, SERVER, a->id, &e), 0);
    assert_string_equal(b->url, "https://ca.example/acct/2");
    account_free(a);
    account_free(b);
    tree_done(&t);
}

static void a_damaged_account_is_an_error_that_names_the_file(void **state)
{
    (void)state;
    static const struct {
        const char *file, *text; /* NULL: removed */
    } rows[] = {
        { "private_key.json", "" },   { "private_key.json", "{\"kty\": \"RSA\"" },
        { "private_key.json", "[]" }, { "private_key.json", NULL },
        { "regr.json", "" },          { "regr.json", "{\"body\": {}}" },
        { "regr.json", NULL },        { "regr.json", "{\"body\": {}, \"uri\": 7}" },
        { "meta.json", "{" },         { "meta.json", "{\"creation_dt\": \"yesterday\"}" },
        { "private_key.json", "\n" },
    };
    struct tree t;
    help_tree(&t, "t");
    struct account *a = new_account(SERVER, KEY_EC, 256), *b;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err e = { 0 };
        STRLIST_AUTO(ids);
        help_remove(help_path("t/config/accounts/ca.example:14000"));
        save(&t, a, NULL);
        const char *path = help_path("t/config/accounts/ca.example:14000/acme/dir/%s/%s", a->id, rows[i].file);
        if (rows[i].text)
            help_write(path, rows[i].text);
        else
            help_remove(path);
        assert_int_equal(account_list(&t, SERVER, &ids, &e), 0);
        assert_int_equal(ids.n, 1); /* never taken for no account */
        if (account_load(&b, &t, SERVER, a->id, &e) != SIGNET_EFORMAT)
            fail_msg("%s \"%s\": %s", rows[i].file, rows[i].text, e.text);
        assert_non_null(strstr(e.text, path));
        assert_non_null(strstr(e.hint, "backup"));
    }
    account_free(a);
    tree_done(&t);
}

static void folders_follow_the_url(void **state)
{
    (void)state;
    static const struct {
        const char *server, *want; /* NULL: refused */
    } rows[] = {
        { "https://a.example/directory", "a.example/directory" },
        { "https://a.example/", "a.example" },
        { "https://a.example", "a.example" },
        { "https://a.example:1/x//y/?q=/../z#f", "a.example:1/x/y" },
        { "https:///x", NULL },
        { "a.example/x", NULL },
        { "https://a.example/../x", NULL },
        { "https://../x", NULL },
        { "https://a.example/.x", NULL },
        { "https://a b/x", NULL },
        { "https://a.example/./x", NULL },
    };
    struct tree t;
    help_tree(&t, "t");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        BUF_AUTO(dir, PATH_MAX);
        int r = account_dir(&t, rows[i].server, &dir);
        assert_int_equal(r, rows[i].want ? 0 : SIGNET_EINVAL);
        if (!r)
            assert_string_equal(buf_z(&dir), help_path("t/config/accounts/%s", rows[i].want));
    }
    tree_done(&t);
}

static void accounts_of_the_former_server_are_found(void **state)
{
    (void)state;
    struct tree t;
    struct err e = { 0 };
    help_tree(&t, "t");
    struct account *a = new_account(V01, KEY_EC, 256), *b;
    save(&t, a, NULL);
    STRLIST_AUTO(ids);
    assert_int_equal(account_list(&t, V02, &ids, &e), 0);
    assert_int_equal(ids.n, 1);
    assert_int_equal(account_load(&b, &t, V02, a->id, &e), 0);
    assert_string_equal(b->server, V02);
    account_free(b);
    /* certbot then links the new folder to the old one */
    assert_int_equal(mkdir(help_path("t/config/accounts/acme-v02.api.letsencrypt.org"), 0700), 0);
    const char *link = help_path("t/config/accounts/acme-v02.api.letsencrypt.org/directory");
    assert_int_equal(symlink(help_path("t/config/accounts/acme-v01.api.letsencrypt.org/directory"), link), 0);
    struct account *c = new_account(V02, KEY_EC, 384);
    save(&t, c, NULL);
    strlist_done(&ids);
    assert_int_equal(account_list(&t, V01, &ids, &e), 0);
    assert_int_equal(ids.n, 2);
    assert_int_equal(account_delete(&t, V02, a->id, &e), 0);
    assert_int_equal(account_delete(&t, V02, c->id, &e), 0);
    assert_int_equal(account_load(&b, &t, V02, c->id, &e), SIGNET_ENOTFOUND);
    struct stat st;
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    account_free(a);
    account_free(c);
    tree_done(&t);
}

static void deleting_removes_what_is_empty_then(void **state)
{
    (void)state;
    struct tree t;
    struct err e = { 0 };
    help_tree(&t, "t");
    struct account *a = new_account(SERVER, KEY_EC, 256),
                   *b = new_account("https://ca.example:14000/other", KEY_EC, 256);
    save(&t, a, NULL);
    save(&t, b, NULL);
    assert_int_equal(account_delete(&t, SERVER, a->id, &e), 0);
    assert_false(fs_exists(AT_FDCWD, help_path("t/config/accounts/ca.example:14000/acme")));
    assert_true(fs_exists(AT_FDCWD, help_path("t/config/accounts/ca.example:14000/other")));
    assert_int_equal(account_delete(&t, SERVER, a->id, &e), SIGNET_ENOTFOUND);
    assert_int_equal(account_delete(&t, SERVER, "../x", &e), SIGNET_EINVAL);
    account_free(a);
    account_free(b);
    tree_done(&t);
}

static void a_host_name_is_found(void **state)
{
    (void)state;
    struct tree t;
    struct err e = { 0 };
    help_tree(&t, "t");
    struct account *a = new_account(SERVER, KEY_EC, 256), *b;
    free(a->creation_host);
    a->creation_host = NULL;
    save(&t, a, NULL);
    assert_int_equal(account_load(&b, &t, SERVER, a->id, &e), 0);
    assert_true(strlen(b->creation_host) > 0);
    account_free(a);
    account_free(b);
    tree_done(&t);
}

static void directories_are_remembered(void **state)
{
    (void)state;
    struct tree t;
    struct err e = { 0 };
    BUF_AUTO(text, 1000);
    help_tree(&t, "t");
    assert_int_equal(directory_cache_load(&t, SERVER, &text), 0);
    assert_int_equal(text.n, 0);
    assert_int_equal(directory_cache_save(&t, SERVER, STR("{}"), &e), 0);
    assert_int_equal(directory_cache_load(&t, SERVER, &text), 0);
    assert_string_equal(buf_z(&text), "{}");
    assert_int_equal(directory_cache_load(&t, V01, &text), 0);
    assert_int_equal(text.n, 0);
    assert_int_equal(directory_cache_save(&t, SERVER, (signet_str){ 0 }, &e), 0);
    assert_int_equal(directory_cache_load(&t, SERVER, &text), 0);
    assert_int_equal(text.n, 0);
    tree_done(&t);
}

/* ---- with certbot's own code ---- */

static int interop(const char *what)
{
    BUF_AUTO(script, 4096);
    const char *folder = getenv("STORE_TEST_DIR");
    buf_addf(&script, "%s/account_interop.py", folder ? folder : ".");
    const char *const argv[] = { "/usr/bin/python3", buf_z(&script), what, help_path("t/config"), NULL };
    return help_run(NULL, argv);
}

static void certbot_reads_our_accounts(void **state)
{
    (void)state;
    struct tree t;
    help_tree(&t, "t");
    struct account *a = new_account(SERVER, KEY_RSA, 2048), *b = new_account(SERVER, KEY_EC, 256);
    save(&t, a, "me@example.com");
    save(&t, b, NULL);
    int r = interop("check");
    account_free(a);
    account_free(b);
    tree_done(&t);
    if (r == 77 || r == 127)
        skip();
    assert_int_equal(r, 0);
}

static void we_read_accounts_of_certbot(void **state)
{
    (void)state;
    struct tree t;
    struct err e = { 0 };
    help_tree(&t, "t");
    int r = interop("write");
    if (r == 77 || r == 127) {
        tree_done(&t);
        skip();
    }
    assert_int_equal(r, 0);
    STRLIST_AUTO(ids);
    assert_int_equal(account_list(&t, SERVER, &ids, &e), 0);
    assert_int_equal(ids.n, 2);
    for (size_t i = 0; i < ids.n; i++) {
        struct account *a;
        BUF_AUTO(id, 64);
        if (account_load(&a, &t, SERVER, ids.v[i], &e))
            fail_msg("%s", e.text);
        assert_int_equal(key_account_id(a->key, &id), 0);
        assert_string_equal(buf_z(&id), ids.v[i]);
        assert_string_equal(a->url, "https://ca.example/acct/9");
        assert_int_equal(a->created, 1795335943);
        account_free(a);
    }
    tree_done(&t);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, help_setup, help_teardown)
    const struct CMUnitTest tests[] = {
        T(what_is_saved_is_loaded),
        T(saving_again_keeps_the_key_file),
        T(a_damaged_account_is_an_error_that_names_the_file),
        T(folders_follow_the_url),
        T(accounts_of_the_former_server_are_found),
        T(deleting_removes_what_is_empty_then),
        T(a_host_name_is_found),
        T(directories_are_remembered),
        T(certbot_reads_our_accounts),
        T(we_read_accounts_of_certbot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
