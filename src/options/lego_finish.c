/* What follows from all of lego's options together. The words of errors are lego's where scripts may look for them. */
#include "options/lego.h"

#include "base/fs.h"
#include "options/table.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <strings.h>

static int refuse(struct err *e, const char *text)
{
    return err_set(e, SIGNET_EINVAL, "%s", text);
}

/* ---- servers by name ---- */

const char *lego_server_by_code(signet_str code)
{
    static const struct {
        const char *code, *url;
    } servers[] = {
        { "actalis", "https://acme-api.actalis.com/acme/directory" },
        { "digicert", "https://one.digicert.com/mpki/api/v1/acme/v2/directory" },
        { "freessl", "https://acmepro.freessl.cn/v2/DV" },
        { "globalsign", "https://emea.acme.atlas.globalsign.com/directory" },
        { "googletrust", "https://dv.acme-v02.api.pki.goog/directory" },
        { "googletrust-staging", "https://dv.acme-v02.test-api.pki.goog/directory" },
        { "letsencrypt", SERVER_PRODUCTION },
        { "letsencrypt-staging", SERVER_STAGING },
        { "litessl", "https://acme.litessl.com/acme/v2/directory" },
        { "peeringhub", "https://stica.peeringhub.io/acme" },
        { "sslcomecc", "https://acme.ssl.com/sslcom-dv-ecc" },
        { "sslcomrsa", "https://acme.ssl.com/sslcom-dv-rsa" },
        { "sectigo", "https://acme.sectigo.com/v2/DV" },
        { "sectigoev", "https://acme.sectigo.com/v2/EV" },
        { "sectigoov", "https://acme.sectigo.com/v2/OV" },
        { "zerossl", "https://acme.zerossl.com/v2/DV90" },
    };
    for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++)
        if (str_ieq(code, str_of(servers[i].code)))
            return servers[i].url;
    return NULL;
}

static int finish_server(struct request *r, struct err *e)
{
    const char *url = r->server ? lego_server_by_code(str_of(r->server)) : NULL;
    if (!r->server || !r->server[0])
        return refuse(e, "Could not determine current working server. Please pass --server.");
    if (!r->config_dir || !r->config_dir[0])
        return refuse(e, "Could not determine current working directory. Please pass --path.");
    r->issuance_timeout = r->lego.cert_timeout > 0 ? (unsigned)r->lego.cert_timeout : 30;
    return url ? lego_put(&r->server, str_of(url), e) : 0;
}

/* ---- keys ---- */

static int finish_key(struct request *r, struct err *e)
{
    static const struct {
        const char *name, *type, *curve;
        unsigned rsa;
    } kinds[] = {
        { "rsa2048", "rsa", NULL, 2048 },        { "rsa3072", "rsa", NULL, 3072 },
        { "rsa4096", "rsa", NULL, 4096 },        { "rsa8192", "rsa", NULL, 8192 },
        { "ec256", "ecdsa", "secp256r1", 2048 }, { "ec384", "ecdsa", "secp384r1", 2048 },
    };
    size_t i = 0;
    while (i < sizeof(kinds) / sizeof(kinds[0]) && !str_ieq(str_of(r->lego.key_type), str_of(kinds[i].name)))
        i++;
    if (i == sizeof(kinds) / sizeof(kinds[0]))
        return err_set(e, SIGNET_EINVAL, "Unsupported KeyType: %.100s", r->lego.key_type);
    r->rsa_key_size = kinds[i].rsa;
    r->from[OPT_ID_KEY_TYPE] = r->from[OPT_ID_RSA_KEY_SIZE] = r->from[OPT_ID_ELLIPTIC_CURVE] = FROM_CLI;
    int rc = lego_put(&r->key_type, str_of(kinds[i].type), e);
    return rc || !kinds[i].curve ? rc : lego_put(&r->elliptic_curve, str_of(kinds[i].curve), e);
}

/* ---- challenges ---- */

