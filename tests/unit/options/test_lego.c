#include "options/lego.h"
#include "options/request.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void fresh(struct request *r, enum verb v)
{
    assert_int_equal(request_init(r), 0);
    assert_int_equal(lego_options_init(r), 0);
    r->verb = v;
}

static int set(struct request *r, const char *name, const char *value, struct err *e)
{
    const struct lego_opt *o = lego_opt_find(str_of(name), LEGO_ANY);
    assert_non_null(o);
    return lego_opt_set(r, o, str_of(name), str_of(value), e);
}

/* Every name once among those that can be meant at the same place. */
static void names_are_unique(void **state)
{
    (void)state;
    const struct lego_opt *o;
    for (size_t i = 0; (o = lego_opt_at(i)); i++)
        for (unsigned where = LEGO_GLOBAL; where <= LEGO_DNSHELP; where *= 2)
            if (o->where & where)
                assert_ptr_equal(lego_opt_find(lego_opt_name(o), where), o);
    assert_null(lego_opt_find(STR("nosuch"), LEGO_ANY));
    assert_null(lego_opt_find(STR(""), LEGO_ANY));
    assert_ptr_not_equal(lego_opt_find(STR("a"), LEGO_GLOBAL), lego_opt_find(STR("a"), LEGO_LISTS));
    assert_ptr_not_equal(lego_opt_find(STR("k"), LEGO_GLOBAL), lego_opt_find(STR("k"), LEGO_REVOKE));
}

static void durations(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
    } rows[] = {
        { "0", 0 },
        { "3s", 3000 },
        { "1m30s", 90000 },
        { "2h", 7200000 },
        { "1.5s", 1500 },
        { "300ms", 300 },
        { "1h0m0s", 3600000 },
        { ".5s", 500 },
        { "+1s", 1000 },
        { "5", -1 },
        { "", -1 },
        { "s", -1 },
        { "1x", -1 },
        { "1s ", -1 },
        { "1..5s", -1 },
        { "99999999999999999999h", -1 },
        { "1000us", 1 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t ms = -1;
        int rc = lego_duration(str_of(rows[i].text), &ms);
        if ((rc == 0) != (rows[i].ms >= 0) || ms != rows[i].ms)
            fail_msg("\"%s\": %d, %lld", rows[i].text, rc, (long long)ms);
    }
    int64_t ms = 0;
    assert_int_equal(lego_duration(STR("-1s"), &ms), 0);
    assert_int_equal(ms, -1000);
}

static void values(void **state)
{
    struct request r;
    struct err e = { 0 };
    (void)state;
    fresh(&r, VERB_LEGO_RUN);
    assert_int_equal(set(&r, "domains", "a.test, b.test", &e), 0);
    assert_int_equal(set(&r, "d", "c.test", &e), 0);
    assert_int_equal(r.domains.n, 3);
    assert_string_equal(r.domains.v[1], "b.test");
    assert_int_equal(set(&r, "days", "-5", &e), 0);
    assert_int_equal(r.lego.days, -5);
    assert_int_equal(set(&r, "http", "false", &e), 0);
    assert_false(r.lego.http);
    assert_int_equal(set(&r, "pem", "T", &e), 0);
    assert_true(r.lego.pem);
    assert_int_equal(set(&r, "pem", "maybe", &e), SIGNET_EUSAGE);
    assert_string_equal(e.text, "invalid boolean value \"maybe\" for flag -pem: parse error");
    assert_int_equal(set(&r, "days", "soon", &e), SIGNET_EUSAGE);
    assert_int_equal(set(&r, "reason", "-1", &e), SIGNET_EUSAGE);
    assert_int_equal(set(&r, "not-after", "tomorrow", &e), SIGNET_EUSAGE);
    assert_int_equal(set(&r, "not-after", "2030-01-01T00:00:00Z", &e), 0);
    assert_false(r.lego.v5);
    assert_int_equal(set(&r, "eab.hmac", "secret", &e), 0);
    assert_true(r.lego.v5);
    struct request copy = { 0 };
    assert_int_equal(request_copy(&copy, &r), 0);
    assert_string_equal(copy.lego.hmac, "secret");
    assert_ptr_not_equal(copy.lego.hmac, r.lego.hmac);
    request_done(&copy);
    request_done(&r);
}

static int finish(struct request *r, enum verb v, const char *const *pairs, struct err *e)
{
    int rc = 0;
    fresh(r, v);
    r->verb = v;
    for (size_t i = 0; !rc && pairs[i]; i += 2)
        rc = set(r, pairs[i], pairs[i + 1], e);
    return rc ? rc : lego_finish(r, e);
}

static void translated(void **state)
{
    static const char *const pairs[] = {
        "d",     "a.test", "http",     "true",        "http.port",           "[::1]:8080", "tls",  "true", "tls.port",
        ":8443", "k",      "RSA4096",  "s",           "letsencrypt-staging", "eab",        "true", "kid",  "K",
        "hmac",  "SECRET", "run-hook", "/bin/true x", "run-hook-timeout",    "1500ms",     NULL
    };
    struct request r;
    struct err e = { 0 };
    (void)state;
    assert_int_equal(finish(&r, VERB_LEGO_RUN, pairs, &e), 0);
    assert_string_equal(r.http01_address, "::1");
    assert_int_equal(r.http01_port, 8080);
    assert_string_equal(r.tls_alpn01_address, "");
    assert_int_equal(r.tls_alpn01_port, 8443);
    assert_string_equal(r.key_type, "rsa");
    assert_int_equal(r.rsa_key_size, 4096);
    assert_string_equal(r.server, SERVER_STAGING);
    assert_string_equal(r.eab_kid, "K");
    assert_string_equal(r.eab_hmac_key, "SECRET");
    assert_string_equal(r.deploy_hook, "/bin/true x");
    assert_int_equal(r.hook_timeout, 2);
    request_done(&r);
}

