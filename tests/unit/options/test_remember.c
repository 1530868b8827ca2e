#include "options/remember.h"
#include "options/table.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct pair {
    const char *key, *value;
};

static void fill(struct kvlist *l, const struct pair *p)
{
    for (; p->key; p++)
        assert_int_equal(kvlist_set(l, str_of(p->key), str_of(p->value)), 0);
}

static void give(struct request *r, const char *name, const char *value)
{
    struct err e = { 0 };
    assert_int_equal(opt_set(r, opt_find(str_of(name)), str_of(value), FROM_CLI, &e), 0);
}

/* Parameters as real certbot runs have written them. */
static const struct pair standalone[] = { { "account", "0123456789abcdef0123456789abcdef" },
                                          { "authenticator", "standalone" },
                                          { "server", "https://acme-v02.api.letsencrypt.org/directory" },
                                          { "key_type", "ecdsa" },
                                          { "pref_challs", "http-01" },
                                          { "http01_port", "5002" },
                                          { "pre_hook", "systemctl stop a, b" },
                                          { "renew_hook", "/usr/local/bin/deploy --now" },
                                          { "reuse_key", "True" },
                                          { "autorenew", "False" },
                                          { NULL, NULL } };
static const struct pair webroot[] = { { "account", "0123456789abcdef0123456789abcdef" },
                                       { "authenticator", "webroot" },
                                       { "webroot_path", "/srv/a, /srv/b" },
                                       { "server", "https://acme-v02.api.letsencrypt.org/directory" },
                                       { "key_type", "rsa" },
                                       { "rsa_key_size", "4096" },
                                       { "must_staple", "True" },
                                       { "allow_subset_of_names", "True" },
                                       { NULL, NULL } };
static const struct pair webroot_names[] = { { "a.test", "/srv/a" }, { "b.test", "/srv/b" }, { NULL, NULL } };
static const struct pair plugins[] = { { "account", "0123456789abcdef0123456789abcdef" },
                                       { "authenticator", "dns-cloudflare" },
                                       { "installer", "nginx" },
                                       { "dns_cloudflare_credentials", "/root/cf.ini" },
                                       { "dns_cloudflare_propagation_seconds", "30" },
                                       { "nginx_server_root", "/opt/nginx" },
                                       { "some_other_plugin_key", "x, y" },
                                       { "server", "https://ca.test/dir" },
                                       { "key_type", "ecdsa" },
                                       { "elliptic_curve", "secp384r1" },
                                       { "preferred_chain", "ISRG Root X1" },
                                       { "preferred_profile", "shortlived" },
                                       { "user_agent", "me/1" },
                                       { "config_dir", "/opt/le" },
                                       { NULL, NULL } };
static const struct pair manual[] = { { "account", "0123456789abcdef0123456789abcdef" },
                                      { "authenticator", "manual" },
                                      { "manual_auth_hook", "/etc/hook.sh" },
                                      { "manual_cleanup_hook", "/etc/unhook.sh" },
                                      { "pref_challs", "dns-01" },
                                      { "http01_address", "" },
                                      { "server", "https://acme-staging-v02.api.letsencrypt.org/directory" },
                                      { "key_type", "ecdsa" },
                                      { NULL, NULL } };

/* Loaded and stored again, a file has the keys it had, with the same values, and no others. */
static void round_trip(const struct pair *p, const struct pair *names)
{
    struct request base, r = { 0 };
    struct err e = { 0 };
    KVLIST_AUTO(params);
    KVLIST_AUTO(map);
    KVLIST_AUTO(out);
    KVLIST_AUTO(out_map);
    fill(&params, p);
    if (names)
        fill(&map, names);
    assert_int_equal(request_init(&base), 0);
    assert_int_equal(remember_load(&r, &base, &params, &map, &e), 0);
    assert_int_equal(remember_store(&r, &out, &out_map, &e), 0);
    assert_int_equal(out.n, params.n);
    for (size_t i = 0; i < params.n; i++) {
        assert_non_null(kvlist_get(&out, params.v[i].key));
        assert_string_equal(kvlist_get(&out, params.v[i].key), params.v[i].value);
    }
    assert_int_equal(out_map.n, map.n);
    for (size_t i = 0; i < map.n; i++)
        assert_string_equal(kvlist_get(&out_map, map.v[i].key), map.v[i].value);
    for (size_t i = 0; i < out.n; i++) {
        bool list =
            str_eq(str_of(out.v[i].key), STR("pref_challs")) || str_eq(str_of(out.v[i].key), STR("webroot_path"));
        assert_int_equal(out.v[i].list, list);
    }
    request_done(&base);
    request_done(&r);
}

