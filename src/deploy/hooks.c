#include "deploy/hooks.h"

#include "base/fs.h"
#include "base/log.h"
#include "deploy/lego_hook.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM           "deploy.hooks"
#define PATH_MAX_BYTES ((size_t)8192)
/* certbot's limits for lists of names: 16 k each under `renew`, where two of them go out together, else 32 k. A deploy
 * hook's is not limited there; the kernel takes 128 KiB for one variable. */
#define POST_RENEW_MAX 16000u
#define POST_MAX       32000u
#define DEPLOY_MAX     120000u

void hooks_init(struct hooks *h, struct loop *l, struct ui *ui, const char *config_dir)
{
    *h = (struct hooks){ .loop = l, .ui = ui, .config_dir = config_dir };
}

void hooks_done(struct hooks *h)
{
    strlist_done(&h->pre_done);
    strlist_done(&h->post_due);
    strlist_done(&h->renewed);
    strlist_done(&h->failed);
}

int hooks_validate(const struct request *req, struct err *e)
{
    if (req->disable_hook_validation)
        return 0;
    int rc = hook_check(req->pre_hook, "pre", e);
    if (!rc)
        rc = hook_check(req->post_hook, "post", e);
    if (!rc)
        rc = hook_check(req->deploy_hook, "deploy", e);
    return rc;
}

/* The path as one word of the shell. Ordinary paths stay as they are, so that they compare equal to what a user gives.
 */
static void add_word(struct buf *to, const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+@%:,=";
    if (path[strspn(path, plain)] == '\0') {
        buf_addz(to, path);
        return;
    }
    buf_addc(to, '\'');
    for (; *path; path++)
        if (*path == '\'')
            buf_addz(to, "'\\''");
        else
            buf_addc(to, *path);
    buf_addc(to, '\'');
}

/* Appends a command for each program in D/renewal-hooks/KIND: executable files, links to such included, sorted by
 * bytes. */
static int folder_commands(const struct hooks *h, const char *kind, struct strlist *to, struct err *e)
{
    STRLIST_AUTO(names);
    BUF_AUTO(dir, PATH_MAX_BYTES);
    buf_addf(&dir, "%s/renewal-hooks/%s", h->config_dir, kind);
    struct err why = { 0 };
    int rc = buf_err(&dir) ? err_nomem(e) : fs_list(AT_FDCWD, buf_z(&dir), &names, &why);
    if (rc == SIGNET_ENOTFOUND)
        return 0;
    if (rc) {
        log_warn(ROOM, "The hooks in %s are left out: %s", buf_z(&dir), why.text);
        return 0;
    }
    for (size_t i = 0; i < names.n; i++) {
        BUF_AUTO(path, PATH_MAX_BYTES);
        BUF_AUTO(word, 4 * PATH_MAX_BYTES);
        struct stat st;
        fs_join(&path, buf_z(&dir), names.v[i]);
        if (str_ends(buf_str(&path), STR("~")) || stat(buf_z(&path), &st) || !S_ISREG(st.st_mode) ||
            access(buf_z(&path), X_OK))
            continue;
        add_word(&word, buf_z(&path));
        if (buf_err(&path) || buf_err(&word) || strlist_add_new(to, buf_str(&word)))
            return err_nomem(e);
    }
    return 0;
}

/* What is to be run for one lineage, in order, each command once. */
static int commands(const struct hooks *h, const struct request *req, const char *kind, const char *own,
                    struct strlist *to, struct err *e)
{
    int rc = req->no_directory_hooks ? 0 : folder_commands(h, kind, to, e);
    if (!rc && own && *own && strlist_add_new(to, str_of(own)))
        rc = err_nomem(e);
    return rc;
}

static int run(struct hooks *h, const char *label, const char *command, const struct strlist *env, unsigned timeout_s,
               struct err *e)
{
    struct hook hook = { .label = label, .command = command, .env = env, .timeout_s = timeout_s };
    bool before = loop_signal(h->loop) != 0;
    int rc = hook_run(h->loop, h->ui, &hook, NULL);
    if (rc >= 0)
        return 0;
    if (before)
        return err_set(e, rc, "Exiting due to user request.");
    return err_set(e, rc, "Exiting due to user request (while the %s %s was running).", label, command);
}

/* A hook that a signal has ended is not owed any more: whoever interrupts one that hangs must not meet it again next
 * time. One that was not begun still is. */
static int run_noted(struct hooks *h, bool post, const char *command, const struct strlist *env, unsigned timeout_s,
                     struct err *e)
{
    bool begins = loop_signal(h->loop) == 0;
    const char *label = post ? "post-hook" : "deploy-hook";
    int rc = run(h, label, command, env, timeout_s, e);
    if (rc == SIGNET_ECANCELED && begins)
        log_warn(ROOM, "The %s %s was ended by a signal before it was done; it will not be run again.", label, command);
    if (h->watch && begins)
        h->watch->ran(h->watch->ctx, post, command);
    return rc;
}

static int note_post(struct hooks *h, const struct request *req, struct err *e)
{
    STRLIST_AUTO(all);
    int rc = h->watch ? commands(h, req, "post", req->post_hook, &all, e) : 0;
    for (size_t i = 0; !rc && i < all.n; i++)
        h->watch->post_due(h->watch->ctx, all.v[i], req->hook_timeout);
    return rc;
}

