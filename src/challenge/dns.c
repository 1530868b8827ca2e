/* dns-01 with any provider. The work is done by signet-dns; here is which value belongs to which challenge, and what
 * the journal must know of it. */
#include "base/clock.h"
#include "base/log.h"
#include "challenge/dns_config.h"
#include "challenge/dns_hook.h"
#include "challenge/dns_run.h"
#include "challenge/prefs.h"
#include "challenge/solvers.h"
#include "client/ui.h"
#include "dns/frames.h"
#include <stdio.h>
#include <stdlib.h>

#define ROOM     "challenge.dns"
#define CLEAN_MS 120000 /* for taking everything away; a second signal ends it earlier */
#define ABLE                                                                                                           \
    (PREFS_BIT(SIGNET_CHAL_DNS_01) | PREFS_BIT(SIGNET_CHAL_DNS_ACCOUNT_01) | PREFS_BIT(SIGNET_CHAL_DNS_PERSIST_01))

struct solver {
    struct solver_ctx ctx;
    struct record config;
    struct dns_shared *shared;
};

struct item {
    struct value v;
    char *domain, *name, *text, *token, *key_auth, *account; /* owned copies with NUL */
    const char *code;
    bool hooked;      /* external: a program of ours has been run for it */
    int64_t leave_ms; /* LEAVING: until then */
};

static int dns_open(struct solver **ret, const struct solver_ctx *ctx, struct err *e)
{
    struct solver *s = calloc(1, sizeof *s);
    if (!s)
        return err_nomem(e);
    s->ctx = *ctx;
    int rc = dns_config_make(&s->config, ctx->req, e);
    if (!rc)
        rc = dns_hook_check(&s->config, ctx, e);
    if (!rc)
        rc = dns_shared_get(&s->shared, ctx->loop, &s->config, e);
    if (rc) {
        record_done(&s->config);
        free(s);
        return rc;
    }
    *ret = s;
    return 0;
}

static void dns_close(struct solver *s)
{
    if (!s)
        return;
    dns_shared_put(s->shared);
    record_done(&s->config);
    free(s);
}

static uint32_t dns_prefs(struct solver *s, const signet_ident *id, struct err *e)
{
    static const signet_chal usual[] = { SIGNET_CHAL_DNS_01, SIGNET_CHAL_DNS_ACCOUNT_01, SIGNET_CHAL_UNKNOWN };
    static const signet_chal staying[] = { SIGNET_CHAL_DNS_PERSIST_01, SIGNET_CHAL_DNS_01, SIGNET_CHAL_UNKNOWN };
    const char *code;
    uint32_t prefs = prefs_for(s->ctx.req, ABLE, s->ctx.req->dns_persist ? staying : usual, id, e);
    if (prefs && dns_config_profile(&s->config, s->ctx.req, id->value, &code) < 0) {
        err_set(e, SIGNET_EINVAL, "no DNS provider is named for %.*s", STR_ARG(id->value));
        err_hint(e, "No --dns-for pattern fits it. Name the provider for all other names with --dns CODE.");
        return 0;
    }
    return prefs;
}

/* Some providers keep one value for a name or a zone: READY has told of each profile. */
static bool dns_one_by_one(const struct solver *s)
{
    const struct record *r = dns_shared_ready(s->shared);
    for (size_t i = 0; i < r->names.n; i++)
        if (!strcmp(r->names.v[i], "serial") && !strcmp(r->values.v[i], "1"))
            return true;
    return false;
}

/* ---- putting up ---- */

static void item_free(struct item *it)
{
    if (!it)
        return;
    value_done(&it->v);
    free(it->domain);
    free(it->name);
    free(it->text);
    free(it->token);
    free(it->key_auth);
    free(it->account);
    free(it);
}

static signet_str bare(signet_str name)
{
    return str_starts(name, STR("*.")) ? str_skip(name, 2) : name;
}

/* The record that stays, as lego's options change it: another of the CA's names, an end. NULL: no memory. */
static char *persist_text(const struct lego_options *o, signet_str value)
{
    BUF_AUTO(text, 4096);
    int64_t until;
    signet_str issuer, rest;
    bool cut = str_cut(value, ';', &issuer, &rest);
    buf_add(&text, o->dns_persist_issuer && o->dns_persist_issuer[0] ? str_of(o->dns_persist_issuer) : issuer);
    if (cut)
        buf_addc(&text, ';');
    buf_add(&text, rest);
    if (o->dns_persist_until && !clock_parse_rfc3339(str_of(o->dns_persist_until), &until))
        buf_addf(&text, "; persistUntil=%lld", (long long)until);
    return buf_take(&text);
}

