#include "base/log.h"
#include "challenge/manual_text.h"
#include "challenge/prefs.h"
#include "challenge/solvers.h"
#include "client/ui.h"
#include "deploy/hook.h"
#include <stdlib.h>

#define ROOM         "challenge.manual"
#define VARIABLE_MAX 120000u /* the kernel takes 128 KiB for one variable */

struct solver {
    struct solver_ctx ctx;
};

/* A challenge whose auth hook was started, or whose text was shown: what cleanup needs. */
struct started {
    struct strlist env; /* of its auth hook */
};

static bool by_hook(const struct solver *s)
{
    return s->ctx.req->manual_auth_hook && *s->ctx.req->manual_auth_hook;
}

static int manual_open(struct solver **ret, const struct solver_ctx *ctx, struct err *e)
{
    const struct request *req = ctx->req;
    struct solver probe = { .ctx = *ctx };
    if (!by_hook(&probe) && (req->noninteractive || !ctx->ui || !ctx->ui->interactive))
        return err_set(
            e, SIGNET_EINVAL,
            "Nobody is here to set challenges up by hand: name a program that does with --manual-auth-hook.");
    int rc = req->disable_hook_validation ? 0 : hook_check(req->manual_auth_hook, "manual-auth", e);
    if (!rc && !req->disable_hook_validation)
        rc = hook_check(req->manual_cleanup_hook, "manual-cleanup", e);
    if (rc)
        return rc;
    struct solver *s = malloc(sizeof *s);
    if (!s)
        return err_nomem(e);
    *s = probe;
    *ret = s;
    return 0;
}

static void manual_close(struct solver *s)
{
    free(s);
}

#define ABLE                                                                                                           \
    (PREFS_BIT(SIGNET_CHAL_HTTP_01) | PREFS_BIT(SIGNET_CHAL_DNS_01) | PREFS_BIT(SIGNET_CHAL_TLS_ALPN_01) |             \
     PREFS_BIT(SIGNET_CHAL_DNS_ACCOUNT_01) | PREFS_BIT(SIGNET_CHAL_DNS_PERSIST_01))

static uint32_t manual_prefs(struct solver *s, const signet_ident *id, struct err *e)
{
    static const signet_chal usual[] = { SIGNET_CHAL_HTTP_01, SIGNET_CHAL_DNS_01, SIGNET_CHAL_DNS_PERSIST_01,
                                         SIGNET_CHAL_UNKNOWN };
    return prefs_for(s->ctx.req, ABLE, usual, id, e);
}

/* ---- the hooks' environment (contract.md A8) ---- */

static signet_str bare(signet_str name)
{
    return str_starts(name, STR("*.")) ? str_skip(name, 2) : name;
}

static int set(struct strlist *env, const char *name, signet_str value)
{
    BUF_AUTO(text, VARIABLE_MAX + 256);
    buf_addf(&text, "%s=", name);
    buf_add(&text, value);
    return buf_err(&text) || strlist_add(env, buf_str(&text)) ? SIGNET_ENOMEM : 0;
}

/* Every name of the challenges that are due together, an apex twice when its wildcard is among them. Those of the order
 * serve when only some of its challenges came. */
static int set_all_names(struct strlist *env, const struct challenge *c, struct challenge *const *all, size_t n)
{
    STRLIST_AUTO(names);
    bool whole = n == c->total || !c->all_names;
    size_t count = whole ? n : c->all_names->n;
    for (size_t i = 0; i < count; i++)
        if (strlist_add(&names, bare(whole ? all[i]->ident.value : str_of(c->all_names->v[i]))))
            return SIGNET_ENOMEM;
    int rc = hook_env_words(env, "CERTBOT_ALL_DOMAINS", &names, ",", VARIABLE_MAX);
    return rc ? rc : hook_env_words(env, "CERTBOT_ALL_IDENTIFIERS", &names, ",", VARIABLE_MAX);
}

