/* The signer's end: asked, it answers; nothing else ever happens here. */
#include "net/role.h"
#include "sandbox/sandbox.h"
#include "talker/signer_msg.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>

struct role {
    struct signing *signing;
    bool strict, confined;
    char in[sizeof(struct signer_head) + SIGNER_BODY_MAX];
};

static int say(enum signer_type type, uint64_t id, int what, signet_str text)
{
    char out[sizeof(struct signer_head) + 2048];
    struct signer_head h = { .type = type, .id = id, .what = what };
    size_t room = sizeof(out) - sizeof(h);
    h.len = (uint32_t)(text.n < room ? text.n : room);
    memcpy(out, &h, sizeof(h));
    if (h.len)
        memcpy(out + sizeof(h), text.p, h.len);
    size_t n = sizeof(h) + h.len;
    int rc = send(ROLE_FD, out, n, MSG_NOSIGNAL) == (ssize_t)n ? 0 : SIGNET_ENET;
    explicit_bzero(out, sizeof(out));
    return rc;
}

static int refuse(const struct err *e)
{
    (void)say(SIGNER_REFUSES, 0, e->code, str_of(e->text));
    return e->code ? e->code : SIGNET_ESTATE;
}

/* The first key has been read: OpenSSL is set up, and no file is needed any more. */
static int confine(struct role *x)
{
    const struct sandbox_profile *p = sandbox_profile(SANDBOX_SIGNER);
    struct sandbox_report report;
    struct err e = { 0 };
    char words[800];
    int rc = sandbox_enter(p, &report, &e);
    if (!rc && x->strict)
        rc = sandbox_require(p, &report, &e);
    if (rc)
        return refuse(&e);
    x->confined = true;
    return say(SIGNER_SANDBOX, 0, 0, str_of(sandbox_describe(&report, words, sizeof(words))));
}

static int take_key(struct role *x, const struct signer_head *h, signet_str pem)
{
    struct key *key;
    struct err e = { 0 };
    if (h->what < 0 || h->what >= SIGN_USES)
        return SIGNET_EPROTO;
    if (key_from_pem(&key, pem, &e))
        return refuse(&e);
    int rc = signing_add_key(x->signing, h->job, (enum sign_use)h->what, key);
    return rc || x->confined ? rc : confine(x);
}

static int take_mac(struct role *x, const struct signer_head *h, signet_str body)
{
    struct sign_mac m = { .alg = (signet_alg)h->what };
    if (!x->confined || !str_cut(body, '\0', &m.kid, &m.key))
        return SIGNET_EPROTO;
    return signing_add_mac(x->signing, h->job, &m);
}

static int sign(struct role *x, const struct signer_head *h, signet_str tbs)
{
    uint8_t sig[KEY_SIG_MAX];
    size_t len = 0;
    const char *why;
    struct sign_request q = { .job = h->job, .alg = (signet_alg)h->what, .tbs = tbs };
    int rc = x->confined ? signing_sign(x->signing, &q, sig, &len, &why) : SIGNET_EPROTO;
    if (rc && !x->confined)
        return rc;
    signet_str out = rc ? str_of(why) : (signet_str){ (const char *)sig, len };
    rc = say(SIGNER_SIGNED, h->id, rc, out);
    explicit_bzero(sig, sizeof(sig));
    return rc;
}

static int take(struct role *x, const struct signer_head *h, signet_str body)
{
    if (!x->signing) {
        x->strict = h->what & SIGNER_STRICT;
        return h->type == SIGNER_CONFIG ? signing_new(&x->signing, body, h->what & SIGNER_ALLOW_HTTP) : SIGNET_EPROTO;
    }
    switch (h->type) {
    case SIGNER_KEY:
        return take_key(x, h, body);
    case SIGNER_MAC:
        return take_mac(x, h, body);
    case SIGNER_ALLOW:
        if (body.n != 32 || h->what < 0 || h->what >= SIGN_PERMITS)
            return SIGNET_EPROTO;
        return signing_allow(x->signing, h->job, (enum sign_permit)h->what, (const uint8_t *)body.p);
    case SIGNER_FORGET:
        signing_forget(x->signing, h->job);
        return 0;
    case SIGNER_SIGN:
        return sign(x, h, body);
    default:
        return SIGNET_EPROTO;
    }
}

int signer_main(void)
{
    static struct role x;
    struct signer_head h;
    ssize_t n;
    int rc = 0;
    role_settle();
    while (!rc && ((n = recv(ROLE_FD, x.in, sizeof(x.in), MSG_TRUNC)) > 0 || (n < 0 && errno == EINTR))) {
        if (n < 0)
            continue;
        if ((size_t)n < sizeof(h) || (size_t)n > sizeof(x.in))
            break;
        memcpy(&h, x.in, sizeof(h));
        rc = h.len == (size_t)n - sizeof(h) ? take(&x, &h, (signet_str){ x.in + sizeof(h), h.len }) : SIGNET_EPROTO;
        explicit_bzero(x.in, (size_t)n);
    }
    signing_free(x.signing);
    return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
