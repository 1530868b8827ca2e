/* Command lines and cli.ini files as the real certbot 5.5 reads them; where we do more than it does, a comment says so.
 */
#include "cli/parse.h"
#include "options/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* The request as one line: the verb, then each option that was set, by its long name. */
static void describe_option(const struct request *r, const struct opt *o, struct buf *to)
{
    const void *at = (const char *)r + o->offset;
    signet_str name = str_skip(opt_long_name(o), 2);
    buf_addc(to, ' ');
    buf_add(to, name);
    buf_addc(to, '=');
    switch (o->type) {
    case OPT_FLAG:
        buf_addf(to, "%d", *(const bool *)at);
        break;
    case OPT_TRI_YES:
    case OPT_TRI_NO:
        buf_addf(to, "%d", (int)*(const enum tri *)at);
        break;
    case OPT_COUNT:
        buf_addf(to, "%d", *(const int *)at);
        break;
    case OPT_UINT:
        buf_addf(to, "%u", *(const unsigned *)at);
        break;
    case OPT_STRING:
    case OPT_PATH:
    case OPT_CHOICE:
        buf_addz(to, *(char *const *)at);
        break;
    case OPT_LIST:
        strlist_join(at, ",", to);
        break;
    case OPT_SPECIAL:
        if (o->id == OPT_ID_WEBROOT_MAP)
            buf_addz(to, "…");
        else if (o->id == OPT_ID_SERVER || o->id == OPT_ID_USER_AGENT_COMMENT)
            buf_addz(to, *(char *const *)at);
        else
            strlist_join(at, ",", to);
        break;
    case OPT_NOOP:
        break;
    }
}

static void describe(const struct request *r, struct buf *to)
{
    bool told[OPT_MAX] = { false };
    const struct opt *o;
    buf_addz(to, verb_name(r->verb));
    for (size_t i = 0; (o = opt_at(i)); i++) {
        bool skip = o->id == OPT_ID_PLUGIN || o->id == OPT_ID_FOREIGN || o->id == OPT_ID_UPDATE_REGISTRATION ||
                    o->type == OPT_NOOP;
        if (skip || told[o->id] || r->from[o->id] == FROM_DEFAULT)
            continue;
        told[o->id] = true;
        describe_option(r, o, to);
    }
    for (size_t i = 0; i < r->webroot_map.n; i++)
        buf_addf(to, " %s:%s", r->webroot_map.v[i].name, r->webroot_map.v[i].path);
    for (size_t i = 0; i + 1 < r->foreign.n; i += 2)
        buf_addf(to, " {%s=%s}", r->foreign.v[i], r->foreign.v[i + 1]);
    for (size_t i = 0; i < r->certnames.n; i++)
        buf_addf(to, " [%s]", r->certnames.v[i]);
    if (r->warnings.n)
        buf_addf(to, " warnings=%zu", r->warnings.n);
}

struct row {
    const char *args; /* separated by '|' */
    const char *want; /* the request, or the error behind "1: " or "2: " */
};

#define CONFLICT "1: Too many flags setting configurators/installers/authenticators "
#define PAIRING  "1: With several --webroot-path the first must come before all --domain and --ip-address"

