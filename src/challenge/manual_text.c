#include "challenge/manual_text.h"

#define TXT_STRING_MAX 255u /* of one string in a TXT record (RFC 1035 section 3.3.14) */

static bool is_dns(signet_chal type)
{
    return type == SIGNET_CHAL_DNS_01 || type == SIGNET_CHAL_DNS_ACCOUNT_01 || type == SIGNET_CHAL_DNS_PERSIST_01;
}

static void add_host(struct buf *to, const signet_ident *id)
{
    bool v6 = id->type == SIGNET_IDENT_IP && str_has(id->value, ':');
    buf_addf(to, v6 ? "[%.*s]" : "%.*s", STR_ARG(id->value));
}

static void http_text(struct buf *to, const struct challenge *c)
{
    buf_addz(to, "Make a file with exactly this content:\n\n");
    buf_add(to, c->key_auth);
    buf_addz(to, "\n\nand let your web server serve it at this address:\n\nhttp://");
    add_host(to, &c->ident);
    buf_addf(to, "/.well-known/acme-challenge/%.*s\n", STR_ARG(c->token));
    buf_addf(to,
             "\nWithout a web server, these commands serve it (as root, on the machine that the name points to; stop "
             "them with Ctrl-C when this is over):\n\n"
             "mkdir -p /tmp/acme/.well-known/acme-challenge\n"
             "cd /tmp/acme\n"
             "printf %%s %.*s > .well-known/acme-challenge/%.*s\n"
             "python3 -m http.server 80\n",
             STR_ARG(c->key_auth), STR_ARG(c->token));
}

/* How many of the challenges want a record at this one's name, and whether one of them was shown before. */
static size_t at_same_name(const struct challenge *c, struct challenge *const *all, size_t at, size_t n, bool *before)
{
    size_t same = 0;
    *before = false;
    for (size_t i = 0; i < n; i++)
        if (is_dns(all[i]->type) && str_ieq(all[i]->name, c->name)) {
            same++;
            *before |= i < at;
        }
    return same;
}

static void dns_text(struct buf *to, const struct challenge *c, struct challenge *const *all, size_t at, size_t n)
{
    bool before;
    size_t same = at_same_name(c, all, at, n, &before);
    buf_addf(to, "Add a DNS TXT record with this name:\n\n%.*s.\n\nand this value:\n\n%.*s\n", STR_ARG(c->name),
             STR_ARG(c->value));
    if (c->value.n > TXT_STRING_MAX)
        buf_addz(to, "\nThe value is longer than 255 bytes: unless your DNS provider does so itself, split it into "
                     "several strings of one record.\n");
    if (same > 1)
        buf_addf(to, "\n%zu values are needed at this name at the same time, each in a TXT record of its own: %s\n",
                 same, before ? "add this one to those you have set already, and keep them." : "the next ones follow.");
    if (c->type == SIGNET_CHAL_DNS_PERSIST_01)
        buf_addz(to, "\nThis record may stay: later certificates for the name need no other one.\n");
    buf_addf(to,
             "\nIt can take from seconds to minutes until all name servers of the zone know it. Go on when they do; "
             "this shows what the world sees:\n\ndig +short TXT %.*s.\n",
             STR_ARG(c->name));
}

static void alpn_text(struct buf *to, const struct challenge *c)
{
    const char *kind = c->ident.type == SIGNET_IDENT_IP ? "IP" : "DNS";
    buf_addf(to,
             "Let port 443 of %.*s answer TLS connections that ask for the protocol \"acme-tls/1\" (ALPN) with a "
             "self-signed certificate that has this one subject alternative name:\n\n%s:%.*s\n\nand the critical "
             "extension 1.3.6.1.5.5.7.1.31 (acmeIdentifier), an octet string with this SHA-256 digest:\n\n%.*s\n",
             STR_ARG(c->ident.value), kind, STR_ARG(c->ident.value), STR_ARG(c->value));
    buf_addf(to,
             "\nWithout a TLS server, these commands do it (as root, on the machine that the name points to; stop them "
             "with Ctrl-C when this is over):\n\n"
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /tmp/acme.key -out "
             "/tmp/acme.crt -days 7 \\\n"
             "  -subj / -addext subjectAltName=critical,%s:%.*s -addext 1.3.6.1.5.5.7.1.31=critical,DER:0420%.*s\n"
             "openssl s_server -accept 443 -key /tmp/acme.key -cert /tmp/acme.crt -alpn acme-tls/1\n",
             kind, STR_ARG(c->ident.value), STR_ARG(c->value));
}

void manual_text(struct buf *to, const struct challenge *c, struct challenge *const *all, size_t at, size_t n)
{
    switch (c->type) {
    case SIGNET_CHAL_HTTP_01:
        http_text(to, c);
        break;
    case SIGNET_CHAL_TLS_ALPN_01:
        alpn_text(to, c);
        break;
    case SIGNET_CHAL_DNS_01:
    case SIGNET_CHAL_DNS_ACCOUNT_01:
    case SIGNET_CHAL_DNS_PERSIST_01:
        dns_text(to, c, all, at, n);
        break;
    case SIGNET_CHAL_UNKNOWN:
        break;
    }
    if (at)
        buf_addz(to, "\nThis one is in addition to those before it: leave them in place.\n");
}

void manual_hint_text(struct buf *to, const struct challenge *failed, bool by_hook)
{
    const char *what = is_dns(failed->type)                  ? "DNS TXT record"
                       : failed->type == SIGNET_CHAL_HTTP_01 ? "challenge file"
                                                             : "challenge certificate";
    buf_addf(to, "The Certificate Authority did not find the %s that %s for %.*s. ", what,
             by_hook ? "the --manual-auth-hook should have set up" : "was to be set up by hand",
             STR_ARG(failed->ident.value));
    if (by_hook)
        buf_addf(to, "Check what the hook does%s.",
                 is_dns(failed->type) ? ", and that it waits until all name servers of the zone have the record" : "");
    else
        buf_addf(to, "Check that it is in the right place%s.",
                 is_dns(failed->type) ? ", and leave more time until all name servers of the zone have the record"
                                      : " and can be reached from the internet");
}
