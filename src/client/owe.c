#include "client/owe.h"
#include "base/b64.h"
#include "base/clock.h"
#include "base/log.h"
#include "client/owe_in.h"
#include "store/space.h"
#include <stdlib.h>

#define ROOM         "client.owe"
#define KEY_PEM_MAX  (64u * 1024u)
#define CSR_TEXT_MAX (128u * 1024u)
#define ROOM_NEEDED  (16u * 1024u)

/* ---- hooks ---- */

static const struct journal_entry *find_post(const struct journal *j, const char *command)
{
    const struct journal_entry *e;
    for (size_t i = 0; (e = journal_at(j, i)); i++)
        if (e->type == JOURNAL_POST && !e->inherited &&
            str_eq(str_of(record_get(&e->data, "command")), str_of(command)))
            return e;
    return NULL;
}

static void post_due(void *ctx, const char *command, unsigned timeout_s)
{
    struct run *r = ctx;
    RECORD_AUTO(data);
    BUF_AUTO(timeout, 32);
    struct err e = { 0 };
    uint64_t id = 0;
    if (find_post(r->journal, command))
        return;
    buf_addf(&timeout, "%u", timeout_s);
    if (record_addz(&data, "command", command) || record_addz(&data, "timeout", buf_z(&timeout)))
        err_nomem(&e);
    else
        journal_put(r->journal, JOURNAL_POST, &data, &id, &e);
    if (!e.code)
        journal_sync(r->journal, &e);
    if (e.code)
        log_warn(ROOM, "Should this run be killed, the post-hook %s will not be run: %s", command, e.text);
}

/* One of several deploy hooks is done: a kill from here on repeats only the others. */
static void note_deployed(struct run *r, const char *command)
{
    const struct journal_entry *entry = journal_find(r->journal, r->deploying);
    RECORD_AUTO(data);
    struct err e = { 0 };
    if (!entry || record_copy(&data, &entry->data) || record_addz(&data, "ran", command))
        return;
    if (journal_put(r->journal, JOURNAL_ORDER, &data, &r->deploying, &e))
        log_debug(ROOM, "%s", e.text);
}

static void hook_ran(void *ctx, bool post, const char *command)
{
    struct run *r = ctx;
    if (!post) {
        note_deployed(r, command);
        return;
    }
    const struct journal_entry *e = find_post(r->journal, command);
    uint64_t id = e ? e->id : 0;
    journal_done(r->journal, &id);
}

int owe_start(struct run *r, struct err *e)
{
    int rc = journal_open(&r->journal, r->tree, e);
    r->hooks_watch = (struct hooks_watch){ .ctx = r, .post_due = post_due, .ran = hook_ran };
    if (!rc)
        r->hooks.watch = &r->hooks_watch;
    return rc;
}

int owe_room(struct run *r, struct err *e)
{
    BUF_AUTO(archive, 8192);
    if (r->room_checked || r->req->dry_run)
        return 0;
    tree_path(r->tree, tree_folder(r->tree), NULL, &archive);
    int rc = space_check(buf_z(&archive), r->tree->work_dir, ROOM_NEEDED, e);
    if (rc)
        err_hint(e, "Nothing was ordered. Make room (each certificate takes about 16 KiB), then run it again.");
    r->room_checked = rc == 0;
    return rc;
}

/* ---- challenges ---- */

void owe_challenge(struct run *r, const struct issue *i, const struct challenge *c, uint64_t *note)
{
    RECORD_AUTO(data);
    struct err e = { 0 };
    if (!i->ops->describe)
        return;
    if (i->ops->describe(i->solver, c, &data)) {
        err_nomem(&e);
    } else if (data.names.n) {
        const struct journal_entry *old = *note ? journal_find(r->journal, *note) : NULL;
        if (record_addz(&data, "solver", i->ops->name))
            err_nomem(&e);
        else if (!old || !record_same(&old->data, &data))
            journal_put(r->journal, JOURNAL_CHALLENGE, &data, note, &e);
    }
    if (e.code)
        log_warn(ROOM, "Should this run be killed, the challenge for %.*s will stay up: %s", STR_ARG(c->ident.value),
                 e.text);
}

void owe_sync(struct run *r)
{
    struct err e = { 0 };
    if (journal_sync(r->journal, &e))
        log_warn(ROOM, "Should the power fail, challenges may stay up: %s", e.text);
}

/* ---- orders ---- */

static int add_names(struct record *data, const struct issue *i)
{
    int rc = record_add_list(data, "domain", &i->domains);
    return rc ? rc : record_add_list(data, "ip", &i->ips);
}