static const struct row rows[] = {
    /* verbs */
    { "", "run" },
    { "run", "run" },
    { "certonly", "certonly" },
    { "auth", "certonly" },
    { "everything", "run" },
    { "certificates", "certificates" },
    { "update_symlinks", "update_symlinks" }, /* gone from certbot, back here */
    { "-n|certonly", "certonly non-interactive=1" },
    { "--cert-name|x|delete", "delete cert-name=x" },
    { "certonly|renew", "2: unrecognized arguments: renew" },
    { "foo", "2: unrecognized arguments: foo" },
    { "|certonly", "2: unrecognized arguments: " },
    { "-", "2: unrecognized arguments: -" },
    { "explain", "explain" },
    { "explain|a.test|b.test", "explain [a.test] [b.test]" },
    { "explain|a.test|--foo", "2: unrecognized arguments: --foo" },
    { "--cert-name|renew|certonly", "certonly cert-name=renew" }, /* certbot takes the value for the verb */
    { "register|--update-registration|-m|a@b.test", "update_account email=a@b.test warnings=1" },
    { "certonly|--update-registration", "certonly warnings=1" },
    /* long options */
    { "--email|a@b.test", "run email=a@b.test" },
    { "--email=a@b.test", "run email=a@b.test" },
    { "--email=", "run email=" },
    { "--email=a=b", "run email=a=b" },
    { "--email|a|--email|b", "run email=b" },
    { "--dom|a", "2: ambiguous option: --dom could match --domains, --domain" },
    { "--dom=a", "2: ambiguous option: --dom=a could match --domains, --domain" },
    { "--keep-u", "run keep-until-expiring=1" },
    { "--keep", "run keep-until-expiring=1" },
    { "--reinstall", "run keep-until-expiring=1" },
    { "--stand|certonly", "certonly authenticator=standalone" },
    { "--cert-n=x", "run cert-name=x" },
    { "--key-t|rsa", "run key-type=rsa" },
    { "--http-01-p|81", "run http-01-port=81" },
    { "--verb", "2: ambiguous option: --verb could match --verbose, --verbose-level" },
    { "--nonsense", "2: unrecognized arguments: --nonsense" },
    { "--nonsense=1", "2: unrecognized arguments: --nonsense=1" },
    { "--nonsense|1|foo", "2: unrecognized arguments: --nonsense 1 foo" },
    { "foo|--nonsense", "2: unrecognized arguments: foo --nonsense" },
    { "--dry-run=x|certonly", "2: argument --dry-run: ignored explicit argument 'x'" },
    { "-d", "2: argument -d/--domains/--domain: expected one argument" },
    { "-d|-n", "2: argument -d/--domains/--domain: expected one argument" },
    { "--pre-hook|--post-hook|x", "2: argument --pre-hook: expected one argument" },
    { "--pre-hook|-x y", "run pre-hook=-x y" },
    { "--email|-", "run email=-" },
    { "--|certonly", "certonly" },
    /* short options */
    { "-nv", "run verbose=1 non-interactive=1" },
    { "-vvv", "run verbose=3" },
    { "-v|-v|--verbose", "run verbose=3" },
    { "-da.test", "run domains=a.test" },
    { "-d=a.test", "run domains=a.test" },
    { "-nda.test", "run non-interactive=1 domains=a.test" },
    { "-nd|a.test", "run non-interactive=1 domains=a.test" },
    { "-nx", "2: unrecognized arguments: -x" },
    { "-x", "2: unrecognized arguments: -x" },
    { "-n=x", "2: argument -n/--non-interactive/--noninteractive: ignored explicit argument 'x'" },
    { "-a|standalone|certonly", "certonly authenticator=standalone" },
    { "-i|nginx", "run installer=nginx" },
    { "-m|x@y.test", "run email=x@y.test" },
    { "-t", "run" },
    { "--verbose-level|3", "run" },
    /* names */
    { "-d|a.test,b.test|-d|c.test", "run domains=a.test,b.test,c.test" },
    { "-d|a.test, b.test", "run domains=a.test,b.test" },
    { "-d|a.test|-d|a.test", "run domains=a.test" },
    { "-d|a.test,", "run domains=a.test," }, /* the empty name is for plan/ to refuse */
    { "--domain|a.test|--domains|b.test", "run domains=a.test,b.test" },
    { "--ip-address|192.0.2.1|--ip-address|2001:db8::7", "run ip-address=192.0.2.1,2001:db8::7" },
    { "--cert-name|a/b", "1: The name of a certificate must not contain '/': a/b" },
    /* numbers and words */
    { "--rsa-key-size|4096", "run rsa-key-size=4096" },
    { "--rsa-key-size| 4096 ", "run rsa-key-size=4096" },
    { "--rsa-key-size|+4096", "run rsa-key-size=4096" },
    { "--rsa-key-size|x", "2: argument --rsa-key-size: invalid int value: 'x'" },
    { "--rsa-key-size|", "2: argument --rsa-key-size: invalid int value: ''" },
    { "--rsa-key-size|1024|--key-type|rsa", "1: Unsupported RSA key length: 1024" },
    { "--max-log-backups|0", "run max-log-backups=0" },
    { "--max-log-backups|x", "2: argument --max-log-backups: value must be an integer" },
    { "--max-log-backups|-1", "2: argument --max-log-backups: value must be non-negative" },
    { "--issuance-timeout|2.5", "2: argument --issuance-timeout: value must be an integer" },
    { "--http-01-port|70000",
      "2: argument --http-01-port: value must be between 0 and 65535" }, /* certbot finds that out later */
    { "--http-01-port|99999999999999999999999",
      "2: argument --http-01-port: invalid int value: '99999999999999999999999'" },
    { "--parallel|0", "2: argument --parallel: value must be between 1 and 1000" },
    { "--parallel|8|--hook-timeout|60|--json|renew", "renew hook-timeout=60 parallel=8 json=1" },
    { "--key-type|x", "2: argument --key-type: invalid choice: 'x' (choose from 'rsa', 'ecdsa')" },
    { "--key-type|RSA", "2: argument --key-type: invalid choice: 'RSA' (choose from 'rsa', 'ecdsa')" },
    { "--elliptic-curve|x",
      "2: argument --elliptic-curve: invalid choice: 'x' (choose from 'secp256r1', 'secp384r1', 'secp521r1')" },
    { "--elliptic-curve|secp384r1", "run elliptic-curve=secp384r1" },
    { "revoke|--reason|KeyCompromise", "revoke reason=keycompromise" },
    { "--reason|x",
      "2: argument --reason: invalid choice: 'x' (choose from 'unspecified', 'keycompromise', 'affiliationchanged', "
      "'superseded', 'cessationofoperation')" },
    { "--user-agent-comment|a(b", "2: argument --user-agent-comment: may not contain parentheses" },
    { "--user-agent-comment|W/1", "run user-agent-comment=W/1" },
    /* flags with a yes and a no */
    { "--reuse-key", "run reuse-key=1" },
    { "--reuse-key|--no-reuse-key", "run reuse-key=-1" },
    { "--no-eff-email", "run eff-email=-1" },
    { "--redirect|--no-hsts|--uir", "run redirect=1 hsts=-1 uir=1" },
    { "--no-delete-after-revoke|revoke", "revoke delete-after-revoke=-1" },
    { "--no-autorenew", "run no-autorenew=-1" },
    { "--must-staple", "run must-staple=1" },
    { "--renew-by-default", "run force-renewal=1" },
    /* challenges */
    { "--preferred-challenges|dns,http", "run preferred-challenges=dns-01,http-01" },
    { "--preferred-challenges|dns-01, http", "run preferred-challenges=dns-01,http-01" },
    { "--preferred-challenges|dns|--preferred-challenges|http", "run preferred-challenges=dns-01,http-01" },
    { "--preferred-challenges|x,http,y", "2: argument --preferred-challenges: Unrecognized challenges: x, y" },
    { "--preferred-challenges|tls-alpn", "run preferred-challenges=tls-alpn-01" },
    { "--preferred-challenges|tls-sni", "run preferred-challenges=tls-alpn-01 warnings=1" },
    { "--standalone-supported-challenges|http-01", "run preferred-challenges=http-01 warnings=1" },
    { "--tls-sni-01-port|5001|--tls-sni-01-address|::1",
      "run tls-alpn-01-port=5001 tls-alpn-01-address=::1 warnings=2" },
    { "--tls-alpn-01-port|5001", "run tls-alpn-01-port=5001" },
    /* hooks */
    { "--renew-hook|x", "run renew-hook=x" },
    { "--renew-hook|x|--deploy-hook|y", "run renew-hook=y" },
    { "--pre-hook|a b|--post-hook|c, d", "run pre-hook=a b post-hook=c, d" },
    { "--manual-auth-hook|/h|--manual|certonly", "certonly authenticator=manual manual-auth-hook=/h" },
    /* options that are gone */
    { "--os-packages-only|--no-self-upgrade|--no-bootstrap|--no-permissions-check", "run warnings=4" },
    { "--manual-public-ip-logging-ok|--manual-public-ip-logging-ok", "run warnings=1" },
    { "--dns-route53-propagation-seconds|10", "run warnings=1" },
    { "--certbot-route53:auth-propagation-seconds|10", "run warnings=1" },
    { "--dns-cloudxns|--dns-cloudxns-propagation-seconds|9",
      "run authenticator=dns-cloudxns {dns_cloudxns_propagation_seconds=9} warnings=2" },
    { "--num|5|config_changes", "config_changes num=5" },
    /* plug-ins */
    { "--nginx", "run authenticator=nginx installer=nginx" },
    { "--apache|--apache", "run authenticator=apache installer=apache" },
    { "--configurator|nginx", "run configurator=nginx authenticator=nginx installer=nginx" },
    { "--standalone|-a|standalone", "run authenticator=standalone" },
    { "--webroot|-i|nginx", "run authenticator=webroot installer=nginx" },
    { "--webroot|--standalone", CONFLICT "'standalone' -> 'webroot'" },
    { "-a|manual|--standalone", CONFLICT "'manual' -> 'standalone'" },
    { "--nginx|--apache", CONFLICT "'nginx' -> 'apache'" },
    { "--dns-cloudflare|--dns-ovh", CONFLICT "'dns-cloudflare' -> 'dns-ovh'" },
    { "--dns-cloudflare|--dns-cloudflare-credentials|/c.ini|--dns-cloudflare-propagation-seconds|20",
      "run authenticator=dns-cloudflare {dns_cloudflare_credentials=/c.ini} {dns_cloudflare_propagation_seconds=20}" },
    { "--dns-cloudflare-propagation-seconds|x",
      "2: argument --dns-cloudflare-propagation-seconds: invalid int value: 'x'" },
    { "--certbot-route53:auth", "run authenticator=dns-route53 warnings=1" },
    { "--nginx-server-root|/n|--nginx-ctl|x|--nginx-sleep-seconds|2",
      "run {nginx_server_root=/n} {nginx_ctl=x} {nginx_sleep_seconds=2}" },
    { "--apache-handle-modules|False|--apache-handle-modules|True", "run {apache_handle_modules=True}" },
    /* webroots (contract A7) */
    { "-w|/a|-d|a.test|-d|b.test|-w|/b|-d|c.test",
      "run domains=a.test,b.test,c.test webroot-path=/a,/b a.test:/a b.test:/a c.test:/b" },
    { "-d|a.test|-w|/a", "run domains=a.test webroot-path=/a a.test:/a" },
    { "-d|a.test|-w|/a|-d|b.test", "run domains=a.test,b.test webroot-path=/a a.test:/a b.test:/a" },
    { "-d|a.test|-w|/a|-w|/b", PAIRING },
    { "--ip-address|192.0.2.1|-w|/a|-w|/b", PAIRING },
    { "-w|/a|-w|/b|-d|a.test", "run domains=a.test webroot-path=/a,/b a.test:/b" },
    { "-w|/a|--ip-address|192.0.2.1", "run ip-address=192.0.2.1 webroot-path=/a 192.0.2.1:/a" },
    { "renew|-w|/a", "renew webroot-path=/a" },
    { "--webroot-map|{\"a.test,b.test\":\"/p\"}", "run webroot-map=… a.test:/p b.test:/p" },
    { "-w|/w|-d|c.test|--webroot-map|{\"a.test\":\"/p\"}",
      "run domains=c.test,a.test webroot-path=/w webroot-map=… a.test:/p c.test:/w" },
    { "--webroot-map|[1]",
      "2: argument --webroot-map: not a JSON object of \"name,name\": \"/folder\" (another kind of value)" },
    { "--webroot-map|{\"a\":1}", "2: argument --webroot-map: the folder of \"a\" is not a text" },
    { "-w|/a/../b/.", "run webroot-path=/b" },
    /* talking */
    { "-q", "run quiet=1" },
    { "renew|--force-interactive", "1: --force-interactive cannot be used with renew" },
    { "-n|--force-interactive", "1: Flag for non-interactive mode and --force-interactive conflict" },
    { "-q|--force-interactive", "run force-interactive=1 quiet=1" },
    /* servers */
    { "--staging", "run test-cert=1 server=" SERVER_STAGING },
    { "--server|https://x.test/d", "run server=https://x.test/d" },
    { "--staging|--server|https://x.test/d", "1: --server value conflicts with --staging" },
    { "--staging|--server|" SERVER_STAGING, "run test-cert=1 server=" SERVER_STAGING },
    { "--staging|--server|" SERVER_PRODUCTION, "run test-cert=1 server=" SERVER_STAGING },
    { "certonly|--dry-run", "certonly dry-run=1 server=" SERVER_STAGING },
    { "certonly|--dry-run|--server|https://x.test/d", "certonly dry-run=1 server=https://x.test/d" },
    { "register|--dry-run",
      "1: --dry-run currently only works with the 'certonly' or 'renew' subcommands ('register')" },
    { "reconfigure|--dry-run", "reconfigure dry-run=1 server=" SERVER_STAGING },
    { "--server|https://acme-v01.api.letsencrypt.org/directory", "run server=" SERVER_PRODUCTION },
    /* what cannot go together */
    { "renew|--csr|/x", "1: --csr goes with the command certonly and no other." },
    { "certonly|--csr|/x|--allow-subset-of-names", "1: --allow-subset-of-names cannot be used with --csr" },
    { "--allow-subset-of-names|-d|*.a.test",
      "1: Using --allow-subset-of-names with a wildcard domain is not supported." },
    { "--hsts|--auto-hsts", "1: Parameters --hsts and --auto-hsts cannot be used simultaneously." },
    { "--no-hsts|--auto-hsts", "run hsts=-1 auto-hsts=1" },
    /* paths */
    { "--config-dir|/a/./b//c/..", "run config-dir=/a/b" },
    { "-c|/nonexistent/cli.ini", "2: Unable to open config file: /nonexistent/cli.ini. Error: " },
};

