#include "client/present_tell.h"
#include "base/log.h"

#define TEXT_MAX (1u << 20)

void present_tell(struct challenge *const *c, size_t n)
{
    log_info("client", "Performing the following challenges:");
    for (size_t i = 0; i < n; i++)
        log_info("client", "%s challenge for %.*s", signet_chal_name(c[i]->type), STR_ARG(c[i]->ident.value));
}

static void describe_http(struct buf *to, const struct challenge *c)
{
    bool v6 = c->ident.type == SIGNET_IDENT_IP && str_has(c->ident.value, ':');
    buf_addf(to, "\n\nURL:\nhttp://%s%.*s%s/.well-known/acme-challenge/%.*s\nExpected value:\n%.*s", v6 ? "[" : "",
             STR_ARG(c->ident.value), v6 ? "]" : "", STR_ARG(c->token), STR_ARG(c->key_auth));
}

static void describe_record(struct buf *to, const struct challenge *c)
{
    buf_addf(to, "\n\nFQDN:\n%.*s\nExpected value:\n%.*s", STR_ARG(c->name), STR_ARG(c->value));
}

/* All challenges of some types, under a heading. */
static void section(struct buf *to, struct challenge *const *c, size_t n, const char *heading, bool http,
                    void (*describe)(struct buf *, const struct challenge *))
{
    bool first = true;
    for (size_t i = 0; i < n; i++) {
        if (c[i]->type == SIGNET_CHAL_TLS_ALPN_01 || (c[i]->type == SIGNET_CHAL_HTTP_01) != http)
            continue;
        if (first)
            buf_addf(to, "\n\n%s", heading);
        first = false;
        describe(to, c[i]);
    }
}

void present_pause(struct ui *u, struct challenge *const *c, size_t n)
{
    BUF_AUTO(text, TEXT_MAX);
    buf_addz(&text, "Challenges loaded. Press continue to submit to CA.");
    if (u->verbose > 0) {
        section(&text, c, n, "What the CA must find at these addresses:", true, describe_http);
        section(&text, c, n, "What the CA must find as TXT records of these names:", false, describe_record);
    } else {
        buf_addz(&text, "\nPass \"-v\" for more info about challenges.");
    }
    u->ops->frame(u, buf_z(&text), true);
}
