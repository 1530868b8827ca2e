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
    if (!rc)
        rc = v5 ? add_v5(env, r, place, names) : add(env, false, "CERT_DOMAIN", names->n ? names->v[0] : "");
    return rc ? rc : add_paths(env, &r->lego, place);
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

static void print(struct ui *ui, const struct buf *text)
{
    BUF_AUTO(shown, CHILD_OUTPUT_MAX * 4u + 1);
    signet_str rest = buf_str(text), line;
    while (rest.n) {
        (void)str_cut(rest, '\n', &line, &rest);
        buf_clear(&shown);
        buf_add_escaped(&shown, line, line.n);
        ui->ops->frame(ui, buf_z(&shown), false);
    }
}

static int judge(const struct child_result *c, unsigned timeout_s, const char *command, struct err *e)
{
    if (c->timed_out) {
        err_set(e, SIGNET_ETIMEOUT, "hook timed out");
        err_hint(e, "%s was still running after %u seconds and was ended. The certificate is in place.", command,
                 timeout_s);
        return SIGNET_ETIMEOUT;
    }
    if (!c->exit_code)
        return 0;
    err_set(e, SIGNET_EINVAL, "wait command: exit status %d", c->exit_code);
    err_hint(e, "The hook %s has failed. The certificate is in place.", command);
    return SIGNET_EINVAL;
}

static int run(struct hooks *h, const char *command, const struct strlist *env, unsigned timeout_s, struct err *e)
{
    STRLIST_AUTO(words);
    struct child_result c = { 0 };
    int rc = split(&words, command);
    if (rc)
        return err_set(e, rc, "the hook has too many arguments");
    if (!words.n)
        return 0;
    struct child_spec spec = { .argv = (const char *const *)words.v,
                               .env = env,
                               .timeout_ms = (int64_t)timeout_s * 1000 };
    log_debug(ROOM, "running the hook %s", command);
    if ((rc = child_run(h->loop, &spec, &c, e)))
        return rc == SIGNET_ECANCELED ? rc : err_wrap(e, "start command");
    print(h->ui, &c.out);
    print(h->ui, &c.err);
    rc = judge(&c, timeout_s, command, e);
    child_result_done(&c);
    return rc;
}

int lego_hooks_deploy(struct hooks *h, const struct strlist *commands, const char *place, const struct strlist *names,
                      unsigned timeout_s, struct err *e)
{
    STRLIST_AUTO(env);
    if (environment(h->lego, place, names, &env))
        return err_nomem(e);
    int rc = 0;
    for (size_t i = 0; !rc && i < commands->n; i++) {
        bool begins = loop_signal(h->loop) == 0;
        rc = run(h, commands->v[i], &env, timeout_s, e);
        if (h->watch && begins)
            h->watch->ran(h->watch->ctx, false, commands->v[i]);
    }
    return rc;
}
