#include "options/table.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* No two rows have the same name, and all of them say what they are. */
static void test_rows_are_sound(void **state)
{
    (void)state;
    STRLIST_AUTO(names);
    const struct opt *o;
    size_t n = 0;
    for (; (o = opt_at(n)); n++) {
        const char *at = o->names;
        while (*at) {
            signet_str name = opt_next_name(&at);
            assert_false(strlist_has(&names, name));
            assert_int_equal(strlist_add(&names, name), 0);
            assert_ptr_equal(opt_find(name), o);
            assert_true(name.n == 2 || str_starts(name, STR("--")));
        }
        assert_true(str_starts(opt_long_name(o), STR("--")));
        assert_non_null(o->help);
        assert_true(strlen(o->help) > 5);
        assert_true(o->help[strlen(o->help) - 1] == '.' || strstr(o->help, "example.net"));
        assert_non_null(o->topics);
        assert_true(*o->topics);
        if (o->type == OPT_CHOICE)
            assert_non_null(o->choices);
        if (o->type == OPT_UINT)
            assert_true(o->max > o->min);
        bool flag = o->type == OPT_FLAG || o->type == OPT_TRI_YES || o->type == OPT_TRI_NO || o->type == OPT_COUNT;
        if (flag)
            assert_false(opt_takes_value(o));
        if (!flag && o->type != OPT_SPECIAL && o->type != OPT_NOOP)
            assert_true(opt_takes_value(o));
    }
    assert_true(n > 150);
    assert_null(opt_at(n + 100));
}

/* Rows with one id set the same member in ways that agree. */
static void test_shared_ids(void **state)
{
    (void)state;
    const struct opt *a, *b;
    for (size_t i = 0; (a = opt_at(i)); i++)
        for (size_t k = i + 1; (b = opt_at(k)); k++) {
            if (a->id != b->id || a->id == OPT_ID_PLUGIN || a->id == OPT_ID_FOREIGN || a->id == OPT_ID_IGNORED)
                continue;
            assert_int_equal(a->offset, b->offset);
            if (a->remember && b->remember)
                assert_string_equal(a->remember, b->remember);
        }
}

/* Every remembered key finds its way back. */
static void test_remember_keys(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "account",
        "authenticator",
        "installer",
        "server",
        "key_type",
        "rsa_key_size",
        "elliptic_curve",
        "reuse_key",
        "must_staple",
        "preferred_chain",
        "preferred_profile",
        "required_profile",
        "pref_challs",
        "allow_subset_of_names",
        "autorenew",
        "http01_port",
        "http01_address",
        "pre_hook",
        "post_hook",
        "renew_hook",
        "config_dir",
        "work_dir",
        "logs_dir",
        "user_agent",
        "webroot_path",
        "manual_auth_hook",
        "manual_cleanup_hook",
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        assert_non_null(opt_by_remember(str_of(keys[i])));
    assert_null(opt_by_remember(STR("webroot")));
}

/* What the real certbot 5.5 takes an abbreviation for: one name, several (then it is ambiguous), none. */
static const struct {
    const char *prefix, *names;
} prefixes[] = {
    { "--dom", "--domains --domain" },
    { "--stand", "--standalone" },
    { "--cert-n", "--cert-name" },
    { "--cert", "--cert-name --cert-path" },
    { "--key-t", "--key-type" },
    { "--key", "--key-type --key-path" },
    { "--rsa", "--rsa-key-size" },
    { "--http-01-p", "--http-01-port" },
    { "--http-0", "--http-01-port --http-01-address" },
    { "--verb", "--verbose --verbose-level" },
    { "--non", "--non-interactive --noninteractive" },
    { "--keep-", "--keep-until-expiring" },
    { "--ke", "--keep-until-expiring --keep --key-type --key-path" },
    { "--re", "--register-unsafely-without-email --reinstall --renew-by-default --renew-with-new-domains --reuse-key "
              "--redirect "
              "--required-profile --renew-hook --reason" },
    { "--renew", "--renew-by-default --renew-with-new-domains --renew-hook" },
    { "--f", "--force-interactive --force-renewal --fullchain-path" },
    { "--force-r", "--force-renewal" },
    { "--dr", "--dry-run" },
    { "--debug-", "--debug-challenges" },
    { "--pre",
      "--preconfigured-renewal --preferred-profile --preferred-chain --preferred-challenges --pre-hook --prepare" },
    { "--preferred-ch", "--preferred-chain --preferred-challenges" },
    { "--pos", "--post-hook" },
    { "--deploy", "--deploy-hook" },
    { "--test", "--test-cert" },
    { "--stag", "--staging" },
    { "--sta", "--staging --staple-ocsp --standalone" },
    { "--agree", "--agree-tos" },
    { "--no-eff", "--no-eff-email" },
    { "--eff", "--eff-email" },
    { "--eab", "--eab-kid --eab-hmac-key --eab-hmac-alg" },
    { "--eab-k", "--eab-kid" },
    { "--user-agent-", "--user-agent-comment" },
    { "--man", "--manual --manual-auth-hook --manual-cleanup-hook" },
    { "--manual-a", "--manual-auth-hook" },
    { "--webroot-", "--webroot-path --webroot-map" },
    { "--auth", "--authenticators --authenticator" },
    { "--inst", "--installers --installer" },
    { "--serv", "--server" },
    { "--account-", "" },
    { "--nonsense", "" },
    { "--ip", "--ip-address" },
    { "--no-dir", "--no-directory-hooks" },
    { "--run-", "--run-deploy-hooks" },
    { "--new", "--new-key" },
    { "--qu", "--quiet" },
    { "--max", "--max-log-backups" },
    { "--disable-h", "--disable-hook-validation" },
    { "--disable", "--disable-hook-validation --disable-renew-updates" },
    { "--iss", "--issuance-timeout" },
    { "--config-d", "--config-dir" },
    { "--conf", "--config --config-dir --configurator" },
    { "--chec", "--checkpoints" },
    { "--br", "--break-my-certs" },
    /* ours, and the gone ones, where certbot has nothing */
    { "--par", "--parallel" },
    { "--js", "--json" },
    { "--tls-a", "--tls-alpn-01-port --tls-alpn-01-address" },
    { "--tls-sni-01-p", "--tls-sni-01-port" },
    { "--update-reg", "--update-registration" },
    { "--", "" },
    { "-d", "" },
};

static void test_abbreviations(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        STRLIST_AUTO(names);
        BUF_AUTO(joined, 4096);
        const struct opt *o = opt_find_prefix(str_of(prefixes[i].prefix), &names);
        strlist_join(&names, " ", &joined);
        assert_string_equal(buf_z(&joined), prefixes[i].names);
        assert_true((o != NULL) == (names.n == 1));
    }
}

static void test_names_in_messages(void **state)
{
    (void)state;
    BUF_AUTO(names, 200);
    opt_all_names(opt_find(STR("-d")), &names);
    assert_string_equal(buf_z(&names), "-d/--domains/--domain");
    assert_true(str_eq(opt_long_name(opt_find(STR("-w"))), STR("--webroot-path")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_sound),    cmocka_unit_test(test_shared_ids),
        cmocka_unit_test(test_remember_keys),     cmocka_unit_test(test_abbreviations),
        cmocka_unit_test(test_names_in_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
