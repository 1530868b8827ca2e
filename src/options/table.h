/* The one table of options. A row: names in the certbot face, type, where the value lives in struct request, default in
 * words, where in the help it stands, whether a lineage remembers it (and under which key), help text. Parser, cli.ini
 * reader, renewal-file reader and writer, --help, man page and completions are all made from it. */
#ifndef OPTIONS_TABLE_H
#define OPTIONS_TABLE_H

#include "base/buf.h"
#include "options/request.h"

/* What a row sets. Rows that set the same thing (--reuse-key, --no-reuse-key) share an id. */
enum opt_id {
    OPT_ID_HELP,
    OPT_ID_CONFIG,
    OPT_ID_VERSION, /* no member of the request: the parser's own */
    OPT_ID_VERBOSE,
    OPT_ID_VERBOSE_LEVEL,
    OPT_ID_TEXT,
    OPT_ID_MAX_LOG_BACKUPS,
    OPT_ID_PRECONFIGURED_RENEWAL,
    OPT_ID_NONINTERACTIVE,
    OPT_ID_FORCE_INTERACTIVE,
    OPT_ID_DOMAINS,
    OPT_ID_IP_ADDRESS,
    OPT_ID_EAB_KID,
    OPT_ID_EAB_HMAC_KEY,
    OPT_ID_EAB_HMAC_ALG,
    OPT_ID_CERT_NAME,
    OPT_ID_DRY_RUN,
    OPT_ID_RUN_DEPLOY_HOOKS,
    OPT_ID_REGISTER_UNSAFELY,
    OPT_ID_EMAIL,
    OPT_ID_EFF_EMAIL,
    OPT_ID_KEEP,
    OPT_ID_EXPAND,
    OPT_ID_FORCE_RENEWAL,
    OPT_ID_RENEW_WITH_NEW_DOMAINS,
    OPT_ID_REUSE_KEY,
    OPT_ID_NEW_KEY,
    OPT_ID_ALLOW_SUBSET,
    OPT_ID_AGREE_TOS,
    OPT_ID_ACCOUNT,
    OPT_ID_DUPLICATE,
    OPT_ID_QUIET,
    OPT_ID_STAGING,
    OPT_ID_DEBUG,
    OPT_ID_DEBUG_CHALLENGES,
    OPT_ID_NO_VERIFY_SSL,
    OPT_ID_HTTP01_PORT,
    OPT_ID_HTTP01_ADDRESS,
    OPT_ID_HTTPS_PORT,
    OPT_ID_BREAK_MY_CERTS,
    OPT_ID_RSA_KEY_SIZE,
    OPT_ID_KEY_TYPE,
    OPT_ID_ELLIPTIC_CURVE,
    OPT_ID_MUST_STAPLE,
    OPT_ID_REDIRECT,
    OPT_ID_HSTS,
    OPT_ID_UIR,
    OPT_ID_STAPLE_OCSP,
    OPT_ID_STRICT_PERMISSIONS,
    OPT_ID_DELETE_IN_USE,
    OPT_ID_ALLOW_INSECURE_DIRS,
    OPT_ID_REQUIRED_PROFILE,
    OPT_ID_PREFERRED_PROFILE,
    OPT_ID_PREFERRED_CHAIN,
    OPT_ID_PREFERRED_CHALLENGES,
    OPT_ID_ISSUANCE_TIMEOUT,
    OPT_ID_PRE_HOOK,
    OPT_ID_POST_HOOK,
    OPT_ID_DEPLOY_HOOK,
    OPT_ID_NO_RANDOM_SLEEP,
    OPT_ID_DISABLE_HOOK_VALIDATION,
    OPT_ID_NO_DIRECTORY_HOOKS,
    OPT_ID_DISABLE_RENEW_UPDATES,
    OPT_ID_AUTORENEW,
    OPT_ID_AUTO_HSTS,
    OPT_ID_USER_AGENT,
    OPT_ID_USER_AGENT_COMMENT,
    OPT_ID_CSR,
    OPT_ID_REASON,
    OPT_ID_DELETE_AFTER_REVOKE,
    OPT_ID_CHECKPOINTS,
    OPT_ID_INIT,
    OPT_ID_PREPARE,
    OPT_ID_AUTHENTICATORS,
    OPT_ID_INSTALLERS,
    OPT_ID_CERT_PATH,
    OPT_ID_KEY_PATH,
    OPT_ID_FULLCHAIN_PATH,
    OPT_ID_CHAIN_PATH,
    OPT_ID_CONFIG_DIR,
    OPT_ID_WORK_DIR,
    OPT_ID_LOGS_DIR,
    OPT_ID_SERVER,
    OPT_ID_CONFIGURATOR,
    OPT_ID_AUTHENTICATOR,
    OPT_ID_INSTALLER,
    OPT_ID_PLUGIN,
    OPT_ID_MANUAL_AUTH_HOOK,
    OPT_ID_MANUAL_CLEANUP_HOOK,
    OPT_ID_WEBROOT_PATH,
    OPT_ID_WEBROOT_MAP,
    OPT_ID_FOREIGN,
    /* what certbot does not have */
    OPT_ID_TLS_ALPN01_PORT,
    OPT_ID_TLS_ALPN01_ADDRESS,
    OPT_ID_HOOK_TIMEOUT,
    OPT_ID_PARALLEL,
    OPT_ID_JSON,
    OPT_ID_REQUIRE_SANDBOX,
    OPT_ID_NUM,
    OPT_ID_NO_VERIFY_DEPLOY,
    OPT_ID_UPDATE_REGISTRATION,
    OPT_ID_MIGRATE_FROM,
    OPT_ID_MIGRATE_TO,
    OPT_ID_DNS,
    OPT_ID_DNS_FOR,
    OPT_ID_DNS_SECRET,
    OPT_ID_DNS_RESOLVERS,
    OPT_ID_DNS_TIMEOUT,
    OPT_ID_DNS_WAIT,
    OPT_ID_DNS_SKIP,
    OPT_ID_DNS_RECURSIVE,
    OPT_ID_DNS_DIR,
    OPT_ID_DNS_PERSIST,
    OPT_ID_IGNORED,
    OPT_ID_COUNT
};
_Static_assert((int)OPT_ID_COUNT <= OPT_MAX, "request.from is too small");

