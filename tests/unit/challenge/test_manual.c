#include "fake.h"

static char root[64];
static struct loop *loop;
static struct request req;
static struct fake user;
static struct err err;
static const struct solver_ops *ops;

/* Everything an order may come with: http, two values at one name, tls-alpn, the two newer DNS types. */
static struct challenge all[6];
static struct challenge *list[6];
static struct strlist names;

static void fill(void)
{
    static const struct {
        signet_chal type;
        signet_ident_type kind;
        const char *ident, *name, *value;
    } rows[] = {
        { SIGNET_CHAL_HTTP_01, SIGNET_IDENT_IP, "2001:db8::7", "", "tok0.thumb" },
        { SIGNET_CHAL_DNS_01, SIGNET_IDENT_DNS, "a.test", "_acme-challenge.a.test", "VALUE1" },
        { SIGNET_CHAL_DNS_01, SIGNET_IDENT_DNS, "*.a.test", "_acme-challenge.a.test", "VALUE2" },
        { SIGNET_CHAL_TLS_ALPN_01, SIGNET_IDENT_DNS, "b.test", "", "00ff" },
        { SIGNET_CHAL_DNS_ACCOUNT_01, SIGNET_IDENT_DNS, "c.test", "_xyz._acme-challenge.c.test", "VALUE4" },
        { SIGNET_CHAL_DNS_PERSIST_01, SIGNET_IDENT_DNS, "d.test", "_validation-persist.d.test",
          "ca.test; accounturi=x" },
    };
    static char tokens[6][8], auths[6][24];
    for (unsigned i = 0; i < 6; i++) {
        snprintf(tokens[i], sizeof tokens[i], "tok%u", i);
        snprintf(auths[i], sizeof auths[i], "tok%u.thumb", i);
        all[i] = (struct challenge){ .type = rows[i].type,
                                     .ident = { rows[i].kind, str_of(rows[i].ident) },
                                     .token = str_of(tokens[i]),
                                     .key_auth = str_of(auths[i]),
                                     .name = str_of(rows[i].name),
                                     .value = str_of(rows[i].value),
                                     .left = 5 - i,
                                     .total = 6,
                                     .all_names = &names };
        list[i] = &all[i];
        assert_int_equal(strlist_addz(&names, rows[i].ident), 0);
    }
}

static int setup(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/manual.XXXXXX");
    if (!mkdtemp(root) || request_init(&req) || setenv("OUT", root, 1) || loop_new(&loop, &err))
        return -1;
    err = (struct err){ 0 };
    fake_init(&user, false);
    fill();
    ops = solver_find("manual");
    return ops ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        free(all[i].auth_output);
        all[i].auth_output = NULL;
    }
    strlist_done(&names);
    fake_done(&user);
    request_done(&req);
    loop_free(loop);
    return fs_remove_tree(AT_FDCWD, root, &err);
}

static struct solver *opened(void)
{
    struct solver *s = NULL;
    struct solver_ctx ctx = { .loop = loop, .req = &req, .ui = &user.ui };
    assert_int_equal(ops->open(&s, &ctx, &err), 0);
    return s;
}

static void set(char **at, const char *value)
{
    free(*at);
    *at = str_dup(str_of(value));
}

static void read_out(const char *name, struct buf *to)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", root, name);
    buf_clear(to);
    fs_read(AT_FDCWD, path, to, &err);
}

static void a_program_needs_hooks(void **state)
{
    (void)state;
    struct solver *s = NULL;
    struct solver_ctx ctx = { .loop = loop, .req = &req, .ui = &user.ui };
    assert_true(ops->open(&s, &ctx, &err) < 0);
    assert_string_equal(
        err.text, "Nobody is here to set challenges up by hand: name a program that does with --manual-auth-hook.");
    set(&req.manual_auth_hook, "no-such-hook x");
    assert_true(ops->open(&s, &ctx, &err) < 0);
    assert_true(str_starts(str_of(err.text),
                           STR("Unable to find manual-auth-hook command no-such-hook in the PATH.\n(PATH is ")));
    set(&req.manual_auth_hook, "true");
    set(&req.manual_cleanup_hook, "no-such-hook");
    assert_true(ops->open(&s, &ctx, &err) < 0);
    assert_true(str_starts(str_of(err.text), STR("Unable to find manual-cleanup-hook command")));
    req.disable_hook_validation = true;
    assert_int_equal(ops->open(&s, &ctx, &err), 0);
    ops->close(s);
}