static int add_number(struct record *data, const char *name, uint64_t n)
{
    BUF_AUTO(text, 32);
    buf_addf(&text, "%llu", (unsigned long long)n);
    return record_add(data, name, buf_str(&text));
}

static int add_key(struct record *data, const struct issue *i)
{
    BUF_AUTO(pem, KEY_PEM_MAX);
    BUF_AUTO(csr, CSR_TEXT_MAX);
    int rc = key_to_pem(i->key, &pem);
    if (rc)
        return rc;
    b64_enc(&csr, buf_str(&i->csr));
    if ((rc = buf_err(&csr)) || (rc = record_add(data, "key", buf_str(&pem))))
        return rc;
    return record_add(data, "csr", buf_str(&csr));
}

static int add_deploy(struct run *r, struct record *data, const struct issue *i)
{
    STRLIST_AUTO(commands);
    int rc = hooks_deploy_commands(&r->hooks, &i->req, &commands, NULL);
    if (!rc)
        rc = record_add_list(data, "deploy", &commands);
    return rc ? rc : add_number(data, "timeout", i->req.hook_timeout);
}

static int describe_order(struct run *r, struct record *data, const struct issue *i, signet_str url)
{
    BUF_AUTO(wish, 1024);
    owe_wish(&i->req, &wish);
    int rc = record_addz(data, "name", i->lineage_name);
    if (!rc)
        rc = add_number(data, "version", i->lineage_version);
    if (!rc)
        rc = record_addz(data, "server", i->req.server);
    if (!rc)
        rc = record_addz(data, "account", i->slot->account->id);
    if (!rc)
        rc = record_add(data, "url", url);
    if (!rc)
        rc = add_number(data, "created", (uint64_t)clock_wall_s());
    if (!rc)
        rc = record_add(data, "wish", buf_str(&wish));
    if (!rc)
        rc = add_names(data, i);
    if (!rc)
        rc = add_key(data, i);
    return rc ? rc : add_deploy(r, data, i);
}

int owe_order(struct run *r, struct issue *i, signet_str url)
{
    RECORD_AUTO(data);
    struct err e = { 0 };
    if (!i->lineage_name || !i->key || i->req.dry_run || (i->order_note && str_eq(url, buf_str(&i->order_url))))
        return 0;
    if (describe_order(r, &data, i, url))
        err_nomem(&e);
    else if (!journal_put(r->journal, JOURNAL_ORDER, &data, &i->order_note, &e))
        journal_sync(r->journal, &e);
    if (!e.code)
        return 0;
    if (!i->err.code) {
        i->err = e;
        err_wrap(&i->err, "the order is given up: its key could not be written down, and a crash would have lost the "
                          "certificate");
    }
    return e.code;
}

void owe_forget(struct run *r, struct issue *i)
{
    journal_done(r->journal, &i->order_note);
    buf_clear(&i->order_url);
    i->resumed = false;
}

/* May the same order still lead to a certificate? Yes when it was the network, the CA's health or this machine that
 * failed. A certificate that is not ours may have been changed on its way: it is fetched once more, next time. */
static bool worth_keeping(const struct issue *i)
{
    switch (i->err.code) {
    case SIGNET_ENET:
    case SIGNET_ETIMEOUT:
    case SIGNET_ETLS:
    case SIGNET_EPROTO:
    case SIGNET_ESYS:
    case SIGNET_ENOMEM:
    case SIGNET_ERATE:
        return true;
    case SIGNET_ECERT:
        return !i->resumed;
    case SIGNET_ECANCELED:
        return i->may_be_issued;
    case SIGNET_EPROBLEM:
        return i->has_problem && i->problem.http_status >= 500;
    default:
        return false;
    }
}

void owe_failed(struct run *r, struct issue *i)
{
    if (!i->order_note)
        return;
    if (worth_keeping(i))
        log_info(ROOM, "The order for %s is kept: the next run goes on with it.", i->lineage_name);
    else
        owe_forget(r, i);
}

int owe_deploy(struct run *r, struct issue *i, const struct lineage *l, struct err *e)
{
    BUF_AUTO(live, 8192);
    lineage_live_dir(l, &live);
    r->deploying = i->order_note;
    int rc = hooks_deploy(&r->hooks, &i->req, buf_z(&live), &i->all_names, e);
    r->deploying = 0;
    /* Hooks that a signal kept from being begun stay due. */
    const struct journal_entry *entry = i->order_note ? journal_find(r->journal, i->order_note) : NULL;
    if (rc != SIGNET_ECANCELED || !entry || !owe_deploy_left(&entry->data))
        owe_forget(r, i);
    return rc;
}
