#include "deploy/transaction.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/stage.h"
#include <stdlib.h>

#define ROOM "deploy"
/* Files that are written before the first is waited for; each holds a descriptor. */
#define AT_ONCE 64u

struct temporary {
    struct stage *v;
    size_t n;
    bool commands; /* were run: only the checkpoint knows what takes them back */
};

static int reload(const struct transaction *t, struct err *e)
{
    return t->server->ops->reload(t->server, e);
}

/* The checkpoint, with what transaction_recover needs. */
static int note(const struct transaction *t, enum checkpoint_kind kind, const struct changes *c, struct err *e)
{
    RECORD_AUTO(server);
    return server_describe(t->server, &server) ? err_nomem(e)
                                               : checkpoint_make(t->work_dir, kind, c, t->title, &server, e);
}

static void drop(struct temporary *x)
{
    for (size_t i = 0; i < x->n; i++)
        stage_end(&x->v[i]);
    free(x->v);
    *x = (struct temporary){ 0 };
}

static int begin(struct stage *s, const struct change *c, struct err *e)
{
    return c->link ? stage_begin_link(s, c->path, c->link, e) : stage_begin(s, c->path, buf_str(&c->after), c->mode, e);
}

static int prepare(struct temporary *x, const struct changes *c, struct err *e)
{
    int rc = 0;
    x->v = calloc(c->n + 1, sizeof *x->v);
    if (!x->v)
        return err_nomem(e);
    for (size_t from = 0; !rc && from < c->n; from += AT_ONCE) {
        for (size_t i = from; !rc && i < c->n && i < from + AT_ONCE; i++, x->n++)
            rc = begin(&x->v[i], &c->v[i], e);
        for (size_t i = from; !rc && i < x->n; i++)
            rc = stage_sync(&x->v[i], e);
    }
    return rc;
}

static int swap(struct temporary *x, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < x->n; i++)
        rc = stage_swap(&x->v[i], e);
    return rc;
}

/* ---- programs ---- */

static int run(struct server *s, const struct strlist *argv, struct err *e)
{
    struct child_result r = { 0 };
    BUF_AUTO(words, SERVER_WORDS_MAX * 2);
    int rc = server_run(s, (const char *const *)argv->v, &r, e);
    if (!rc && r.exit_code) {
        server_add_words(&r, &words);
        rc = err_set(e, SIGNET_ESTATE, "%s has failed:\n%s", argv->v[0], buf_z(&words));
    }
    child_result_done(&r);
    return rc;
}

static int run_undo(void *server, const struct strlist *argv)
{
    return run(server, argv, NULL);
}

static int run_commands(struct temporary *x, const struct transaction *t, const struct changes *c, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < c->n_commands; i++) {
        x->commands = true;
        rc = run(t->server, &c->command[i].run, e);
    }
    return rc;
}

/* ---- back ---- */

/* The files as they were: by the exchange, else from the checkpoint. */
static int put_back(struct temporary *x, const struct transaction *t, enum checkpoint_kind kind, struct err *e)
{
    const struct checkpoint_undo undo = { .run = run_undo, .ctx = t->server };
    bool whole = x->v != NULL && !x->commands;
    for (size_t i = x->n; i-- > 0;)
        if (stage_back(&x->v[i], NULL))
            whole = false;
    drop(x);
    return whole ? checkpoint_drop(t->work_dir, kind, e) : checkpoint_undo(t->work_dir, kind, &undo, e);
}

/* Takes it all back after a failure, which stays the one that is told. */
static int fail(struct temporary *x, const struct transaction *t, enum checkpoint_kind kind, bool reloaded,
                struct err *e)
{
    struct err why = { 0 };
    int sig = loop_signal(t->server->loop);
    loop_signal_clear(t->server->loop);
    int rc = put_back(x, t, kind, &why);
    if (rc) {
        log_error(ROOM, "%s", why.text);
        err_hint(e, "Files could not all be put back; what they were is kept under %s, and the next run tries again.",
                 t->work_dir);
    } else if (reloaded && reload(t, &why)) {
        log_error(ROOM, "The configuration was put back, but the server could not be told: %s", why.text);
    }
    if (sig)
        loop_signal_raise(t->server->loop, sig);
    return e->code;
}

