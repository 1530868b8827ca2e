#include "challenge/prefs.h"
#include "challenge/solvers.h"
#include "challenge/webfile.h"
#include "client/ui.h"
#include <stdlib.h>
#include <sys/stat.h>

#define PATH_MAX_BYTES 8192u
#define TRIES          5 /* at a prompt */
#define EVERY_NAME     "There must be a webroot for each name."

struct solver {
    struct solver_ctx ctx;
    struct webroot_map asked; /* what the user said at prompts */
    struct strlist known;     /* folders to choose from there, latest first */
};

static int webroot_open(struct solver **ret, const struct solver_ctx *ctx, struct err *e)
{
    struct solver *s = calloc(1, sizeof *s);
    if (!s)
        return err_nomem(e);
    s->ctx = *ctx;
    for (size_t i = 0; i < ctx->req->webroot_map.n; i++)
        if (strlist_add_new(&s->known, str_of(ctx->req->webroot_map.v[i].path))) {
            strlist_done(&s->known);
            free(s);
            return err_nomem(e);
        }
    *ret = s;
    return 0;
}

static void webroot_close(struct solver *s)
{
    if (!s)
        return;
    webroot_map_done(&s->asked);
    strlist_done(&s->known);
    free(s);
}

/* Borrowed; NULL when nobody has said. */
static const char *root_of(const struct solver *s, signet_str name)
{
    const struct request *r = s->ctx.req;
    const char *path = webroot_map_get(&r->webroot_map, name);
    if (!path && r->webroot_path.n)
        path = r->webroot_path.v[r->webroot_path.n - 1];
    return path ? path : webroot_map_get(&s->asked, name);
}

static int check_folder(const char *path, struct err *e)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return 0;
    return err_set(e, SIGNET_EINVAL, "%s does not exist or is not a directory", path);
}

/* ---- asking ---- */

static int ask_new(struct solver *s, signet_str name, struct buf *ret, struct err *e)
{
    struct ui *ui = s->ctx.ui;
    BUF_AUTO(question, 512);
    buf_addf(&question, "Input the webroot for %.*s:", STR_ARG(name));
    for (int i = 0;; i++) {
        buf_clear(ret);
        int rc = ui->ops->input(ui, buf_z(&question), "--webroot-path", ret, e);
        if (!rc)
            rc = check_folder(buf_z(ret), e);
        else
            return rc;
        if (!rc || i + 1 == TRIES)
            return rc;
        ui->ops->notify(ui, e->text);
        err_clear(e);
    }
}

/* Out of those in use already, or a new one. */
static int ask_known(struct solver *s, signet_str name, struct buf *ret, struct err *e)
{
    struct ui *ui = s->ctx.ui;
    BUF_AUTO(question, 512);
    buf_addf(&question, "Select the webroot for %.*s:", STR_ARG(name));
    const char **choices = calloc(s->known.n + 1, sizeof *choices);
    if (!choices)
        return err_nomem(e);
    choices[0] = "Enter a new webroot";
    for (size_t i = 0; i < s->known.n; i++)
        choices[i + 1] = s->known.v[i];
    size_t at = 0;
    int rc = ui->ops->menu(ui, buf_z(&question), choices, s->known.n + 1, "--webroot-path", &at, e);
    if (!rc && at && at <= s->known.n)
        buf_addz(ret, choices[at]);
    free(choices);
    if (rc || ret->n)
        return rc;
    return ask_new(s, name, ret, e);
}

/* The latest choice stands first in the next menu. */
static int known_first(struct solver *s, signet_str path)
{
    STRLIST_AUTO(next);
    if (strlist_add(&next, path))
        return SIGNET_ENOMEM;
    for (size_t i = 0; i < s->known.n; i++)
        if (strlist_add_new(&next, str_of(s->known.v[i])))
            return SIGNET_ENOMEM;
    return strlist_copy(&s->known, &next);
}

static int ask(struct solver *s, signet_str name, struct err *e)
{
    BUF_AUTO(path, PATH_MAX_BYTES);
    int rc = s->known.n ? ask_known(s, name, &path, e) : ask_new(s, name, &path, e);
    if (rc == SIGNET_ECANCELED)
        return err_set(e, rc, EVERY_NAME);
    if (rc)
        return rc;
    if (buf_err(&path) || webroot_map_set(&s->asked, name, buf_str(&path)) || known_first(s, buf_str(&path)))
        return err_nomem(e);
    return 0;
}

