/* lego's options, v4.35's in its order, then the names that only v5 has. */
#include "options/lego.h"
#include "options/request.h"
#include <stddef.h>

#define AT(member) .offset = offsetof(struct request, member)
#define L(member)  .offset = offsetof(struct request, lego.member)
#define CERT       (LEGO_RUN | LEGO_RENEW)

static const struct lego_opt rows[] = {
    { "domains d", LEGO_LIST, LEGO_GLOBAL, AT(domains),
      .help = "A name for the certificate; may be given several times. The first one names the files." },
    { "server s", LEGO_STRING, LEGO_GLOBAL, AT(server), "LEGO_SERVER",
      .shown = "\"https://acme-v02.api.letsencrypt.org/directory\"",
      .help =
          "The CA: the URL of its ACME directory, or a short code such as letsencrypt-staging, zerossl, googletrust." },
    { "accept-tos a", LEGO_FLAG, LEGO_GLOBAL, AT(agree_tos), .help = "Accept the CA's terms of service." },
    { "email m", LEGO_STRING, LEGO_GLOBAL, AT(email), "LEGO_EMAIL",
      .help = "Address for the account; it also names the account's folder." },
    { "disable-cn", LEGO_FLAG, LEGO_GLOBAL, L(disable_cn),
      .help = "Leave the common name of the certificate request empty." },
    { "csr c", LEGO_STRING, LEGO_GLOBAL, AT(csr),
      .help = "File of a certificate request made elsewhere (PEM or DER); the key stays there." },
    { "eab", LEGO_FLAG, LEGO_GLOBAL, L(eab), "LEGO_EAB",
      .help = "Bind the new account to one at the CA, with --kid and --hmac." },
    { "kid", LEGO_STRING, LEGO_GLOBAL, L(kid), "LEGO_EAB_KID",
      .help = "Key identifier that the CA has given out for --eab." },
    { "hmac", LEGO_STRING, LEGO_GLOBAL, L(hmac), "LEGO_EAB_HMAC", .secret = true,
      .help = "Key that the CA has given out for --eab, in base64url." },
    { "key-type k", LEGO_STRING, LEGO_GLOBAL, L(key_type), .shown = "\"ec256\"",
      .help = "Kind of private keys: rsa2048, rsa3072, rsa4096, rsa8192, ec256, ec384." },
    { "filename", LEGO_STRING, LEGO_GLOBAL, L(filename), .help = "(deprecated) Name of the certificate's files." },
    { "path", LEGO_STRING, LEGO_GLOBAL, AT(config_dir), "LEGO_PATH", .shown = "\".lego\" in the working directory",
      .help = "Folder for accounts and certificates." },
    { "http", LEGO_FLAG, LEGO_GLOBAL, L(http), .help = "Prove control of the names over HTTP (http-01)." },
    { "http.port", LEGO_STRING, LEGO_GLOBAL, L(http_port), .shown = "\":80\"",
      .help = "Where to listen for http-01: interface:port or :port." },
    { "http.delay", LEGO_DURATION, LEGO_GLOBAL, L(http_delay), .shown = "0s",
      .help = "Pause between putting up the answer and telling the CA." },
    { "http.proxy-header", LEGO_STRING, LEGO_GLOBAL, L(http_proxy_header), .shown = "\"Host\"",
      .help = "Header field that tells for which name a request is, when a proxy stands in between." },
    { "http.webroot", LEGO_STRING, LEGO_GLOBAL, L(http_webroot),
      .help = "Put the answers into .well-known/acme-challenge of this folder, which a web server serves." },
    { "http.memcached-host", LEGO_LIST, LEGO_GLOBAL, L(http_memcached_hosts),
      .help = "Put the answers into memcached, on this host:port; may be given several times." },
    { "http.s3-bucket", LEGO_STRING, LEGO_GLOBAL, L(http_s3_bucket), .help = "Put the answers into this S3 bucket." },
    { "tls", LEGO_FLAG, LEGO_GLOBAL, L(tls), .help = "Prove control of the names in a TLS handshake (tls-alpn-01)." },
    { "tls.port", LEGO_STRING, LEGO_GLOBAL, L(tls_port), .shown = "\":443\"",
      .help = "Where to listen for tls-alpn-01: interface:port or :port." },
    { "tls.delay", LEGO_DURATION, LEGO_GLOBAL, L(tls_delay), .shown = "0s",
      .help = "Pause between putting up the answer and telling the CA." },
    { "dns", LEGO_STRING, LEGO_GLOBAL, L(dns),
      .help = "Prove control of the names in the DNS (dns-01), by this provider; see dnshelp." },
    { "dns.disable-cp", LEGO_FLAG, LEGO_GLOBAL, L(dns_disable_cp),
      .help = "(deprecated) Same as dns.propagation-disable-ans." },
    { "dns.propagation-disable-ans", LEGO_FLAG, LEGO_GLOBAL, L(dns_disable_ans),
      .help = "Do not wait until all authoritative servers have the record." },
    { "dns.propagation-rns", LEGO_FLAG, LEGO_GLOBAL, L(dns_rns),
      .help = "Wait until the recursive servers have the record, too." },
    { "dns.propagation-wait", LEGO_DURATION, LEGO_GLOBAL, L(dns_wait), .shown = "0s",
      .help = "Ask no server for the record, wait this long instead." },
    { "dns.resolvers", LEGO_LIST, LEGO_GLOBAL, L(dns_resolvers),
      .help = "Recursive servers, host:port, in place of the system's." },
    { "http-timeout", LEGO_INT, LEGO_GLOBAL, L(http_timeout), .shown = "0",
      .help = "Seconds for one request to the CA." },
    { "tls-skip-verify", LEGO_FLAG, LEGO_GLOBAL, AT(no_verify_ssl),
      .help = "Believe whoever answers in the CA's place. For tests only." },
    { "dns-timeout", LEGO_INT, LEGO_GLOBAL, L(dns_timeout), .shown = "10",
      .help = "Seconds for one question to an authoritative server." },
    { "pem", LEGO_FLAG, LEGO_GLOBAL, L(pem), .help = "Write certificate and key into one file, too (.pem)." },
    { "pfx", LEGO_FLAG, LEGO_GLOBAL, L(pfx), "LEGO_PFX",
      .help = "Write certificate, chain and key as PKCS#12, too (.pfx)." },
    { "pfx.pass", LEGO_STRING, LEGO_GLOBAL, L(pfx_password), "LEGO_PFX_PASSWORD", .shown = "\"changeit\"",
      .secret = true, .help = "Password of the .pfx file." },
    { "pfx.format", LEGO_STRING, LEGO_GLOBAL, L(pfx_format), "LEGO_PFX_FORMAT", .shown = "\"RC2\"",
      .help = "How the .pfx file is encrypted: RC2, DES, SHA256." },
    { "cert.timeout", LEGO_INT, LEGO_GLOBAL, L(cert_timeout), .shown = "30",
      .help = "Seconds to wait for the certificate once it is asked for." },
    { "overall-request-limit", LEGO_INT, LEGO_GLOBAL, L(request_limit), .shown = "18",
      .help = "Requests to the CA in one second, at most." },
    { "user-agent", LEGO_STRING, LEGO_GLOBAL, AT(user_agent),
      .help = "Words to put before our own in the user agent." },

    { "no-bundle", LEGO_FLAG, CERT, L(no_bundle),
      .help = "Write the certificate alone into .crt, without its issuers." },
    { "must-staple", LEGO_FLAG, CERT, AT(must_staple),
      .help = "Ask for the TLS feature extension (OCSP must staple)." },
    { "not-before", LEGO_TIME, CERT, L(not_before), .help = "Ask for a certificate that begins then (RFC 3339)." },
    { "not-after", LEGO_TIME, CERT, L(not_after), .help = "Ask for a certificate that ends then (RFC 3339)." },
    { "private-key", LEGO_STRING, LEGO_RUN, L(private_key),
      .help = "File of the private key to use (PEM). Without it a new one is made." },
    { "preferred-chain", LEGO_STRING, CERT, AT(preferred_chain),
      .help = "Of several chains, take the one whose topmost issuer has this common name." },
    { "profile", LEGO_STRING, CERT, AT(required_profile),
      .help = "Ask for a certificate of this profile of the CA's." },
    { "always-deactivate-authorizations", LEGO_STRING, CERT, L(deactivate_authz_text),
      .help = "true: give up the authorizations when the certificate is there, too." },
    { "run-hook", LEGO_STRING, LEGO_RUN, L(run_hook), .help = "Program to run when the certificate is there." },
    { "run-hook-timeout", LEGO_DURATION, LEGO_RUN, L(run_hook_timeout), .shown = "2m0s",
      .help = "Longest time for it." },
    { "days", LEGO_INT, LEGO_RENEW, L(days), .shown = "30",
      .help = "Renew when the certificate has this many days left, or fewer." },
    { "dynamic", LEGO_FLAG, LEGO_RENEW, L(dynamic),
      .help = "Renew when a third of the lifetime is left, of short-lived certificates a half. Takes the place of "
              "--days." },
    { "ari-disable", LEGO_FLAG, LEGO_RENEW, L(ari_disable), .help = "Do not ask the CA when to renew (RFC 9773)." },
    { "ari-wait-to-renew-duration", LEGO_DURATION, LEGO_RENEW, L(ari_wait), .shown = "0s",
      .help = "Longest time to wait for the moment that the CA names." },
    { "reuse-key", LEGO_FLAG, LEGO_RENEW, L(reuse_key), .help = "Keep the private key." },
    { "renew-hook", LEGO_STRING, LEGO_RENEW, L(renew_hook),
      .help = "Program to run when the certificate was renewed." },
    { "renew-hook-timeout", LEGO_DURATION, LEGO_RENEW, L(renew_hook_timeout), .shown = "2m0s",
      .help = "Longest time for it." },
    { "no-random-sleep", LEGO_FLAG, LEGO_RENEW, L(no_random_sleep),
      .help = "Do not pause before an unattended renewal." },
    { "force-cert-domains", LEGO_FLAG, LEGO_RENEW, L(force_cert_domains),
      .help = "Renew at once when the names of the certificate are not those given, for those alone." },
    { "keep k", LEGO_FLAG, LEGO_REVOKE, L(keep), .help = "Leave the files of the revoked certificate where they are." },
    { "reason", LEGO_UINT, LEGO_REVOKE, L(reason), .shown = "0",
      .help = "Why: 0 unspecified, 1 keyCompromise, 3 affiliationChanged, 4 superseded, 5 cessationOfOperation …" },
    { "accounts a", LEGO_FLAG, LEGO_LISTS, L(accounts), .help = "Show the accounts, too." },
    { "names n", LEGO_FLAG, LEGO_LISTS, L(names), .help = "Show names alone." },
    { "code c", LEGO_STRING, LEGO_DNSHELP, L(code), .help = "The provider to explain." },

    { "eab.kid", LEGO_STRING, LEGO_ANY, L(kid), .v5 = true, .help = "See --kid." },
    { "eab.hmac", LEGO_STRING, LEGO_ANY, L(hmac), .v5 = true, .secret = true, .help = "See --hmac." },
    { "account-id", LEGO_STRING, LEGO_ANY, L(account_id), .v5 = true,
      .help = "Name of the account's folder in place of the address." },
    { "cert.name", LEGO_LIST, LEGO_REVOKE, AT(certnames), .v5 = true,
      .help = "Name of a certificate; several are revoked in turn." },
    { "cert.name", LEGO_STRING, LEGO_ANY & ~LEGO_REVOKE, AT(certname), .v5 = true,
      .help = "Name of the certificate and its files." },
    { "enable-cn", LEGO_FLAG, LEGO_ANY, L(enable_cn), .v5 = true,
      .help = "Put the first name into the request as common name." },
    { "http.address", LEGO_STRING, LEGO_ANY, L(http_port), .v5 = true, .help = "See --http.port." },
    { "tls.address", LEGO_STRING, LEGO_ANY, L(tls_port), .v5 = true, .help = "See --tls.port." },
    { "dns.propagation.disable-ans", LEGO_FLAG, LEGO_ANY, L(dns_disable_ans), .v5 = true,
      .help = "See --dns.propagation-disable-ans." },
    { "dns.propagation.disable-rns", LEGO_FLAG, LEGO_ANY, L(dns_disable_rns), .v5 = true,
      .help = "Do not wait for the recursive servers." },
    { "dns.propagation.wait", LEGO_DURATION, LEGO_ANY, L(dns_wait), .v5 = true, .help = "See --dns.propagation-wait." },
    { "dns.timeout", LEGO_INT, LEGO_ANY, L(dns_timeout), .v5 = true, .help = "See --dns-timeout." },
    { "pfx.password", LEGO_STRING, LEGO_ANY, L(pfx_password), .v5 = true, .secret = true, .help = "See --pfx.pass." },
    { "renew-days", LEGO_INT, LEGO_ANY, L(days), .v5 = true,
      .help = "Renew when this many days are left; 0: by the lifetime." },
    { "renew-force", LEGO_FLAG, LEGO_ANY, L(renew_force), .v5 = true, .help = "Renew now." },
    { "deploy-hook", LEGO_STRING, LEGO_ANY, AT(deploy_hook), .v5 = true,
      .help = "Program to run when a certificate was obtained or renewed." },
    { "deploy-hook-timeout", LEGO_DURATION, LEGO_ANY, L(deploy_hook_timeout), .v5 = true,
      .help = "Longest time for it." },
    { "pre-hook", LEGO_STRING, LEGO_ANY, AT(pre_hook), .v5 = true,
      .help = "Program to run before a certificate is ordered; when it fails, none is." },
    { "pre-hook-timeout", LEGO_DURATION, LEGO_ANY, L(pre_hook_timeout), .v5 = true, .shown = "2m0s",
      .help = "Longest time for it." },
    { "post-hook", LEGO_STRING, LEGO_ANY, AT(post_hook), .v5 = true,
      .help = "Program to run after an order, whatever came of it." },
    { "post-hook-timeout", LEGO_DURATION, LEGO_ANY, L(post_hook_timeout), .v5 = true, .shown = "2m0s",
      .help = "Longest time for it." },
    { "dns-persist", LEGO_FLAG, LEGO_ANY, L(dns_persist), .v5 = true,
      .help = "Prove control of the names by a TXT record that stays (dns-persist-01)." },
    { "dns-persist.issuer-domain-name", LEGO_STRING, LEGO_ANY, L(dns_persist_issuer), .v5 = true,
      .help = "The CA's name in that record, in place of the first one that it offers." },
    { "dns-persist.persist-until", LEGO_TIME, LEGO_ANY, L(dns_persist_until), .v5 = true,
      .help = "Until when that record is to count (RFC 3339)." },
    { "dns-persist.resolvers", LEGO_LIST, LEGO_ANY, L(dns_resolvers), .v5 = true, .help = "See --dns.resolvers." },
    { "dns-persist.timeout", LEGO_INT, LEGO_ANY, L(dns_timeout), .v5 = true, .help = "See --dns-timeout." },
    { "dns-persist.propagation.disable-ans", LEGO_FLAG, LEGO_ANY, L(dns_disable_ans), .v5 = true,
      .help = "See --dns.propagation-disable-ans." },
    { "dns-persist.propagation.disable-rns", LEGO_FLAG, LEGO_ANY, L(dns_disable_rns), .v5 = true,
      .help = "Do not wait for the recursive servers." },
    { "dns-persist.propagation.wait", LEGO_DURATION, LEGO_ANY, L(dns_wait), .v5 = true,
      .help = "See --dns.propagation-wait." },
    { "config", LEGO_STRING, LEGO_ANY, L(config), .v5 = true,
      .help = "Configuration file, in place of .lego.yml or .lego.yaml in the working directory." },
    { "json", LEGO_FLAG, LEGO_ANY, L(json), .v5 = true, .help = "List as JSON." },
    { "env-file", LEGO_STRING, LEGO_ANY, L(env_file), .v5 = true,
      .help = "File of NAME=value lines to set in the environment, for the provider and the hooks." },
    { "ipv4only 4", LEGO_FLAG, LEGO_ANY, L(ipv4_only), .v5 = true,
      .help = "Listen on IPv4 only, and ask name servers over it." },
    { "ipv6only 6", LEGO_FLAG, LEGO_ANY, L(ipv6_only), .v5 = true,
      .help = "Listen on IPv6 only, and ask name servers over it." },
    { "log.level", LEGO_STRING, LEGO_ANY, L(log_level), .v5 = true, .shown = "\"info\"",
      .help = "What is told: debug, info, warn, error." },
    { "log.format", LEGO_STRING, LEGO_ANY, L(log_format), .v5 = true,
      .help = "How it is told, on standard output: colored, text, json." },
};

const struct lego_opt *lego_opt_at(size_t i)
{
    return i < sizeof(rows) / sizeof(rows[0]) ? &rows[i] : NULL;
}

static signet_str next_name(const char **at)
{
    signet_str name, rest;
    (void)str_cut(str_of(*at), ' ', &name, &rest);
    *at = rest.n ? rest.p : "";
    return name;
}

signet_str lego_opt_name(const struct lego_opt *o)
{
    const char *at = o->names;
    return next_name(&at);
}

const struct lego_opt *lego_opt_find(signet_str name, unsigned where)
{
    for (size_t i = 0; name.n && i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *at = rows[i].names;
        while (*at && rows[i].where & where)
            if (str_eq(next_name(&at), name))
                return &rows[i];
    }
    return NULL;
}
