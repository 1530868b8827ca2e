#include "options/lego_config.h"

#include "base/buf.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WHERE "/x/.lego.yml"

static const char whole[] = "storage: /srv/lego\n"
                            "networkStack: ipv4only\n"
                            "userAgent: mine\n"
                            "servers:\n"
                            "  lab: {url: https://ca.test/dir, tlsSkipVerify: true, certTimeout: 7}\n"
                            "accounts:\n"
                            "  me: {server: lab, email: me@a.test, keyType: EC384, acceptsTermsOfService: yes,\n"
                            "       eab: {kid: K, hmacKey: SECRET}}\n"
                            "  other: {server: letsencrypt-staging}\n"
                            "challenges:\n"
                            "  web: {http: {address: '127.0.0.1:8080', delay: 1500ms}}\n"
                            "  dns: {dns: {provider: exec, envFile: .env, resolvers: ['192.0.2.1:53']}}\n"
                            "certificates:\n"
                            "  one:\n"
                            "    challenge: web\n"
                            "    account: me\n"
                            "    domains: [a.test, '*.a.test']\n"
                            "    renew: {days: 5, reuseKey: true, disableRandomSleep: true, ari: {disable: on}}\n"
                            "    pfx: {password: PW, format: SHA256}\n"
                            "  two: {challenge: dns, account: other, keyType: RSA4096, domains: [b.test], profile: p}\n"
                            "  three: {challenge: tls-alpn-01, account: other, csr: c.csr, notBefore: '', renew: }\n"
                            "hooks:\n"
                            "  pre: {command: ./pre a, timeout: 3s}\n"
                            "  deploy: {command: ./deploy}\n"
                            "log: {level: warn, format: text}\n";

static void as_command_lines_would_be(void **state)
{
    struct lego_config c = { 0 };
    struct err e = { 0 };
    (void)state;
    int rc = lego_config_parse(&c, str_of(whole), WHERE, &e);
    if (rc)
        fail_msg("%s", e.text);
    assert_string_equal(c.storage, "/srv/lego");
    assert_string_equal(c.log_level, "warn");
    assert_string_equal(c.log_format, "text");
    assert_int_equal(c.n_accounts, 2);
    assert_string_equal(c.accounts[0].req.key_type, "ecdsa");
    assert_string_equal(c.accounts[0].req.elliptic_curve, "secp384r1");
    assert_string_equal(c.accounts[0].req.eab_kid, "K");
    assert_true(c.accounts[0].req.agree_tos && c.accounts[0].req.no_verify_ssl);
    assert_string_equal(c.accounts[1].req.server, SERVER_STAGING);
    assert_false(c.accounts[1].req.agree_tos);
    assert_int_equal(c.n_certs, 3);
    const struct request *q = &c.certs[0].req;
    assert_string_equal(q->certname, "one");
    assert_string_equal(q->server, "https://ca.test/dir");
    assert_string_equal(q->account, "me");
    assert_string_equal(q->email, "me@a.test");
    assert_int_equal(q->domains.n, 2);
    assert_true(q->lego.http && !q->lego.tls && !q->lego.dns && q->lego.v5 && q->lego.managed && q->lego.pfx);
    assert_string_equal(q->http01_address, "127.0.0.1");
    assert_int_equal(q->http01_port, 8080);
    assert_int_equal(q->lego.http_delay, 1500);
    assert_int_equal(q->ip_only, 4);
    assert_string_equal(q->elliptic_curve, "secp384r1"); /* the account's, as none is named */
    assert_true(q->lego.days == 5 && q->lego.days_given && q->lego.reuse_key && q->lego.ari_disable);
    assert_string_equal(q->lego.pfx_password, "PW");
    assert_string_equal(q->pre_hook, "./pre a");
    assert_int_equal(q->lego.pre_hook_timeout, 3000);
    assert_string_equal(q->deploy_hook, "./deploy");
    assert_int_equal(q->hook_timeout, 120);
    assert_int_equal(q->issuance_timeout, 7);
    q = &c.certs[1].req;
    assert_string_equal(q->dns_provider, "exec");
    assert_string_equal(q->lego.env_file, ".env");
    assert_int_equal(q->dns_resolvers.n, 1);
    assert_int_equal(q->rsa_key_size, 4096);
    assert_string_equal(q->required_profile, "p");
    q = &c.certs[2].req;
    assert_true(q->lego.tls && !q->lego.http && !q->domains.n);
    assert_string_equal(q->csr, "c.csr");
    assert_ptr_equal(lego_config_find(&c, "two"), &c.certs[1]);
    assert_null(lego_config_find(&c, "four"));
    lego_config_done(&c);
}