static char *args_of(const char *z, char **argv, int *argc)
{
    char *copy = strdup(z), *at = copy;
    assert_non_null(copy);
    *argc = 0;
    argv[(*argc)++] = NULL; /* the program's name: nobody reads it there */
    while (*z) {
        argv[(*argc)++] = at;
        at = strchr(at, '|');
        if (!at)
            break;
        *at++ = '\0';
    }
    return copy;
}

static void check(const struct row *row, const char *system_ini)
{
    char *argv[64];
    int argc;
    char *copy = args_of(row->args, argv, &argc);
    struct request r;
    struct err e = { 0 };
    enum parsed what = PARSED_HELP;
    BUF_AUTO(got, 8192);
    assert_int_equal(request_init(&r), 0);
    int rc = parse_command_line(&r, argc, argv, system_ini, NULL, &what, NULL, &e);
    if (!rc) {
        assert_int_equal(what, PARSED_RUN);
        describe(&r, &got);
    } else {
        assert_int_equal(rc, e.code);
        buf_addf(&got, "%d: %s", rc == SIGNET_EUSAGE ? 2 : 1, e.text);
    }
    size_t n = strlen(row->want);
    bool start =
        n > 2 && row->want[n - 2] == ':' && row->want[n - 1] == ' ' && str_ends(str_of(row->want), STR("Error: "));
    if (start && got.n > n) { /* what the system says follows */
        got.p[n] = '\0';
    }
    if (strcmp(buf_z(&got), row->want) != 0)
        fprintf(stderr, "arguments: %s\n", row->args);
    assert_string_equal(buf_z(&got), row->want);
    request_done(&r);
    free(copy);
}