static void test_round_trips(void **state)
{
    (void)state;
    round_trip(standalone, NULL);
    round_trip(webroot, webroot_names);
    round_trip(plugins, NULL);
    round_trip(manual, NULL);
}

static void test_types(void **state)
{
    (void)state;
    struct request base, r = { 0 };
    struct err e = { 0 };
    KVLIST_AUTO(params);
    fill(&params, standalone);
    assert_int_equal(request_init(&base), 0);
    assert_int_equal(remember_load(&r, &base, &params, NULL, &e), 0);
    assert_int_equal(r.reuse_key, TRI_YES);
    assert_int_equal(r.autorenew, TRI_NO);
    assert_int_equal(r.http01_port, 5002);
    assert_string_equal(r.deploy_hook, "/usr/local/bin/deploy --now");
    assert_string_equal(r.pre_hook, "systemctl stop a, b");
    assert_int_equal(r.pref_challs.n, 1);
    assert_string_equal(r.pref_challs.v[0], "http-01");
    assert_int_equal(r.from[OPT_ID_DEPLOY_HOOK], FROM_LINEAGE);
    request_done(&base);
    request_done(&r);
}

/* The command line wins over the file, option by option. */
static void test_command_line_wins(void **state)
{
    (void)state;
    struct request base, r = { 0 };
    struct err e = { 0 };
    KVLIST_AUTO(params);
    KVLIST_AUTO(map);
    KVLIST_AUTO(out);
    KVLIST_AUTO(out_map);
    fill(&params, webroot);
    fill(&map, webroot_names);
    assert_int_equal(request_init(&base), 0);
    give(&base, "--webroot-path", "/new");
    give(&base, "--deploy-hook", "echo hi");
    give(&base, "--key-type", "ecdsa");
    assert_int_equal(remember_load(&r, &base, &params, &map, &e), 0);
    assert_int_equal(r.webroot_path.n, 1);
    assert_string_equal(r.webroot_path.v[0], "/new");
    assert_int_equal(r.webroot_map.n, 0);
    assert_string_equal(r.key_type, "ecdsa");
    assert_int_equal(r.rsa_key_size, 4096);
    assert_int_equal(remember_store(&r, &out, &out_map, &e), 0);
    assert_string_equal(kvlist_get(&out, "renew_hook"), "echo hi");
    assert_string_equal(kvlist_get(&out, "webroot_path"), "/new");
    assert_string_equal(kvlist_get(&out, "key_type"), "ecdsa");
    request_done(&base);
    request_done(&r);
}

/* Only what was set is stored, beside server and key type. */
static void test_stores_what_was_set(void **state)
{
    (void)state;
    struct request r;
    struct err e = { 0 };
    KVLIST_AUTO(out);
    KVLIST_AUTO(map);
    assert_int_equal(request_init(&r), 0);
    assert_int_equal(remember_store(&r, &out, &map, &e), 0);
    assert_int_equal(out.n, 2);
    assert_string_equal(kvlist_get(&out, "server"), SERVER_PRODUCTION);
    assert_string_equal(kvlist_get(&out, "key_type"), "ecdsa");
    give(&r, "--no-reuse-key", "");
    give(&r, "--dns-cloudflare-credentials", "/root/cf.ini");
    give(&r, "--logs-dir", "/tmp/../var/l");
    give(&r, "--email", "a@b.test");
    assert_int_equal(remember_store(&r, &out, &map, &e), 0);
    assert_int_equal(out.n, 5);
    assert_string_equal(kvlist_get(&out, "reuse_key"), "False");
    assert_string_equal(kvlist_get(&out, "dns_cloudflare_credentials"), "/root/cf.ini");
    assert_string_equal(kvlist_get(&out, "logs_dir"), "/var/l");
    request_done(&r);
}

