/* What the user wants: every option of every verb in one struct. cli/ fills it from argv, cli.ini and the environment
 * through the option table; a renewal file fills a copy of it for its lineage. Nothing else in the program parses
 * words.
 *
 * Names follow certbot's destination names (the long option with '_' for '-'), so that renewal files and this struct
 * read alike. */
#ifndef OPTIONS_REQUEST_H
#define OPTIONS_REQUEST_H

#include "base/err.h"
#include "base/list.h"
#include "options/lego.h"

enum verb {
    VERB_NONE,
    VERB_RUN,
    VERB_CERTONLY,
    VERB_RENEW,
    VERB_CERTIFICATES,
    VERB_DELETE,
    VERB_REVOKE,
    VERB_REGISTER,
    VERB_UNREGISTER,
    VERB_UPDATE_ACCOUNT,
    VERB_SHOW_ACCOUNT,
    VERB_RECONFIGURE,
    VERB_ENHANCE,
    VERB_INSTALL,
    VERB_ROLLBACK,
    VERB_PLUGINS,
    VERB_UPDATE_SYMLINKS,
    VERB_CONFIG_CHANGES,
    VERB_EXPLAIN,
    VERB_STATUS,
    VERB_MIGRATE,
    VERB_LEGO_RUN,
    VERB_LEGO_RENEW,
    VERB_LEGO_REVOKE,
    VERB_LEGO_LIST,
    VERB_LEGO_ACCOUNT_LIST,
    VERB_LEGO_ACCOUNT_REGISTER,
    VERB_LEGO_ACCOUNT_RECOVER,
    VERB_LEGO_ACCOUNT_ROLLOVER,
    VERB_LEGO_ARCHIVE_LIST,
    VERB_LEGO_ARCHIVE_RESTORE,
    VERB_LEGO_CONFIG,
    VERB_HELP,
    VERB_COUNT
};
const char *verb_name(enum verb v);        /* "certonly" */
enum verb verb_from_name(signet_str name); /* also the aliases "auth", "everything"; VERB_NONE otherwise */

/* A yes/no option that may also be unset. */
enum tri { TRI_UNSET = 0, TRI_NO = -1, TRI_YES = 1 };

/* One name → webroot folder. */
struct webroot_entry {
    char *name, *path; /* owned */
};
struct webroot_map {
    struct webroot_entry *v;
    size_t n, cap;
};
const char *webroot_map_get(const struct webroot_map *m, signet_str name);    /* NULL when not there */
int webroot_map_set(struct webroot_map *m, signet_str name, signet_str path); /* replaces */
void webroot_map_done(struct webroot_map *m);

/* The ids of the table's rows, OPT_ID_…, see table.h; here only how many fit. */
#define OPT_MAX 256

#define SERVER_PRODUCTION "https://acme-v02.api.letsencrypt.org/directory"
#define SERVER_STAGING    "https://acme-staging-v02.api.letsencrypt.org/directory"

/* Strings are owned and NULL when unset, unless a default is named. */
struct request {
    enum verb verb;
    struct strlist help_topics; /* --help [TOPIC]; with VERB_HELP */

    /* where everything is */
    char *config_dir, *work_dir,
        *logs_dir; /* absolute; defaults /etc/letsencrypt, /var/lib/letsencrypt, /var/log/letsencrypt */
    char *server;  /* default: Let's Encrypt v2, or staging with --staging or --dry-run */
    bool staging, dry_run, no_verify_ssl, break_my_certs;
    unsigned max_log_backups; /* 1000 */

    /* talking */
    int verbose_count;
    bool quiet, noninteractive, force_interactive, debug, json;
    bool require_sandbox;
    bool preconfigured_renewal;
    char *user_agent, *user_agent_comment;

    /* names and certificate */
    struct strlist domains;      /* -d as given, in order, split at commas, not yet normalised */
    struct strlist ip_addresses; /* --ip-address */
    char *certname;              /* --cert-name */
    struct strlist certnames;    /* explain NAME… */
    char *csr;
    char *cert_path, *key_path, *fullchain_path, *chain_path;
    bool keep_until_expiring, expand, renew_by_default /* --force-renewal */, renew_with_new_domains,
        allow_subset_of_names, duplicate;
    char *key_type;        /* "rsa" or "ecdsa"; default ecdsa */
    unsigned rsa_key_size; /* 2048 */
    char *elliptic_curve;  /* secp256r1 */
    bool must_staple;
    enum tri reuse_key;
    bool new_key;
    char *preferred_chain, *preferred_profile, *required_profile;
    unsigned issuance_timeout; /* 90 s */
    enum tri autorenew;
    unsigned parallel; /* orders at once under renew; 32 */
    bool disable_renew_updates, no_random_sleep_on_renew;

