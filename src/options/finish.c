/* What follows from all options together. The words of errors are certbot's: scripts look for them. */
#include "options/rows.h"

#include <stdlib.h>

static int refuse(struct err *e, const char *text)
{
    return err_set(e, SIGNET_EINVAL, "%s", text);
}

/* Setting a plug-in several ways is fine as long as they agree. */
static int agree(const char **have, const char *now, struct err *e)
{
    if (!now || !*now)
        return 0;
    if (*have && **have && !str_eq(str_of(*have), str_of(now)))
        return err_set(e, SIGNET_EINVAL, "Too many flags setting configurators/installers/authenticators '%s' -> '%s'",
                       *have, now);
    *have = now;
    return 0;
}

static bool installs(const char *plugin)
{
    return str_eq(str_of(plugin), STR("nginx")) || str_eq(str_of(plugin), STR("apache"));
}

/* Flags in the order in which certbot looks at them, so that the message names the same two. */
static int plugin_order(const char *name)
{
    static const char *const first[] = { "nginx", "apache", "standalone", "webroot", "manual" };
    for (int i = 0; i < 5; i++)
        if (str_eq(str_of(name), str_of(first[i])))
            return i;
    return 5;
}

static void mark(struct request *r, enum opt_id id, enum source from)
{
    if (r->from[id] < from)
        r->from[id] = (uint8_t)from;
}

static int finish_plugins(struct request *r, struct err *e)
{
    const char *installer = r->configurator, *authenticator = r->configurator;
    int rc = agree(&installer, r->installer, e);
    if (!rc)
        rc = agree(&authenticator, r->authenticator, e);
    for (int order = 0; order <= 5 && !rc; order++)
        for (size_t i = 0; i < r->plugin_flags.n && !rc; i++) {
            const char *flag = r->plugin_flags.v[i];
            if (plugin_order(flag) != order)
                continue;
            if (installs(flag))
                rc = agree(&installer, flag, e);
            if (!rc)
                rc = agree(&authenticator, flag, e);
        }
    if (rc)
        return rc;
    enum source from = (enum source)r->from[OPT_ID_PLUGIN];
    if (r->from[OPT_ID_CONFIGURATOR] > from)
        from = (enum source)r->from[OPT_ID_CONFIGURATOR];
    if (authenticator && authenticator != r->authenticator) {
        mark(r, OPT_ID_AUTHENTICATOR, from);
        rc = str_put(&r->authenticator, str_of(authenticator));
    }
    if (!rc && installer && installer != r->installer) {
        mark(r, OPT_ID_INSTALLER, from);
        rc = str_put(&r->installer, str_of(installer));
    }
    return rc ? err_nomem(e) : 0;
}

static int finish_talk(struct request *r, struct err *e)
{
    if (r->verb == VERB_RENEW) {
        if (r->force_interactive)
            return refuse(e, "--force-interactive cannot be used with renew");
        r->noninteractive = true;
    }
    if (r->force_interactive && r->noninteractive)
        return refuse(e, "Flag for non-interactive mode and --force-interactive conflict");
    if (r->quiet)
        r->noninteractive = true;
    return 0;
}

/* --dns and --dns-for choose the authenticator "dns", but beside one of certbot's DNS plug-ins --dns-for only adds. */
static int finish_dns(struct request *r, struct err *e)
{
    unsigned seconds;
    bool given = r->from[OPT_ID_DNS] >= FROM_INI || r->from[OPT_ID_DNS_FOR] >= FROM_INI;
    if (r->dns_propagation_wait && duration_parse(str_of(r->dns_propagation_wait), &seconds))
        return err_set(e, SIGNET_EINVAL, "--dns.propagation-wait wants a time such as 90s or 2m, not \"%.60s\"",
                       r->dns_propagation_wait);
    for (size_t i = 0; i < r->dns_for.n; i++)
        if (!str_has(str_of(r->dns_for.v[i]), '='))
            return err_set(e, SIGNET_EINVAL,
                           "--dns-for wants PATTERN=PROVIDER or PATTERN=PROVIDER@PROFILE, not \"%.100s\"",
                           r->dns_for.v[i]);
    for (size_t i = 0; i < r->dns_secret.n; i++)
        if (!str_has(str_of(r->dns_secret.v[i]), '=') || str_has(str_of(r->dns_secret.v[i]), ','))
            return refuse(e, "--dns-secret wants NAME=COMMAND, without commas (put a longer command into a script)");
    if (!given || r->configurator || r->authenticator || r->plugin_flags.n)
        return 0;
    mark(r, OPT_ID_PLUGIN,
         r->from[OPT_ID_DNS] > r->from[OPT_ID_DNS_FOR] ? (enum source)r->from[OPT_ID_DNS]
                                                       : (enum source)r->from[OPT_ID_DNS_FOR]);
    return strlist_addz(&r->plugin_flags, "dns") ? err_nomem(e) : 0;
}