static void test_command_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check(&rows[i], NULL);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static const struct {
    const char *ini;
    struct row row;
} with_ini[] = {
    { "rsa-key-size = 4096\nkey-type = rsa\n", { "certonly", "certonly rsa-key-size=4096 key-type=rsa" } },
    { "rsa-key-size = 4096\n", { "--rsa-key-size|3072", "run rsa-key-size=3072" } },
    { "domains = a.test, b.test\n", { "certonly", "certonly domains=a.test,b.test" } },
    { "domains = a.test, b.test\n", { "certonly|-d|c.test", "certonly domains=c.test" } },
    { "domains = a.test\n", { "renew", "renew" } },
    { "domains = [a.test, b.test]\n", { "certonly", "certonly domains=a.test,b.test" } }, /* certbot: an error */
    { "domain = a.test\ndomains = b.test\n", { "", "run domains=b.test" } },
    { "agree-tos = true\nnon-interactive\nquiet: no\n", { "", "run non-interactive=1 agree-tos=1" } },
    { "text = True\nauthenticator = webroot\nwebroot-path = /usr\n",
      { "-d|a.test", "run domains=a.test authenticator=webroot webroot-path=/usr a.test:/usr" } },
    { "webroot-path = /usr\n", { "-w|/var|-d|a.test", "run domains=a.test webroot-path=/var a.test:/var" } },
    { "webroot-map = {\"a.test\":\"/var\"}\n", { "", "run webroot-map=… a.test:/var" } },
    { "standalone = true\n", { "--webroot", CONFLICT "'standalone' -> 'webroot'" } },
    { "max-log-backups = 0\npreconfigured-renewal = True\n", { "", "run max-log-backups=0 preconfigured-renewal=1" } },
    { "verbose = 2\n", { "", "run verbose=2" } },
    { "verbose = true\n", { "-vv", "run verbose=2" } },
    { "dry-run = maybe\n",
      { "certonly",
        "2: Unexpected value for dry-run: 'maybe'. Expecting 'true', 'false', 'yes', 'no', 'on', 'off', '1' or '0'" } },
    { "nonsense = 1\nother = true\nflagg\n",
      { "--foo", "2: unrecognized arguments: --nonsense=1 --other=true --flagg=true --foo" } },
    { "rsa-key-size = x\n", { "", "2: argument --rsa-key-size: invalid int value: 'x'" } },
    { "server = https://x.test/d\n", { "certonly|--dry-run", "certonly dry-run=1 server=https://x.test/d" } },
    { "server = https://x.test/d\n", { "certonly|--staging", "1: --server value conflicts with --staging" } },
    { "reuse-key = true\n", { "--no-reuse-key", "run reuse-key=-1" } },
    { "key-t = rsa\n", { "", "2: unrecognized arguments: --key-t=rsa" } }, /* no abbreviations in files */
    { "tls-sni-01-port = 5001\n", { "", "run tls-alpn-01-port=5001 warnings=1" } },
    { "help = true\n", { "", "2: unrecognized arguments: --help=true" } },
    { "dns-cloudflare-credentials = /c\n", { "", "run {dns_cloudflare_credentials=/c}" } },
};