static bool is_address(signet_str s)
{
    BUF_AUTO(text, INET6_ADDRSTRLEN);
    unsigned char bytes[16];
    buf_add(&text, s);
    return !buf_err(&text) &&
           (inet_pton(AF_INET, buf_z(&text), bytes) == 1 || inet_pton(AF_INET6, buf_z(&text), bytes) == 1);
}

/* "host:port", "[::1]:port" or ":port". */
static int split_address(signet_str s, const char *flag, char **host, unsigned *port, struct err *e)
{
    const char *colon = s.n ? memrchr(s.p, ':', s.n) : NULL;
    uint64_t number;
    if (!colon)
        return err_set(e, SIGNET_EINVAL, "The --%s switch only accepts interface:port or :port for its argument.",
                       flag);
    signet_str h = { s.p, (size_t)(colon - s.p) }, p = str_skip(s, h.n + 1);
    if (str_u64(p, 65535, &number))
        return err_set(e, SIGNET_EINVAL, "--%s %.200s: \"%.*s\" is no port number.", flag, s.p, STR_ARG(p));
    if (str_starts(h, STR("[")) && str_ends(h, STR("]")))
        h = (signet_str){ h.p + 1, h.n - 2 };
    else if (str_has(h, ':'))
        return err_set(e, SIGNET_EINVAL, "address %.200s: too many colons in address; write [::1]:%u", s.p,
                       (unsigned)number);
    *port = (unsigned)number;
    if (str_eq(h, STR("localhost")))
        h = STR("127.0.0.1");
    if (h.n && !is_address(h))
        return err_set(e, SIGNET_EINVAL, "--%s %.200s: \"%.*s\" is not an IP address of this machine.", flag, s.p,
                       STR_ARG(h));
    return lego_put(host, h, e);
}

/* --ipv4only, --ipv6only: every address of that family stands for every address. */
static int finish_family(struct request *r, char **host, const char *flag, struct err *e)
{
    const char *h = *host ? *host : "";
    if (!r->ip_only)
        return 0;
    bool six = strchr(h, ':') != NULL, four = h[0] && strspn(h, "0123456789.") == strlen(h);
    if (!h[0])
        return lego_put(host, r->ip_only == 4 ? STR("0.0.0.0") : STR("::"), e);
    if (r->ip_only == 4 ? !six : !four)
        return 0;
    return err_set(e, SIGNET_EINVAL, "--%s %.200s and --ipv%uonly cannot go together.", flag, h, r->ip_only);
}

static int finish_stack(struct request *r, struct err *e)
{
    const struct lego_options *o = &r->lego;
    if (o->ipv4_only && o->ipv6_only)
        return refuse(e, "cannot specify both '--ipv4only' and '--ipv6only'");
    r->ip_only = o->ipv4_only ? 4 : o->ipv6_only ? 6 : 0;
    int rc = o->http ? finish_family(r, &r->http01_address, "http.address", e) : 0;
    return !rc && o->tls ? finish_family(r, &r->tls_alpn01_address, "tls.address", e) : rc;
}

static int finish_ports(struct request *r, struct err *e)
{
    struct lego_options *o = &r->lego;
    int rc = 0;
    if (o->http && o->http_port)
        rc = split_address(str_of(o->http_port), o->v5 ? "http.address" : "http.port", &r->http01_address,
                           &r->http01_port, e);
    if (!rc && o->tls && o->tls_port)
        rc = split_address(str_of(o->tls_port), o->v5 ? "tls.address" : "tls.port", &r->tls_alpn01_address,
                           &r->tls_alpn01_port, e);
    return rc ? rc : finish_stack(r, e);
}

