#include "options/lego_config.h"

#include "options/table.h"
#include "yaml/node.h"
#include <stdlib.h>
#include <strings.h>

#define NO_MAIL "noemail@example.com" /* the account where none is listed */

/* ---- the keys of each section ---- */

enum kind { WORD, YES_NO, NUMBER, LENGTH, LIST, MAP, OWN /* the caller looks at it */ };

struct row {
    const char *key;
    enum kind kind;
    const char *option;    /* lego's option that it is; of a MAP: a flag to set when it is there */
    const struct row *sub; /* of a MAP */
};

static const struct row dns_propagation[] = {
    { "disableAuthoritativeNameservers", YES_NO, "dns.propagation.disable-ans", NULL },
    { "disableRecursiveNameservers", YES_NO, "dns.propagation.disable-rns", NULL },
    { "wait", LENGTH, "dns.propagation.wait", NULL },
    { 0 },
};
static const struct row http[] = {
    { "address", WORD, "http.address", NULL },
    { "delay", LENGTH, "http.delay", NULL },
    { "proxyHeader", WORD, "http.proxy-header", NULL },
    { "webroot", WORD, "http.webroot", NULL },
    { "memcachedHosts", LIST, "http.memcached-host", NULL },
    { "s3Bucket", WORD, "http.s3-bucket", NULL },
    { 0 },
};
static const struct row tls[] = {
    { "address", WORD, "tls.address", NULL },
    { "delay", LENGTH, "tls.delay", NULL },
    { 0 },
};
static const struct row dns[] = {
    { "provider", WORD, "dns", NULL },
    { "propagation", MAP, NULL, dns_propagation },
    { "dnsTimeout", NUMBER, "dns.timeout", NULL },
    { "resolvers", LIST, "dns.resolvers", NULL },
    { "envFile", WORD, "env-file", NULL },
    { 0 },
};
static const struct row dns_persist[] = {
    { "issuerDomainName", WORD, "dns-persist.issuer-domain-name", NULL },
    { "persistUntil", WORD, "dns-persist.persist-until", NULL },
    { "propagation", MAP, NULL, dns_propagation },
    { "dnsTimeout", NUMBER, "dns-persist.timeout", NULL },
    { "resolvers", LIST, "dns-persist.resolvers", NULL },
    { 0 },
};
static const struct row challenge[] = {
    { "http", MAP, "http", http },
    { "tls", MAP, "tls", tls },
    { "dns", MAP, NULL, dns },
    { "dnsPersist", MAP, "dns-persist", dns_persist },
    { 0 },
};
static const struct row server[] = {
    { "url", WORD, "server", NULL },
    { "tlsSkipVerify", YES_NO, "tls-skip-verify", NULL },
    { "overallRequestLimit", NUMBER, "overall-request-limit", NULL },
    { "httpTimeout", NUMBER, "http-timeout", NULL },
    { "certTimeout", NUMBER, "cert.timeout", NULL },
    { 0 },
};
static const struct row eab[] = {
    { "kid", WORD, "eab.kid", NULL },
    { "hmacKey", WORD, "eab.hmac", NULL },
    { 0 },
};
static const struct row account[] = {
    { "server", OWN, NULL, NULL },
    { "email", WORD, "email", NULL },
    { "keyType", WORD, "key-type", NULL },
    { "acceptsTermsOfService", YES_NO, "accept-tos", NULL },
    { "eab", MAP, "eab", eab },
    { 0 },
};
static const struct row ari[] = {
    { "disable", YES_NO, "ari-disable", NULL },
    { "waitToRenewDuration", LENGTH, "ari-wait-to-renew-duration", NULL },
    { 0 },
};
static const struct row renew[] = {
    { "ari", MAP, NULL, ari },
    { "days", NUMBER, "renew-days", NULL },
    { "reuseKey", YES_NO, "reuse-key", NULL },
    { "disableRandomSleep", YES_NO, "no-random-sleep", NULL },
    { 0 },
};
static const struct row pfx[] = {
    { "password", WORD, "pfx.password", NULL },
    { "format", WORD, "pfx.format", NULL },
    { 0 },
};
static const struct row certificate[] = {
    { "domains", LIST, "domains", NULL },
    { "csr", WORD, "csr", NULL },
    { "keyType", WORD, "key-type", NULL },
    { "challenge", OWN, NULL, NULL },
    { "account", OWN, NULL, NULL },
    { "enableCommonName", YES_NO, "enable-cn", NULL },
    { "preferredChain", WORD, "preferred-chain", NULL },
    { "profile", WORD, "profile", NULL },
    { "notBefore", WORD, "not-before", NULL },
    { "notAfter", WORD, "not-after", NULL },
    { "noBundle", YES_NO, "no-bundle", NULL },
    { "mustStaple", YES_NO, "must-staple", NULL },
    { "alwaysDeactivateAuthorizations", YES_NO, "always-deactivate-authorizations", NULL },
    { "renew", MAP, NULL, renew },
    { "pfx", MAP, "pfx", pfx },
    { 0 },
};
static const struct row pre_hook[] = { { "command", WORD, "pre-hook", NULL },
                                       { "timeout", LENGTH, "pre-hook-timeout", NULL },
                                       { 0 } };