#define SHOW "env | grep ^CERTBOT_ | LC_ALL=C sort >> $OUT/"

static void hooks_get_certbots_variables(void **state)
{
    (void)state;
    set(&req.manual_auth_hook, "echo; " SHOW "auth; echo \" printed $CERTBOT_REMAINING_CHALLENGES \"");
    set(&req.manual_cleanup_hook, SHOW "clean");
    req.disable_hook_validation = true;
    struct solver *s = opened();
    assert_int_equal(ops->present(s, list, 6, &err), 0);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(all[i].state, CHAL_READY);
    assert_string_equal(all[0].auth_output, "printed 5");
#define NAMES "2001:db8::7,a.test,a.test,b.test,c.test,d.test\n"
#define BOTH  "CERTBOT_ALL_DOMAINS=" NAMES "CERTBOT_ALL_IDENTIFIERS=" NAMES
    static const char first[] =
        BOTH "CERTBOT_DOMAIN=2001:db8::7\nCERTBOT_IDENTIFIER=2001:db8::7\nCERTBOT_REMAINING_CHALLENGES=5\n"
             "CERTBOT_TOKEN=tok0\nCERTBOT_VALIDATION=tok0.thumb\n" BOTH "CERTBOT_DOMAIN=a.test\n"
             "CERTBOT_IDENTIFIER=a.test\nCERTBOT_REMAINING_CHALLENGES=4\nCERTBOT_VALIDATION=VALUE1\n" BOTH
             "CERTBOT_DOMAIN=a.test\nCERTBOT_IDENTIFIER=a.test\nCERTBOT_REMAINING_CHALLENGES=3\n"
             "CERTBOT_VALIDATION=VALUE2\n" BOTH "CERTBOT_DOMAIN=b.test\nCERTBOT_IDENTIFIER=b.test\n"
             "CERTBOT_REMAINING_CHALLENGES=2\nCERTBOT_VALIDATION=00ff\n";
    BUF_AUTO(text, 65536);
    read_out("auth", &text);
    assert_true(str_starts(buf_str(&text), str_of(first)));
    ops->cleanup(s, list, 6);
    read_out("clean", &text);
    assert_true(str_starts(buf_str(&text), STR(BOTH "CERTBOT_AUTH_OUTPUT=printed 5\nCERTBOT_DOMAIN=2001:db8::7\n")));
    assert_non_null(strstr(buf_z(&user.told), "Hook '--manual-auth-hook' for a.test ran with output:\n printed 4\n"));
    assert_null(getenv("CERTBOT_DOMAIN"));
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(all[i].state, CHAL_CLEAN);
        assert_null(all[i].priv);
    }
    ops->close(s);
}

static void a_part_of_an_order_still_names_all(void **state)
{
    (void)state;
    set(&req.manual_auth_hook, SHOW "auth");
    req.disable_hook_validation = true;
    struct solver *s = opened();
    assert_int_equal(ops->present(s, list + 2, 1, &err), 0);
    BUF_AUTO(text, 65536);
    read_out("auth", &text);
    assert_true(str_starts(buf_str(&text), STR(BOTH "CERTBOT_DOMAIN=a.test\n")));
    ops->cleanup(s, list, 6); /* without a cleanup hook; five were never presented */
    ops->close(s);
}