static struct item *item_new(const struct solver *s, const struct challenge *c)
{
    struct item *it = calloc(1, sizeof *it);
    if (!it)
        return NULL;
    it->domain = str_dup(bare(c->ident.value));
    it->name = str_dup(c->name);
    it->text = c->type == SIGNET_CHAL_DNS_PERSIST_01 ? persist_text(&s->ctx.req->lego, c->value) : str_dup(c->value);
    it->token = str_dup(c->token);
    it->key_auth = str_dup(c->key_auth);
    it->account = str_dup(c->account_url);
    if (!it->domain || !it->name || !it->text || !it->token || !it->key_auth || !it->account) {
        item_free(it);
        return NULL;
    }
    int profile = dns_config_profile(&s->config, s->ctx.req, c->ident.value, &it->code);
    it->v = (struct value){ .profile = profile < 0 ? 0 : (unsigned)profile,
                            .domain = it->domain,
                            .name = it->name,
                            .text = it->text,
                            .persist = c->type == SIGNET_CHAL_DNS_PERSIST_01,
                            .ca_names = c->ca_names,
                            .account_url = it->account,
                            .method = signet_chal_name(c->type),
                            .wildcard = str_starts(c->ident.value, STR("*.")),
                            .token = it->token,
                            .key_auth = it->key_auth };
    return it;
}

static int dns_present(struct solver *s, struct challenge **c, size_t n, struct err *e)
{
    (void)e;
    for (size_t i = 0; i < n; i++) {
        struct item *it = item_new(s, c[i]);
        c[i]->priv = it;
        int rc = it ? value_present(&it->v, s->shared, &c[i]->err) : err_nomem(&c[i]->err);
        c[i]->state = rc ? CHAL_FAILED : CHAL_WAITING;
    }
    return 0;
}

static void run_hook(struct solver *s, struct item *it)
{
    struct err e = { 0 };
    it->hooked = true;
    if (dns_hook_run(&s->ctx, it->code, &it->v, false, &e) == 0 && value_placed(&it->v, &e) == 0)
        return;
    it->v.state = VALUE_FAILED;
    it->v.err = e;
}

static void settle(struct solver *s, struct challenge *c)
{
    struct item *it = c->priv;
    c->news = it->v.news;
    if (it->v.state == VALUE_FOUND && !it->hooked && dns_config_external(it->code))
        run_hook(s, it);
    if (it->v.state == VALUE_SEEN) {
        c->state = CHAL_READY;
    } else if (it->v.state == VALUE_FAILED) {
        c->state = CHAL_FAILED;
        c->err = it->v.err;
        err_wrap(&c->err, "%.*s", STR_ARG(c->ident.value));
    }
}

static void leave(struct challenge *c, const char *otherwise);

static void dns_step(struct solver *s, struct challenge **c, size_t n)
{
    dns_shared_pump(s->shared);
    int64_t now = clock_mono_ms();
    for (size_t i = 0; i < n; i++) {
        struct item *it = c[i]->priv;
        if (c[i]->state == CHAL_WAITING)
            settle(s, c[i]);
        else if (c[i]->state == CHAL_LEAVING && (!it->v.removing || now >= it->leave_ms))
            leave(c[i], "no answer in time");
    }
}

/* ---- taking away ---- */

static void begin_removing(struct solver *s, struct item *it)
{
    struct err e = { 0 };
    if (dns_config_external(it->code)) {
        int rc = it->hooked ? dns_hook_run(&s->ctx, it->code, &it->v, true, &e) : 0;
        it->v.state = rc ? VALUE_FAILED : VALUE_GONE;
        it->v.err = e;
    } else if (value_remove(&it->v, s->shared, &e)) {
        it->v.state = VALUE_FAILED;
        it->v.err = e;
    }
}

/* It is gone, or left to the next run. */
static void leave(struct challenge *c, const char *otherwise)
{
    struct item *it = c->priv;
    c->priv = NULL;
    c->state = it->v.state == VALUE_GONE ? CHAL_CLEAN : CHAL_FAILED;
    if (c->state == CHAL_FAILED)
        c->err = it->v.err;
    if (c->state == CHAL_FAILED && !c->look_gone)
        log_warn(ROOM, "The TXT record %s could not be removed now; the next run tries again: %s",
                 it->v.fqdn ? it->v.fqdn : it->name, it->v.err.code ? it->v.err.text : otherwise);
    item_free(it);
}

static void clean_one(struct solver *s, struct challenge *c)
{
    struct item *it = c->priv;
    if (!it) {
        c->state = CHAL_CLEAN;
        return;
    }
    if (c->state == CHAL_LEAVING) {
        leave(c, "interrupted");
        return;
    }
    bool nothing = it->v.state == VALUE_FAILED && !it->v.fqdn; /* it was never known where to write */
    it->v.look_gone = c->look_gone;
    if (it->v.persist || nothing) /* a record that is to stay is not ours to remove */
        it->v.state = VALUE_GONE;
    else
        begin_removing(s, it);
    if (!it->v.removing) {
        leave(c, "");
        return;
    }
    c->state = CHAL_LEAVING;
    it->leave_ms = clock_mono_ms() + CLEAN_MS;
}

static void dns_cleanup(struct solver *s, struct challenge **c, size_t n)
{
    for (size_t i = 0; i < n; i++)
        clean_one(s, c[i]);
}

