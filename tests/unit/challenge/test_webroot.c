#include "fake.h"

static char root[64], www[80], other[80];
static struct request req;
static struct fake user;
static struct err err;
static const struct solver_ops *ops;

static int setup(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/webroot.XXXXXX");
    if (!mkdtemp(root) || request_init(&req))
        return -1;
    snprintf(www, sizeof www, "%s/www", root);
    snprintf(other, sizeof other, "%s/other", root);
    err = (struct err){ 0 };
    fake_init(&user, false);
    ops = solver_find("webroot");
    return ops && mkdir(www, 0755) == 0 && mkdir(other, 0755) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    fake_done(&user);
    request_done(&req);
    return fs_remove_tree(AT_FDCWD, root, &err);
}

static struct solver *opened(void)
{
    struct solver *s = NULL;
    struct solver_ctx ctx = { .req = &req, .ui = &user.ui };
    assert_int_equal(ops->open(&s, &ctx, &err), 0);
    return s;
}

static bool file_there(const char *folder, const char *token)
{
    char path[256];
    snprintf(path, sizeof path, "%s/.well-known/acme-challenge/%s", folder, token);
    return fs_exists(AT_FDCWD, path);
}

static void each_name_has_its_folder(void **state)
{
    (void)state;
    assert_int_equal(strlist_addz(&req.webroot_path, "/nowhere"), 0);
    assert_int_equal(strlist_addz(&req.webroot_path, other), 0);
    assert_int_equal(webroot_map_set(&req.webroot_map, STR("a.test"), str_of(www)), 0);
    struct solver *s = opened();
    assert_int_equal(prefs_of(ops, s, IDENT_DNS("a.test"), &err), SIGNET_CHAL_HTTP_01);
    assert_int_equal(prefs_of(ops, s, IDENT_IP("192.0.2.1"), &err), SIGNET_CHAL_HTTP_01);
    struct challenge a = http_challenge("a.test", "tok1", "tok1.x"), b = http_challenge("b.test", "tok2", "tok2.x");
    struct challenge *both[] = { &a, &b };
    assert_int_equal(ops->present(s, both, 2, &err), 0);
    assert_int_equal(a.state, CHAL_READY);
    assert_int_equal(b.state, CHAL_READY);
    assert_true(file_there(www, "tok1"));
    assert_true(file_there(other, "tok2"));
    ops->cleanup(s, both, 2);
    assert_int_equal(a.state, CHAL_CLEAN);
    assert_int_equal(rmdir(www) || rmdir(other), 0); /* empty again */
    BUF_AUTO(hint, 2048);
    ops->hint(s, &a, &hint);
    assert_non_null(strstr(buf_z(&hint), www));
    ops->close(s);
}

static void wildcards_and_missing_folders_are_refused_before_an_order(void **state)
{
    (void)state;
    assert_int_equal(strlist_addz(&req.webroot_path, "/nowhere"), 0);
    struct solver *s = opened();
    assert_int_equal(prefs_of(ops, s, IDENT_DNS("*.a.test"), &err), 0);
    assert_true(
        str_starts(str_of(err.text), STR("Client with the currently selected authenticator does not support any")));
    assert_int_equal(prefs_of(ops, s, IDENT_DNS("a.test"), &err), 0);
    assert_string_equal(err.text, "/nowhere does not exist or is not a directory");
    assert_int_equal(err.code, SIGNET_EINVAL);
    strlist_addz(&req.pref_challs, "dns-01");
    assert_int_equal(prefs_of(ops, s, IDENT_DNS("a.test"), &err), 0);
    assert_string_equal(err.text, "The chosen plugin can do none of the preferred challenges");
    ops->close(s);
}

static void without_a_folder_n_says_what_is_missing(void **state)
{
    (void)state;
    struct solver *s = opened();
    assert_int_equal(prefs_of(ops, s, IDENT_DNS("a.test"), &err), 0);
    assert_int_equal(err.code, SIGNET_EUSAGE);
    assert_true(
        str_starts(str_of(err.text),
                   STR("Missing command line flag or config entry for this setting:\nInput the webroot for a.test:")));
    struct challenge a = http_challenge("a.test", "tok1", "tok1.x"), *one[] = { &a };
    assert_int_equal(ops->present(s, one, 1, &err), SIGNET_EINVAL);
    assert_int_equal(a.state, CHAL_FAILED);
    ops->cleanup(s, one, 1);
    ops->close(s);
}

static void a_person_is_asked_and_the_answer_is_remembered(void **state)
{
    (void)state;
    const char *const answers[] = { "/nowhere", www, other, NULL };
    user.ui.interactive = true;
    user.answers = answers;
    struct solver *s = opened();
    assert_int_equal(prefs_of(ops, s, IDENT_DNS("a.test"), &err), SIGNET_CHAL_HTTP_01);
    assert_int_equal(prefs_of(ops, s, IDENT_DNS("a.test"), &err), SIGNET_CHAL_HTTP_01);
    assert_string_equal(buf_z(&user.told),
                        "Input the webroot for a.test:\n/nowhere does not exist or is not a directory\n"
                        "Input the webroot for a.test:\n");
    user.menu_answer = 1;
    assert_int_equal(prefs_of(ops, s, IDENT_DNS("b.test"), &err), SIGNET_CHAL_HTTP_01);
    user.menu_answer = 0;
    assert_int_equal(prefs_of(ops, s, IDENT_DNS("c.test"), &err), SIGNET_CHAL_HTTP_01);
    buf_clear(&user.told);
    user.menu_answer = 2;
    assert_int_equal(prefs_of(ops, s, IDENT_DNS("d.test"), &err), SIGNET_CHAL_HTTP_01);
    BUF_AUTO(want, 1024);
    buf_addf(&want, "Select the webroot for d.test: [Enter a new webroot] [%s] [%s]\n", other, www);
    assert_string_equal(buf_z(&user.told), buf_z(&want));

    struct request lineage;
    assert_int_equal(request_init(&lineage), 0);
    assert_int_equal(ops->remember(s, &lineage), 0);
    assert_string_equal(webroot_map_get(&lineage.webroot_map, STR("a.test")), www);
    assert_string_equal(webroot_map_get(&lineage.webroot_map, STR("b.test")), www);
    assert_string_equal(webroot_map_get(&lineage.webroot_map, STR("c.test")), other);
    assert_string_equal(webroot_map_get(&lineage.webroot_map, STR("d.test")), www);
    request_done(&lineage);
    ops->close(s);
}

static void who_leaves_the_prompt_ends_it(void **state)
{
    (void)state;
    static const char *const bad[] = { "/nowhere", "/nowhere", "/nowhere", "/nowhere", "/nowhere", "/tmp", NULL };
    user.ui.interactive = true;
    struct solver *s = opened();
    assert_int_equal(prefs_of(ops, s, IDENT_DNS("a.test"), &err), 0);
    assert_int_equal(err.code, SIGNET_ECANCELED);
    assert_string_equal(err.text, "There must be a webroot for each name.");
    user.answers = bad;
    assert_int_equal(prefs_of(ops, s, IDENT_DNS("a.test"), &err), 0);
    assert_string_equal(err.text, "/nowhere does not exist or is not a directory");
    ops->close(s);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(each_name_has_its_folder),
        T(wildcards_and_missing_folders_are_refused_before_an_order),
        T(without_a_folder_n_says_what_is_missing),
        T(a_person_is_asked_and_the_answer_is_remembered),
        T(who_leaves_the_prompt_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