static void a_failing_hook_stops_nothing(void **state)
{
    (void)state;
    set(&req.manual_auth_hook, "echo out; echo problem >&2; exit 4");
    set(&req.manual_cleanup_hook, "sh -c 'exit 5'");
    struct solver *s = opened();
    assert_int_equal(ops->present(s, list, 2, &err), 0);
    assert_int_equal(all[1].state, CHAL_READY);
    ops->cleanup(s, list, 2);
    assert_non_null(strstr(buf_z(&user.logged), "W Hook '--manual-auth-hook' for a.test reported error code 4\n"));
    assert_non_null(
        strstr(buf_z(&user.logged), "W Hook '--manual-auth-hook' for a.test ran with error output:\n problem\n"));
    assert_non_null(strstr(buf_z(&user.logged), "W Hook '--manual-cleanup-hook' for a.test reported error code 5\n"));
    BUF_AUTO(hint, 2048);
    ops->hint(s, &all[1], &hint);
    assert_non_null(strstr(buf_z(&hint), "--manual-auth-hook"));
    ops->close(s);
}

static void huge_or_binary_output_still_fits_a_variable(void **state)
{
    (void)state;
    set(&req.manual_auth_hook, "head -c 500000 /dev/zero | tr '\\0' x; printf 'a\\0b'");
    set(&req.manual_cleanup_hook, "echo ${#CERTBOT_AUTH_OUTPUT} >> $OUT/clean");
    struct solver *s = opened();
    assert_int_equal(ops->present(s, list, 1, &err), 0);
    ops->cleanup(s, list, 1);
    BUF_AUTO(text, 1024);
    read_out("clean", &text);
    assert_string_equal(buf_z(&text), "120000\n");
    assert_non_null(strstr(buf_z(&user.logged), "W Limiting CERTBOT_AUTH_OUTPUT"));
    set(&req.manual_auth_hook, "printf ' a\\0b '");
    assert_int_equal(ops->present(s, list, 1, &err), 0);
    assert_string_equal(all[0].auth_output, "ab");
    ops->cleanup(s, list, 1);
    ops->close(s);
}

static void a_signal_stops_the_rest_but_what_began_is_cleaned(void **state)
{
    (void)state;
    set(&req.manual_auth_hook, "if test $CERTBOT_REMAINING_CHALLENGES = 4; then kill -INT $PPID; sleep 600; fi");
    set(&req.manual_cleanup_hook, "echo $CERTBOT_REMAINING_CHALLENGES >> $OUT/clean");
    req.disable_hook_validation = true;
    struct solver *s = opened();
    assert_int_equal(ops->present(s, list, 6, &err), 0);
    assert_int_equal(all[0].state, CHAL_READY);
    for (size_t i = 1; i < 6; i++) {
        assert_int_equal(all[i].state, CHAL_FAILED);
        assert_int_equal(all[i].err.code, SIGNET_ECANCELED);
    }
    loop_signal_clear(loop);
    ops->cleanup(s, list, 6);
    BUF_AUTO(text, 1024);
    read_out("clean", &text);
    assert_string_equal(buf_z(&text), "5\n4\n");
    ops->close(s);
}

static void a_person_is_told_each_step(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        const char *text;
    } rows[] = {
        { 0, "http://[2001:db8::7]/.well-known/acme-challenge/tok0\n" },
        { 0, "printf %s tok0.thumb > .well-known/acme-challenge/tok0\n" },
        { 1, "_acme-challenge.a.test.\n\nand this value:\n\nVALUE1\n" },
        { 1,
          "2 values are needed at this name at the same time, each in a TXT record of its own: the next ones follow." },
        { 2, "add this one to those you have set already, and keep them." },
        { 2, "This one is in addition to those before it" },
        { 3, "-addext 1.3.6.1.5.5.7.1.31=critical,DER:042000ff\n" },
        { 3, "-addext subjectAltName=critical,DNS:b.test" },
        { 4, "dig +short TXT _xyz._acme-challenge.c.test.\n" },
        { 5, "This record may stay" },
    };
    user.ui.interactive = true;
    struct solver *s = opened();
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
        buf_clear(&user.told);
        user.frames = 0;
        assert_int_equal(ops->present(s, list, 6, &err), 0);
        assert_int_equal(user.frames, 6);
        const char *p = buf_z(&user.told);
        for (size_t i = 0; i < rows[k].at; i++)
            p = strstr(p, "<Enter>") + 1;
        const char *hit = strstr(p, rows[k].text);
        assert_non_null(hit);
        assert_true(hit < strstr(p, "<Enter>"));
        ops->cleanup(s, list, 6);
    }
    BUF_AUTO(hint, 2048);
    ops->hint(s, &all[1], &hint);
    assert_non_null(strstr(buf_z(&hint), "leave more time"));
    ops->close(s);
}