static int carry_out(struct temporary *x, const struct transaction *t, const struct changes *c, bool *ret_reloaded,
                     struct err *e)
{
    int rc = run_commands(x, t, c, e);
    if (!rc)
        rc = prepare(x, c, e);
    if (!rc)
        rc = swap(x, e);
    if (rc)
        return rc;
    if ((rc = t->server->ops->test(t->server, e)))
        return err_wrap(e, "The new configuration was refused and has been taken back");
    *ret_reloaded = true;
    if ((rc = reload(t, e)))
        return err_wrap(e, "The server could not be reloaded, and the changes have been taken back");
    return 0;
}

static int confirm(const struct transaction *t, struct err *e)
{
    int rc = t->prove ? t->prove(t->ctx, e) : 0;
    return rc ? err_wrap(e, "The changes have been taken back") : 0;
}

int transaction_run(const struct transaction *t, const struct changes *c, struct err *e)
{
    struct temporary x = { 0 };
    struct err local = { 0 };
    bool reloaded = false;
    if (!e)
        e = &local;
    if (changes_none(c)) {
        int rc = reload(t, e);
        return rc || !t->prove ? rc : t->prove(t->ctx, e);
    }
    int rc = note(t, CHECKPOINT_CHANGE, c, e);
    if (rc)
        return rc;
    if ((rc = carry_out(&x, t, c, &reloaded, e)) || (rc = confirm(t, e)))
        return fail(&x, t, CHECKPOINT_CHANGE, reloaded, e);
    /* The old files go first: once the checkpoint is a backup, nobody would look for what lies beside the files. */
    drop(&x);
    rc = checkpoint_finish(t->work_dir, clock_wall_ms() * 1000, e);
    if (rc)
        return fail(&x, t, CHECKPOINT_CHANGE, reloaded, e);
    return 0;
}

int transaction_begin(struct temporary **ret, const struct transaction *t, const struct changes *c, struct err *e)
{
    struct temporary *x = calloc(1, sizeof *x);
    bool reloaded = false;
    if (!x)
        return err_nomem(e);
    int rc = note(t, CHECKPOINT_TEMPORARY, c, e);
    if (!rc && (rc = carry_out(x, t, c, &reloaded, e)))
        (void)fail(x, t, CHECKPOINT_TEMPORARY, reloaded, e);
    if (rc)
        free(x);
    else
        *ret = x;
    return rc;
}

int transaction_revert(struct temporary *x, const struct transaction *t, struct err *e)
{
    int sig = loop_signal(t->server->loop);
    loop_signal_clear(t->server->loop);
    int rc = put_back(x, t, CHECKPOINT_TEMPORARY, e);
    if (!rc)
        rc = reload(t, e);
    if (sig)
        loop_signal_raise(t->server->loop, sig);
    free(x);
    return rc;
}

/* ---- after a kill ---- */

static int recover_one(const struct tx_recovery *r, enum checkpoint_kind kind, struct strlist *did, struct err *e)
{
    RECORD_AUTO(server);
    STRLIST_AUTO(files);
    BUF_AUTO(text, 65536);
    const struct checkpoint_undo undo = { .run = r->run, .ctx = r->ctx, .did = &files };
    struct err why = { 0 };
    if (!checkpoint_exists(r->work_dir, kind))
        return 0;
    int rc = checkpoint_server(r->work_dir, kind, &server, e);
    if (!rc && r->lock)
        rc = r->lock(r->ctx, &server, e);
    if (!rc)
        rc = checkpoint_undo(r->work_dir, kind, &undo, e);
    if (rc)
        return rc;
    buf_addz(&text, "took back what an interrupted run had changed in the web server's configuration: ");
    strlist_join(&files, ", ", &text);
    if (!files.n)
        buf_addz(&text, "nothing yet");
    if (strlist_addz(did, buf_z(&text)))
        return err_nomem(e);
    /* Also when nothing was different any more: the server may still run with what was there. */
    if (r->reload && server.names.n && r->reload(r->ctx, &server, &why))
        log_warn(ROOM, "The web server could not be told that its configuration was put back: %s", why.text);
    return 0;
}

int transaction_recover(const struct tx_recovery *r, struct strlist *did, struct err *e)
{
    int rc = recover_one(r, CHECKPOINT_TEMPORARY, did, e);
    return rc ? rc : recover_one(r, CHECKPOINT_CHANGE, did, e);
}