/* ---- for another process ---- */

static int dns_describe(struct solver *s, const struct challenge *c, struct record *ret)
{
    const struct item *it = c->priv;
    const char *code = NULL;
    char number[16];
    int profile = dns_config_profile(&s->config, s->ctx.req, c->ident.value, &code);
    if (profile < 0 || c->type == SIGNET_CHAL_DNS_PERSIST_01)
        return 0;
    (void)snprintf(number, sizeof number, "%d", profile);
    int rc = dns_record_pack(ret, "cfg", &s->config);
    if (!rc)
        rc = record_addz(ret, "profile", number);
    if (!rc)
        rc = record_add(ret, "domain", bare(c->ident.value));
    if (!rc)
        rc = record_add(ret, "name", c->name);
    if (!rc)
        rc = record_add(ret, "value", c->value);
    if (!rc && dns_config_external(code)) { /* exec's RAW mode wants these, which are public at the CA */
        rc = record_add(ret, "token", c->token);
        rc = rc ? rc : record_add(ret, "key-auth", c->key_auth);
    }
    if (!rc && it)
        rc = record_addz(ret, "fqdn", it->v.fqdn);
    if (!rc && it)
        rc = record_addz(ret, "zone", it->v.zone);
    return rc || !it ? rc : dns_record_pack(ret, "was", &it->v.saved);
}

static int undo_value(const struct solver_ctx *ctx, const struct record *config, struct value *v, struct err *e)
{
    struct dns_shared *shared = NULL;
    struct value *list[] = { v };
    const char *code = dns_config_code(config, v->profile);
    if (dns_config_external(code))
        return dns_hook_run(ctx, code, v, true, e);
    int rc = dns_shared_get(&shared, ctx->loop, config, e);
    if (!rc)
        rc = value_remove(v, shared, e);
    if (!rc) {
        int waited = values_wait_gone(list, 1, ctx->loop, CLEAN_MS);
        if (v->state != VALUE_GONE)
            rc = v->err.code ? v->err.code : waited;
        if (rc)
            err_set(e, rc, "%s", v->err.code ? v->err.text : signet_strerror(rc));
    }
    value_done(v);
    dns_shared_put(shared);
    return rc;
}

static int dns_undo(const struct solver_ctx *ctx, const struct record *r, struct strlist *did, struct err *e)
{
    RECORD_AUTO(config);
    BUF_AUTO(text, 4096);
    struct value v = { .profile = (unsigned)record_number(r, "profile"),
                       .domain = record_get(r, "domain"),
                       .name = record_get(r, "name"),
                       .text = record_get(r, "value"),
                       .token = record_get(r, "token"),
                       .key_auth = record_get(r, "key-auth") };
    const char *fqdn = record_get(r, "fqdn"), *zone = record_get(r, "zone");
    if (!v.domain || !v.name || !v.text)
        return err_set(e, SIGNET_EFORMAT, "this is not a record of a value in the DNS");
    v.fqdn = fqdn ? str_dup(str_of(fqdn)) : NULL;
    v.zone = zone ? str_dup(str_of(zone)) : NULL;
    int rc = dns_record_unpack(r, "cfg", &config);
    if (!rc)
        rc = dns_record_unpack(r, "was", &v.saved);
    rc = rc ? err_nomem(e) : undo_value(ctx, &config, &v, e);
    value_done(&v);
    if (rc)
        return err_wrap(e, "the TXT record %s", fqdn ? fqdn : v.name);
    buf_addf(&text, "removed the TXT record of %s, which an interrupted run had left", v.domain);
    return strlist_addz(did, buf_z(&text)) ? err_nomem(e) : 0;
}

static void dns_hint(struct solver *s, const struct challenge *failed, struct buf *to)
{
    (void)s;
    signet_str name = bare(failed->ident.value);
    if (failed->type == SIGNET_CHAL_DNS_PERSIST_01) {
        buf_addf(
            to,
            "The CA does not accept the TXT record at _validation-persist.%.*s, which is there. It must name this very "
            "account, and one of the CA's names; after a change of account it must be set anew.",
            STR_ARG(name));
        return;
    }
    buf_addf(
        to,
        "The CA did not find the right TXT record at _acme-challenge.%.*s, although it was put there and seen. Perhaps "
        "it asks name servers that answer differently: compare `dig +trace TXT _acme-challenge.%.*s` from outside; or "
        "the record is not the same from everywhere in the world yet, and a longer wait (--dns.propagation-wait 2m) "
        "helps.",
        STR_ARG(name), STR_ARG(name));
}

const struct solver_ops solver_dns = {
    .name = "dns",
    .description = "Put TXT records into the DNS, with any of many providers (see --dns)",
    .types = ABLE,
    .open = dns_open,
    .prefs = dns_prefs,
    .one_by_one = dns_one_by_one,
    .present = dns_present,
    .step = dns_step,
    .cleanup = dns_cleanup,
    .hint = dns_hint,
    .describe = dns_describe,
    .undo = dns_undo,
    .close = dns_close,
};