enum opt_type {
    OPT_FLAG,    /* bool, no value */
    OPT_TRI_YES, /* enum tri, no value: sets TRI_YES */
    OPT_TRI_NO,  /* … sets TRI_NO */
    OPT_COUNT,   /* int, each use adds one */
    OPT_STRING,  /* char * */
    OPT_UINT,    /* unsigned, with the row's min and max */
    OPT_LIST,    /* strlist, repeatable; split at commas when the row says so; repeats are dropped */
    OPT_PATH,    /* char *, made absolute */
    OPT_CHOICE,  /* char *, one of the row's words */
    OPT_SPECIAL, /* a function of its own: -w/-d pairing, --webroot-map, --preferred-challenges, plug-in flags … */
    OPT_NOOP,    /* accepted, does nothing; `gone` says what to tell */
};

struct opt {
    enum opt_id id;    /* index in request.from */
    const char *names; /* "-d --domains --domain": space separated; the first long one names the option in cli.ini and
                          in messages */
    enum opt_type type;
    size_t offset;       /* in struct request */
    const char *metavar; /* "DOMAIN"; NULL: takes no value */
    const char *choices; /* space separated, NULL */
    unsigned min, max;   /* OPT_UINT */
    bool natural;        /* OPT_UINT: certbot words its errors otherwise ("value must be an integer") */
    bool comma;          /* OPT_LIST: split at commas */
    bool nocase;         /* OPT_CHOICE: in any case, kept in lower case */
    bool secret;         /* never shown or logged */
    bool hidden;         /* not in --help */
    bool
        extra; /* certbot has no such option (any more): an abbreviation means it only when no option of certbot fits */
    const char *remember;     /* key in [renewalparams], NULL: not remembered */
    const char *default_text; /* "(default: …)", NULL: nothing is said */
    const char *topics; /* help topics, space separated: the first is its section in --help all, the others show it too.
                           "general",       "automation", "security", "testing", "paths", "manage", verbs, "plugins",
                           plug-in names */
    const char *help;   /* our own words */
    const char *gone;   /* for options that certbot has removed or made no-ops: what is to be said, after "Use of --X is
                           deprecated." */
    int (*special)(struct request *r, const struct opt *o, signet_str value, enum source from, struct err *e);
};

/* Row i, in the order in which certbot defines its options (which is that of "could match …" messages); NULL past the
 * last. */
const struct opt *opt_at(size_t i);
bool opt_takes_value(const struct opt *o);
/* The next of a row's names: *at starts as o->names. Empty at the end. */
signet_str opt_next_name(const char **at);
signet_str opt_long_name(const struct opt *o);           /* "--domains" */
void opt_all_names(const struct opt *o, struct buf *to); /* "-d/--domains/--domain", as messages have it */

/* By exact name with its dashes ("--domain", "-d"); NULL. */
const struct opt *opt_find(signet_str name);
/* By unambiguous prefix of a long name ("--stand"); NULL with *ret_candidates (names, when given) holding what it could
 * have been: none when unknown, several when ambiguous. */
const struct opt *opt_find_prefix(signet_str name, struct strlist *ret_candidates);
/* The row that is stored under this key. */
const struct opt *opt_by_remember(signet_str key);

/* Sets one option from text. `value` is empty for flags. SIGNET_EUSAGE with certbot's wording ("argument --x: invalid
 * int value: 'y'"), SIGNET_EINVAL where certbot ends with 1. A list that came from a weaker source is replaced. */
int opt_set(struct request *r, const struct opt *o, signet_str value, enum source from, struct err *e);
/* Back to its default. */
int opt_reset(struct request *r, const struct opt *o);
/* Did the user set it (command line or cli.ini)? `long_name` without dashes: "key-type". */
bool opt_by_user(const struct request *r, const char *long_name);

#endif
