/* Paying what dead runs have left. */
#include "base/clock.h"
#include "base/log.h"
#include "client/lineages.h"
#include "client/owe_in.h"
#include <stdlib.h>

#define ROOM "client.owe"

typedef int pay_fn(struct run *r, uint64_t id, const struct record *data, struct err *e);

static void tell(const struct strlist *did)
{
    for (size_t i = 0; i < did->n; i++)
        log_warn(ROOM, "%s", did->v[i]);
}

/* ---- challenges ---- */

/* A server that cannot be reached now, or a disk that is full. */
static bool may_pass(int rc)
{
    return rc == SIGNET_ENET || rc == SIGNET_ETIMEOUT || rc == SIGNET_ETLS || rc == SIGNET_EPROTO ||
           rc == SIGNET_ESYS || rc == SIGNET_ERATE || rc == SIGNET_EPROBLEM || rc == SIGNET_EBUSY;
}

/* It stays due for some days. Not 0: no longer, or it cannot be noted. */
static int keep_trying(struct run *r, uint64_t id, const struct record *data)
{
    RECORD_AUTO(more);
    BUF_AUTO(now, 32);
    struct err e = { 0 };
    int64_t since = (int64_t)record_number(data, "tried"), at = clock_wall_s();
    if (since)
        return at - since > OWE_CHALLENGE_MAX_S;
    buf_addf(&now, "%lld", (long long)at);
    if (record_copy(&more, data) || record_add(&more, "tried", buf_str(&now)))
        return SIGNET_ENOMEM;
    return journal_put(r->journal, JOURNAL_CHALLENGE, &more, &id, &e);
}

static int pay_challenge(struct run *r, uint64_t id, const struct record *data, struct err *e)
{
    STRLIST_AUTO(did);
    struct err why = { 0 };
    const char *name = record_get(data, "solver");
    const struct solver_ops *ops = name ? solver_find(name) : NULL;
    struct solver_ctx ctx = { .loop = r->loop, .req = r->req, .ui = r->ui };
    int rc = ops && ops->undo
                 ? ops->undo(&ctx, data, &did, &why)
                 : err_set(&why, SIGNET_ENOTFOUND, "there is no plugin %s that could", name ? name : "(no name)");
    tell(&did);
    if (rc == SIGNET_ECANCELED || rc == SIGNET_ENOMEM)
        return err_set(e, rc, "%s", rc == SIGNET_ECANCELED ? "Exiting due to user request." : why.text);
    if (rc)
        log_warn(ROOM, "A challenge that an interrupted run has left up could not be taken away: %s", why.text);
    if (!rc || !may_pass(rc) || keep_trying(r, id, data))
        journal_done(r->journal, &id);
    return 0;
}

/* ---- orders ---- */

static int add_names(const struct record *data, struct strlist *to)
{
    int rc = record_get_list(data, "domain", to);
    return rc ? rc : record_get_list(data, "ip", to);
}

static int deploy_owed(struct run *r, uint64_t id, const struct record *data, const struct lineage *l, struct err *e)
{
    STRLIST_AUTO(commands);
    STRLIST_AUTO(names);
    BUF_AUTO(live, 8192);
    if (owe_deploy_list(data, &commands) || add_names(data, &names))
        return err_nomem(e);
    lineage_live_dir(l, &live);
    for (size_t i = 0; i < names.n; i++)
        if (strlist_add_new(&r->hooks.renewed, str_of(names.v[i])))
            return err_nomem(e);
    if (commands.n)
        log_warn(ROOM, "%s: running the deploy hooks that an interrupted run could not run", l->name);
    r->deploying = id;
    int rc = hooks_deploy_owed(&r->hooks, &commands, buf_z(&live), &names, (unsigned)record_number(data, "timeout"), e);
    r->deploying = 0;
    return rc;
}

