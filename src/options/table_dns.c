/* dns-01: lego's options and our own. Those of certbot's DNS plug-ins are in table_plugins.c. */
#include "options/rows.h"

static const struct opt rows[] = {
    { OPT_ID_DNS, "--dns", OPT_STRING, AT(dns_provider), .metavar = "CODE", .extra = true, .remember = "dns_provider",
      .topics = "dns", .default_text = "None",
      .help = "Prove control of the names by TXT records, put up with this DNS provider: cloudflare, route53, rfc2136, "
              "exec … (`signet dnshelp` lists all). Credentials come from the environment, as with lego." },
    { OPT_ID_DNS_FOR, "--dns-for", OPT_LIST, AT(dns_for), .metavar = "PATTERN=PROVIDER[@PROFILE]", .extra = true,
      .remember = "dns_for", .topics = "dns", .default_text = "[]",
      .help = "Another provider, or another set of credentials, for some of the names: '*.example.net=route53', "
              "'example.org=cloudflare@customer'. May be repeated; the first that fits is taken, --dns for the rest. "
              "PROFILE is an INI file with the provider's variables: a path, or CONFIG_DIR/dns/PROFILE.ini." },
    { OPT_ID_DNS_SECRET, "--dns-secret", OPT_LIST, AT(dns_secret), .metavar = "NAME=COMMAND", .extra = true,
      .remember = "dns_secret", .topics = "dns", .default_text = "[]",
      .help = "Take the variable NAME from what COMMAND prints, each time it is needed." },
    { OPT_ID_DNS_RESOLVERS, "--dns.resolvers --dns-resolvers", OPT_LIST, AT(dns_resolvers), .metavar = "HOST:PORT",
      .comma = true, .extra = true, .remember = "dns_resolvers", .topics = "dns", .default_text = "the system's",
      .help = "Recursive DNS servers that are asked for zones and their name servers. May be repeated." },
    { OPT_ID_DNS_TIMEOUT, "--dns-timeout --dns.timeout", OPT_UINT, AT(dns_timeout), .metavar = "SECONDS", .max = 600,
      .extra = true, .remember = "dns_timeout", .topics = "dns", .default_text = "10",
      .help = "How long a zone's name server may take to answer." },
    { OPT_ID_DNS_WAIT, "--dns.propagation-wait --dns.propagation.wait --dns-propagation-wait", OPT_STRING,
      AT(dns_propagation_wait), .metavar = "TIME", .extra = true, .remember = "dns_propagation_wait", .topics = "dns",
      .default_text = "None", .help = "Wait for this time (90s, 2m) in place of looking for the record." },
    { OPT_ID_DNS_SKIP,
      "--dns.propagation-disable-ans --dns.propagation.disable-ans --dns.disable-cp --dns-propagation-disable-ans",
      OPT_FLAG, AT(dns_skip_authoritative), .extra = true, .remember = "dns_propagation_disable_ans", .topics = "dns",
      .default_text = "False", .help = "Do not ask the zone's own name servers whether the record is there." },
    { OPT_ID_DNS_RECURSIVE, "--dns.propagation-rns --dns.propagation.rns --dns-propagation-rns", OPT_FLAG,
      AT(dns_ask_recursive), .extra = true, .remember = "dns_propagation_rns", .topics = "dns", .default_text = "False",
      .help = "Ask the recursive servers, too." },
    { OPT_ID_DNS_PERSIST, "--dns-persist", OPT_FLAG, AT(dns_persist), .extra = true, .remember = "dns_persist",
      .topics = "dns", .default_text = "False",
      .help = "Prove control by a record that stays (dns-persist-01), where the CA offers it: it is set once, or shown "
              "once with --dns manual, and later renewals only look whether it is there." },
    { OPT_ID_DNS_DIR, "--dns-provider-dir", OPT_PATH, AT(dns_provider_dir), .metavar = "DIR", .extra = true,
      .remember = "dns_provider_dir", .topics = "dns", .default_text = "/etc/signet/providers",
      .help = "Folder with provider descriptions of your own (CODE.yaml); they come before those built in." },
};
const struct opt_part opt_part_dns = { rows, sizeof(rows) / sizeof(rows[0]) };
