#include "challenge/dns_hook.h"

#include "base/fs.h"
#include "base/log.h"
#include "challenge/dns_acmesh.h"
#include "challenge/dns_config.h"
#include "client/ui.h"
#include "net/child.h"
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define ROOM        "challenge.dns"
#define SHOWN       4000u
#define SETTING_MAX 4096u

/* ---- exec: lego's two modes ---- */

/* A variable, or what the file says that NAME_FILE names, as with all providers. */
static int setting(const char *name, struct buf *to, struct err *e)
{
    BUF_AUTO(in_file, 64);
    const char *value = getenv(name), *file;
    buf_clear(to);
    buf_addf(&in_file, "%s_FILE", name);
    if (value) {
        buf_addz(to, value);
    } else if ((file = getenv(buf_z(&in_file))) && *file) {
        BUF_AUTO(text, SETTING_MAX);
        int rc = fs_read(AT_FDCWD, file, &text, e);
        if (rc)
            return err_wrap(e, "%s", buf_z(&in_file));
        buf_add(to, str_trim(buf_str(&text)));
    }
    return buf_err(to) ? err_set(e, buf_err(to), "exec: %s is too long", name) : 0;
}

static int check_exec(struct buf *program, struct buf *raw, struct err *e)
{
    int rc = setting("EXEC_PATH", program, e);
    if (rc || (rc = setting("EXEC_MODE", raw, e)))
        return rc;
    const char *path = buf_z(program), *mode = buf_z(raw);
    if (!*path) {
        err_set(e, SIGNET_EINVAL, "exec: the environment variable EXEC_PATH names no program");
        err_hint(e, "It is run as: PROGRAM present|cleanup NAME VALUE.");
        return SIGNET_EINVAL;
    }
    if (*mode && strcmp(mode, "RAW") != 0)
        return err_set(e, SIGNET_EINVAL, "exec: EXEC_MODE is RAW or nothing, not \"%.40s\"", mode);
    if (strchr(path, '/') && access(path, X_OK))
        return err_set(e, SIGNET_EINVAL, "exec: %.1000s cannot be run", path);
    return 0;
}

static void show(const char *program, const struct child_result *r)
{
    BUF_AUTO(text, 4 * SHOWN);
    buf_add_escaped(&text, str_trim(buf_str(&r->out)), SHOWN);
    if (text.n)
        log_info(ROOM, "%s: %s", program, buf_z(&text));
    buf_clear(&text);
    buf_add_escaped(&text, str_trim(buf_str(&r->err)), SHOWN);
    if (text.n)
        log_warn(ROOM, "%s: %s", program, buf_z(&text));
}

static int run_program(const struct solver_ctx *ctx, const char *what, const struct child_spec *given, struct err *e)
{
    struct child_spec spec = *given;
    spec.timeout_ms = (int64_t)ctx->req->hook_timeout * 1000;
    struct child_result r = { 0 };
    int rc = child_run(ctx->loop, &spec, &r, e);
    if (rc)
        return rc;
    show(what, &r);
    if (r.timed_out)
        rc = err_set(e, SIGNET_ESYS, "%s was still running after %u s", what, ctx->req->hook_timeout);
    else if (r.exit_code)
        rc = err_set(e, SIGNET_ESYS, "%s ended with exit status %d", what, r.exit_code);
    child_result_done(&r);
    return rc;
}

static int run_exec(const struct solver_ctx *ctx, const struct value *v, bool remove, struct err *e)
{
    const char *what = remove ? "cleanup" : "present";
    BUF_AUTO(fqdn, 2048);
    BUF_AUTO(label, 4200);
    BUF_AUTO(program, SETTING_MAX);
    BUF_AUTO(mode, SETTING_MAX);
    int rc = check_exec(&program, &mode, e);
    if (rc)
        return rc;
    buf_addf(&fqdn, "%s.", v->fqdn ? v->fqdn : v->name);
    const char *path = buf_z(&program);
    bool raw = mode.n > 0;
    if (raw && (!v->token || !v->key_auth))
        return err_set(e, SIGNET_EINVAL, "exec: the token of the challenge is not known any more");
    const char *in_raw[] = { path, what, "--", v->domain, v->token, v->key_auth, NULL };
    const char *plain[] = { path, what, buf_z(&fqdn), v->text, NULL };
    struct child_spec spec = { .argv = raw ? in_raw : plain };
    buf_addf(&label, "%s %s", path, what);
    return run_program(ctx, buf_z(&label), &spec, e);
}

/* ---- acme.sh's scripts ---- */