static void test_files(void **state)
{
    const char *path = *state;
    for (size_t i = 0; i < sizeof(with_ini) / sizeof(with_ini[0]); i++) {
        write_file(path, with_ini[i].ini);
        check(&with_ini[i].row, path);
    }
}

/* The system's file, then the user's, then -c: the later wins, the command line over all. */
static void test_order_of_files(void **state)
{
    const char *path = *state;
    BUF_AUTO(second, 512);
    BUF_AUTO(third, 512);
    struct request r;
    struct err e = { 0 };
    enum parsed what;
    buf_addf(&second, "%s.2", path);
    buf_addf(&third, "%s.3", path);
    write_file(path, "email = one\ndomains = one.test\nrsa-key-size = 2050\nreuse-key = true\nquiet = true\n");
    write_file(buf_z(&second), "email = two\ndomains = two.test\nrsa-key-size = 2051\nreuse-key = false\n");
    write_file(buf_z(&third), "email = three\n");
    char *argv[] = { NULL, (char[]){ "-c" }, (char *)(uintptr_t)buf_z(&third), (char[]){ "--rsa-key-size=2052" } };
    assert_int_equal(request_init(&r), 0);
    assert_int_equal(parse_command_line(&r, 4, argv, path, buf_z(&second), &what, NULL, &e), 0);
    assert_string_equal(r.email, "three");
    assert_int_equal(r.domains.n, 1);
    assert_string_equal(r.domains.v[0], "two.test");
    assert_int_equal(r.rsa_key_size, 2052);
    assert_int_equal(r.reuse_key, TRI_UNSET);
    assert_true(r.quiet && r.noninteractive);
    request_done(&r);
    unlink(buf_z(&second));
    unlink(buf_z(&third));
}