static int finish_dns(struct request *r, struct err *e)
{
    struct lego_options *o = &r->lego;
    bool off = o->dns_disable_cp || o->dns_disable_ans;
    if (!o->dns && !o->dns_persist)
        return 0;
    if (o->dns_disable_cp &&
        request_warn(r, "The flag 'dns.disable-cp' is deprecated use 'dns.propagation-disable-ans' instead."))
        return err_nomem(e);
    if (off && o->dns_wait)
        return refuse(e, "'dns.propagation-disable-ans' and 'dns.propagation-wait' are mutually exclusive");
    if (o->dns_rns && o->dns_wait)
        return refuse(e, "'dns.propagation-rns' and 'dns.propagation-wait' are mutually exclusive");
    if (o->dns_wait < 0)
        return refuse(e, "'dns.propagation-wait' cannot be negative");
    o->dns_disable_ans = off;
    r->dns_skip_authoritative = off;
    r->dns_ask_recursive = (o->dns_rns || o->v5) && !o->dns_disable_rns && !o->dns_wait;
    r->dns_timeout = o->dns_timeout > 0 ? (unsigned)o->dns_timeout : 0;
    if (strlist_copy(&r->dns_resolvers, &o->dns_resolvers))
        return err_nomem(e);
    if (o->dns_wait > 0) {
        BUF_AUTO(wait, 32);
        buf_addf(&wait, "%lld", ((long long)o->dns_wait + 999) / 1000);
        int rc = lego_put(&r->dns_propagation_wait, buf_str(&wait), e);
        if (rc)
            return rc;
    }
    return lego_put(&r->dns_provider, o->dns ? str_of(o->dns) : STR("manual"), e);
}

static int finish_persist(struct request *r, struct err *e)
{
    const struct lego_options *o = &r->lego;
    const char *issuer = o->dns_persist_issuer ? o->dns_persist_issuer : "";
    r->dns_persist = o->dns_persist;
    if (issuer[strspn(issuer, "abcdefghijklmnopqrstuvwxyz0123456789.-")])
        return err_set(e, SIGNET_EINVAL, "--dns-persist.issuer-domain-name %.200s is no domain name in lower case.",
                       issuer);
    return 0;
}

static int finish_challenges(struct request *r, struct err *e)
{
    struct lego_options *o = &r->lego;
    if (!o->http && !o->tls && !o->dns && !o->dns_persist)
        return refuse(e, "No challenge selected. You must specify at least one challenge: `--http`, `--tls`, `--dns`.");
    int rc = finish_ports(r, e);
    if (!rc)
        rc = finish_dns(r, e);
    if (!rc)
        rc = finish_persist(r, e);
    if (!rc && o->http_webroot && strlist_addz(&r->webroot_path, o->http_webroot))
        rc = err_nomem(e);
    return rc ? rc : lego_put(&r->authenticator, STR("lego"), e);
}

/* ---- certificate, account, hooks ---- */

static int finish_names(const struct request *r, struct err *e)
{
    bool csr = r->csr && r->csr[0];
    if (r->domains.n && csr)
        return refuse(e, "Please specify either --domains/-d or --csr/-c, but not both");
    if (!r->domains.n && !csr)
        return refuse(e, "Please specify --domains/-d (or --csr/-c if you already have a CSR)");
    if (csr && (r->lego.pem || r->lego.pfx))
        return refuse(e, "--pem and --pfx need the private key, and with --csr it is not here.");
    return 0;
}

static int finish_files(struct request *r, struct err *e)
{
    struct lego_options *o = &r->lego;
    if (strcmp(o->pfx_format, "RC2") && strcmp(o->pfx_format, "DES") && strcmp(o->pfx_format, "SHA256"))
        return err_set(e, SIGNET_EINVAL, "Invalid PFX format: %.100s", o->pfx_format);
    const char *give_up = o->deactivate_authz_text;
    o->deactivate_authz = give_up && (!strcasecmp(give_up, "true") || !strcmp(give_up, "1"));
    if (o->filename && (strchr(o->filename, '/') || o->filename[0] == '.'))
        return err_set(e, SIGNET_EINVAL,
                       "--filename %.100s: a name without '/' that does not begin with '.' is wanted.", o->filename);
    if (o->reuse_key)
        r->reuse_key = TRI_YES;
    return 0;
}