static const struct row deploy_hook[] = { { "command", WORD, "deploy-hook", NULL },
                                          { "timeout", LENGTH, "deploy-hook-timeout", NULL },
                                          { 0 } };
static const struct row post_hook[] = { { "command", WORD, "post-hook", NULL },
                                        { "timeout", LENGTH, "post-hook-timeout", NULL },
                                        { 0 } };
static const struct row hooks[] = {
    { "pre", MAP, NULL, pre_hook },
    { "deploy", MAP, NULL, deploy_hook },
    { "post", MAP, NULL, post_hook },
    { 0 },
};
static const struct row logging[] = {
    { "level", WORD, "log.level", NULL },
    { "format", WORD, "log.format", NULL },
    { 0 },
};
static const struct row top[] = {
    { "storage", WORD, "path", NULL },
    { "networkStack", OWN, NULL, NULL },
    { "userAgent", WORD, "user-agent", NULL },
    { "servers", OWN, NULL, NULL },
    { "accounts", OWN, NULL, NULL },
    { "challenges", OWN, NULL, NULL },
    { "certificates", OWN, NULL, NULL },
    { "hooks", MAP, NULL, hooks },
    { "log", MAP, NULL, logging },
    { 0 },
};

/* ---- filling a request ---- */

struct reader {
    const struct node *root;
    struct lego_config *to;
    struct err *e;
};

static int fault(const struct reader *r, const struct node *at, const char *key, const char *why)
{
    BUF_AUTO(shown, 512);
    buf_add_escaped(&shown, str_of(key), 100);
    return err_set(r->e, SIGNET_EFORMAT, "%s:%u:%u: %s: %s", at->file, at->line, at->column, buf_z(&shown), why);
}

/* `key:` with nothing behind it, or null: as if it were not there. */
static bool is_null(const struct node *n)
{
    return n->kind == NODE_SCALAR && !n->quoted &&
           (!n->text.n || str_ieq(n->text, STR("null")) || str_eq(n->text, STR("~")));
}

static int set(const struct reader *r, struct request *q, const struct row *row, const struct node *at,
               signet_str value)
{
    const struct lego_opt *o = lego_opt_find(str_of(row->option), LEGO_ANY);
    struct err why = { 0 };
    int rc = o ? lego_opt_set(q, o, str_of(row->option), value, &why) : SIGNET_EINVAL;
    return rc == SIGNET_ENOMEM ? err_nomem(r->e) : rc ? fault(r, at, row->key, why.text) : 0;
}

static int set_yes_no(const struct reader *r, struct request *q, const struct row *row, const struct node *n)
{
    static const char *const yes[] = { "true", "yes", "on" }, *const no[] = { "false", "no", "off" };
    for (size_t i = 0; !n->quoted && i < sizeof yes / sizeof *yes; i++) {
        if (str_ieq(n->text, str_of(yes[i])))
            return set(r, q, row, n, STR("true"));
        if (str_ieq(n->text, str_of(no[i])))
            return set(r, q, row, n, STR("false"));
    }
    return fault(r, n, row->key, "true or false is expected here");
}

static int set_list(const struct reader *r, struct request *q, const struct row *row, const struct node *n)
{
    int rc = n->kind == NODE_LIST ? 0 : fault(r, n, row->key, "a list is expected here, a line \"- word\" for each");
    for (size_t i = 0; !rc && i < n->n; i++)
        rc = n->item[i]->kind != NODE_SCALAR || is_null(n->item[i])
                 ? fault(r, n->item[i], row->key, "a word is expected here")
                 : set(r, q, row, n->item[i], n->item[i]->text);
    return rc;
}

static int apply(const struct reader *r, struct request *q, const struct row *rows, const struct node *map);