    /* account */
    bool agree_tos, register_unsafely_without_email;
    char *email; /* comma list */
    enum tri eff_email;
    char *account; /* --account ID */
    char *eab_kid, *eab_hmac_key, *eab_hmac_alg;

    /* revoke, delete */
    char *reason;
    enum tri delete_after_revoke;

    /* plugins */
    char *authenticator, *installer, *configurator;
    struct strlist pref_challs; /* as certbot stores them: "http-01", "dns-01", "tls-alpn-01" */
    bool debug_challenges;
    bool init, prepare, authenticators, installers; /* verb plugins */
    struct strlist
        plugin_flags; /* "webroot" for --webroot, and so on; request_finish makes authenticator and installer of them */

    /* standalone */
    unsigned http01_port;     /* 80 */
    char *http01_address;     /* "" */
    unsigned tls_alpn01_port; /* 443; also --tls-sni-01-port */
    char *tls_alpn01_address;
    unsigned https_port; /* 443: nginx, apache */

    /* webroot */
    struct strlist webroot_path; /* every -w, in order */
    struct webroot_map webroot_map;
    bool names_before_webroot; /* a name came before the first -w: then there may be no second one */

    /* manual */
    char *manual_auth_hook, *manual_cleanup_hook;

    /* dns */
    char *dns_provider;           /* --dns CODE; with `-a dns-CODE` it is NULL and the authenticator says it */
    struct strlist dns_for;       /* PATTERN=PROVIDER[@PROFILE] */
    struct strlist dns_secret;    /* NAME=COMMAND */
    struct strlist dns_resolvers; /* host:port */
    unsigned dns_timeout;         /* seconds; 0: 10 */
    char *dns_propagation_wait;   /* a duration; NULL: look in place of waiting */
    bool dns_skip_authoritative, dns_ask_recursive, dns_persist;
    unsigned ip_only; /* 4, 6: name servers are asked over this alone; 0: over both */
    char *dns_provider_dir;

    /* hooks */
    char *pre_hook, *post_hook, *deploy_hook /* stored as renew_hook */;
    bool disable_hook_validation, no_directory_hooks, run_deploy_hooks;
    unsigned hook_timeout; /* seconds; 0: for ever, as certbot */

    /* permissions */
    bool strict_permissions, allow_insecure_dirs;

    /* installers (their options come with them) */
    enum tri redirect, hsts, uir, staple_ocsp;
    bool auto_hsts;
    unsigned checkpoints;  /* 1 */
    unsigned num;          /* config_changes; 0: all */
    bool no_verify_deploy; /* believe the server without looking */
    bool delete_in_use;    /* delete also what a web server's configuration names */

    bool update_registration; /* `register --update-registration`, today's update_account */

    char *migrate_from, *migrate_to; /* migrate: absolute; to NULL: config_dir */

    struct lego_options lego; /* of lego's face alone; all zero in certbot's */

    /* Where each option's value comes from, by row id of the table: what was set by the user is stored with the
     * lineage, and what the command line says wins over a renewal file. */
    uint8_t from[OPT_MAX]; /* enum source */

    /* Renewal parameters of options that belong to plug-ins we do not have, kept as they are: "key", "value" pairs in
     * order. */
    struct strlist foreign;

    /* What the user should be told of the options used, each once: for the front end to show. */
    struct strlist warnings;
};

enum source { FROM_DEFAULT = 0, FROM_LINEAGE, FROM_INI, FROM_CLI };

/* All defaults set; nothing else. */
int request_init(struct request *r);
void request_done(struct request *r); /* wipes the secrets (EAB key) */
/* A deep copy: what a lineage starts from. Replaces what `to` held (which may be all zero). */
int request_copy(struct request *to, const struct request *from);

/* After the last option: what follows from several of them together (staging and dry-run servers, plug-in flags, -q, -w
 * for names without one) and what cannot go together. SIGNET_EINVAL with certbot's words. Looks at no file. */
int request_finish(struct request *r, struct err *e);
/* Every name of domains and ip_addresses that has no folder in webroot_map yet gets the last of webroot_path, as -w
 * says (contract.md A7). request_finish has done it for the names of the command line; call it again when names came
 * later (a lineage's, with `renew -w`). */
int request_map_webroots(struct request *r);
/* An option of a plug-in that this room knows only by its name, as certbot stores it: "nginx_ctl",
 * "dns_cloudflare_credentials". NULL when it is not set. */
const char *request_plugin_option(const struct request *r, const char *key);
/* v01 addresses of Let's Encrypt, gone since 2021, become v02. */
signet_str server_today(signet_str server);
/* Seconds of "90", "90s", "2m", "1m30s", "1h". SIGNET_EINVAL; at most a week. */
int duration_parse(signet_str text, unsigned *ret_s);
/* A warning for the user, kept once. */
int request_warn(struct request *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
