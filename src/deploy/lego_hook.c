#include "deploy/lego_hook.h"

#include "base/fs.h"
#include "base/log.h"
#include "client/ui.h"
#include "net/child.h"
#include <fcntl.h>
#include <stdlib.h>

#define ROOM           "deploy.hooks"
#define ARGS_MAX       256
#define PATH_MAX_BYTES ((size_t)8192)
#define LINE_SHOWN     ((size_t)128 * 1024) /* bytes of one line of a hook's output */

/* ---- what it is told ---- */

static int add(struct strlist *env, bool v5, const char *name, const char *value)
{
    BUF_AUTO(text, 128u * 1024u);
    buf_addf(&text, v5 ? "LEGO_HOOK_%s=%s" : "LEGO_%s=%s", name, value ? value : "");
    return buf_err(&text) ? buf_err(&text) : strlist_add(env, buf_str(&text));
}

static int add_path(struct strlist *env, bool v5, const char *name, const char *place, const char *ext)
{
    BUF_AUTO(path, PATH_MAX_BYTES);
    buf_addf(&path, "%s%s", place, ext);
    return buf_err(&path) ? buf_err(&path) : add(env, v5, name, buf_z(&path));
}

static int add_paths(struct strlist *env, const struct lego_options *o, const char *place)
{
    BUF_AUTO(issuer, PATH_MAX_BYTES);
    buf_addf(&issuer, "%s.issuer.crt", place);
    int rc = add_path(env, o->v5, "CERT_PATH", place, ".crt");
    if (!rc)
        rc = add_path(env, o->v5, "CERT_KEY_PATH", place, ".key");
    if (!rc && fs_exists(AT_FDCWD, buf_z(&issuer)))
        rc = add(env, o->v5, "ISSUER_CERT_PATH", buf_z(&issuer));
    if (!rc && o->pem)
        rc = add_path(env, o->v5, "CERT_PEM_PATH", place, ".pem");
    if (!rc && o->pfx)
        rc = add_path(env, o->v5, "CERT_PFX_PATH", place, ".pfx");
    return rc;
}

static int add_v5(struct strlist *env, const struct request *r, const char *place, const struct strlist *names)
{
    BUF_AUTO(all, 64u * 1024u);
    const char *slash = strrchr(place, '/');
    strlist_join(names, ",", &all);
    int rc = buf_err(&all) ? buf_err(&all) : add(env, true, "CERT_DOMAINS", buf_z(&all));
    if (!rc)
        rc = add(env, true, "ACCOUNT_ID", r->account);
    if (!rc)
        rc = add(env, true, "ACCOUNT_SERVER", r->server);
    if (!rc)
        rc = add(env, true, "CERT_NAME", r->certname ? r->certname : names->n ? names->v[0] : "");
    if (!rc)
        rc = add(env, true, "CERT_NAME_SANITIZED", slash ? slash + 1 : place);
    return rc ? rc : add(env, true, "CERT_KEY_TYPE", r->lego.key_type);
}

static int environment(const struct request *r, const char *place, const struct strlist *names, struct strlist *env)
{
    bool v5 = r->lego.v5;
    int rc = add(env, v5, "ACCOUNT_EMAIL", r->email);
    return rc ? rc : v5 ? add_v5(env, r, place, names) : add(env, false, "CERT_DOMAIN", names->n ? names->v[0] : "");
}

/* ---- running it ---- */

static int split(struct strlist *to, const char *command)
{
    signet_str rest = str_trim(str_of(command));
    while (rest.n) {
        size_t n = 0;
        while (n < rest.n && !strchr(" \t\n\v\f\r", rest.p[n]))
            n++;
        if (to->n == ARGS_MAX)
            return SIGNET_ELIMIT;
        int rc = strlist_add(to, (signet_str){ rest.p, n });
        if (rc)
            return rc;
        rest = str_trim(str_skip(rest, n));
    }
    return 0;
}

static void print(struct ui *ui, const struct buf *text, size_t lost)
{
    BUF_AUTO(shown, 4u * LINE_SHOWN + 16);
    signet_str rest = buf_str(text), line;
    while (rest.n) {
        (void)str_cut(rest, '\n', &line, &rest);
        buf_clear(&shown);
        buf_add_escaped(&shown, line, LINE_SHOWN);
        ui->ops->frame(ui, buf_z(&shown), false);
    }
    buf_clear(&shown);
    buf_addf(&shown, "(%zu more bytes are not shown)", lost);
    if (lost)
        ui->ops->frame(ui, buf_z(&shown), false);
}

struct call {
    const char *command;
    const struct strlist *env;
    unsigned timeout_s;
    const char *then; /* for the hint: how things stand when it has failed */
};