static int finish_eab(struct request *r, struct err *e)
{
    struct lego_options *o = &r->lego;
    if (!o->eab)
        return 0;
    if (!o->kid || !o->kid[0] || !o->hmac || !o->hmac[0])
        return refuse(e,
                      o->v5 ? "Requires arguments --eab.kid and --eab.hmac." : "Requires arguments --kid and --hmac.");
    int rc = lego_put(&r->eab_kid, str_of(o->kid), e);
    return rc ? rc : lego_put(&r->eab_hmac_key, str_of(o->hmac), e);
}

static int finish_hook(struct request *r, struct err *e)
{
    struct lego_options *o = &r->lego;
    const char *hook = r->verb == VERB_LEGO_RUN ? o->run_hook : r->verb == VERB_LEGO_RENEW ? o->renew_hook : NULL;
    int64_t ms = r->verb == VERB_LEGO_RUN ? o->run_hook_timeout : o->renew_hook_timeout;
    if (r->deploy_hook)
        ms = o->deploy_hook_timeout;
    else if (hook && hook[0] && lego_put(&r->deploy_hook, str_of(hook), e))
        return SIGNET_ENOMEM;
    if ((ms <= 0 && r->deploy_hook) || (o->pre_hook_timeout <= 0 && r->pre_hook) ||
        (o->post_hook_timeout <= 0 && r->post_hook))
        return refuse(e, "The time that a hook may take must be longer than nothing.");
    r->hook_timeout = (unsigned)((ms + 999) / 1000);
    return 0;
}

static int finish_paths(const struct request *r, struct err *e)
{
    const struct {
        const char *option, *path;
    } paths[] = { { "path", r->config_dir },
                  { "http.webroot", r->lego.http_webroot },
                  { "csr", r->csr },
                  { "private-key", r->lego.private_key } };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        BUF_AUTO(path, 128u << 10);
        if (!paths[i].path || !*paths[i].path)
            continue;
        int rc = fs_absolute(paths[i].path, &path, e);
        if (rc || fs_fits(buf_str(&path), e))
            return err_wrap(e, "--%s", paths[i].option);
    }
    return 0;
}

/* Level and format; what is not known is refused, lego 5 takes its default then. */
static int finish_log(const struct lego_options *o, struct err *e)
{
    static const char *const levels[] = { "debug", "info", "warn", "error" }, *const formats[] = { "colored", "text",
                                                                                                   "json" };
    bool level = !o->log_level, format = !o->log_format;
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        level |= o->log_level && str_ieq(str_of(o->log_level), str_of(levels[i]));
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        format |= o->log_format && !strcmp(o->log_format, formats[i]);
    if (!level)
        return err_set(e, SIGNET_EINVAL, "invalid log level '%.100s'; there are debug, info, warn and error",
                       o->log_level);
    return format ? 0
                  : err_set(e, SIGNET_EINVAL, "invalid log format '%.100s'; there are colored, text and json",
                            o->log_format);
}

int lego_finish(struct request *r, struct err *e)
{
    bool issues = r->verb == VERB_LEGO_RUN || r->verb == VERB_LEGO_RENEW;
    int rc = finish_log(&r->lego, e);
    if (!rc)
        rc = finish_server(r, e);
    if (!rc && r->verb != VERB_LEGO_LIST && r->verb != VERB_LEGO_REVOKE)
        rc = finish_key(r, e);
    if (!rc)
        rc = finish_files(r, e);
    if (!rc)
        rc = finish_paths(r, e);
    if (!rc && issues)
        rc = finish_names(r, e);
    if (!rc && r->verb != VERB_LEGO_LIST && r->verb != VERB_LEGO_REVOKE)
        rc = finish_eab(r, e);
    if (!rc && issues)
        rc = finish_challenges(r, e);
    return rc ? rc : finish_hook(r, e);
}