static int apply_one(const struct reader *r, struct request *q, const struct row *row, const struct node *n)
{
    if (row->kind == OWN || is_null(n))
        return 0;
    if (row->kind == LIST)
        return set_list(r, q, row, n);
    if (row->kind == MAP) {
        int rc =
            n->kind == NODE_MAP ? 0 : fault(r, n, row->key, "a map is expected here, \"key: value\" lines further in");
        if (!rc && row->option)
            rc = set(r, q, row, n, STR("true"));
        return rc ? rc : apply(r, q, row->sub, n);
    }
    if (n->kind != NODE_SCALAR)
        return fault(r, n, row->key,
                     row->kind == YES_NO ? "true or false is expected here" : "a word is expected here");
    if (row->kind == YES_NO)
        return set_yes_no(r, q, row, n);
    if (row->kind == WORD && !n->text.n)
        return 0;
    return set(r, q, row, n, n->text);
}

static int unknown_key(const struct reader *r, const struct node *key, const struct row *rows)
{
    BUF_AUTO(shown, 512);
    BUF_AUTO(known, 1024);
    buf_add_escaped(&shown, key->text, 100);
    for (size_t i = 0; rows[i].key; i++)
        buf_addf(&known, "%s%s", i ? ", " : "", rows[i].key);
    return err_set(r->e, SIGNET_EFORMAT, "%s:%u:%u: %s: there is no such key here. There are: %s.", key->file,
                   key->line, key->column, buf_z(&shown), buf_z(&known));
}

/* The members of a map, each by its row. */
static int apply(const struct reader *r, struct request *q, const struct row *rows, const struct node *map)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < map->n; i++) {
        size_t k = 0;
        while (rows[k].key && !str_eq(map->key[i]->text, str_of(rows[k].key)))
            k++;
        rc = rows[k].key ? apply_one(r, q, &rows[k], map->item[i]) : unknown_key(r, map->key[i], rows);
    }
    return rc;
}

/* ---- sections of named things ---- */

static const struct node empty_map = { .kind = NODE_MAP, .file = "", .line = 1, .column = 1 };

/* A member that is a map; the empty one when it is missing or null. NULL: it is something else, told. */
static const struct node *map_of(const struct reader *r, const struct node *in, const char *key)
{
    const struct node *n = node_get(in, key);
    if (!n || is_null(n))
        return &empty_map;
    if (n->kind == NODE_MAP)
        return n;
    (void)fault(r, n, key, "a map is expected here, \"key: value\" lines further in");
    return NULL;
}

static bool name_ok(signet_str name)
{
    return str_trim(name).n == name.n && name.n && name.n < 200;
}

/* Every member of a section is looked at, also what no certificate uses. */
static int check_section(const struct reader *r, const char *section, const struct row *rows)
{
    const struct node *map = map_of(r, r->root, section);
    int rc = map ? 0 : r->e->code;
    for (size_t i = 0; !rc && i < map->n; i++) {
        struct request scratch;
        const struct node *n = map->item[i];
        if (!name_ok(map->key[i]->text))
            return fault(r, map->key[i], section,
                         "a name that is not empty, without blanks around it, is expected here");
        if (n->kind != NODE_MAP)
            return fault(r, n, map->key[i]->text.p, "a map is expected here, \"key: value\" lines further in");
        if (request_init(&scratch))
            return err_nomem(r->e);
        rc = lego_options_init(&scratch) ? err_nomem(r->e) : apply(r, &scratch, rows, n);
        request_done(&scratch);
    }
    return rc;
}

/* ---- accounts ---- */

/* What all requests have in common. */
static int begin(const struct reader *r, struct request *q, enum verb verb)
{
    static const struct {
        const char *word;
        unsigned family;
    } stacks[] = { { "ipv4only", 4 }, { "ipv4", 4 }, { "ipv6only", 6 }, { "ipv6", 6 }, { "dual", 0 } };
    const struct node *stack = node_get(r->root, "networkStack");
    size_t i = 0;
    if (request_init(q))
        return err_nomem(r->e);
    q->verb = verb;
    if (lego_options_init(q))
        return err_nomem(r->e);
    q->lego.v5 = q->lego.managed = true;
    q->lego.force_cert_domains = true; /* the file says what there is to be */
    if (stack && !is_null(stack)) {
        while (i < sizeof stacks / sizeof *stacks && !str_eq(stack->text, str_of(stacks[i].word)))
            i++;
        if (stack->kind != NODE_SCALAR || i == sizeof stacks / sizeof *stacks)
            return fault(r, stack, "networkStack", "ipv4only, ipv6only or dual is expected here");
        q->lego.ipv4_only = stacks[i].family == 4;
        q->lego.ipv6_only = stacks[i].family == 6;
    }
    int rc = lego_put(&q->config_dir, STR(".lego"), r->e);
    return rc ? rc : apply(r, q, top, r->root);
}