static signet_str validation_of(const struct challenge *c)
{
    return c->type == SIGNET_CHAL_HTTP_01 ? c->key_auth : c->value;
}

static int make_env(struct strlist *env, const struct challenge *c, struct challenge *const *all, size_t n)
{
    signet_str name = bare(c->ident.value);
    BUF_AUTO(left, 32);
    buf_addf(&left, "%u", c->left);
    if (set(env, "CERTBOT_DOMAIN", name) || set(env, "CERTBOT_IDENTIFIER", name) ||
        set(env, "CERTBOT_VALIDATION", validation_of(c)) || set_all_names(env, c, all, n) ||
        set(env, "CERTBOT_REMAINING_CHALLENGES", buf_str(&left)))
        return SIGNET_ENOMEM;
    return c->type == SIGNET_CHAL_HTTP_01 ? set(env, "CERTBOT_TOKEN", c->token) : 0;
}

/* What the auth hook printed, as a variable can hold it: white space around it dropped, no NUL, not longer than the
 * kernel allows. */
static char *as_variable(signet_str out)
{
    BUF_AUTO(clean, VARIABLE_MAX);
    out = str_trim(out);
    if (out.n > VARIABLE_MAX) {
        log_warn(ROOM, "Limiting CERTBOT_AUTH_OUTPUT environment variable to %uk characters", VARIABLE_MAX / 1000);
        out.n = VARIABLE_MAX;
    }
    while (out.n) {
        signet_str part;
        str_cut(out, '\0', &part, &out);
        buf_add(&clean, part);
    }
    return buf_take(&clean);
}

/* ---- by hook ---- */

static int run(const struct solver *s, const char *label, const char *command, const struct challenge *c,
               const struct strlist *env, struct buf *out)
{
    char *name = str_dup(bare(c->ident.value));
    if (!name)
        return SIGNET_ENOMEM;
    struct hook hook = {
        .label = label, .subject = name, .command = command, .env = env, .timeout_s = s->ctx.req->hook_timeout
    };
    int rc = hook_run(s->ctx.loop, s->ctx.ui, &hook, out);
    free(name);
    return rc;
}

static int start(struct challenge *c, struct challenge *const *all, size_t n)
{
    struct started *st = calloc(1, sizeof *st);
    if (!st)
        return err_nomem(&c->err);
    c->priv = st;
    return make_env(&st->env, c, all, n) ? err_nomem(&c->err) : 0;
}

/* A hook that fails does not stop its challenge: the CA may find the answer all the same, as it may with certbot. */
static int put_up_by_hook(struct solver *s, struct challenge *c, struct challenge *const *all, size_t n)
{
    BUF_AUTO(out, 2u << 20);
    int rc = start(c, all, n);
    if (rc)
        return rc;
    struct started *st = c->priv;
    rc = run(s, "--manual-auth-hook", s->ctx.req->manual_auth_hook, c, &st->env, &out);
    if (rc < 0)
        return err_set(&c->err, rc, "Exiting due to user request (while the --manual-auth-hook for %.*s was running).",
                       STR_ARG(c->ident.value));
    free(c->auth_output);
    c->auth_output = as_variable(buf_str(&out));
    return c->auth_output ? 0 : err_nomem(&c->err);
}

/* ---- by hand ---- */

static int put_up_by_hand(struct solver *s, struct challenge *c, struct challenge *const *all, size_t at, size_t n)
{
    BUF_AUTO(text, 1u << 16);
    struct ui *ui = s->ctx.ui;
    manual_text(&text, c, all, at, n);
    if (buf_err(&text))
        return err_nomem(&c->err);
    ui->ops->frame(ui, buf_z(&text), true);
    return loop_signal(s->ctx.loop) ? err_set(&c->err, SIGNET_ECANCELED, "Exiting due to user request.") : 0;
}