static const struct {
    const char *args;
    enum parsed what;
    const char *topic;
} early[] = {
    { "--help", PARSED_HELP, NULL },
    { "-h", PARSED_HELP, NULL },
    { "help", PARSED_HELP, NULL },
    { "help|renew", PARSED_HELP, "renew" },
    { "--help|all", PARSED_HELP, "all" },
    { "-h|commands", PARSED_HELP, "commands" },
    { "--help|auth", PARSED_HELP, "auth" },
    { "--help|nonesuch", PARSED_HELP, NULL },
    { "certonly|--help", PARSED_HELP, NULL },
    { "--nonsense|--help|webroot", PARSED_HELP, "webroot" },
    { "--rsa-key-size|x|-h", PARSED_HELP, NULL },
    { "-nh", PARSED_HELP, NULL },
    { "--version", PARSED_VERSION, NULL },
    { "-n|--version|--nonsense", PARSED_VERSION, NULL },
    { "--vers", PARSED_VERSION, NULL },
    { "dev|man", PARSED_DEV, NULL },
};

static void test_help_and_version(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(early) / sizeof(early[0]); i++) {
        char *argv[16];
        int argc;
        char *copy = args_of(early[i].args, argv, &argc);
        struct request r;
        struct err e = { 0 };
        enum parsed what = PARSED_RUN;
        assert_int_equal(request_init(&r), 0);
        assert_int_equal(parse_command_line(&r, argc, argv, "/nonexistent", NULL, &what, NULL, &e), 0);
        assert_int_equal(what, early[i].what);
        assert_int_equal(r.help_topics.n, early[i].topic ? 1 : 0);
        if (early[i].topic)
            assert_string_equal(r.help_topics.v[0], early[i].topic);
        request_done(&r);
        free(copy);
    }
}