/* An account names a server of the file, a short word, or a URL. */
static int apply_server(const struct reader *r, struct request *q, const struct node *account_map)
{
    static const struct row by_name = { "server", WORD, "server", NULL };
    const struct node *n = node_get(account_map, "server"), *servers = map_of(r, r->root, "servers");
    if (!servers)
        return r->e->code;
    if (!n || is_null(n))
        return 0;
    if (n->kind != NODE_SCALAR)
        return fault(r, n, "server", "a word is expected here");
    const struct node *named = node_get_s(servers, n->text);
    if (named && !node_text(named, "url").n)
        return fault(r, named, "url", "the server needs one");
    return named ? apply(r, q, server, named) : set(r, q, &by_name, n, n->text);
}

static int apply_account(const struct reader *r, struct request *q, signet_str id, const struct node *map)
{
    int rc = apply_server(r, q, map);
    if (!rc)
        rc = apply(r, q, account, map);
    if (!rc)
        rc = lego_put(&q->lego.account_id, id, r->e);
    return rc ? rc : lego_put(&q->account, id, r->e);
}

static int finish(const struct reader *r, struct request *q, const struct node *at, const char *name)
{
    struct err why = { 0 };
    int rc = lego_finish(q, &why);
    return rc == SIGNET_ENOMEM ? err_nomem(r->e) : rc ? fault(r, at, name, why.text) : 0;
}

static int add_account(const struct reader *r, signet_str id, const struct node *map)
{
    struct lego_config *c = r->to;
    struct lego_config_account *grown = realloc(c->accounts, (c->n_accounts + 1) * sizeof *grown);
    if (!grown)
        return err_nomem(r->e);
    c->accounts = grown;
    struct lego_config_account *a = &grown[c->n_accounts];
    *a = (struct lego_config_account){ 0 };
    c->n_accounts++;
    if (str_has(id, '/') || str_starts(id, STR(".")))
        return fault(r, map, "accounts", "the name of an account names a folder: no '/' in it, no '.' in front");
    int rc = lego_put(&a->id, id, r->e);
    if (!rc)
        rc = begin(r, &a->req, VERB_LEGO_ACCOUNT_REGISTER);
    if (!rc)
        rc = apply_account(r, &a->req, id, map);
    return rc ? rc : finish(r, &a->req, map, a->id);
}

static int read_accounts(const struct reader *r)
{
    const struct node *map = map_of(r, r->root, "accounts");
    int rc = map ? 0 : r->e->code;
    for (size_t i = 0; !rc && i < map->n; i++)
        rc = add_account(r, map->key[i]->text, map->item[i]);
    return rc;
}

/* ---- certificates ---- */

/* A certificate names one of several, or there is one to name. */
static int choose_account(const struct reader *r, const struct node *cert, const struct node *at, size_t *ret)
{
    struct lego_config *c = r->to;
    signet_str id = node_text(cert, "account");
    if (!id.n && c->n_accounts == 1)
        id = str_of(c->accounts[0].id);
    else if (!id.n && !c->n_accounts)
        id = STR(NO_MAIL);
    for (size_t i = 0; i < c->n_accounts; i++)
        if (str_eq(str_of(c->accounts[i].id), id)) {
            *ret = i;
            return 0;
        }
    if (str_eq(id, STR(NO_MAIL))) {
        *ret = c->n_accounts;
        return add_account(r, id, &empty_map);
    }
    return fault(r, at, "account",
                 id.n ? "there is no such account in the file" : "several accounts are in the file; name one of them");
}

static int apply_challenge(const struct reader *r, struct request *q, const struct node *cert, const struct node *at)
{
    static const struct {
        const char *name, *option;
    } usual[] = { { "http-01", "http" }, { "tls-alpn-01", "tls" }, { "dns-persist-01", "dns-persist" } };
    const struct node *all = map_of(r, r->root, "challenges");
    signet_str name = node_text(cert, "challenge");
    if (!all)
        return r->e->code;
    if (!name.n && all->n == 1)
        name = all->key[0]->text;
    const struct node *n = name.n ? node_get_s(all, name) : NULL;
    if (n)
        return apply(r, q, challenge, n);
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (str_eq(name, str_of(usual[i].name)))
            return set(r, q, &(struct row){ "challenge", YES_NO, usual[i].option, NULL }, at, STR("true"));
    return fault(r, at, "challenge",
                 name.n
                     ? "there is no such challenge in the file, and it is none of http-01, tls-alpn-01, dns-persist-01"
                     : "it is not said which; name one of \"challenges\", or http-01, tls-alpn-01, dns-persist-01");
}