static const struct {
    struct pair p[2];
    const char *error;
} bad[] = {
    { { { "must_staple", "maybe" } }, "Expected True or False for must_staple but found maybe" },
    { { { "reuse_key", "" } }, "Expected True or False for reuse_key but found " },
    { { { "autorenew", "1" } }, "Expected True or False for autorenew but found 1" },
    { { { "rsa_key_size", "big" } }, "Expected a numeric value for rsa_key_size" },
    { { { "http01_port", "-1" } }, "Expected a numeric value for http01_port" },
    { { { "pref_challs", "http-01, carrier-pigeon" } }, "Unrecognized challenges: carrier-pigeon" },
};

static void test_bad_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct request base, r = { 0 };
        struct err e = { 0 };
        KVLIST_AUTO(params);
        fill(&params, bad[i].p);
        assert_int_equal(request_init(&base), 0);
        assert_int_equal(remember_load(&r, &base, &params, NULL, &e), SIGNET_EFORMAT);
        assert_int_equal(e.code, SIGNET_EFORMAT);
        assert_string_equal(e.text, bad[i].error);
        request_done(&base);
        request_done(&r);
    }
}

/* What old versions wrote. */
static void test_old_files(void **state)
{
    (void)state;
    static const struct pair old[] = { { "authenticator", "standalone" },
                                       { "installer", "None" },
                                       { "http01_port", "None" },
                                       { "must_staple", "true" },
                                       { "server", "https://acme-v01.api.letsencrypt.org/directory" },
                                       { "tls_sni_01_port", "5001" },
                                       { "manual_public_ip_logging_ok", "True" },
                                       { "dns_route53_propagation_seconds", "10" },
                                       { "pref_challs", "tls-sni-01," },
                                       { "deploy_hook", "x" },
                                       { NULL, NULL } };
    struct request base, r = { 0 };
    struct err e = { 0 };
    KVLIST_AUTO(params);
    fill(&params, old);
    assert_int_equal(request_init(&base), 0);
    assert_int_equal(remember_load(&r, &base, &params, NULL, &e), 0);
    assert_string_equal(r.key_type, "rsa");
    assert_string_equal(r.server, SERVER_PRODUCTION);
    assert_null(r.installer);
    assert_int_equal(r.http01_port, 80);
    assert_int_equal(r.tls_alpn01_port, 5001);
    assert_true(r.must_staple);
    assert_string_equal(r.deploy_hook, "x");
    assert_int_equal(r.pref_challs.n, 1);
    assert_string_equal(r.pref_challs.v[0], "tls-alpn-01");
    assert_int_equal(r.foreign.n, 0);
    request_done(&base);
    request_done(&r);
}

/* An account belongs to its server. */
static void test_other_server_other_account(void **state)
{
    (void)state;
    struct request base, r = { 0 };
    struct err e = { 0 };
    KVLIST_AUTO(params);
    fill(&params, standalone);
    assert_int_equal(request_init(&base), 0);
    give(&base, "--server", "https://acme-v02.api.letsencrypt.org/directory");
    assert_int_equal(remember_load(&r, &base, &params, NULL, &e), 0);
    assert_non_null(r.account);
    base.verb = VERB_RENEW;
    give(&base, "--dry-run", "");
    assert_int_equal(request_finish(&base, &e), 0);
    assert_int_equal(remember_load(&r, &base, &params, NULL, &e), 0);
    assert_string_equal(r.server, SERVER_STAGING);
    assert_null(r.account);
    assert_true(r.dry_run && r.staging && r.break_my_certs);
    request_done(&base);
    request_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_command_line_wins),
        cmocka_unit_test(test_stores_what_was_set),
        cmocka_unit_test(test_bad_values),
        cmocka_unit_test(test_old_files),
        cmocka_unit_test(test_other_server_other_account),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
