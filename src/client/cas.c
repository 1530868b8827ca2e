/* The CAs of a run: one talker each, opened when first needed. */
#include "base/clock.h"
#include "base/log.h"
#include "client/client.h"
#include "client/owe.h"
#include <stdlib.h>
#include <strings.h>

#define SAVED_MAX (256u * 1024u)

static void user_agent(const struct run *r, const struct request *req, struct buf *to)
{
    if (req->user_agent) {
        buf_addz(to, req->user_agent);
        if (!tree_names_accounts(r->tree)) /* lego's option adds, certbot's replaces */
            return;
        buf_addc(to, ' ');
    }
    buf_addf(to, "Signet/%s (%s; authenticator %s)", signet_version(), verb_name(req->verb),
             req->authenticator ? req->authenticator : "none");
    if (req->user_agent_comment)
        buf_addf(to, " %s", req->user_agent_comment);
}

/* What lego's options and variables say of the way to a CA. */
static void lego_ca_environment(const struct request *req, struct ca_config *c)
{
    const char *pool = secure_getenv("LEGO_CA_SYSTEM_CERT_POOL"), *name = secure_getenv("LEGO_CA_SERVER_NAME"),
               *files = secure_getenv("LEGO_CA_CERTIFICATES");
    c->request_limit = req->lego.request_limit > 0 ? (unsigned)req->lego.request_limit : 0;
    c->server_name = name && name[0] ? name : NULL;
    c->ca_list = files && files[0] ? files : NULL;
    c->ca_list_adds = pool && (!strcmp(pool, "1") || !strcasecmp(pool, "t") || !strcasecmp(pool, "true"));
}

static void slot_free(struct ca_slot *s)
{
    if (!s)
        return;
    ca_close(s->ca);
    account_free(s->account);
    free(s->server);
    free(s->had_saved);
    free(s);
}

static int order_placed(void *ctx, void *data, signet_str url)
{
    return data ? owe_order(ctx, data, url) : 0;
}

static int slot_start(struct run *r, const struct request *req, struct ca_slot *s, struct err *e)
{
    BUF_AUTO(agent, 1024);
    BUF_AUTO(saved, SAVED_MAX);
    if (!str_starts(str_of(s->server), STR("https://")))
        return err_set(e, SIGNET_EINVAL,
                       "--server %s: an ACME server is spoken to over https only (RFC 8555 section 6.1).", s->server);
    user_agent(r, req, &agent);
    if (req->no_verify_ssl)
        log_warn("client",
                 "--no-verify-ssl: whoever answers in the place of %s is believed. Anybody on the way can read and "
                 "change what is said, and get certificates for your names. Use it for tests only; for a CA of your "
                 "own, put its root into REQUESTS_CA_BUNDLE.",
                 s->server);
    directory_cache_load(r->tree, s->server, &saved);
    if (!(s->had_saved = str_dup(buf_str(&saved))))
        s->had_saved = str_dup(STR(""));
    struct ca_config c = {
        .directory_url = s->server,
        .user_agent = buf_z(&agent),
        .account_url = s->account->url,
        .account_key = s->account->key,
        .saved = str_of(s->had_saved),
        .no_verify = req->no_verify_ssl,
        .finalize_timeout_s = req->issuance_timeout,
        .http_timeout_s = req->lego.http_timeout > 0 ? (unsigned)req->lego.http_timeout : 0,
        .trace = true,
        .separate_signer = true,
        .require_sandbox = r->req->require_sandbox,
        .placed = order_placed,
        .placed_ctx = r,
    };
    if (tree_names_accounts(r->tree))
        lego_ca_environment(req, &c);
    return ca_open(&s->ca, r->loop, &c, e);
}

int cas_open(struct run *r, const struct request *req, const char *server, struct account *account,
             struct ca_slot **ret, struct err *e)
{
    struct ca_slot *s = cas_find(r, server, account->id);
    int rc;
    if (s) {
        account_free(account);
        *ret = s;
        return 0;
    }
    struct ca_slot **grown = realloc(r->slots, (r->n_slots + 1) * sizeof *grown);
    if (grown)
        r->slots = grown;
    if (!grown || !(s = calloc(1, sizeof *s))) {
        account_free(account);
        return err_nomem(e);
    }
    s->account = account;
    if (!(s->server = str_dup(str_of(server))))
        rc = err_nomem(e);
    else
        rc = slot_start(r, req, s, e);
    if (rc) {
        slot_free(s);
        return rc;
    }
    r->slots[r->n_slots++] = s;
    *ret = s;
    return 0;
}

