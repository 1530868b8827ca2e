#include "deploy/apache/answers.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "deploy/transaction.h"
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#define ROOM           "deploy.apache"
#define PRE            "le_http_01_challenge_pre.conf"
#define FOLDER         "http_challenges"
#define CHALLENGE      "/.well-known/acme-challenge/"
#define FILE_MODE      0644
#define FOLDER_MODE    0755
#define WAIT_MS        30000
#define DUMP_BYTES_MAX (4u << 20)

struct apa_answer {
    struct apa_answer *next;
    char *name, *token, *key_auth;
    struct loop *loop;
    const struct request *req; /* borrowed until it is removed */
    bool in_batch;
    enum apa_answer_state state;
    struct err err;
    struct probe_place place;
};

/* There is one program in this process, so one list, and one batch. */
static struct apa_answer *all;
static struct {
    bool up;
    struct apa_server server;
    struct record note;
    struct temporary *change;
    int64_t since;
    struct loop *loop;
    char *work_dir;
} batch;

static void answer_free(struct apa_answer *a)
{
    free(a->name);
    free(a->token);
    free(a->key_auth);
    free(a);
}

int apa_answer_add(struct apa_answer **ret, struct loop *l, const struct request *req, const char *name,
                   const char *token, const char *key_auth, struct err *e)
{
    struct apa_answer *a = calloc(1, sizeof *a);
    if (!a)
        return err_nomem(e);
    *a = (struct apa_answer){ .loop = l, .req = req };
    a->name = str_dup(str_of(name));
    a->token = str_dup(str_of(token));
    a->key_auth = str_dup(str_of(key_auth));
    if (!a->name || !a->token || !a->key_auth) {
        answer_free(a);
        return err_nomem(e);
    }
    a->next = all;
    all = a;
    *ret = a;
    return 0;
}

/* ---- the server ---- */

static int on_test(void *ctx, struct err *e)
{
    (void)ctx;
    return apa_server_test(&batch.server, e);
}

static int on_reload(void *ctx, struct err *e)
{
    (void)ctx;
    return apa_server_reload(&batch.server, e);
}

static struct transaction transaction(void)
{
    return (struct transaction){ .loop = batch.loop,
                                 .work_dir = batch.work_dir,
                                 .title = "challenges",
                                 .server = &batch.note,
                                 .ops = { NULL, on_test, on_reload, NULL } };
}

static void batch_done(void)
{
    apa_server_close(&batch.server);
    record_done(&batch.note);
    free(batch.work_dir);
    batch.work_dir = NULL;
    batch.up = false;
}

/* ---- beginning one ---- */

static int put_tokens(const char *folder, struct changes *c, struct err *e)
{
    int rc = fs_mkdirs(folder, FOLDER_MODE, e);
    for (const struct apa_answer *a = all; !rc && a; a = a->next) {
        BUF_AUTO(path, PATH_MAX);
        if (a->state == APA_ANSWER_FAILED)
            continue;
        fs_join(&path, folder, a->token);
        bool again = false; /* names of one order may share a token */
        for (size_t i = 0; i < c->n; i++)
            again |= !strcmp(c->v[i].path, buf_z(&path));
        if (!again && !(rc = fs_unlink(AT_FDCWD, buf_z(&path), e)))
            rc = changes_add_new(c, buf_z(&path), str_of(a->key_auth), FILE_MODE, e);
    }
    return rc;
}

static int put_pre(const char *path, const char *folder, struct changes *c, struct err *e)
{
    BUF_AUTO(text, 16384);
    buf_addf(&text,
             "# Only while a certificate is being obtained.\nRewriteEngine on\n"
             "RewriteRule ^/\\.well-known/acme-challenge/([A-Za-z0-9_=-]+)$ %s/$1 [END]\n"
             "<Location \"" CHALLENGE "\">\n\tRequire all granted\n</Location>\n"
             "<Directory \"%s\">\n\tAllowOverride None\n\tRequire all granted\n</Directory>\n",
             folder, folder);
    int rc = fs_unlink(AT_FDCWD, path, e);
    return rc ? rc : changes_add_new(c, path, buf_str(&text), FILE_MODE, e);
}