static int judge(const struct child_result *c, const struct call *k, struct err *e)
{
    if (c->timed_out) {
        err_set(e, SIGNET_ETIMEOUT, "hook timed out");
        err_hint(e, "%s was still running after %u seconds and was ended. %s", k->command, k->timeout_s, k->then);
        return SIGNET_ETIMEOUT;
    }
    if (!c->exit_code)
        return 0;
    err_set(e, SIGNET_EINVAL, "wait command: exit status %d", c->exit_code);
    err_hint(e, "The hook %s has failed. %s", k->command, k->then);
    return SIGNET_EINVAL;
}

static int run(struct hooks *h, const struct call *k, struct err *e)
{
    STRLIST_AUTO(words);
    struct child_result c = { 0 };
    int rc = split(&words, k->command);
    if (rc)
        return err_set(e, rc, "the hook has too many arguments");
    if (!words.n)
        return 0;
    struct child_spec spec = { .argv = (const char *const *)words.v,
                               .env = k->env,
                               .timeout_ms = (int64_t)k->timeout_s * 1000 };
    log_debug(ROOM, "running the hook %s", k->command);
    if ((rc = child_run(h->loop, &spec, &c, e)))
        return rc == SIGNET_ECANCELED ? rc : err_wrap(e, "start command");
    print(h->ui, &c.out, c.out_lost);
    print(h->ui, &c.err, c.err_lost);
    rc = judge(&c, k, e);
    child_result_done(&c);
    return rc;
}

int lego_hooks_deploy(struct hooks *h, const struct strlist *commands, const char *place, const struct strlist *names,
                      unsigned timeout_s, struct err *e)
{
    STRLIST_AUTO(env);
    if (environment(h->lego, place, names, &env) || add_paths(&env, &h->lego->lego, place))
        return err_nomem(e);
    int rc = 0;
    for (size_t i = 0; !rc && i < commands->n; i++) {
        struct call k = { commands->v[i], &env, timeout_s, "The certificate is in place." };
        bool begins = loop_signal(h->loop) == 0;
        rc = run(h, &k, e);
        if (h->watch && begins)
            h->watch->ran(h->watch->ctx, false, commands->v[i]);
    }
    return rc;
}

/* ---- before and after ---- */

static unsigned seconds(int64_t ms)
{
    return (unsigned)((ms + 999) / 1000);
}

static void post_done(struct hooks *h, const char *command)
{
    if (h->watch)
        h->watch->ran(h->watch->ctx, true, command);
}

int lego_hooks_pre(struct hooks *h, const struct request *req, const char *place, const struct strlist *names,
                   struct err *e)
{
    STRLIST_AUTO(env);
    bool due = req->post_hook && req->post_hook[0];
    if (due && h->watch)
        h->watch->post_due(h->watch->ctx, req->post_hook, seconds(req->lego.post_hook_timeout));
    if (!req->pre_hook || !req->pre_hook[0])
        return 0;
    struct call k = { req->pre_hook, &env, seconds(req->lego.pre_hook_timeout), "Nothing was ordered." };
    int rc = environment(req, place, names, &env) ? err_nomem(e) : run(h, &k, e);
    /* one that ended by itself knows what it has left; one that was cut short cannot */
    if (rc == SIGNET_ETIMEOUT || rc == SIGNET_ECANCELED)
        lego_hooks_post(h, req, place, names, false);
    else if (rc && due)
        post_done(h, req->post_hook);
    return rc ? err_wrap(e, "pre hook") : 0;
}

/* The signal that ended the attempt does not end this; the next one does. */
static void post(struct hooks *h, const struct call *k)
{
    struct err e = { 0 };
    int sig = loop_signal(h->loop);
    if (sig)
        loop_signal_clear(h->loop);
    if (run(h, k, &e))
        log_error(ROOM, "post hook: %s %s", e.text, e.hint);
    if (sig)
        loop_signal_raise(h->loop, sig);
    post_done(h, k->command);
}

void lego_hooks_post(struct hooks *h, const struct request *req, const char *place, const struct strlist *names,
                     bool installed)
{
    STRLIST_AUTO(env);
    struct call k = { req->post_hook, &env, seconds(req->lego.post_hook_timeout), "" };
    if (!k.command || !k.command[0])
        return;
    if (environment(req, place, names, &env) || (installed && add_paths(&env, &req->lego, place)))
        log_error(ROOM, "post hook: %s", signet_strerror(SIGNET_ENOMEM));
    else
        post(h, &k);
}

void lego_hooks_post_owed(struct hooks *h, const char *command, unsigned timeout_s)
{
    STRLIST_AUTO(env);
    const struct request *r = h->lego;
    struct call k = { command, &env, timeout_s, "" };
    if (!add(&env, true, "ACCOUNT_EMAIL", r->email) && !add(&env, true, "ACCOUNT_ID", r->account) &&
        !add(&env, true, "ACCOUNT_SERVER", r->server))
        post(h, &k);
}
