#include "challenge/prefs.h"

#include "base/str.h"

#define SLOTS 4u /* of SIGNET_PREFS */

/* Wildcards are proved in the DNS alone (RFC 8555 section 7.1.3), addresses never there (RFC 8738 section 7). */
static bool fits(signet_chal type, const signet_ident *id)
{
    switch (type) {
    case SIGNET_CHAL_HTTP_01:
    case SIGNET_CHAL_TLS_ALPN_01:
        return id->type == SIGNET_IDENT_IP || !str_starts(id->value, STR("*."));
    case SIGNET_CHAL_DNS_01:
    case SIGNET_CHAL_DNS_ACCOUNT_01:
    case SIGNET_CHAL_DNS_PERSIST_01:
        return id->type == SIGNET_IDENT_DNS;
    case SIGNET_CHAL_UNKNOWN:
        return false;
    }
    return false;
}

struct choice {
    uint32_t prefs;
    unsigned n;
    uint32_t seen;
    bool able; /* the solver can do one of those named, if not for this identifier */
};

static void consider(struct choice *c, signet_chal type, uint32_t types, const signet_ident *id)
{
    if (!(types & PREFS_BIT(type)))
        return;
    c->able = true;
    if (!fits(type, id) || c->seen & PREFS_BIT(type) || c->n == SLOTS)
        return;
    c->seen |= PREFS_BIT(type);
    c->prefs |= (uint32_t)type << (4 * c->n++);
}

uint32_t prefs_for(const struct request *req, uint32_t types, const signet_chal *usual, const signet_ident *id,
                   struct err *e)
{
    struct choice c = { 0 };
    for (size_t i = 0; i < req->pref_challs.n; i++)
        consider(&c, signet_chal_from_name(str_of(req->pref_challs.v[i])), types, id);
    for (size_t i = 0; !req->pref_challs.n && usual[i]; i++)
        consider(&c, usual[i], types, id);
    if (c.prefs)
        return c.prefs;
    if (!c.able)
        err_set(e, SIGNET_EINVAL, "The chosen plugin can do none of the preferred challenges");
    else
        err_set(e, SIGNET_EINVAL,
                "Client with the currently selected authenticator does not support any combination of challenges that "
                "will satisfy the CA. A plugin that answers over DNS may do.");
    return 0;
}