static int plan_batch(const struct apa_answer *first, const struct apa_conf *conf, struct changes *c, struct err *e)
{
    STRLIST_AUTO(names);
    STRLIST_AUTO(more);
    BUF_AUTO(folder, PATH_MAX);
    BUF_AUTO(pre, PATH_MAX);
    const char *where = request_plugin_option(first->req, "apache_challenge_location");
    unsigned port = first->req->http01_port;
    fs_join(&folder, batch.work_dir, FOLDER);
    fs_join(&pre, where && *where ? where : batch.server.root, PRE);
    for (struct apa_answer *a = all; a; a = a->next) {
        int64_t v = apa_pick(conf, a->name, port, false);
        a->place = (struct probe_place){ .ip = "127.0.0.1", .port = port };
        if (v >= 0)
            apa_place(conf, (uint32_t)v, port, &a->place);
        if (a->state != APA_ANSWER_FAILED && strlist_add_new(&names, str_of(a->name)))
            return err_nomem(e);
    }
    int rc = put_tokens(buf_z(&folder), c, e);
    if (!rc)
        rc = apa_need_module(conf, &batch.server, "rewrite", c, &more, e);
    if (!rc)
        rc = put_pre(buf_z(&pre), buf_z(&folder), c, e);
    return rc ? rc : apa_plan_challenge(conf, &names, port, buf_z(&pre), c, e);
}

static int open_server(const struct apa_answer *a, struct err *e)
{
    batch.loop = a->loop;
    batch.work_dir = str_dup(str_of(a->req->work_dir));
    int rc = batch.work_dir ? apa_server_open(&batch.server, a->loop, a->req, NULL, e) : err_nomem(e);
    if (!rc)
        rc = apa_server_lock(&batch.server, e);
    if (!rc && (rc = apa_server_test(&batch.server, e)))
        err_hint(e, "It was like that before anything was changed. Please mend it and try again.");
    if (!rc && apa_server_describe(&batch.server, &batch.note))
        rc = err_nomem(e);
    return rc;
}

static int plan(const struct apa_answer *first, struct changes *c, struct err *e)
{
    BUF_AUTO(dump, DUMP_BYTES_MAX);
    struct apa_conf conf = { 0 };
    int rc = apa_server_dump(&batch.server, &dump, e);
    if (!rc)
        rc = apa_conf_read(&conf, buf_str(&dump), e);
    if (!rc)
        rc = plan_batch(first, &conf, c, e);
    apa_conf_done(&conf);
    apa_unload();
    return rc;
}

static void begin(const struct apa_answer *first)
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
    for (struct apa_answer *a = all; a; a = a->next) {
        if (a->state == APA_ANSWER_FAILED)
            continue;
        a->in_batch = !rc;
        if (rc) {
            a->state = APA_ANSWER_FAILED;
            a->err = e;
        }
    }
    if (rc)
        batch_done();
}

/* ---- looking, and the end ---- */

static void look(struct apa_answer *a)
{
    BUF_AUTO(path, 512);
    struct err e = { 0 };
    int64_t waited = clock_mono_ms() - batch.since;
    buf_addf(&path, CHALLENGE "%s", a->token);
    if (a->req->no_verify_deploy) {
        if (waited >= 3000) /* as certbot waits */
            a->state = APA_ANSWER_UP;
        return;
    }
    int rc = apa_server_answers(&batch.server, &a->place, a->name, buf_z(&path), str_of(a->key_auth), &e);
    if (!rc) {
        a->state = APA_ANSWER_UP;
    } else if (rc == SIGNET_ESYS || rc == SIGNET_ENOMEM || waited >= WAIT_MS) {
        err_wrap(&e, "Apache has been reloaded but does not answer the challenge");
        err_hint(&e, "--no-verify-deploy leaves this check out, for an Apache that cannot be reached on this machine.");
        a->err = e;
        a->state = APA_ANSWER_FAILED;
    }
}

enum apa_answer_state apa_answer_step(struct apa_answer *a, struct err *e)
{
    if (!batch.up && a->state == APA_ANSWER_WAITS)
        begin(a);
    if (a->in_batch && a->state == APA_ANSWER_WAITS)
        look(a);
    if (a->state == APA_ANSWER_FAILED && e)
        *e = a->err;
    return a->state;
}

static void end_batch(void)
{
    struct err e = { 0 };
    BUF_AUTO(folder, PATH_MAX);
    struct transaction t = transaction();
    fs_join(&folder, batch.work_dir, FOLDER);
    if (transaction_revert(batch.change, &t, &e))
        log_error(ROOM, "The answers to challenges could not be taken out of Apache's configuration: %s", e.text);
    (void)rmdir(buf_z(&folder)); /* if nothing of anybody else is in it */
    batch.change = NULL;
    batch_done();
}

void apa_answer_remove(struct apa_answer *a)
{
    bool others = false;
    if (!a)
        return;
    for (struct apa_answer **at = &all; *at; at = &(*at)->next)
        if (*at == a) {
            *at = a->next;
            break;
        }
    for (const struct apa_answer *o = all; o; o = o->next)
        others |= o->in_batch;
    bool last = a->in_batch && !others && batch.up;
    answer_free(a);
    if (last)
        end_batch();
}