struct ca_slot *cas_find(struct run *r, const char *server, const char *account_id)
{
    for (size_t i = 0; i < r->n_slots; i++) {
        struct ca_slot *s = r->slots[i];
        /* An account that is being registered has no id yet. */
        bool same = !account_id || (s->account->id && str_eq(str_of(s->account->id), str_of(account_id)));
        if (same && str_eq(str_of(s->server), str_of(server)))
            return s;
    }
    return NULL;
}

void cas_close(struct run *r)
{
    for (size_t i = 0; i < r->n_slots; i++) {
        struct ca_slot *s = r->slots[i];
        signet_str saved = ca_saved(s->ca);
        struct err e = { 0 };
        if (saved.n && !str_eq(saved, str_of(s->had_saved)) && directory_cache_save(r->tree, s->server, saved, &e))
            log_debug("client", "the directory is not kept for next time: %s", e.text);
        slot_free(s);
    }
    free(r->slots);
    r->slots = NULL;
    r->n_slots = 0;
}

int cas_wait(struct run *r, struct ca_slot *s, ca_job job, struct ca_event *ret, struct err *e)
{
    bool cancelled = false;
    (void)r;
    for (;;) {
        int rc = ca_next(s->ca, -1, ret);
        if (rc == SIGNET_ECANCELED && !cancelled) {
            cancelled = true;
            ca_cancel(s->ca, job);
            return err_set(e, rc, "Exiting due to user request.");
        }
        if (rc < 0)
            return err_set(e, rc, "The CA cannot be talked to any more: %s.", signet_strerror(rc));
        if (rc == 1 && ret->kind == CA_LOST)
            return err_set(e, SIGNET_ENET, "%s", ret->u.lost);
        if (rc == 1 && ret->kind == CA_DONE && ret->job == job)
            return ret->u.done.ok ? 0 : cas_problem(s, ret->u.done.problem, e);
    }
}

const char *problem_short_type(const char *type)
{
    static const char urn[] = "urn:ietf:params:acme:error:";
    return strncmp(type, urn, sizeof urn - 1) ? type : type + sizeof urn - 1;
}

/* What may be asked for instead. The names are the CA's words. */
static void profiles_hint(struct ca_slot *s, struct err *e)
{
    BUF_AUTO(names, 768);
    signet_meta meta;
    if (!ca_meta(s->ca, &meta))
        return;
    for (size_t i = 0; i < meta.n_profiles; i++) {
        buf_addz(&names, i ? ", " : "");
        buf_add_escaped(&names, meta.profiles[i], 64);
    }
    if (!meta.n_profiles)
        err_hint(e, "This CA offers no profiles: leave --required-profile away.");
    else
        err_hint(e, "The CA offers these profiles: %s.", buf_err(&names) ? "too many to list" : buf_z(&names));
}

static void problem_hint(struct ca_slot *s, const struct ca_problem *p, struct err *e)
{
    const char *t = problem_short_type(p->type);
    if (p->retry_after_s > 0)
        err_hint(e, "The CA asks not to try again for %lld seconds.", (long long)p->retry_after_s);
    else if (!strcmp(t, "externalAccountRequired"))
        err_hint(e, "This CA wants accounts bound to an existing one: get a key identifier and an HMAC key from it, "
                    "and give them with --eab-kid and --eab-hmac-key.");
    else if (!strcmp(t, "userActionRequired"))
        err_hint(e, "Visit the address that the CA names, then run this again.");
    else if (!strcmp(t, "accountDoesNotExist"))
        err_hint(e, "The CA does not know this account (any more). Check --server, or register anew with: register");
    else if (!strcmp(t, "invalidProfile"))
        profiles_hint(s, e);
    else if (!strcmp(t, "caa"))
        err_hint(e, "A CAA record of the name forbids this CA to issue. Check the domain's CAA records.");
}

int cas_problem(struct ca_slot *s, const struct ca_problem *p, struct err *e)
{
    BUF_AUTO(text, sizeof e->text);
    const char *doing = p->doing[0] ? p->doing : "talking to the CA";
    buf_addf(&text, "Failed while %s", doing);
    if (p->detail[0])
        buf_addf(&text, ": %s", p->detail);
    if (p->type[0])
        buf_addf(&text, " (%s", problem_short_type(p->type));
    if (p->http_status)
        buf_addf(&text, "%sHTTP %d", p->type[0] ? ", " : " (", p->http_status);
    if (p->type[0] || p->http_status)
        buf_addc(&text, ')');
    if (p->url[0])
        buf_addf(&text, " [%s]", p->url);
    for (size_t i = 0; i < p->n_sub && i < 20; i++)
        buf_addf(&text, "\n  %s: %s: %s", p->sub[i].ident, problem_short_type(p->sub[i].type), p->sub[i].detail);
    err_set(e, p->code ? p->code : SIGNET_EPROTO, "%s", buf_z(&text));
    problem_hint(s, p, e);
    return e ? e->code : p->code;
}
