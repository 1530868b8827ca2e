/* Options that every verb has, names, account, automation. */
#include "options/rows.h"

static const struct opt rows[] = {
    { OPT_ID_HELP, "-h --help", OPT_SPECIAL, .topics = "general",
      .help = "Show this help, or with a TOPIC the help on that topic, and end. \"all\" shows everything." },
    { OPT_ID_CONFIG, "-c --config", OPT_SPECIAL, .metavar = "CONFIG_FILE", .topics = "general",
      .default_text = "/etc/letsencrypt/cli.ini and ~/.config/letsencrypt/cli.ini",
      .help = "One more file to read options from, after the usual ones." },
    { OPT_ID_VERBOSE, "-v --verbose", OPT_COUNT, AT(verbose_count), .topics = "general", .default_text = "0",
      .help =
          "Say more about what is being done. May be repeated: -v shows the steps, -vv everything that the log has." },
    { OPT_ID_VERBOSE_LEVEL, "--verbose-level", OPT_NOOP, .metavar = "N", .hidden = true, .topics = "general",
      .help = "Has no effect; -v says more." },
    { OPT_ID_TEXT, "-t --text", OPT_NOOP, .hidden = true, .topics = "general",
      .help = "Has no effect: all output is text." },
    { OPT_ID_MAX_LOG_BACKUPS, "--max-log-backups", OPT_UINT, AT(max_log_backups), .metavar = "MAX_LOG_BACKUPS",
      .max = 100000, .natural = true, .topics = "general", .default_text = "1000",
      .help = "How many old log files to keep. With 0 nothing is rotated and one file grows for ever." },
    { OPT_ID_PRECONFIGURED_RENEWAL, "--preconfigured-renewal", OPT_FLAG, AT(preconfigured_renewal), .hidden = true,
      .topics = "general",
      .help = "Set by packages that bring a timer for renewals, so that users are told about it." },
    { OPT_ID_NONINTERACTIVE, "-n --non-interactive --noninteractive", OPT_FLAG, AT(noninteractive),
      .topics = "general automation run certonly enhance", .default_text = "False",
      .help = "Never ask anything. When something is missing, the error says which option supplies it." },
    { OPT_ID_FORCE_INTERACTIVE, "--force-interactive", OPT_FLAG, AT(force_interactive),
      .topics = "general register run certonly enhance", .default_text = "False",
      .help = "Ask questions even if this does not look like a terminal. Not for the renew command." },
    { OPT_ID_DOMAINS, "-d --domains --domain", OPT_LIST, AT(domains), .metavar = "DOMAIN", .comma = true,
      .topics = "general run certonly certificates enhance", .default_text = "Ask",
      .help = "A domain name for the certificate. Repeat the option or separate names with commas. The first name also "
              "names the "
              "certificate on disk, unless --cert-name says otherwise; where that is taken, a number such as -0001 is "
              "added." },
    { OPT_ID_IP_ADDRESS, "--ip-address", OPT_LIST, AT(ip_addresses), .metavar = "IP_ADDRESS", .comma = true,
      .topics = "general certonly certificates", .default_text = "none",
      .help = "An IP address for the certificate. May be repeated." },
    { OPT_ID_EAB_KID, "--eab-kid", OPT_STRING, AT(eab_kid), .metavar = "EAB_KID",
      .topics = "general run certonly register", .default_text = "None",
      .help =
          "Key identifier that the CA gave you, to tie the ACME account to yours there (external account binding)." },
    { OPT_ID_EAB_HMAC_KEY, "--eab-hmac-key", OPT_STRING, AT(eab_hmac_key), .metavar = "EAB_HMAC_KEY", .secret = true,
      .topics = "general run certonly register", .default_text = "None",
      .help = "Secret that came with --eab-kid, in base64url." },
    { OPT_ID_EAB_HMAC_ALG, "--eab-hmac-alg", OPT_STRING, AT(eab_hmac_alg), .metavar = "EAB_HMAC_ALG",
      .topics = "general run certonly register", .default_text = "HS256",
      .help = "Algorithm for external account binding: HS256, HS384 or HS512." },
    { OPT_ID_CERT_NAME, "--cert-name", OPT_STRING, AT(certname), .metavar = "CERTNAME",
      .topics = "general run certonly manage delete certificates renew enhance reconfigure",
      .default_text = "the first name, or the certificate that has the same names",
      .help = "Which certificate is meant, by the name it has on disk; for a new one, the name it shall have. It is in "
              "no way part of the "
              "certificate itself and must not contain '/'. The certificates command lists the names." },
    { OPT_ID_DRY_RUN, "--dry-run", OPT_FLAG, AT(dry_run), .topics = "general testing renew certonly",
      .default_text = "False",
      .help = "Rehearse: obtain a test certificate from the staging server and save nothing. For certonly, renew and "
              "reconfigure. Pre and "
              "post hooks run, deploy hooks only with --run-deploy-hooks. --server chooses another server to test "
              "against." },
    { OPT_ID_RUN_DEPLOY_HOOKS, "--run-deploy-hooks", OPT_FLAG, AT(run_deploy_hooks),
      .topics = "testing renew certonly reconfigure", .default_text = "False",
      .help = "In a rehearsal (--dry-run or reconfigure) that succeeded, run the deploy hooks, too. They see the "
              "certificate that is in "
              "use, not the test certificate." },
    { OPT_ID_REGISTER_UNSAFELY, "--register-unsafely-without-email", OPT_FLAG, AT(register_unsafely_without_email),
      .hidden = true, .topics = "register automation", .default_text = "False",
      .help = "Make the account without an e-mail address." },
    { OPT_ID_EMAIL, "-m --email", OPT_STRING, AT(email), .metavar = "EMAIL",
      .topics = "register update_account unregister automation", .default_text = "Ask",
      .help = "E-mail address (or several with commas) for the account, to which the CA may write." },
    { OPT_ID_EFF_EMAIL, "--eff-email", OPT_TRI_YES, AT(eff_email), .topics = "register update_account automation",
      .default_text = "Ask", .help = "Give the e-mail address to the Electronic Frontier Foundation, too." },
    { OPT_ID_EFF_EMAIL, "--no-eff-email", OPT_TRI_NO, AT(eff_email), .topics = "register update_account automation",
      .default_text = "Ask", .help = "Do not give the e-mail address to the Electronic Frontier Foundation." },
    { OPT_ID_KEEP, "--keep-until-expiring --keep --reinstall", OPT_FLAG, AT(keep_until_expiring),
      .topics = "automation certonly run", .default_text = "Ask",
      .help = "If there is a certificate for these names already, leave it alone until it is due (with run: install it "
              "again)." },
    { OPT_ID_EXPAND, "--expand", OPT_FLAG, AT(expand), .topics = "automation", .default_text = "Ask",
      .help = "If there is a certificate for some of these names and no others, replace it by one with all of them." },
    { OPT_ID_VERSION, "--version", OPT_SPECIAL, .topics = "automation", .help = "Show the version and end." },
    { OPT_ID_FORCE_RENEWAL, "--force-renewal --renew-by-default", OPT_FLAG, AT(renew_by_default),
      .topics = "automation renew", .default_text = "False",
      .help = "Renew now, due or not. Implies --expand. CAs limit how often that may be done; --keep-until-expiring is "
              "what scripts want." },
    { OPT_ID_RENEW_WITH_NEW_DOMAINS, "--renew-with-new-domains", OPT_FLAG, AT(renew_with_new_domains),
      .topics = "automation", .default_text = "False",
      .help =
          "If the certificate called --cert-name has other names than those given, renew it with the given ones now." },
    { OPT_ID_REUSE_KEY, "--reuse-key", OPT_TRI_YES, AT(reuse_key), .remember = "reuse_key", .topics = "automation",
      .default_text = "False", .help = "Keep the private key when renewing." },
    { OPT_ID_REUSE_KEY, "--no-reuse-key", OPT_TRI_NO, AT(reuse_key), .remember = "reuse_key", .topics = "automation",
      .default_text = "True", .help = "Make a new private key at each renewal; undoes an earlier --reuse-key." },
    { OPT_ID_NEW_KEY, "--new-key", OPT_FLAG, AT(new_key), .topics = "automation", .default_text = "False",
      .help = "Make a new private key this time, even where --reuse-key holds; after that the new one is kept." },
    { OPT_ID_ALLOW_SUBSET, "--allow-subset-of-names", OPT_FLAG, AT(allow_subset_of_names),
      .remember = "allow_subset_of_names", .topics = "automation renew certonly", .default_text = "False",
      .help = "Go on without the names that could not be validated, as long as one could. Not together with --csr." },
    { OPT_ID_AGREE_TOS, "--agree-tos", OPT_FLAG, AT(agree_tos), .topics = "automation", .default_text = "Ask",
      .help = "Agree to the CA's terms of service." },
    { OPT_ID_ACCOUNT, "--account", OPT_STRING, AT(account), .metavar = "ACCOUNT_ID", .remember = "account",
      .topics = "unregister automation", .default_text = "None",
      .help = "Which account to use, by its id, where there are several." },
    { OPT_ID_DUPLICATE, "--duplicate", OPT_FLAG, AT(duplicate), .topics = "automation", .default_text = "False",
      .help = "Make a second certificate with the same names beside the one that exists; both will be renewed." },
    { OPT_ID_QUIET, "-q --quiet", OPT_FLAG, AT(quiet), .topics = "automation renew certonly run",
      .default_text = "False", .help = "Print errors only, as suits cron. Implies --non-interactive." },
    { OPT_ID_STAGING, "--test-cert --staging", OPT_FLAG, AT(staging), .topics = "testing revoke run",
      .default_text = "False",
      .help =
          "Use Let's Encrypt's staging server, whose certificates no browser trusts. Short for --server " SERVER_STAGING
          "." },
    { OPT_ID_DEBUG, "--debug", OPT_FLAG, AT(debug), .topics = "testing", .default_text = "False",
      .help = "Show everything that goes into the log on the terminal, too." },
    { OPT_ID_DEBUG_CHALLENGES, "--debug-challenges", OPT_FLAG, AT(debug_challenges), .topics = "general certonly run",
      .default_text = "False",
      .help = "Once the challenges are set up, wait for Enter before the CA is asked to look. With -v their addresses "
              "and expected "
              "contents are shown." },
    { OPT_ID_NO_VERIFY_SSL, "--no-verify-ssl", OPT_FLAG, AT(no_verify_ssl), .topics = "testing",
      .default_text = "False",
      .help = "Do not check the ACME server's certificate. To trust a CA of your own, name its file in "
              "REQUESTS_CA_BUNDLE instead." },
};
const struct opt_part opt_part_main = { rows, sizeof(rows) / sizeof(rows[0]) };
