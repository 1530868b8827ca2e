#include "dns/natives.h"

#include "base/str.h"

static const struct native natives[] = {
    { "rfc2136",
      "dnsupdate nsupdate",
      "DNS UPDATE (RFC 2136)",
      "Writes to a name server that takes dynamic updates: bind9, Knot DNS, PowerDNS, Windows … Each variable is also "
      "read as DNSUPDATE_…; of certbot's file dns_rfc2136_server, _port, _name, _secret and _algorithm.",
      { { "RFC2136_NAMESERVER", "server for updates, HOST or HOST:PORT; without it the zone's primary" },
        { "RFC2136_TSIG_KEY", "name of the TSIG key" },
        { "RFC2136_TSIG_SECRET", "its secret, in base64" },
        { "RFC2136_TSIG_ALGORITHM", "hmac-md5, hmac-sha1 (default), hmac-sha224, -sha256, -sha384, -sha512" },
        { "RFC2136_TSIG_FILE", "in place of the three: a key file as tsig-keygen writes it" },
        { "DNSUPDATE_ZONES", "zones of the server, with commas; the longest that the name ends in is written to" },
        { "RFC2136_TTL", "TTL of the record (120)" },
        { "RFC2136_PROPAGATION_TIMEOUT", "seconds until it must be seen everywhere (60)" },
        { "RFC2136_POLLING_INTERVAL", "longest pause between two looks, in seconds (2)" },
        { "RFC2136_DNS_TIMEOUT", "seconds that an update may take (10)" } } },
    { "exec",
      "",
      "External program",
      "Runs a program: PROGRAM present|cleanup NAME VALUE; then looks for the record.",
      { { "EXEC_PATH", "the program" },
        { "EXEC_MODE", "RAW: it is called with -- DOMAIN TOKEN KEY-AUTHORIZATION instead" },
        { "EXEC_SEQUENCE_INTERVAL", "set to anything: one name after another, each cleaned up before the next" },
        { "EXEC_PROPAGATION_TIMEOUT", "seconds until the record must be seen everywhere (60)" },
        { "EXEC_POLLING_INTERVAL", "longest pause between two looks, in seconds (2)" } } },
    { "acme-dns",
      "acmedns joohoi",
      "acme-dns",
      "A small name server only for challenges, to which _acme-challenge is delegated once by a CNAME. An account is "
      "made by itself, and the CNAME to set is printed.",
      { { "ACME_DNS_API_BASE", "address of the server's API, such as https://auth.example.org" },
        { "ACME_DNS_STORAGE_PATH", "file that keeps the accounts (JSON, as goacmedns writes it)" },
        { "ACME_DNS_STORAGE_BASE_URL", "server that keeps them in its place: one account at BASE/DOMAIN" },
        { "ACME_DNS_ALLOWLIST", "networks that may use a new account, with commas" } } },
    { "manual",
      "",
      "By hand",
      "Says which record to set, waits for Enter, then looks for it.",
      { { "MANUAL_PROPAGATION_TIMEOUT", "seconds until it must be seen everywhere (60)" },
        { "MANUAL_POLLING_INTERVAL", "longest pause between two looks, in seconds (2)" } } },
};

const struct native *native_at(size_t i)
{
    return i < sizeof(natives) / sizeof(natives[0]) ? &natives[i] : NULL;
}

const struct native *native_find(const char *code)
{
    const struct native *n;
    for (size_t i = 0; (n = native_at(i)); i++) {
        signet_str rest = str_of(n->also), word;
        if (!strcmp(code, n->code))
            return n;
        while (rest.n) {
            str_cut(rest, ' ', &word, &rest);
            if (str_eq(word, str_of(code)))
                return n;
        }
    }
    return NULL;
}