static void one_family(void **state)
{
    static const struct {
        const char *pairs[9], *http, *tls;
        unsigned only;
    } rows[] = {
        { { "d", "a", "http", "true", "tls", "true" }, NULL, NULL, 0 },
        { { "d", "a", "http", "true", "ipv4only", "true" }, "0.0.0.0", NULL, 4 },
        { { "d", "a", "http", "true", "http.address", ":80", "6", "true" }, "::", NULL, 6 },
        { { "d", "a", "tls", "true", "tls.address", "[::1]:443", "6", "true" }, NULL, "::1", 6 },
        { { "d", "a", "http", "true", "http.address", "localhost:80", "4", "true" }, "127.0.0.1", NULL, 4 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct request r;
        struct err e = { 0 };
        assert_int_equal(finish(&r, VERB_LEGO_RUN, rows[i].pairs, &e), 0);
        assert_int_equal(r.ip_only, rows[i].only);
        assert_string_equal(r.http01_address, rows[i].http ? rows[i].http : "");
        assert_string_equal(r.tls_alpn01_address, rows[i].tls ? rows[i].tls : "");
        request_done(&r);
    }
}

static void refused(void **state)
{
    static const struct {
        enum verb verb;
        const char *pairs[9], *words;
    } rows[] = {
        { VERB_LEGO_RUN, { "http", "true" }, "Please specify --domains/-d" },
        { VERB_LEGO_RUN, { "d", "a", "csr", "b", "http", "true" }, "but not both" },
        { VERB_LEGO_RUN, { "d", "a" }, "No challenge selected" },
        { VERB_LEGO_RUN, { "d", "a", "http", "true", "k", "dsa" }, "Unsupported KeyType: dsa" },
        { VERB_LEGO_RUN, { "d", "a", "http", "true", "http.port", "80" }, "--http.port switch only accepts" },
        { VERB_LEGO_RUN, { "d", "a", "http", "true", "http.port", ":http" }, "no port number" },
        { VERB_LEGO_RUN, { "d", "a", "http", "true", "http.port", "::1:80" }, "too many colons" },
        { VERB_LEGO_RUN, { "d", "a", "tls", "true", "tls.port", ":70000" }, "no port number" },
        { VERB_LEGO_RUN, { "d", "a", "http", "true", "pfx.format", "X" }, "Invalid PFX format: X" },
        { VERB_LEGO_RUN, { "csr", "a", "http", "true", "pem", "true" }, "need the private key" },
        { VERB_LEGO_RUN, { "d", "a", "http", "true", "eab", "true" }, "Requires arguments --kid and --hmac." },
        { VERB_LEGO_RUN,
          { "d", "a", "dns", "x", "dns.disable-cp", "true", "dns.propagation-wait", "1s" },
          "mutually exclusive" },
        { VERB_LEGO_RUN, { "d", "a", "dns", "x", "dns.propagation-wait", "-1s" }, "cannot be negative" },
        { VERB_LEGO_RUN, { "d", "a", "http", "true", "filename", "../x" }, "--filename" },
        { VERB_LEGO_LIST, { "server", "" }, "--server" },
        { VERB_LEGO_RUN, { "d", "a", "http", "true", "4", "true", "6", "true" }, "--ipv4only' and '--ipv6only" },
        { VERB_LEGO_RUN,
          { "d", "a", "http", "true", "http.address", "[::1]:80", "4", "true" },
          "--http.address ::1 and --ipv4only" },
        { VERB_LEGO_RUN,
          { "d", "a", "tls", "true", "tls.address", "0.0.0.0:443", "6", "true" },
          "--tls.address 0.0.0.0 and --ipv6only" },
        { VERB_LEGO_LIST, { "log.level", "loud" }, "invalid log level 'loud'" },
        { VERB_LEGO_LIST, { "log.format", "xml" }, "invalid log format 'xml'" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct request r;
        struct err e = { 0 };
        int rc = finish(&r, rows[i].verb, rows[i].pairs, &e);
        if (rc != SIGNET_EINVAL || !strstr(e.text, rows[i].words))
            fail_msg("row %zu: %d \"%s\"", i, rc, e.text);
        request_done(&r);
    }
}

static void paths_that_the_system_cannot_take(void **state)
{
    static const char *const options[] = { "path", "http.webroot", "csr" };
    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        struct request r;
        struct err e = { 0 };
        BUF_AUTO(path, 1024);
        buf_addz(&path, "/x/");
        while (path.n < 300)
            buf_addc(&path, 'a');
        bool csr = !strcmp(options[i], "csr");
        const char *pairs[9] = { options[i], buf_z(&path), "http", "true", csr ? NULL : "d", "a.test" };
        assert_true(finish(&r, VERB_LEGO_RUN, pairs, &e) != 0);
        if (!str_starts(str_of(e.text), STR("--")) || !strstr(e.text, options[i]) ||
            !strstr(e.text, "255 are the most"))
            fail_msg("%s: %s", options[i], e.text);
        request_done(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(names_are_unique),
                                        cmocka_unit_test(durations),
                                        cmocka_unit_test(values),
                                        cmocka_unit_test(translated),
                                        cmocka_unit_test(one_family),
                                        cmocka_unit_test(refused),
                                        cmocka_unit_test(paths_that_the_system_cannot_take) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