int duration_parse(signet_str text, unsigned *ret_s)
{
    static const struct {
        char unit;
        unsigned seconds;
    } units[] = { { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };
    enum { MOST = 7 * 86400 };
    uint64_t total = 0, n;
    text = str_trim(text);
    if (!str_u64(text, MOST, &n)) {
        *ret_s = (unsigned)n;
        return 0;
    }
    for (size_t u = 0; u < 3; u++) {
        signet_str head, tail;
        if (!str_cut(text, units[u].unit, &head, &tail))
            continue;
        if (str_u64(head, MOST, &n))
            return SIGNET_EINVAL;
        total += n * units[u].seconds;
        text = tail;
        if (!text.n && total <= MOST) {
            *ret_s = (unsigned)total;
            return 0;
        }
    }
    return SIGNET_EINVAL;
}

static bool may_rehearse(enum verb v)
{
    return v == VERB_CERTONLY || v == VERB_RENEW || v == VERB_RECONFIGURE || v == VERB_RUN || v == VERB_INSTALL ||
           v == VERB_ENHANCE;
}

/* --staging and --dry-run: Let's Encrypt's staging server, unless a rehearsal was given another one. */
static int finish_server(struct request *r, struct err *e)
{
    if ((!r->staging && !r->dry_run) || r->verb == VERB_MIGRATE)
        return 0;
    bool production = str_eq(str_of(r->server), STR(SERVER_PRODUCTION));
    if (r->staging && !production && !str_eq(str_of(r->server), STR(SERVER_STAGING)))
        return refuse(e, "--server value conflicts with --staging");
    if (r->dry_run && !may_rehearse(r->verb))
        return err_set(e, SIGNET_EINVAL,
                       "--dry-run currently only works with the 'certonly' or 'renew' subcommands ('%s')",
                       verb_name(r->verb));
    if (production && str_put(&r->server, STR(SERVER_STAGING)))
        return err_nomem(e);
    enum source from = (enum source)(r->staging ? r->from[OPT_ID_STAGING] : r->from[OPT_ID_DRY_RUN]);
    mark(r, OPT_ID_SERVER, from); /* it wins over what a lineage has stored */
    if (r->dry_run)
        r->staging = r->break_my_certs = true;
    return 0;
}

static int finish_certificate(struct request *r, struct err *e)
{
    if (r->csr && r->verb != VERB_CERTONLY)
        return refuse(e, "--csr goes with the command certonly and no other.");
    if (r->csr && r->allow_subset_of_names)
        return refuse(e, "--allow-subset-of-names cannot be used with --csr");
    if (r->must_staple && r->staple_ocsp != TRI_YES)
        r->staple_ocsp = TRI_YES;
    for (size_t i = 0; i < r->domains.n && r->allow_subset_of_names; i++)
        if (str_starts(str_of(r->domains.v[i]), STR("*.")))
            return refuse(e, "Using --allow-subset-of-names with a wildcard domain is not supported.");
    if (r->hsts == TRI_YES && r->auto_hsts)
        return refuse(e, "Parameters --hsts and --auto-hsts cannot be used simultaneously.");
    if (r->rsa_key_size < 2048 && str_eq(str_of(r->key_type), STR("rsa")))
        return err_set(e, SIGNET_EINVAL, "Unsupported RSA key length: %u", r->rsa_key_size);
    if (r->certname && !*r->certname) { /* a variable that a script did not set: not given */
        free(r->certname);
        r->certname = NULL;
    }
    if (r->certname && str_has(str_of(r->certname), '/'))
        return err_set(e, SIGNET_EINVAL, "The name of a certificate must not contain '/': %.200s", r->certname);
    return 0;
}

int request_finish(struct request *r, struct err *e)
{
    if (r->update_registration && r->verb == VERB_REGISTER)
        r->verb = VERB_UPDATE_ACCOUNT;
    /* names in cli.ini are meant for new certificates: `renew` takes those of each lineage */
    if (r->verb == VERB_RENEW && r->from[OPT_ID_DOMAINS] == FROM_INI) {
        strlist_done(&r->domains);
        r->from[OPT_ID_DOMAINS] = FROM_DEFAULT;
    }
    int rc = finish_talk(r, e);
    if (!rc)
        rc = finish_server(r, e);
    if (!rc)
        rc = finish_certificate(r, e);
    if (!rc)
        rc = finish_dns(r, e);
    if (!rc)
        rc = finish_plugins(r, e);
    if (!rc && request_map_webroots(r))
        rc = err_nomem(e);
    return rc;
}