static void what_need_not_be_said(void **state)
{
    static const char *const texts[] = {
        "certificates: {a: {challenge: http-01, domains: [a.test]}}",
        "challenges: {c: {http: {}}}\ncertificates: {a: {domains: [a.test]}}",
        "accounts:\nchallenges: {c: {http: {}, tls: }}\ncertificates: {a: {domains: [a.test]}}\nhooks:\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lego_config c = { 0 };
        struct err e = { 0 };
        if (lego_config_parse(&c, str_of(texts[i]), WHERE, &e))
            fail_msg("%s: %s", texts[i], e.text);
        assert_string_equal(c.storage, ".lego");
        assert_string_equal(c.certs[0].req.account, "noemail@example.com");
        assert_string_equal(c.certs[0].req.server, SERVER_PRODUCTION);
        assert_int_equal(c.certs[0].req.http01_port, 80);
        assert_true(c.certs[0].req.lego.http && !c.certs[0].req.lego.tls);
        lego_config_done(&c);
    }
}

#define CERT "certificates: {a: {challenge: http-01, domains: [a.test]}}\n"

static void what_is_refused(void **state)
{
    static const struct {
        const char *text, *words;
    } rows[] = {
        { "", WHERE ":1:1: a map was expected" },
        { "- a\n", WHERE ":1:1: a map was expected" },
        { "certificates: {\n", WHERE ":2:1: not YAML" },
        { "storage: x\n", "there are no certificates in the file" },
        { CERT "certificate: {}\n", WHERE ":2:1: certificate: there is no such key here. There are: storage, " },
        { CERT "hooks:\n  deploy:\n    cmd: x\n",
          WHERE ":4:5: cmd: there is no such key here. There are: command, timeout." },
        { CERT "storage: [a]\n", WHERE ":2:10: storage: a word is expected" },
        { CERT "hooks: yes\n", WHERE ":2:8: hooks: a map is expected" },
        { CERT "accounts: [x]\n", WHERE ":2:11: accounts: a map is expected" },
        { CERT "accounts: {x: y}\n", WHERE ":2:15: x: a map is expected" },
        { CERT "networkStack: ipv5\n", WHERE ":2:15: networkStack: ipv4only, ipv6only or dual" },
        { CERT "servers: {s: {tlsSkipVerify: maybe}}\n", "tlsSkipVerify: true or false" },
        { CERT "servers: {s: {tlsSkipVerify: 'true'}}\n", "tlsSkipVerify: true or false" },
        { CERT "servers: {s: {httpTimeout: soon}}\n", "httpTimeout: invalid value \"soon\"" },
        { CERT "challenges: {c: {http: {delay: 3}}}\n", "delay: invalid value \"3\"" },
        { CERT "challenges: {c: {http: {memcachedHosts: a}}}\n", "memcachedHosts: a list is expected" },
        { CERT "challenges: {c: {http: {memcachedHosts: [{}]}}}\n", "memcachedHosts: a word is expected" },
        { CERT "challenges: {'': {}}\n", "a name that is not empty" },
        { CERT "accounts: {'a/b': {}}\n", "names a folder" },
        { CERT "accounts: {a: {eab: {kid: K}}}\n", "a: Requires arguments --eab.kid and --eab.hmac." },
        { CERT "accounts: {a: {keyType: dsa}}\n", "a: Unsupported KeyType: dsa" },
        { CERT "accounts: {a: {server: s}}\nservers: {s: {}}\n", "url: the server needs one" },
        { CERT "log: {level: loud}\n", "invalid log level 'loud'" },
        { "certificates: {a: {challenge: http-01}}\n", WHERE ":1:16: a: Please specify --domains" },
        { "certificates: {a: {challenge: http-01, domains: [b], csr: c}}\n", "but not both" },
        { "certificates: {a: {domains: [b]}}\n", "challenge: it is not said which" },
        { "certificates: {a: {challenge: x, domains: [b]}}\n", "challenge: there is no such challenge" },
        { "certificates: {a: {challenge: c, domains: [b]}}\nchallenges: {c: {}}\n", "No challenge selected" },
        { "certificates: {a: {challenge: http-01, domains: [b], account: x}}\n", "account: there is no such account" },
        { "accounts: {x: {}, y: {}}\n" CERT, "account: several accounts are in the file" },
        { "certificates: {a: {challenge: http-01, domains: [b]}, a: {}}\n", "stands twice" },
        { "certificates: {a: {challenge: http-01, domains: [b], pfx: {format: Z}}}\n", "Invalid PFX format: Z" },
        { "certificates: {a: {challenge: http-01, domains: [b], notAfter: tomorrow}}\n", "notAfter: invalid value" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lego_config c = { 0 };
        struct err e = { 0 };
        int rc = lego_config_parse(&c, str_of(rows[i].text), WHERE, &e);
        if (!rc || !strstr(e.text, rows[i].words))
            fail_msg("\"%s\": %d %s", rows[i].text, rc, e.text);
    }
}

/* Cut anywhere it is an error or a shorter file; secrets are in no message. */
static void cut_anywhere(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof whole; n++) {
        struct lego_config c = { 0 };
        struct err e = { 0 };
        int rc = lego_config_parse(&c, (signet_str){ whole, n }, WHERE, &e);
        assert_true(rc ? e.text[0] != '\0' : c.n_certs > 0);
        assert_null(strstr(e.text, "SECRET"));
        lego_config_done(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(as_command_lines_would_be),
                                        cmocka_unit_test(what_need_not_be_said), cmocka_unit_test(what_is_refused),
                                        cmocka_unit_test(cut_anywhere) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