static int run_acmesh(const struct solver_ctx *ctx, const char *code, const struct value *v, bool remove, struct err *e)
{
    BUF_AUTO(path, 4096);
    BUF_AUTO(conf, 4200);
    BUF_AUTO(label, 4200);
    STRLIST_AUTO(env);
    int rc = dns_acmesh_find(code, ctx->req, &path, e);
    if (rc)
        return rc;
    const char *action = remove ? "rm" : "add";
    const char *argv[] = {
        "/bin/sh", "-c", acmesh_text, "signet-acmesh", buf_z(&path), action, v->fqdn ? v->fqdn : v->name, v->text, NULL
    };
    buf_addf(&conf, "SIGNET_ACMESH_CONF=%s/dns/acmesh.conf", ctx->req->config_dir);
    if (buf_err(&conf) || strlist_add(&env, buf_str(&conf)) ||
        (ctx->req->verbose_count > 1 && strlist_addz(&env, "SIGNET_ACMESH_DEBUG=2")))
        return err_nomem(e);
    buf_addf(&label, "%s (%s)", buf_z(&path), action);
    struct child_spec spec = { .argv = argv, .env = &env };
    return run_program(ctx, buf_z(&label), &spec, e);
}

/* ---- manual ---- */

static int check_manual(const struct solver_ctx *ctx, struct err *e)
{
    if ((ctx->ui && ctx->ui->interactive) || ctx->req->dns_persist) /* a record that stays may be there */
        return 0;
    err_set(e, SIGNET_EINVAL, "manual: there is nobody at a terminal who could set TXT records");
    err_hint(e, "Use --dns exec with a program, or --manual with --manual-auth-hook.");
    return SIGNET_EINVAL;
}

static void say_remove(const struct solver_ctx *ctx, const struct value *v)
{
    BUF_AUTO(text, 8192);
    buf_addf(&text, "The TXT record %s with the value %s is not needed any more; please remove it.",
             v->fqdn ? v->fqdn : v->name, v->text);
    if (ctx->ui)
        ctx->ui->ops->notify(ctx->ui, buf_z(&text));
}

static int ask_user(const struct solver_ctx *ctx, const struct value *v, struct err *e)
{
    BUF_AUTO(text, 8192);
    if (!ctx->ui || !ctx->ui->interactive)
        return err_set(e, SIGNET_ENOTFOUND,
                       "the record %s. TXT \"%s\" is not there, and there is nobody who could set it", v->fqdn,
                       v->text);
    buf_addf(&text,
             "Please add this TXT record to the zone %s, beside those that are there:\n\n%s. 120 IN TXT \"%s\"\n\n",
             v->zone, v->fqdn, v->text);
    if (strcmp(v->fqdn, v->name) != 0)
        buf_addf(&text, "(%s is an alias of that name.)\n\n", v->name);
    if (v->persist)
        buf_addz(&text, "It may stay: later certificates for the name need no other one.\n\n");
    buf_addz(&text, "Then press Enter; the zone's name servers are asked for it before the CA is told.");
    ctx->ui->ops->frame(ctx->ui, buf_z(&text), true);
    return loop_signal(ctx->loop) ? err_set(e, SIGNET_ECANCELED, "Exiting due to user request.") : 0;
}

/* ---- which ---- */

int dns_hook_check(const struct record *config, const struct solver_ctx *ctx, struct err *e)
{
    BUF_AUTO(program, SETTING_MAX);
    BUF_AUTO(mode, SETTING_MAX);
    int rc = 0;
    BUF_AUTO(path, 4096);
    for (size_t i = 0; i < config->names.n && !rc; i++) {
        const char *code = strcmp(config->names.v[i], "profile") ? "" : config->values.v[i];
        if (!strcmp(code, "exec"))
            rc = check_exec(&program, &mode, e);
        else if (!strcmp(code, "manual"))
            rc = check_manual(ctx, e);
        else if (dns_acmesh_is(code))
            rc = dns_acmesh_find(code, ctx->req, &path, e);
    }
    return rc;
}

int dns_hook_run(const struct solver_ctx *ctx, const char *code, const struct value *v, bool remove, struct err *e)
{
    if (!strcmp(code, "exec"))
        return run_exec(ctx, v, remove, e);
    if (!strcmp(code, "manual") && !remove)
        return ask_user(ctx, v, e);
    if (!strcmp(code, "manual")) {
        say_remove(ctx, v);
        return 0;
    }
    if (dns_acmesh_is(code))
        return run_acmesh(ctx, code, v, remove, e);
    return err_set(e, SIGNET_EINVAL, "there is no DNS provider \"%s\"", code);
}
