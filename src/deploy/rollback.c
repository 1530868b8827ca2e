#include "deploy/rollback.h"

#include "base/log.h"

#define ROOM "deploy"

static const char *name_of(const struct rollback *r, size_t i)
{
    return r->names->v[r->names->n - 1 - i];
}

static int note(const struct rollback *r, struct err *e)
{
    struct changes now = CHANGES_INIT;
    RECORD_AUTO(server);
    int rc = server_describe(r->servers[0], &server) ? err_nomem(e) : 0;
    for (size_t i = 0; !rc && i < r->n; i++)
        rc = checkpoint_now(r->work_dir, name_of(r, i), &now, e);
    if (!rc)
        rc = checkpoint_make(r->work_dir, CHECKPOINT_CHANGE, &now, "Rollback", &server, e);
    changes_done(&now);
    return rc;
}

static int restore(const struct rollback *r, struct strlist *did, struct err *e)
{
    const struct checkpoint_undo u = { .run = r->run, .ctx = r->ctx, .did = did };
    int rc = 0;
    for (size_t i = 0; !rc && i < r->n; i++)
        rc = checkpoint_restore(r->work_dir, name_of(r, i), &u, e);
    return rc;
}

/* All are asked before one of them is told. */
static int tell(const struct rollback *r, size_t *ret_told, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < r->n_servers; i++)
        rc = r->servers[i]->ops->test(r->servers[i], e);
    if (rc)
        return err_wrap(e, "The configuration of before is refused, and everything is again as it was");
    for (size_t i = 0; !rc && i < r->n_servers; i++) {
        (*ret_told)++;
        rc = server_tell(r->servers[i], e);
    }
    return rc ? err_wrap(e, "The server could not be told, and everything is again as it was") : 0;
}

/* Takes it all back after a failure, which stays the one that is told. */
static int fail(const struct rollback *r, size_t told, struct err *e)
{
    const struct checkpoint_undo u = { .run = r->run, .ctx = r->ctx };
    struct loop *l = r->servers[0]->loop;
    struct err why = { 0 };
    int sig = loop_signal(l);
    loop_signal_clear(l);
    int rc = checkpoint_undo(r->work_dir, CHECKPOINT_CHANGE, &u, &why);
    if (rc) {
        log_error(ROOM, "%s", why.text);
        err_hint(e, "Files could not all be put back; what they were is kept under %s, and the next run tries again.",
                 r->work_dir);
    }
    for (size_t i = 0; !rc && i < told; i++)
        if (server_tell(r->servers[i], &why))
            log_error(ROOM, "The configuration was put back, but the server could not be told: %s", why.text);
    if (sig)
        loop_signal_raise(l, sig);
    return e->code;
}

int rollback_run(const struct rollback *r, struct strlist *did, struct err *e)
{
    struct err local = { 0 };
    size_t told = 0;
    if (!e)
        e = &local;
    int rc = note(r, e);
    if (rc)
        return rc;
    rc = restore(r, did, e);
    if (!rc)
        rc = tell(r, &told, e);
    if (!rc)
        rc = checkpoint_drop(r->work_dir, CHECKPOINT_CHANGE, e);
    if (rc)
        return fail(r, told, e);
    /* Last: whoever is killed before may put the same back once more. */
    for (size_t i = 0; !rc && i < r->n; i++)
        rc = checkpoint_forget(r->work_dir, name_of(r, i), e);
    return rc;
}
