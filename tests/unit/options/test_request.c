#include "options/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void set(struct request *r, const char *name, const char *value)
{
    struct err e = { 0 };
    const struct opt *o = opt_find(str_of(name));
    assert_non_null(o);
    assert_int_equal(opt_set(r, o, str_of(value), FROM_CLI, &e), 0);
}

static void test_defaults(void **state)
{
    (void)state;
    struct request r;
    assert_int_equal(request_init(&r), 0);
    assert_string_equal(r.config_dir, "/etc/letsencrypt");
    assert_string_equal(r.work_dir, "/var/lib/letsencrypt");
    assert_string_equal(r.logs_dir, "/var/log/letsencrypt");
    assert_string_equal(r.server, SERVER_PRODUCTION);
    assert_string_equal(r.key_type, "ecdsa");
    assert_string_equal(r.elliptic_curve, "secp256r1");
    assert_int_equal(r.rsa_key_size, 2048);
    assert_int_equal(r.issuance_timeout, 90);
    assert_int_equal(r.max_log_backups, 1000);
    assert_int_equal(r.http01_port, 80);
    assert_int_equal(r.tls_alpn01_port, 443);
    assert_int_equal(r.parallel, 32);
    assert_int_equal(r.checkpoints, 1);
    assert_int_equal(r.reuse_key, TRI_UNSET);
    assert_string_equal(r.http01_address, "");
    assert_string_equal(r.reason, "unspecified");
    request_done(&r);
}

/* A value that fits the row. */
static const char *some_value(const struct opt *o)
{
    if (!opt_takes_value(o))
        return "";
    if (o->type == OPT_CHOICE)
        return str_starts(str_of(o->choices), STR("rsa")) ? "rsa" : o->id == OPT_ID_REASON ? "superseded" : "secp384r1";
    if (o->id == OPT_ID_WEBROOT_MAP)
        return "{\"x.test\": \"/m\"}";
    if (o->id == OPT_ID_PREFERRED_CHALLENGES)
        return "dns";
    return o->type == OPT_UINT || o->id == OPT_ID_FOREIGN ? "77" : "/v";
}

/* Every option can be set, and the copy has all of it and shares none of it. */
static void test_copy_has_everything(void **state)
{
    (void)state;
    struct request r, copy = { 0 };
    const struct opt *o;
    assert_int_equal(request_init(&r), 0);
    for (size_t i = 0; (o = opt_at(i)); i++) {
        struct err e = { 0 };
        assert_int_equal(opt_set(&r, o, str_of(some_value(o)), FROM_CLI, &e), 0);
    }
    assert_int_equal(request_copy(&copy, &r), 0);
    for (size_t i = 0; (o = opt_at(i)); i++) {
        const char *a = (const char *)&r + o->offset, *b = (const char *)&copy + o->offset;
        if (o->type == OPT_STRING || o->type == OPT_PATH || o->type == OPT_CHOICE) {
            assert_non_null(*(char *const *)a);
            assert_string_equal(*(char *const *)a, *(char *const *)b);
            assert_ptr_not_equal(*(char *const *)a, *(char *const *)b);
        }
        if (o->type == OPT_LIST)
            assert_true(
                strlist_same_set((const struct strlist *)(const void *)a, (const struct strlist *)(const void *)b));
        if (o->type == OPT_UINT)
            assert_int_equal(*(const unsigned *)(const void *)a, *(const unsigned *)(const void *)b);
    }
    assert_memory_equal(r.from, copy.from, sizeof(r.from));
    assert_string_equal(webroot_map_get(&copy.webroot_map, STR("x.test")), "/m");
    assert_true(copy.foreign.n >= 2 && copy.foreign.n % 2 == 0);
    assert_true(copy.warnings.n > 5);
    request_done(&r);
    assert_int_equal(request_copy(&copy, &copy), 0);
    request_done(&copy);
}

/* Every option that takes a path, alone and within a map, names itself and the limit. */
static void test_paths_that_the_system_cannot_take(void **state)
{
    (void)state;
    struct request r;
    const struct opt *o;
    unsigned n = 0;
    BUF_AUTO(name, 1024);
    buf_addz(&name, "/x/");
    for (int i = 0; i < 300; i++)
        buf_addc(&name, 'a');
    assert_int_equal(request_init(&r), 0);
    for (size_t i = 0; (o = opt_at(i)); i++) {
        struct err e = { 0 };
        BUF_AUTO(value, 2048);
        signet_str own = opt_long_name(o);
        bool map = o->id == OPT_ID_WEBROOT_MAP;
        if (o->type != OPT_PATH && o->id != OPT_ID_WEBROOT_PATH && !map && !str_ends(own, STR("-credentials")))
            continue;
        n++;
        buf_addf(&value, map ? "{\"a.test\": \"%s\"}" : "%s", buf_z(&name));
        assert_int_equal(opt_set(&r, o, buf_str(&value), FROM_CLI, &e), SIGNET_EUSAGE);
        buf_clear(&value);
        buf_add(&value, own);
        if (!strstr(e.text, buf_z(&value)) || !strstr(e.text, "a name of 300 bytes in a path is too long, 255"))
            fail_msg("%s: %s", buf_z(&value), e.text);
    }
    assert_true(n > 20);
    assert_null(r.cert_path);
    request_done(&r);
}