static void preferences_choose_the_type(void **state)
{
    (void)state;
    static const struct {
        const char *prefs;
        signet_ident_type kind;
        const char *name;
        uint32_t want;
    } rows[] = {
        { "", SIGNET_IDENT_DNS, "a.test",
          SIGNET_PREFS(SIGNET_CHAL_HTTP_01, SIGNET_CHAL_DNS_01, SIGNET_CHAL_DNS_PERSIST_01, 0) },
        { "", SIGNET_IDENT_DNS, "*.a.test", SIGNET_PREFS(SIGNET_CHAL_DNS_01, SIGNET_CHAL_DNS_PERSIST_01, 0, 0) },
        { "", SIGNET_IDENT_IP, "192.0.2.1", SIGNET_PREFS(SIGNET_CHAL_HTTP_01, 0, 0, 0) },
        { "dns-01,http-01", SIGNET_IDENT_DNS, "a.test", SIGNET_PREFS(SIGNET_CHAL_DNS_01, SIGNET_CHAL_HTTP_01, 0, 0) },
        { "dns-01,dns-01", SIGNET_IDENT_DNS, "a.test", SIGNET_PREFS(SIGNET_CHAL_DNS_01, 0, 0, 0) },
        { "tls-alpn-01", SIGNET_IDENT_IP, "192.0.2.1", SIGNET_PREFS(SIGNET_CHAL_TLS_ALPN_01, 0, 0, 0) },
        { "dns-persist-01,dns-account-01", SIGNET_IDENT_DNS, "*.a.test",
          SIGNET_PREFS(SIGNET_CHAL_DNS_PERSIST_01, SIGNET_CHAL_DNS_ACCOUNT_01, 0, 0) },
        { "http-01", SIGNET_IDENT_DNS, "*.a.test", 0 },
        { "dns-01", SIGNET_IDENT_IP, "192.0.2.1", 0 },
        { "unknown-01,http-01", SIGNET_IDENT_DNS, "a.test", SIGNET_PREFS(SIGNET_CHAL_HTTP_01, 0, 0, 0) },
    };
    user.ui.interactive = true;
    struct solver *s = opened();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        strlist_done(&req.pref_challs);
        assert_int_equal(strlist_split(&req.pref_challs, str_of(rows[i].prefs), ','), 0);
        assert_int_equal(prefs_of(ops, s, (signet_ident){ rows[i].kind, str_of(rows[i].name) }, &err), rows[i].want);
        assert_true(rows[i].want ? err.code == 0 : err.code < 0);
    }
    ops->close(s);
}

static void solvers_are_found_by_certbots_names(void **state)
{
    (void)state;
    size_t n;
    const struct solver_ops *const *v = solver_all(&n);
    assert_int_equal(n, 6);
    for (size_t i = 0; i < n; i++) {
        assert_ptr_equal(solver_find(v[i]->name), v[i]);
        assert_true(v[i]->types && v[i]->description && v[i]->open && v[i]->prefs && v[i]->present && v[i]->cleanup &&
                    v[i]->close);
        v[i]->close(NULL);
    }
    assert_ptr_equal(solver_find("certbot:manual"), solver_find("manual"));
    assert_ptr_equal(solver_find("dns-route53"), solver_find("dns"));
    assert_ptr_equal(solver_find("certbot-dns-x:dns-x"), solver_find("dns"));
    assert_null(solver_find(""));
    assert_null(solver_find(NULL));
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_program_needs_hooks),
        T(hooks_get_certbots_variables),
        T(a_part_of_an_order_still_names_all),
        T(a_failing_hook_stops_nothing),
        T(huge_or_binary_output_still_fits_a_variable),
        T(a_signal_stops_the_rest_but_what_began_is_cleaned),
        T(a_person_is_told_each_step),
        T(preferences_choose_the_type),
        T(solvers_are_found_by_certbots_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
