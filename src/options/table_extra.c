/* Options that certbot does not have: our own, and those that it had at some time and has dropped. */
#include "options/rows.h"

#define GONE(name, meta, why)                                                                                          \
    {                                                                                                                  \
        OPT_ID_IGNORED, name, OPT_NOOP, .metavar = (meta), .hidden = true, .extra = true, .topics = "general",         \
                                        .help = "Has no effect.", .gone = (why)                                        \
    }

static const char alpn_instead[] =
    "The tls-sni-01 challenge is gone; its value is taken for tls-alpn-01, which came after it.";
static const char cloudxns_gone[] = "CloudXNS has ended its service; choose another DNS provider.";
static const char route53_polls[] = "Route 53 says itself when a change is live, so nothing has to be waited for.";

static const struct opt rows[] = {
    { OPT_ID_TLS_ALPN01_PORT, "--tls-alpn-01-port", OPT_UINT, AT(tls_alpn01_port), .metavar = "PORT", PORTS,
      .extra = true, .remember = "tls_alpn01_port", .topics = "testing standalone", .default_text = "443",
      .help = "Port to listen on for tls-alpn-01. The CA still comes to port 443, so something must pass its "
              "connections on." },
    { OPT_ID_TLS_ALPN01_ADDRESS, "--tls-alpn-01-address", OPT_STRING, AT(tls_alpn01_address), .metavar = "ADDRESS",
      .extra = true, .remember = "tls_alpn01_address", .topics = "testing standalone", .default_text = "all",
      .help = "Address to listen on for tls-alpn-01." },
    { OPT_ID_HOOK_TIMEOUT, "--hook-timeout", OPT_UINT, AT(hook_timeout), .metavar = "SECONDS", .max = 604800,
      .extra = true, .topics = "renew certonly run", .default_text = "0: no limit",
      .help = "Seconds after which a hook that still runs is ended." },
    { OPT_ID_PARALLEL, "--parallel", OPT_UINT, AT(parallel), .metavar = "N", .min = 1, .max = 1000, .extra = true,
      .topics = "renew", .default_text = "32", .help = "How many certificates renew works on at the same time." },
    { OPT_ID_JSON, "--json", OPT_FLAG, AT(json), .extra = true,
      .topics = "general certificates explain status certonly renew", .default_text = "False",
      .help = "Print the report as JSON on standard output, and nothing else there." },
    { OPT_ID_REQUIRE_SANDBOX, "--require-sandbox", OPT_FLAG, AT(require_sandbox), .extra = true, .topics = "security",
      .default_text = "False",
      .help = "Do nothing when this system does not let the processes that read what strangers send be confined "
              "(seccomp, landlock, a user other than root). Without it they are confined as far as can be." },
    { OPT_ID_NO_VERIFY_DEPLOY, "--no-verify-deploy", OPT_FLAG, AT(no_verify_deploy), .extra = true,
      .topics = "run install enhance nginx apache", .default_text = "False",
      .help = "After a change of the web server's configuration, do not connect to it on this machine to see that it "
              "serves the new certificate." },
    { OPT_ID_DELETE_IN_USE, "--delete-in-use", OPT_FLAG, AT(delete_in_use), .extra = true, .topics = "delete revoke",
      .default_text = "False",
      .help =
          "Delete a certificate also when the configuration of a web server on this machine still names its files." },
    { OPT_ID_ALLOW_INSECURE_DIRS, "--allow-insecure-dirs", OPT_FLAG, AT(allow_insecure_dirs), .extra = true,
      .topics = "security", .default_text = "False",
      .help = "Work also where other users may write to the configuration or work folder, or own it. They can then run "
              "what they like as the user who runs this." },
    { OPT_ID_MIGRATE_FROM, "--from", OPT_PATH, AT(migrate_from), .metavar = "FOLDER", .extra = true,
      .topics = "migrate",
      .help =
          "Tree of certbot or lego, or folder of acme.sh, dehydrated or uacme, to take accounts and certificates over "
          "from. It is not changed." },
    { OPT_ID_MIGRATE_TO, "--to", OPT_PATH, AT(migrate_to), .metavar = "FOLDER", .extra = true, .topics = "migrate",
      .default_text = "the tree at --config-dir", .help = "lego's tree to take them over into." },
    { OPT_ID_TLS_ALPN01_PORT, "--tls-sni-01-port", OPT_UINT, AT(tls_alpn01_port), .metavar = "PORT", PORTS,
      .hidden = true, .extra = true, .remember = "tls_alpn01_port", .topics = "testing",
      .help = "See --tls-alpn-01-port.", .gone = alpn_instead },
    { OPT_ID_TLS_ALPN01_ADDRESS, "--tls-sni-01-address", OPT_STRING, AT(tls_alpn01_address), .metavar = "ADDRESS",
      .hidden = true, .extra = true, .remember = "tls_alpn01_address", .topics = "testing",
      .help = "See --tls-alpn-01-address.", .gone = alpn_instead },
    { OPT_ID_PREFERRED_CHALLENGES, "--standalone-supported-challenges", OPT_SPECIAL, AT(pref_challs),
      .metavar = "CHALLENGES", .hidden = true, .extra = true, .topics = "standalone", .special = set_pref_challs,
      .help = "See --preferred-challenges.", .gone = "Use --preferred-challenges instead." },
    { OPT_ID_UPDATE_REGISTRATION, "--update-registration", OPT_SPECIAL, .hidden = true, .extra = true,
      .topics = "register", .special = set_update_registration, .help = "See the verb update_account.",
      .gone = "Use the update_account command instead." },
    { OPT_ID_NUM, "--num", OPT_UINT, AT(num), .metavar = "N", .max = 100000, .hidden = true, .extra = true,
      .topics = "rollback", .help = "How many changes config_changes shows." },
    { OPT_ID_PLUGIN, "--certbot-route53:auth", OPT_SPECIAL, .hidden = true, .extra = true, .topics = "plugins",
      .special = set_plugin, .help = "See --dns-route53.", .gone = "Use --dns-route53 instead." },
    GONE("--manual-public-ip-logging-ok", NULL, "CAs log the address without asking; nothing takes its place."),
    GONE("--dns-route53-propagation-seconds", "SECONDS", route53_polls),
    GONE("--certbot-route53:auth-propagation-seconds", "SECONDS", route53_polls),
    { OPT_ID_PLUGIN, "--dns-cloudxns", OPT_SPECIAL, .hidden = true, .extra = true, .topics = "plugins",
      .special = set_plugin, .help = "Answer dns-01 challenges with TXT records at CloudXNS.", .gone = cloudxns_gone },
    { OPT_ID_FOREIGN, "--dns-cloudxns-credentials", OPT_SPECIAL, .metavar = "FILE", .hidden = true, .extra = true,
      .topics = "plugins", .special = set_foreign_path, .help = "File (INI) with what is needed to log in there.",
      .gone = cloudxns_gone },
    { OPT_ID_FOREIGN, "--dns-cloudxns-propagation-seconds", OPT_SPECIAL, .metavar = "SECONDS", .hidden = true,
      .extra = true, .topics = "plugins", .special = set_foreign_number,
      .help = "Seconds to wait for the record to be seen everywhere.", .gone = cloudxns_gone },
    GONE("--agree-dev-preview", NULL, "The preview is over; --agree-tos is what counts."),
};
const struct opt_part opt_part_extra = { rows, sizeof(rows) / sizeof(rows[0]) };
