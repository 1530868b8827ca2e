/* What there is help on. Order is that of --help all. */
#include "cli/help.h"

static const struct help_topic topics[] = {
    { .name = "general", .text = "Options that every command takes, or many.", .hidden = true },
    { .name = "automation", .text = "For scripts, and for answering questions beforehand" },
    { .name = "security", .text = "Keys, and what web servers shall tell browsers" },
    { .name = "testing", .text = "For trying things out; not for a service that matters" },
    { .name = "paths", .text = "Where files are, and which server to use" },
    { .name = "manage", .text = "Commands for the certificates that there are, and their options" },
    { .name = "run",
      .brief = "Obtain or renew a certificate and install it (default)",
      .usage = "[options] [-d DOMAIN] [-d DOMAIN] ...",
      .text = "Options for obtaining and installing certificates" },
    { .name = "certonly",
      .brief = "Obtain or renew a certificate, without installing it",
      .usage = "certonly [options] [-d DOMAIN] [-d DOMAIN] ...",
      .text = "Options for obtaining certificates" },
    { .name = "renew",
      .brief = "Renew every certificate that is due, or the one named with --cert-name",
      .usage = "renew [--cert-name CERTNAME] [options]",
      .text = "Renews what is due, with the plug-ins and options with which each certificate was obtained, and sums up "
              "how it went. --dry-run tells beforehand whether that would work. Options given here are kept for the "
              "certificates that are renewed." },
    { .name = "certificates",
      .brief = "List the certificates",
      .usage = "certificates [options] ...",
      .text = "Options for listing certificates" },
    { .name = "migrate",
      .brief = "Take over accounts and certificates of lego, acme.sh, dehydrated, uacme",
      .usage = "migrate --from FOLDER [--to FOLDER] [options]",
      .text = "Options for taking over what another program, or another tree, has" },
    { .name = "explain",
      .brief = "Say what the next renew would do with each certificate, and why",
      .usage = "explain [CERTNAME] ... [options]",
      .text = "Options for explaining" },
    { .name = "status",
      .brief = "Say whether all is well, also by the exit status, for monitoring",
      .usage = "status [CERTNAME] ... [options]",
      .text =
          "Looks at each certificate, at failures that are remembered, and at whether renew is run often enough. The "
          "exit status is 0 when all is well and 1 when something needs a look." },
    { .name = "delete",
      .brief = "Delete a certificate with all its files",
      .usage = "delete --cert-name CERTNAME",
      .text = "Options for deleting certificates" },
    { .name = "revoke",
      .brief = "Revoke a certificate, named with --cert-name or --cert-path",
      .usage = "revoke [--cert-path /path/to/fullchain.pem | --cert-name example.com] [options]",
      .text = "Options for revoking certificates" },
    { .name = "register",
      .brief = "Make an account at the CA",
      .usage = "register --email user@example.com [options]",
      .text = "Options for making an account" },
    { .name = "update_account",
      .brief = "Change the contacts of the account",
      .usage = "update_account --email new@example.com [options]",
      .text = "Options for changing an account" },
    { .name = "unregister",
      .brief = "Deactivate the account for good",
      .usage = "unregister [options]",
      .text = "Options for deactivating an account" },
    { .name = "show_account",
      .brief = "Show the account as the CA has it",
      .usage = "show_account [options]",
      .text = "Options for showing an account" },
    { .name = "reconfigure",
      .brief = "Change how a certificate is renewed, after a test",
      .usage = "reconfigure --cert-name CERTNAME [options]",
      .text = "Options for changing how a certificate is renewed" },
    { .name = "install",
      .brief = "Install a certificate in a server",
      .usage = "install --cert-path /path/to/fullchain.pem --key-path /path/to/private-key [options]",
      .text = "Options for installing" },
    { .name = "enhance",
      .brief = "Make the HTTPS settings of a server stricter",
      .usage = "enhance [options]",
      .text = "Options for making the HTTPS settings of a server stricter" },
    { .name = "rollback",
      .brief = "Undo changes that were made to a server's configuration",
      .usage = "rollback --checkpoints 3 [options]",
      .text = "Options for undoing changes to a server's configuration" },
    { .name = "update_symlinks",
      .brief = "Make the links below live/ anew from the renewal files",
      .usage = "update_symlinks [options]",
      .text = "For after files were moved, or paths in a renewal file were changed, by hand" },
    { .name = "config_changes",
      .brief = "Show what was changed in a server's configuration",
      .usage = "config_changes [options]",
      .text = "Options for showing changes",
      .hidden = true },
    { .name = "plugins",
      .brief = "List the plug-ins",
      .usage = "plugins [options]",
      .text = "Which plug-in proves control over the names (authenticator), and which puts the certificate to use "
              "(installer). The command \"plugins\" lists those there are, and --help with the name of one shows its "
              "own options." },
    { .name = "apache", .text = "Proves control and installs with Apache" },
    { .name = "dns",
      .text =
          "Answers in the DNS (dns-01), with any provider. `dnshelp` lists the providers, `dnshelp -c CODE` the "
          "variables of one; `dns try CODE -d NAME` tries it without a CA; `dns check FILE` checks a description of "
          "your own" },
    { .name = "dns-cloudflare", .text = "TXT records at Cloudflare" },
    { .name = "dns-digitalocean", .text = "TXT records at DigitalOcean" },
    { .name = "dns-dnsimple", .text = "TXT records at DNSimple" },
    { .name = "dns-dnsmadeeasy", .text = "TXT records at DNS Made Easy" },
    { .name = "dns-gehirn", .text = "TXT records at Gehirn Infrastructure Service" },
    { .name = "dns-google", .text = "TXT records at Google Cloud DNS" },
    { .name = "dns-linode", .text = "TXT records at Linode" },
    { .name = "dns-luadns", .text = "TXT records at LuaDNS" },
    { .name = "dns-nsone", .text = "TXT records at NS1" },
    { .name = "dns-ovh", .text = "TXT records at OVH" },
    { .name = "dns-rfc2136", .text = "TXT records by dynamic updates (RFC 2136)" },
    { .name = "dns-route53", .text = "TXT records at Amazon Route 53; logs in as the AWS tools do" },
    { .name = "dns-sakuracloud", .text = "TXT records at Sakura Cloud" },
    { .name = "manual",
      .text =
          "Proves control by hand, or with hooks of your own. A hook finds in its environment CERTBOT_DOMAIN (the name "
          "to prove), CERTBOT_VALIDATION (what to publish), for http-01 CERTBOT_TOKEN (the name of the file to publish "
          "it in), CERTBOT_REMAINING_CHALLENGES (how many are still to come) and CERTBOT_ALL_DOMAINS (all names, with "
          "commas); the cleanup hook also CERTBOT_AUTH_OUTPUT (what the auth hook printed)." },
    { .name = "nginx", .text = "Proves control and installs with nginx" },
    { .name = "standalone",
      .text = "Runs a web server of its own for as long as the CA needs it (http-01, tls-alpn-01)" },
    { .name = "webroot", .text = "Puts files where a running web server serves them (http-01)" },
};

const struct help_topic *help_topic_at(size_t i)
{
    return i < sizeof(topics) / sizeof(topics[0]) ? &topics[i] : NULL;
}

const struct help_topic *help_topic_find(const char *name)
{
    const struct help_topic *t;
    enum verb v = verb_from_name(str_of(name)); /* "auth" is certonly */
    for (size_t i = 0; (t = help_topic_at(i)); i++)
        if (str_eq(str_of(t->name), str_of(name)) || (v != VERB_NONE && str_eq(str_of(t->name), str_of(verb_name(v)))))
            return t;
    return NULL;
}

static bool lists_commands(const char *name)
{
    static const char *const words[] = { "command", "commands", "subcommand", "subcommands", "verbs" };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_eq(str_of(words[i]), str_of(name)))
            return true;
    return false;
}

bool help_topic_known(const char *name)
{
    return str_eq(str_of(name), STR("all")) || lists_commands(name) || help_topic_find(name);
}