/* An order whose certificate is in place owes its hooks. One that is not waits for the verb that wants it. */
static int pay_order(struct run *r, uint64_t id, const struct record *data, struct err *e)
{
    struct lineage *l = NULL;
    const char *name = record_get(data, "name");
    int64_t age = clock_wall_s() - (int64_t)record_number(data, "created");
    int rc = 0;
    if (owe_installed(r, data, &l)) {
        rc = deploy_owed(r, id, data, l, e);
        lineage_free(l);
        if (!rc)
            journal_done(r->journal, &id);
        return rc;
    }
    if (age > OWE_ORDER_MAX_S) { /* one from the future is kept: the clock may be wrong now */
        log_warn(ROOM, "The order for %s that an earlier run could not finish is too old and was dropped.",
                 name ? name : "?");
        journal_done(r->journal, &id);
        return 0;
    }
    STRLIST_AUTO(names);
    rc = add_names(data, &names);
    for (size_t i = 0; !rc && i < names.n; i++)
        rc = strlist_add_new(&r->hooks.failed, str_of(names.v[i]));
    return rc ? err_nomem(e) : 0;
}

/* ---- post hooks ---- */

/* The same command of two dead runs is run once. */
static void forget_same_post(struct run *r, const char *command)
{
    const struct journal_entry *e;
    for (size_t i = 0; (e = journal_at(r->journal, i));) {
        uint64_t id = e->id;
        if (e->type == JOURNAL_POST && e->inherited && str_eq(str_of(record_get(&e->data, "command")), str_of(command)))
            journal_done(r->journal, &id);
        else
            i++;
    }
}

static int pay_post(struct run *r, uint64_t id, const struct record *data, struct err *e)
{
    const char *command = record_get(data, "command");
    if (!command) {
        journal_done(r->journal, &id);
        return 0;
    }
    log_warn(ROOM, "Running the post-hook %s, which an interrupted run could not run.", command);
    int rc = hooks_post_owed(&r->hooks, command, (unsigned)record_number(data, "timeout"), e);
    if (rc != SIGNET_ENOMEM) /* also when a signal has ended it: one that hangs must not be met again and again */
        forget_same_post(r, command);
    return rc;
}

/* ---- all of it ---- */

/* Paying changes the journal, so the numbers are taken first. */
static int inherited_ids(const struct journal *j, enum journal_type type, uint64_t **ret, size_t *ret_n)
{
    const struct journal_entry *e;
    size_t n = 0, all = 0;
    while (journal_at(j, all))
        all++;
    uint64_t *ids = calloc(all + 1, sizeof *ids);
    if (!ids)
        return SIGNET_ENOMEM;
    for (size_t i = 0; (e = journal_at(j, i)); i++)
        if (e->inherited && e->type == type)
            ids[n++] = e->id;
    *ret = ids;
    *ret_n = n;
    return 0;
}

static int pay_all(struct run *r, enum journal_type type, pay_fn *pay, bool newest_first, struct err *e)
{
    uint64_t *ids;
    size_t n;
    int rc = 0;
    if (inherited_ids(r->journal, type, &ids, &n))
        return err_nomem(e);
    for (size_t i = 0; !rc && i < n; i++) {
        RECORD_AUTO(data);
        uint64_t id = ids[newest_first ? n - 1 - i : i];
        const struct journal_entry *entry = journal_find(r->journal, id);
        if (entry)
            rc = record_copy(&data, &entry->data) ? err_nomem(e) : pay(r, id, &data, e);
    }
    free(ids);
    return rc;
}

static bool anything_inherited(const struct journal *j)
{
    const struct journal_entry *e;
    for (size_t i = 0; (e = journal_at(j, i)); i++)
        if (e->inherited)
            return true;
    return false;
}

static int pay_everything(struct run *r, struct err *e)
{
    /* The last challenge first: the folders that the first one made are empty only then. */
    int rc = pay_all(r, JOURNAL_CHALLENGE, pay_challenge, true, e);
    if (!rc)
        rc = pay_all(r, JOURNAL_ORDER, pay_order, false, e);
    if (!rc)
        rc = pay_all(r, JOURNAL_POST, pay_post, false, e);
    strlist_done(&r->hooks.renewed);
    strlist_done(&r->hooks.failed);
    return rc;
}

int owe_recover(struct run *r, struct err *e)
{
    STRLIST_AUTO(did);
    bool no_loop = !r->loop;
    int rc = journal_inherit(r->journal, &did, e);
    tell(&did);
    if (rc || !anything_inherited(r->journal))
        return rc;
    if (no_loop && (rc = loop_new(&r->loop, e)))
        return rc;
    r->hooks.loop = r->loop;
    rc = pay_everything(r, e);
    if (no_loop) {
        loop_free(r->loop);
        r->loop = r->hooks.loop = NULL;
    }
    return rc;
}