static int fill_cert(const struct reader *r, struct lego_config_cert *c, const struct node *key,
                     const struct node *cert)
{
    const struct lego_config_account *a = &r->to->accounts[c->account];
    const struct node *accounts = map_of(r, r->root, "accounts"), *own = NULL;
    struct request *q = &c->req;
    int rc = begin(r, q, VERB_LEGO_RUN);
    if (!accounts)
        return r->e->code;
    own = node_get(accounts, a->id);
    if (!rc)
        rc = apply_account(r, q, str_of(a->id), own ? own : &empty_map);
    if (!rc)
        rc = apply_challenge(r, q, cert, node_get(cert, "challenge") ? node_get(cert, "challenge") : key);
    if (!rc)
        rc = apply(r, q, certificate, cert);
    if (!rc)
        rc = lego_put(&q->certname, key->text, r->e);
    return rc ? rc : finish(r, q, key, key->text.p);
}

static int read_certs(const struct reader *r)
{
    struct lego_config *c = r->to;
    const struct node *map = map_of(r, r->root, "certificates");
    if (!map)
        return r->e->code;
    if (!map->n)
        return err_set(r->e, SIGNET_EINVAL, "%s: there are no certificates in the file.", c->path);
    if (map->n > LEGO_CONFIG_CERTS_MAX)
        return err_set(r->e, SIGNET_ELIMIT, "%s: more than %u certificates.", c->path, LEGO_CONFIG_CERTS_MAX);
    c->certs = calloc(map->n, sizeof *c->certs);
    int rc = c->certs ? 0 : err_nomem(r->e);
    for (size_t i = 0; !rc && i < map->n; i++) {
        struct lego_config_cert *cert = &c->certs[i];
        const struct node *n = map->item[i];
        const struct node *at = node_get(n, "account") ? node_get(n, "account") : map->key[i];
        c->n_certs++;
        rc = choose_account(r, n, at, &cert->account);
        if (!rc)
            rc = fill_cert(r, cert, map->key[i], n);
    }
    return rc;
}

/* ---- together ---- */

static int read_all(const struct reader *r)
{
    struct request common;
    struct lego_config *c = r->to;
    int rc = begin(r, &common, VERB_LEGO_RUN);
    if (!rc)
        rc = lego_put(&c->storage, str_of(common.config_dir), r->e);
    if (!rc && common.lego.log_level)
        rc = lego_put(&c->log_level, str_of(common.lego.log_level), r->e);
    if (!rc && common.lego.log_format)
        rc = lego_put(&c->log_format, str_of(common.lego.log_format), r->e);
    request_done(&common);
    if (!rc)
        rc = check_section(r, "servers", server);
    if (!rc)
        rc = check_section(r, "accounts", account);
    if (!rc)
        rc = check_section(r, "challenges", challenge);
    if (!rc)
        rc = check_section(r, "certificates", certificate);
    if (!rc)
        rc = read_accounts(r);
    return rc ? rc : read_certs(r);
}

void lego_config_done(struct lego_config *c)
{
    for (size_t i = 0; i < c->n_accounts; i++) {
        free(c->accounts[i].id);
        request_done(&c->accounts[i].req);
    }
    for (size_t i = 0; i < c->n_certs; i++)
        request_done(&c->certs[i].req);
    free(c->accounts);
    free(c->certs);
    free(c->path);
    free(c->storage);
    free(c->log_level);
    free(c->log_format);
    *c = (struct lego_config){ 0 };
}

int lego_config_parse(struct lego_config *ret, signet_str yaml, const char *where, struct err *e)
{
    struct pool pool = { 0 };
    struct lego_config c = { 0 };
    struct reader r = { .to = &c, .e = e };
    int rc = lego_put(&c.path, str_of(where), e);
    if (!rc)
        rc = node_parse(&pool, yaml, where, &r.root, e);
    if (!rc)
        rc = read_all(&r);
    pool_done(&pool);
    if (rc)
        lego_config_done(&c);
    else
        *ret = c;
    return rc;
}

const struct lego_config_cert *lego_config_find(const struct lego_config *c, const char *name)
{
    for (size_t i = 0; i < c->n_certs; i++)
        if (str_eq(str_of(c->certs[i].req.certname), str_of(name)))
            return &c->certs[i];
    return NULL;
}
