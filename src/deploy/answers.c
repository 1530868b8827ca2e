#include "deploy/answers.h"

#include "base/clock.h"
#include "base/log.h"
#include "deploy/transaction.h"
#include <stdlib.h>

#define ROOM    "deploy"
#define WAIT_MS 30000 /* a reload returns before the new configuration answers */

/* There is one program in this process, so one list, and one batch. */
static struct web_answer *all;
static struct {
    bool up;
    const struct web_answer_ops *ops;
    struct server *server;
    struct temporary *change;
    int64_t since;
    char *work_dir;
} batch;

static void web_answer_free(struct web_answer *a)
{
    free(a->name);
    free(a->token);
    free(a->key_auth);
    free(a->place);
    free(a);
}

int web_answer_add(struct web_answer **ret, const struct web_answer_ops *ops, struct loop *l, const struct request *req,
                   signet_str name, signet_str token, signet_str key_auth, struct err *e)
{
    struct web_answer *a = calloc(1, sizeof *a);
    if (!a)
        return err_nomem(e);
    *a = (struct web_answer){ .ops = ops, .loop = l, .req = req };
    a->name = str_dup(name);
    a->token = str_dup(token);
    a->key_auth = str_dup(key_auth);
    if (!a->name || !a->token || !a->key_auth) {
        web_answer_free(a);
        return err_nomem(e);
    }
    a->next = all;
    all = a;
    *ret = a;
    return 0;
}

int web_answer_places(struct web_answer *a, size_t n, struct err *e)
{
    free(a->place);
    a->n_places = 0;
    a->place = calloc(n + 1, sizeof *a->place);
    return a->place ? 0 : err_nomem(e);
}

static struct transaction transaction(void)
{
    return (struct transaction){ .server = batch.server, .work_dir = batch.work_dir, .title = "challenges" };
}

static void batch_done(void)
{
    batch.ops->close(batch.server);
    free(batch.work_dir);
    batch.server = NULL;
    batch.work_dir = NULL;
    batch.up = false;
}

/* ---- beginning one ---- */

static bool joins(const struct web_answer *a, const struct web_answer *first)
{
    return a->ops == first->ops && a->state == WEB_ANSWER_WAITS;
}

static int plan(const struct web_answer *first, struct changes *c, struct err *e)
{
    size_t n = 0;
    for (const struct web_answer *a = all; a; a = a->next)
        n++;
    struct web_answer **v = calloc(n + 1, sizeof *v);
    n = 0;
    for (struct web_answer *a = all; v && a; a = a->next)
        if (joins(a, first))
            v[n++] = a;
    int rc = v ? batch.ops->plan(batch.server, v, n, c, e) : err_nomem(e);
    free(v);
    return rc;
}

static int open_server(const struct web_answer *a, struct err *e)
{
    batch.ops = a->ops;
    batch.work_dir = str_dup(str_of(a->req->work_dir));
    int rc = batch.work_dir ? a->ops->open(&batch.server, a->loop, a->req, e) : err_nomem(e);
    return rc ? rc : server_begin(batch.server, e);
}

static void begin(const struct web_answer *first)
{
    struct changes c = CHANGES_INIT;
    struct err e = { 0 };
    int rc = open_server(first, &e);
    if (!rc)
        rc = plan(first, &c, &e);
    if (!rc) {
        struct transaction t = transaction();
        rc = transaction_begin(&batch.change, &t, &c, &e);
    }
    changes_done(&c);
    batch.up = !rc;
    batch.since = clock_mono_ms();
    const struct web_answer_ops *ops = first->ops; /* `first` is among those that change now */
    for (struct web_answer *a = all; a; a = a->next) {
        if (a->ops != ops || a->state != WEB_ANSWER_WAITS)
            continue;
        a->in_batch = !rc;
        if (rc) {
            a->state = WEB_ANSWER_FAILED;
            a->err = e;
        }
    }
    if (rc)
        batch_done();
}

/* ---- looking ---- */

static int ask(const struct web_answer *a, struct err *e)
{
    BUF_AUTO(path, 512);
    int rc = 0;
    buf_addf(&path, WEB_ANSWER_PATH "%s", a->token);
    for (unsigned k = 0; !rc && k < batch.ops->looks; k++)
        for (size_t i = 0; !rc && i < a->n_places; i++)
            rc = server_answers(batch.server, &a->place[i], a->name, buf_z(&path), str_of(a->key_auth), e);
    return rc;
}

static void look(struct web_answer *a)
{
    BUF_AUTO(words, 2 * SERVER_WORDS_MAX);
    struct err e = { 0 };
    const char *name = batch.server->ops->name;
    int64_t waited = clock_mono_ms() - batch.since;
    if (a->req->no_verify_deploy) { /* then only time can help */
        if (waited >= batch.ops->pause_ms(a->req))
            a->state = WEB_ANSWER_UP;
        return;
    }
    bool settled = !batch.ops->settled || batch.ops->settled(batch.server);
    int rc = settled ? ask(a, &e) : err_set(&e, SIGNET_ETIMEOUT, "the workers of before still take connections");
    if (!rc) {
        a->state = WEB_ANSWER_UP;
        return;
    }
    bool hopeless = batch.ops->complaints && batch.ops->complaints(batch.server, &words);
    if (rc != SIGNET_ESYS && rc != SIGNET_ENOMEM && !hopeless && waited < WAIT_MS)
        return;
    a->state = WEB_ANSWER_FAILED;
    err_wrap(&e, "%s has been reloaded but does not answer the challenge%s%s", name, words.n ? ":\n" : "",
             buf_z(&words));
    err_hint(&e, "--no-verify-deploy leaves this check out, for a server that cannot be reached on this machine.");
    a->err = e;
}

enum web_answer_state web_answer_step(struct web_answer *a, struct err *e)
{
    if (!batch.up && a->state == WEB_ANSWER_WAITS)
        begin(a);
    if (batch.server && a->in_batch && a->state == WEB_ANSWER_WAITS)
        look(a);
    if (a->state == WEB_ANSWER_FAILED && e)
        *e = a->err;
    return a->state;
}

/* ---- the end ---- */

static void end_batch(void)
{
    struct err e = { 0 };
    struct transaction t = transaction();
    if (transaction_revert(batch.change, &t, &e))
        log_error(ROOM, "The answers to challenges could not be taken out of %s's configuration: %s",
                  batch.server->ops->name, e.text);
    if (batch.ops->ended)
        batch.ops->ended(batch.work_dir);
    batch.change = NULL;
    batch_done();
}

void web_answer_remove(struct web_answer *a)
{
    bool others = false;
    if (!a)
        return;
    for (struct web_answer **at = &all; *at; at = &(*at)->next)
        if (*at == a) {
            *at = a->next;
            break;
        }
    for (const struct web_answer *o = all; o; o = o->next)
        others |= o->in_batch;
    bool last = a->in_batch && !others && batch.up;
    web_answer_free(a);
    if (last)
        end_batch();
}