/* ---- the solver ---- */

static uint32_t webroot_prefs(struct solver *s, const signet_ident *id, struct err *e)
{
    static const signet_chal usual[] = { SIGNET_CHAL_HTTP_01, SIGNET_CHAL_UNKNOWN };
    uint32_t prefs = prefs_for(s->ctx.req, PREFS_BIT(SIGNET_CHAL_HTTP_01), usual, id, e);
    if (!prefs)
        return 0;
    /* Now, before anything is ordered: a missing folder must not cost an order. */
    if (!root_of(s, id->value) && ask(s, id->value, e))
        return 0;
    return check_folder(root_of(s, id->value), e) ? 0 : prefs;
}

static void put_up(struct solver *s, struct challenge *c)
{
    const char *root = root_of(s, c->ident.value);
    struct webfile *f = NULL;
    int rc = c->type != SIGNET_CHAL_HTTP_01
                 ? err_set(&c->err, SIGNET_EINVAL, "webroot cannot do %s", signet_chal_name(c->type))
             : !root ? err_set(&c->err, SIGNET_EINVAL, EVERY_NAME)
                     : webfile_put(&f, root, c->token, c->key_auth, &c->err);
    c->priv = f;
    c->state = rc ? CHAL_FAILED : CHAL_READY;
}

static int webroot_present(struct solver *s, struct challenge **c, size_t n, struct err *e)
{
    size_t failed = 0;
    for (size_t i = 0; i < n; i++) {
        put_up(s, c[i]);
        failed += c[i]->state == CHAL_FAILED;
    }
    if (!n || failed < n)
        return 0;
    if (e)
        *e = c[0]->err;
    return c[0]->err.code;
}

static void webroot_cleanup(struct solver *s, struct challenge **c, size_t n)
{
    (void)s;
    for (size_t i = 0; i < n; i++) {
        c[i]->state = webfile_remove(c[i]->priv) ? CHAL_CLEAN : CHAL_FAILED; /* the next run tries again */
        c[i]->priv = NULL;
    }
}

static void webroot_hint(struct solver *s, const struct challenge *failed, struct buf *to)
{
    const char *root = root_of(s, failed->ident.value);
    buf_addf(to,
             "The Certificate Authority could not download the challenge file that was put into %s/" WEBFILE_DIR
             ". Check that %.*s points to this machine, that its web server serves files from %s (a 404 mostly means "
             "that this is another site's webroot, or that a rule of the web server keeps requests under /.well-known "
             "away from it), and that its own files can be fetched over plain http on port 80.",
             root ? root : "the webroot", STR_ARG(failed->ident.value), root ? root : "that folder");
}

static int webroot_remember(const struct solver *s, struct request *to)
{
    for (size_t i = 0; i < s->asked.n; i++)
        if (webroot_map_set(&to->webroot_map, str_of(s->asked.v[i].name), str_of(s->asked.v[i].path)))
            return SIGNET_ENOMEM;
    return 0;
}

static int webroot_describe(struct solver *s, const struct challenge *c, struct record *ret)
{
    const char *root = root_of(s, c->ident.value);
    return root && c->type == SIGNET_CHAL_HTTP_01 ? webfile_describe(root, c->token, c->key_auth, ret) : 0;
}

static int webroot_undo(const struct solver_ctx *ctx, const struct record *r, struct strlist *did, struct err *e)
{
    BUF_AUTO(text, PATH_MAX_BYTES);
    bool removed = false;
    (void)ctx;
    int rc = webfile_undo(r, &removed, e);
    if (rc || !removed)
        return rc;
    buf_addf(&text, "removed the challenge file that an interrupted run had left in %s/" WEBFILE_DIR,
             record_get(r, "webroot"));
    return strlist_addz(did, buf_z(&text)) ? err_nomem(e) : 0;
}

const struct solver_ops solver_webroot = {
    .name = "webroot",
    .description = "Put the CA's file into the folder that your web server serves",
    .types = PREFS_BIT(SIGNET_CHAL_HTTP_01),
    .open = webroot_open,
    .prefs = webroot_prefs,
    .present = webroot_present,
    .cleanup = webroot_cleanup,
    .hint = webroot_hint,
    .remember = webroot_remember,
    .describe = webroot_describe,
    .undo = webroot_undo,
    .close = webroot_close,
};
