/* migrate: from another tree, or another program's, into this one. */
#include "client/migrate.h"
#include "base/fs.h"
#include "base/log.h"
#include "store/lego.h"
#include <fcntl.h>
#include <stdlib.h>

/* ---- what is carried ---- */

static void account_clear(struct moved_account *a)
{
    free(a->server);
    free(a->id);
    free(a->url);
    free(a->mail);
    key_free(a->key);
}

static void cert_clear(struct moved_cert *c)
{
    if (c->key)
        explicit_bzero(c->key, strlen(c->key));
    free(c->name);
    free(c->chain);
    free(c->key);
    free(c->server);
    free(c->url);
    free(c->webroot);
    free(c->auth_hook);
    free(c->cleanup_hook);
    free(c->deploy_hook);
    free(c->note);
}

void moving_done(struct moving *m)
{
    for (size_t i = 0; i < m->n_a; i++)
        account_clear(&m->a[i]);
    for (size_t i = 0; i < m->n_c; i++)
        cert_clear(&m->c[i]);
    free(m->a);
    free(m->c);
}

struct moved_account *moving_account(struct moving *m)
{
    struct moved_account *v = m->n_a < MOVE_MAX ? reallocarray(m->a, m->n_a + 1, sizeof *v) : NULL;
    if (!v)
        return NULL;
    m->a = v;
    v[m->n_a] = (struct moved_account){ 0 };
    return &v[m->n_a++];
}

struct moved_cert *moving_cert(struct moving *m)
{
    struct moved_cert *v = m->n_c < MOVE_MAX ? reallocarray(m->c, m->n_c + 1, sizeof *v) : NULL;
    if (!v)
        return NULL;
    m->c = v;
    v[m->n_c] = (struct moved_cert){ 0 };
    return &v[m->n_c++];
}

void moving_drop_account(struct moving *m)
{
    account_clear(&m->a[--m->n_a]);
}

void moving_drop_cert(struct moving *m)
{
    cert_clear(&m->c[--m->n_c]);
}

char *move_read(const char *dir, const char *name, struct err *e)
{
    BUF_AUTO(path, 8192);
    BUF_AUTO(text, MOVE_FILE_MAX);
    fs_join(&path, dir, name);
    int rc = buf_err(&path) ? err_nomem(e) : fs_read(AT_FDCWD, buf_z(&path), &text, e);
    if (rc == SIGNET_ENOTFOUND)
        err_clear(e);
    if (rc)
        return NULL;
    char *z = str_dup(buf_str(&text));
    if (!z)
        err_set(e, SIGNET_EFORMAT, "%s is empty, or has a NUL character in it", buf_z(&path));
    return z;
}

bool moving_has_key(const struct moving *m, const char *server, const struct key *k)
{
    for (size_t i = 0; i < m->n_a; i++)
        if (m->a[i].key && m->a[i].key != k && m->a[i].server && !strcmp(m->a[i].server, server) &&
            key_same(m->a[i].key, k))
            return true;
    return false;
}

/* ---- the verb ---- */

static const struct reader {
    const char *what;
    bool (*is)(const char *path);
    int (*read)(struct moving *m, const char *path, struct err *e);
} readers[] = {
    { "a tree of certbot's", move_is_certbot, move_from_certbot },
    { "a tree of lego's", move_is_lego, move_from_lego },
    { "a folder of acme.sh", move_is_acmesh, move_from_acmesh },
    { "a folder of dehydrated", move_is_dehydrated, move_from_dehydrated },
    { "a folder of uacme", move_is_uacme, move_from_uacme },
};
#define N_READERS (sizeof readers / sizeof *readers)

static const struct reader *kind_of(const char *path, struct err *e)
{
    for (size_t i = 0; i < N_READERS; i++)
        if (readers[i].is(path))
            return &readers[i];
    err_set(e, SIGNET_EFORMAT,
            "%s is not known: no tree of certbot's or lego's, no folder of acme.sh, dehydrated or uacme.", path);
    return NULL;
}

static int read_source(struct run *r, struct moving *m, struct err *e)
{
    const struct reader *k = kind_of(r->req->migrate_from, e);
    if (!k)
        return SIGNET_EFORMAT;
    ui_say(r->ui, "%s is %s.", r->req->migrate_from, k->what);
    int rc = k->read(m, r->req->migrate_from, e);
    if (!rc && !m->n_a && !m->n_c)
        rc = err_set(e, SIGNET_ENOTFOUND, "There is neither an account nor a certificate in %s.", r->req->migrate_from);
    return rc;
}

int verb_migrate(struct run *r, struct err *e)
{
    struct moving m = { .req = r->req, .run = r };
    struct tree lego = { .lock_fd = -1 };
    const char *to = r->req->migrate_to;
    if (!r->req->migrate_from)
        return err_set(e, SIGNET_EUSAGE, "migrate: --from FOLDER says what is to be taken over.");
    if (to && !strcmp(to, r->req->migrate_from))
        return err_set(e, SIGNET_EINVAL, "migrate: --from and --to are the same folder.");
    int rc = to ? lego_tree_init(&lego, to, false) : 0;
    if (rc)
        err_nomem(e);
    if (!rc)
        rc = read_source(r, &m, e);
    if (!rc && to)
        rc = tree_lock(&lego, e);
    if (!rc)
        rc = move_write(r, &m, to ? &lego : r->tree, e);
    cas_close(r); /* before the keys that they borrow go */
    moving_done(&m);
    tree_done(&lego);
    return rc;
}
