#include "plan/names.h"
#include "base/buf.h"
#include <arpa/inet.h>
#include <idn2.h>
#include <stdlib.h>

#define NAME_MAX_BYTES  253
#define LABEL_MAX_BYTES 63

/* Both families in one place: the 16 (or 4) bytes of a textual address; 0 when it is none. */
static int ip_parse(signet_str s, unsigned char out[16])
{
    char z[INET6_ADDRSTRLEN];
    if (s.n == 0 || s.n >= sizeof z)
        return 0;
    memcpy(z, s.p, s.n);
    z[s.n] = '\0';
    if (inet_pton(AF_INET, z, out) == 1)
        return AF_INET;
    return inet_pton(AF_INET6, z, out) == 1 ? AF_INET6 : 0;
}

bool name_is_ip(signet_str s)
{
    unsigned char bytes[16];
    return ip_parse(s, bytes) != 0;
}

bool name_is_wildcard(signet_str s)
{
    return str_starts(s, STR("*."));
}

int name_add_ip(struct strlist *ret, signet_str given, struct err *e)
{
    unsigned char bytes[16];
    char z[INET6_ADDRSTRLEN];
    signet_str s = str_trim(given);
    int family = ip_parse(s, bytes);
    if (!family || !inet_ntop(family, bytes, z, sizeof z))
        return err_set(e, SIGNET_EUSAGE, "Requested address %.*s is not an IP address.", STR_ARG(s));
    return strlist_add_new(ret, str_of(z)) ? err_nomem(e) : 0;
}

static bool is_ascii(signet_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] >= 0x80)
            return false;
    return true;
}

/* U-labels to A-labels (RFC 5891): what a CA can be asked for. */
static int to_ascii(struct buf *to, signet_str s, struct err *e)
{
    char *z = str_dup(s);
    char *ascii = NULL;
    if (!z)
        return err_set(e, SIGNET_EUSAGE, "Requested domain holds a NUL byte.");
    int rc = idn2_to_ascii_8z(z, &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
    if (rc != IDN2_OK)
        err_set(e, SIGNET_EUSAGE, "Requested domain %s is not a valid internationalized name: %s.", z,
                idn2_strerror(rc));
    else
        buf_addz(to, ascii);
    free(z);
    idn2_free(ascii);
    if (rc == IDN2_MALLOC)
        return err_nomem(e);
    return rc == IDN2_OK ? 0 : SIGNET_EUSAGE;
}

static const char *label_fault(signet_str l)
{
    if (l.n == 0)
        return "it contains an empty label";
    if (l.n > LABEL_MAX_BYTES)
        return "a label is longer than 63 characters";
    if (l.p[0] == '-' || l.p[l.n - 1] == '-')
        return "a label begins or ends with a hyphen";
    for (size_t i = 0; i < l.n; i++) {
        char c = l.p[i];
        if (c == '_')
            return "it contains an underscore, which no public CA certifies";
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return c == '*' ? "a wildcard may only stand for the whole first label"
                            : "it contains an invalid character";
    }
    return NULL;
}

/* NULL when `s` can be ordered; else what is wrong with it. `s` is lower case ASCII without a final dot. */
static const char *domain_fault(signet_str s)
{
    signet_str rest = s, label;
    bool more = true, wild = name_is_wildcard(s);
    if (s.n == 0)
        return "it is empty";
    if (str_starts(s, STR("http://")) || str_starts(s, STR("https://")))
        return "it is a URL, of which only the name between the slashes is wanted";
    if (s.n > NAME_MAX_BYTES)
        return "it is longer than 253 characters";
    if (wild)
        rest = str_skip(rest, 2);
    while (more) {
        const char *fault;
        more = str_cut(rest, '.', &label, &rest);
        if ((fault = label_fault(label)))
            return fault;
    }
    return NULL; /* one label may do: CAs of one's own issue for "localhost" and bare host names */
}

static void lower(struct buf *b)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->p[i] >= 'A' && b->p[i] <= 'Z')
            b->p[i] = (char)(b->p[i] - 'A' + 'a');
}

int name_add_domain(struct strlist *ret, signet_str given, struct err *e)
{
    BUF_AUTO(name, 4096);
    BUF_AUTO(shown, 4096);
    signet_str s = str_trim(given);
    const char *fault;
    int rc;
    buf_add_escaped(&shown, s, 300);
    if (str_ends(s, STR(".")) && s.n > 1)
        s.n--;
    if (name_is_ip(s))
        return err_set(e, SIGNET_EUSAGE,
                       "Requested name %s is an IP address. Use --ip-address to ask for a certificate for an address.",
                       buf_z(&shown));
    if (is_ascii(s))
        buf_add(&name, s);
    else if ((rc = to_ascii(&name, s, e)))
        return rc;
    if (buf_err(&name))
        return err_set(e, SIGNET_EUSAGE, "Requested domain %s is too long.", buf_z(&shown));
    lower(&name);
    if ((fault = domain_fault(buf_str(&name))))
        return err_set(e, SIGNET_EUSAGE, "Requested domain %s is not a valid domain name because %s.", buf_z(&shown),
                       fault);
    return strlist_add_new(ret, buf_str(&name)) ? err_nomem(e) : 0;
}

int name_for_lineage(struct buf *ret, const struct strlist *domains, const struct strlist *ips, struct err *e)
{
    signet_str s = domains->n ? str_of(domains->v[0]) : ips->n ? str_of(ips->v[0]) : STR("");
    if (name_is_wildcard(s))
        s = str_skip(s, 2);
    if (s.n == 0 || str_has(s, '/') || str_eq(s, STR(".")) || str_eq(s, STR("..")))
        return err_set(e, SIGNET_EUSAGE, "A certificate cannot be named \"%.*s\".", STR_ARG(s));
    buf_clear(ret);
    buf_add(ret, s);
    return buf_err(ret) ? err_nomem(e) : 0;
}

void name_summary(struct buf *to, const struct strlist *domains, const struct strlist *ips)
{
    const char *first = domains->n ? domains->v[0] : ips->n ? ips->v[0] : "";
    size_t n = domains->n + ips->n;
    buf_addz(to, first);
    if (n == 2)
        buf_addf(to, " and %s", domains->n == 2 ? domains->v[1] : domains->n == 1 ? ips->v[0] : ips->v[1]);
    else if (n > 2)
        buf_addf(to, " and %zu more", n - 1);
}