static void test_secrets_are_not_shown(void **state)
{
    (void)state;
    char *argv[16];
    int argc;
    char *copy = args_of("certonly|-d|a.test|--eab-kid|k|--eab-hmac-key|SECRET|-n", argv, &argc);
    struct request r;
    struct err e = { 0 };
    enum parsed what;
    BUF_AUTO(shown, 4096);
    assert_int_equal(request_init(&r), 0);
    assert_int_equal(parse_command_line(&r, argc, argv, NULL, NULL, &what, &shown, &e), 0);
    assert_string_equal(buf_z(&shown), "certonly --domains=a.test --eab-kid=k --eab-hmac-key=*** --non-interactive");
    assert_string_equal(r.eab_hmac_key, "SECRET");
    request_done(&r);
    free(copy);
}

static void test_user_file(void **state)
{
    (void)state;
    BUF_AUTO(path, 4096);
    setenv("XDG_CONFIG_HOME", "/x", 1);
    parse_user_ini(&path);
    assert_string_equal(buf_z(&path), "/x/letsencrypt/cli.ini");
    unsetenv("XDG_CONFIG_HOME");
    setenv("HOME", "/h", 1);
    parse_user_ini(&path);
    assert_string_equal(buf_z(&path), "/h/.config/letsencrypt/cli.ini");
    unsetenv("HOME");
    parse_user_ini(&path);
    assert_true(str_ends(buf_str(&path), STR("/.config/letsencrypt/cli.ini")));
}

static int make_path(void **state)
{
    static char path[] = "/tmp/signet-test-ini-XXXXXX";
    int fd = mkstemp(path);
    *state = path;
    return fd < 0 ? -1 : close(fd);
}

static int remove_path(void **state)
{
    return unlink(*state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_command_lines),  cmocka_unit_test(test_files),
        cmocka_unit_test(test_order_of_files), cmocka_unit_test(test_help_and_version),
        cmocka_unit_test(test_user_file),      cmocka_unit_test(test_secrets_are_not_shown),
    };
    return cmocka_run_group_tests(tests, make_path, remove_path);
}