static int manual_present(struct solver *s, struct challenge **c, size_t n, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; i < n; i++) {
        if (!rc)
            rc = by_hook(s) ? put_up_by_hook(s, c[i], c, n) : put_up_by_hand(s, c[i], c, i, n);
        else
            c[i]->err = c[i - 1]->err;
        c[i]->state = rc ? CHAL_FAILED : CHAL_READY;
    }
    if (!n || c[0]->state == CHAL_READY)
        return 0;
    if (e)
        *e = c[0]->err;
    return rc;
}

static void manual_cleanup(struct solver *s, struct challenge **c, size_t n)
{
    const char *command = s->ctx.req->manual_cleanup_hook;
    for (size_t i = 0; i < n; i++) {
        struct started *st = c[i]->priv;
        c[i]->priv = NULL;
        c[i]->state = CHAL_CLEAN;
        if (!st)
            continue;
        int rc = set(&st->env, "CERTBOT_AUTH_OUTPUT", str_of(c[i]->auth_output));
        if (!rc && command && *command)
            rc = run(s, "--manual-cleanup-hook", command, c[i], &st->env, NULL);
        if (rc < 0)
            log_warn(ROOM, "The --manual-cleanup-hook for %.*s was not run to its end: %s", STR_ARG(c[i]->ident.value),
                     signet_strerror(rc));
        strlist_done(&st->env);
        free(st);
    }
}

/* ---- for another process ---- */

static int manual_describe(struct solver *s, const struct challenge *c, struct record *ret)
{
    const struct request *req = s->ctx.req;
    const struct started *st = c->priv;
    STRLIST_AUTO(env);
    BUF_AUTO(timeout, 32);
    struct challenge copy = *c;
    struct challenge *all[] = { &copy };
    if (!by_hook(s) || !req->manual_cleanup_hook || !*req->manual_cleanup_hook)
        return 0;
    int rc = st ? strlist_copy(&env, &st->env) : make_env(&env, c, all, 1);
    if (!rc && c->auth_output)
        rc = set(&env, "CERTBOT_AUTH_OUTPUT", str_of(c->auth_output));
    buf_addf(&timeout, "%u", req->hook_timeout);
    if (!rc)
        rc = record_addz(ret, "command", req->manual_cleanup_hook);
    if (!rc)
        rc = record_add(ret, "name", bare(c->ident.value));
    if (!rc)
        rc = record_addz(ret, "timeout", buf_z(&timeout));
    return rc ? rc : record_add_list(ret, "env", &env);
}

static int manual_undo(const struct solver_ctx *ctx, const struct record *r, struct strlist *did, struct err *e)
{
    STRLIST_AUTO(env);
    BUF_AUTO(text, 1024);
    const char *name = record_get(r, "name");
    struct hook hook = { .label = "--manual-cleanup-hook",
                         .subject = name,
                         .command = record_get(r, "command"),
                         .env = &env,
                         .timeout_s = (unsigned)record_number(r, "timeout") };
    if (!hook.command || !name)
        return err_set(e, SIGNET_EFORMAT, "this is not a record of a challenge that was set up by a hook");
    if (record_get_list(r, "env", &env))
        return err_nomem(e);
    int rc = hook_run(ctx->loop, ctx->ui, &hook, NULL);
    if (rc < 0)
        return err_set(e, rc, "the --manual-cleanup-hook for %s was not run to its end", name);
    buf_addf(&text, "ran the --manual-cleanup-hook for %s, whose challenge an interrupted run had set up", name);
    return strlist_addz(did, buf_z(&text)) ? err_nomem(e) : 0;
}

static void manual_hint(struct solver *s, const struct challenge *failed, struct buf *to)
{
    manual_hint_text(to, failed, by_hook(s));
}

const struct solver_ops solver_manual = {
    .name = "manual",
    .description = "Set the answers up yourself, by hand or by scripts of your own",
    .types = ABLE,
    .open = manual_open,
    .prefs = manual_prefs,
    .present = manual_present,
    .cleanup = manual_cleanup,
    .hint = manual_hint,
    .describe = manual_describe,
    .undo = manual_undo,
    .close = manual_close,
};