int hooks_pre(struct hooks *h, const struct request *req, struct err *e)
{
    STRLIST_AUTO(all);
    int rc = note_post(h, req, e);
    if (!rc)
        rc = commands(h, req, "pre", req->pre_hook, &all, e);
    for (size_t i = 0; !rc && i < all.n; i++) {
        if (strlist_has(&h->pre_done, str_of(all.v[i]))) {
            log_info(ROOM, "Pre-hook command already run, skipping: %s", all.v[i]);
            continue;
        }
        if (strlist_addz(&h->pre_done, all.v[i]))
            return err_nomem(e);
        rc = run(h, "pre-hook", all.v[i], NULL, req->hook_timeout, e);
    }
    return rc;
}

/* RENEWED_DOMAINS and FAILED_DOMAINS are there in every case, if empty: a hook may run under `set -u`. */
static int post_env(const struct hooks *h, bool renew, struct strlist *env, struct err *e)
{
    static const struct strlist none;
    size_t max = renew ? POST_RENEW_MAX : POST_MAX;
    if (hook_env_words(env, "RENEWED_DOMAINS", &h->renewed, " ", max) ||
        hook_env_words(env, "FAILED_DOMAINS", renew ? &h->failed : &none, " ", max))
        return err_nomem(e);
    return 0;
}

static int post_run(struct hooks *h, const struct strlist *all, bool renew, unsigned timeout_s, struct err *e)
{
    STRLIST_AUTO(env);
    int rc = all->n ? post_env(h, renew, &env, e) : 0;
    /* The signal that ended the attempt does not end these; the next one does. */
    int sig = loop_signal(h->loop);
    if (sig)
        loop_signal_clear(h->loop);
    for (size_t i = 0; !rc && i < all->n; i++)
        rc = run_noted(h, true, all->v[i], &env, timeout_s, e);
    if (sig)
        loop_signal_raise(h->loop, sig);
    return rc;
}

int hooks_post(struct hooks *h, const struct request *req, bool collect, struct err *e)
{
    if (!collect) {
        STRLIST_AUTO(all);
        int rc = commands(h, req, "post", req->post_hook, &all, e);
        return rc ? rc : post_run(h, &all, false, req->hook_timeout, e);
    }
    /* One list for lineages with different limits: the longest holds, and none is longer than any. */
    if (!h->post_due.n || !req->hook_timeout || (h->post_timeout_s && req->hook_timeout > h->post_timeout_s))
        h->post_timeout_s = req->hook_timeout;
    return commands(h, req, "post", req->post_hook, &h->post_due, e);
}

int hooks_post_all(struct hooks *h, struct err *e)
{
    int rc = post_run(h, &h->post_due, true, h->post_timeout_s, e);
    strlist_done(&h->post_due);
    return rc;
}

int hooks_commands(const struct hooks *h, const struct request *req, const char *kind, struct strlist *to,
                   struct err *e)
{
    return commands(h, req, kind, str_eq(str_of(kind), STR("pre")) ? req->pre_hook : req->post_hook, to, e);
}

int hooks_deploy_commands(const struct hooks *h, const struct request *req, struct strlist *to, struct err *e)
{
    return req->dry_run && !req->run_deploy_hooks ? 0 : commands(h, req, "deploy", req->deploy_hook, to, e);
}

int hooks_deploy_owed(struct hooks *h, const struct strlist *all, const char *lineage_live, const struct strlist *names,
                      unsigned timeout_s, struct err *e)
{
    STRLIST_AUTO(env);
    BUF_AUTO(lineage, PATH_MAX_BYTES);
    int rc = 0;
    if (h->lego)
        return lego_hooks_deploy(h, all, lineage_live, names, timeout_s, e);
    buf_addf(&lineage, "RENEWED_LINEAGE=%s", lineage_live);
    if (buf_err(&lineage) || strlist_add(&env, buf_str(&lineage)) ||
        hook_env_words(&env, "RENEWED_DOMAINS", names, " ", DEPLOY_MAX))
        return err_nomem(e);
    for (size_t i = 0; !rc && i < all->n; i++)
        rc = run_noted(h, false, all->v[i], &env, timeout_s, e);
    return rc;
}

int hooks_deploy(struct hooks *h, const struct request *req, const char *lineage_live, const struct strlist *names,
                 struct err *e)
{
    STRLIST_AUTO(all);
    int rc = commands(h, req, "deploy", req->deploy_hook, &all, e);
    if (rc)
        return rc;
    if (!req->dry_run || req->run_deploy_hooks)
        return hooks_deploy_owed(h, &all, lineage_live, names, req->hook_timeout, e);
    for (size_t i = 0; i < all.n; i++)
        log_info(ROOM, "Dry run: skipping deploy hook command: %s", all.v[i]);
    return 0;
}

int hooks_post_owed(struct hooks *h, const char *command, unsigned timeout_s, struct err *e)
{
    STRLIST_AUTO(one);
    if (h->lego) {
        lego_hooks_post_owed(h, command, timeout_s);
        return loop_signal(h->loop) ? err_set(e, SIGNET_ECANCELED, "Exiting due to user request.") : 0;
    }
    return strlist_addz(&one, command) ? err_nomem(e) : post_run(h, &one, true, timeout_s, e);
}