static void test_reset_gives_the_default(void **state)
{
    (void)state;
    struct request r;
    const struct opt *o;
    assert_int_equal(request_init(&r), 0);
    for (size_t i = 0; (o = opt_at(i)); i++) {
        struct err e = { 0 };
        if (o->id == OPT_ID_FOREIGN || o->id == OPT_ID_PLUGIN || o->extra)
            continue;
        assert_int_equal(opt_set(&r, o, str_of(some_value(o)), FROM_INI, &e), 0);
        assert_int_equal(opt_reset(&r, o), 0);
        assert_int_equal(r.from[o->id], FROM_DEFAULT);
    }
    assert_string_equal(r.key_type, "ecdsa");
    assert_string_equal(r.server, SERVER_PRODUCTION);
    assert_int_equal(r.rsa_key_size, 2048);
    assert_int_equal(r.ip_addresses.n + r.webroot_path.n + r.webroot_map.n + r.pref_challs.n, 0);
    assert_null(r.email);
    assert_null(r.user_agent_comment);
    assert_false(r.quiet || r.dry_run || r.verbose_count || r.reuse_key);
    request_done(&r);
}

/* What comes from the command line replaces a list of cli.ini, and is not replaced by it. */
static void test_sources(void **state)
{
    (void)state;
    struct request r;
    struct err e = { 0 };
    const struct opt *d = opt_find(STR("-d"));
    assert_int_equal(request_init(&r), 0);
    assert_int_equal(opt_set(&r, d, STR("ini.test"), FROM_INI, &e), 0);
    assert_true(opt_by_user(&r, "domains") && opt_by_user(&r, "domain"));
    assert_false(opt_by_user(&r, "email") || opt_by_user(&r, "nonsense"));
    assert_int_equal(opt_set(&r, d, STR("a.test,b.test"), FROM_CLI, &e), 0);
    assert_int_equal(opt_set(&r, d, STR("a.test"), FROM_CLI, &e), 0);
    assert_int_equal(r.domains.n, 2);
    assert_string_equal(r.domains.v[0], "a.test");
    assert_int_equal(r.from[OPT_ID_DOMAINS], FROM_CLI);
    request_done(&r);
}

static void test_bad_text(void **state)
{
    (void)state;
    struct request r;
    struct err e = { 0 };
    assert_int_equal(request_init(&r), 0);
    assert_int_equal(opt_set(&r, opt_find(STR("--email")), (signet_str){ "a\0b", 3 }, FROM_CLI, &e), SIGNET_EUSAGE);
    char *big = malloc(70000);
    assert_non_null(big);
    memset(big, 'x', 70000);
    assert_int_equal(opt_set(&r, opt_find(STR("--email")), (signet_str){ big, 70000 }, FROM_CLI, &e), SIGNET_EUSAGE);
    free(big);
    request_done(&r);
}

static void test_names_that_come_later(void **state)
{
    (void)state;
    struct request r;
    assert_int_equal(request_init(&r), 0);
    set(&r, "--webroot-path", "/new");
    assert_int_equal(strlist_addz(&r.domains, "late.test"), 0);
    assert_int_equal(request_map_webroots(&r), 0);
    assert_string_equal(webroot_map_get(&r.webroot_map, STR("late.test")), "/new");
    assert_null(webroot_map_get(&r.webroot_map, STR("other.test")));
    request_done(&r);
}

static void test_verbs(void **state)
{
    (void)state;
    for (int v = VERB_NONE + 1; v < VERB_COUNT; v++)
        if (strchr(verb_name((enum verb)v), ' ')) /* lego's face: no word on certbot's command line */
            assert_int_equal(verb_from_name(str_of(verb_name((enum verb)v))), VERB_NONE);
        else
            assert_int_equal(verb_from_name(str_of(verb_name((enum verb)v))), v);
    assert_int_equal(verb_from_name(STR("auth")), VERB_CERTONLY);
    assert_int_equal(verb_from_name(STR("everything")), VERB_RUN);
    assert_int_equal(verb_from_name(STR("")), VERB_NONE);
    assert_int_equal(verb_from_name(STR("renewal")), VERB_NONE);
    assert_string_equal(verb_name(VERB_COUNT), "");
}

static void test_warnings_come_once(void **state)
{
    (void)state;
    struct request r;
    assert_int_equal(request_init(&r), 0);
    set(&r, "--tls-sni-01-port", "8443");
    set(&r, "--tls-sni-01-port", "8444");
    assert_int_equal(r.tls_alpn01_port, 8444);
    assert_int_equal(r.warnings.n, 1);
    set(&r, "--preferred-challenges", "tls-sni,http,tls-sni-01");
    assert_int_equal(r.warnings.n, 2);
    assert_int_equal(r.pref_challs.n, 2);
    assert_string_equal(r.pref_challs.v[0], "tls-alpn-01");
    request_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_copy_has_everything),
        cmocka_unit_test(test_reset_gives_the_default),
        cmocka_unit_test(test_paths_that_the_system_cannot_take),
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_names_that_come_later),
        cmocka_unit_test(test_verbs),
        cmocka_unit_test(test_bad_text),
        cmocka_unit_test(test_warnings_come_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
