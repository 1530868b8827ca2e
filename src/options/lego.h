/* What only lego's face asks for: the members of the request that its options fill, and its table of options. The face
 * reads two grammars, v4's (options of the program before the command, the command's after it) and v5's (all of them
 * after the command, other names for some). We take either place for both. */
#ifndef OPTIONS_LEGO_H
#define OPTIONS_LEGO_H

#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"

struct lego_config;

/* Lengths of time are milliseconds. Strings are owned and NULL when unset. */
struct lego_options {
    bool v5; /* v5's grammar, or a tree of v5's: `run` renews what is due */

    /* challenges; where --http and --tls listen stands in the request's http01_* and tls_alpn01_* */
    bool http, tls;
    char *http_port, *tls_port; /* as given: "interface:port" */
    char *http_webroot, *http_proxy_header, *http_s3_bucket;
    struct strlist http_memcached_hosts;
    int64_t http_delay, tls_delay;
    char *dns; /* code of the provider */
    struct strlist dns_resolvers;
    bool dns_persist; /* dns-persist-01; without `dns` the record is only looked for */
    char *dns_persist_issuer, *dns_persist_until;
    bool dns_disable_cp, dns_disable_ans, dns_rns, dns_disable_rns;
    int64_t dns_wait;
    int dns_timeout; /* s; 10 */

    bool ipv4_only, ipv6_only; /* listeners of our own and questions to name servers */
    char *env_file;            /* dotenv.h: for providers, stores and hooks; options are not taken from it */

    /* the configuration file (lego_config.h) */
    char *config;
    bool managed;             /* this comes from it */
    struct lego_config *file; /* borrowed; NULL: there is none */

    /* account */
    bool eab;
    char *account_id, *kid, *hmac;

    /* certificate and files */
    char *filename, *private_key, *key_type, *not_before, *not_after;
    bool disable_cn, enable_cn, no_bundle, pem, pfx, deactivate_authz;
    char *deactivate_authz_text; /* v4 reads the flag's value as text */
    char *pfx_password, *pfx_format;

    /* when */
    int days; /* 30 */
    bool dynamic, ari_disable, no_random_sleep, force_cert_domains, renew_force, reuse_key;
    int64_t ari_wait;
    bool days_given;

    /* hooks: run_hook and renew_hook are the request's deploy_hook in the end */
    char *run_hook, *renew_hook;
    int64_t run_hook_timeout, renew_hook_timeout, deploy_hook_timeout, pre_hook_timeout, post_hook_timeout; /* 2 min */

    /* the CA */
    int cert_timeout, http_timeout, request_limit; /* s, s, requests a second */

    char *log_level, *log_format; /* NULL: version 4's lines */

    /* revoke, list, dnshelp */
    bool keep, accounts, names, json;
    unsigned reason;
    char *code;
};

struct request;

enum lego_type {
    LEGO_FLAG,
    LEGO_STRING,
    LEGO_LIST, /* repeatable, split at commas */
    LEGO_INT,  /* may be negative */
    LEGO_UINT,
    LEGO_DURATION, /* Go's: "1h2m3.5s" */
    LEGO_TIME,     /* RFC 3339 */
};

/* The commands, as bits: where an option stands. */
enum {
    LEGO_GLOBAL = 1,
    LEGO_RUN = 2,
    LEGO_RENEW = 4,
    LEGO_REVOKE = 8,
    LEGO_LISTS = 16,
    LEGO_DNSHELP = 32,
    LEGO_ANY = 63,
};

struct lego_opt {
    const char *names; /* "domains d": without dashes, the first is the long one */
    enum lego_type type;
    unsigned where;      /* v4's place; v5 has no global ones */
    size_t offset;       /* in struct request */
    const char *env;     /* v4's variable; v5 has one for each: LEGO_ and the name */
    const char *metavar; /* NULL: "value" */
    const char *shown;   /* default in words; NULL: nothing is said */
    bool v5;             /* v4 has no such name */
    bool secret;         /* never shown or logged */
    const char *help;    /* our own words */
};

/* Row i; NULL past the last. */
const struct lego_opt *lego_opt_at(size_t i);
/* By name without dashes, among the options of the places in `where`; NULL. */
const struct lego_opt *lego_opt_find(signet_str name, unsigned where);
signet_str lego_opt_name(const struct lego_opt *o);
/* One option from its text, in lego's words where it is refused: `invalid value "x" for flag -y: …`. `name` is the one
 * that was used. SIGNET_EUSAGE. */
int lego_opt_set(struct request *r, const struct lego_opt *o, signet_str name, signet_str value, struct err *e);
/* "1h2m3.5s", "0", "300ms" in milliseconds. SIGNET_EINVAL. */
int lego_duration(signet_str s, int64_t *ret);

/* Defaults of lego's own members. 0 or SIGNET_ENOMEM. */
int lego_options_init(struct request *r);
void lego_options_done(struct lego_options *o); /* wipes the secrets */
int lego_options_copy(struct lego_options *to, const struct lego_options *from);
/* A copy of the text in place of what *at held. SIGNET_ENOMEM. */
int lego_put(char **at, signet_str s, struct err *e);

/* After the last option: what follows from several of them together, and what cannot go together; fills the members of
 * the request that the rest of the program reads. SIGNET_EINVAL in lego's words. Looks at no file. */
int lego_finish(struct request *r, struct err *e);
/* "letsencrypt", "letsencrypt-staging", … (v5) to the directory's URL; NULL when it is no such word. */
const char *lego_server_by_code(signet_str code);

#endif
