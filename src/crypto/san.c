#include "crypto/san.h"

#include <arpa/inet.h>
#include <openssl/err.h>

#define NAME_MAX_BYTES 253
#define IP_TEXT_MAX    64

int ip_to_bytes(signet_str text, uint8_t out[16], size_t *n)
{
    char z[IP_TEXT_MAX];
    uint8_t bytes[16];
    if (text.n == 0 || text.n >= sizeof z || str_has(text, '\0'))
        return SIGNET_EINVAL;
    memcpy(z, text.p, text.n);
    z[text.n] = '\0';
    bool v6 = str_has(text, ':');
    if (inet_pton(v6 ? AF_INET6 : AF_INET, z, bytes) != 1)
        return SIGNET_EINVAL;
    *n = v6 ? 16 : 4;
    memcpy(out, bytes, *n);
    return 0;
}

int ip_to_text(struct buf *to, signet_str bytes)
{
    char z[IP_TEXT_MAX];
    if (bytes.n != 4 && bytes.n != 16)
        return SIGNET_EFORMAT;
    if (!inet_ntop(bytes.n == 4 ? AF_INET : AF_INET6, bytes.p, z, sizeof z))
        return SIGNET_EFORMAT;
    buf_addz(to, z);
    return buf_err(to);
}

/* Not isalnum: that one asks the locale. */
static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-_.*", c));
}

bool san_name_ok(signet_str name)
{
    if (name.n == 0 || name.n > NAME_MAX_BYTES)
        return false;
    for (size_t i = 0; i < name.n; i++)
        if (!is_name_char(name.p[i]))
            return false;
    return true;
}

/* Puts bytes as a name of this kind at the end of the list. */
static int push(GENERAL_NAMES *g, int kind, signet_str bytes, struct err *e)
{
    GENERAL_NAME *gn = GENERAL_NAME_new();
    ASN1_STRING *s = ASN1_STRING_type_new(kind == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);
    if (!gn || !s || ASN1_STRING_set(s, bytes.p, (int)bytes.n) != 1) {
        ASN1_STRING_free(s);
        GENERAL_NAME_free(gn);
        return err_nomem(e);
    }
    GENERAL_NAME_set0_value(gn, kind, s);
    if (sk_GENERAL_NAME_push(g, gn) <= 0) {
        GENERAL_NAME_free(gn);
        return err_nomem(e);
    }
    return 0;
}

static int push_dns(GENERAL_NAMES *g, const char *name, struct err *e)
{
    if (!san_name_ok(str_of(name))) {
        BUF_AUTO(shown, 1024);
        buf_add_escaped(&shown, str_of(name), 100);
        return err_set(e, SIGNET_EINVAL, "\"%s\" is no host name that a certificate could have", buf_z(&shown));
    }
    return push(g, GEN_DNS, str_of(name), e);
}

static int push_ip(GENERAL_NAMES *g, const char *text, struct err *e)
{
    uint8_t ip[16];
    size_t n;
    if (ip_to_bytes(str_of(text), ip, &n)) {
        BUF_AUTO(shown, 1024);
        buf_add_escaped(&shown, str_of(text), 100);
        return err_set(e, SIGNET_EINVAL, "\"%s\" is no IP address", buf_z(&shown));
    }
    return push(g, GEN_IPADD, (signet_str){ (const char *)ip, n }, e);
}

int san_make(GENERAL_NAMES **ret, const struct strlist *dns, const struct strlist *ips, struct err *e)
{
    size_t n_dns = dns ? dns->n : 0, n_ips = ips ? ips->n : 0;
    if (n_dns > SAN_MAX_NAMES || n_ips > SAN_MAX_NAMES - n_dns)
        return err_set(e, SIGNET_ELIMIT, "%zu names are too many for one certificate", n_dns + n_ips);
    OSSL_AUTO(auto_gens) GENERAL_NAMES *g = sk_GENERAL_NAME_new_null();
    if (!g)
        return err_nomem(e);
    int r = 0;
    for (size_t i = 0; !r && i < n_dns; i++)
        r = push_dns(g, dns->v[i], e);
    for (size_t i = 0; !r && i < n_ips; i++)
        r = push_ip(g, ips->v[i], e);
    if (r)
        return r;
    *ret = g;
    g = NULL;
    return 0;
}

static int read_dns(const ASN1_STRING *s, struct strlist *dns, struct err *e)
{
    signet_str name = { (const char *)ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s) };
    bool odd = name.n == 0;
    for (size_t i = 0; i < name.n; i++)
        odd |= name.p[i] <= ' ' || name.p[i] == 0x7f || (uint8_t)name.p[i] >= 0x80;
    if (odd) {
        BUF_AUTO(shown, 1024);
        buf_add_escaped(&shown, name, 100);
        return err_set(e, SIGNET_EFORMAT, "it has a name that is no host name: \"%s\"", buf_z(&shown));
    }
    return strlist_add(dns, name) ? err_nomem(e) : 0;
}

static int read_ip(const ASN1_STRING *s, struct strlist *ips, struct err *e)
{
    BUF_AUTO(text, IP_TEXT_MAX);
    int r = ip_to_text(&text, (signet_str){ (const char *)ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s) });
    if (r == SIGNET_EFORMAT)
        return err_set(e, r, "it has an IP address of %d bytes", ASN1_STRING_length(s));
    return r || strlist_add(ips, buf_str(&text)) ? err_nomem(e) : 0;
}

int san_read(const GENERAL_NAMES *g, struct strlist *dns, struct strlist *ips, struct err *e)
{
    for (int i = 0; i < sk_GENERAL_NAME_num(g); i++) {
        int kind, r = 0;
        const ASN1_STRING *s = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(g, i), &kind);
        if (kind == GEN_DNS)
            r = read_dns(s, dns, e);
        else if (kind == GEN_IPADD)
            r = read_ip(s, ips, e);
        if (r)
            return r;
    }
    return 0;
}
