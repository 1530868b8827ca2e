/* lego's face, version 5: accounts register, recover. */
#include "base/fs.h"
#include "base/log.h"
#include "client/lego.h"
#include "store/lego.h"
#include <fcntl.h>
#include <stdlib.h>

#define ROOM        "lego"
#define KEY_PEM_MAX (64u * 1024u)

int verb_lego_account_register(struct run *r, struct err *e)
{
    struct account *a = NULL;
    struct ca_slot *s;
    int rc = account_load(&a, r->tree, r->req->server, r->req->account, e);
    account_free(a);
    if (!rc) {
        log_info(ROOM, "The account %s is registered already.", r->req->account);
        return 0;
    }
    if (rc != SIGNET_ENOTFOUND)
        return rc;
    err_clear(e);
    rc = account_obtain(r, r->req, &s, e);
    if (!rc)
        lego_tell_account(r);
    return rc ? lego_wrap(e, "Could not complete registration") : 0;
}

/* ---- recover ---- */

static int key_of(const struct run *r, struct key **ret, struct err *e)
{
    BUF_AUTO(pem, KEY_PEM_MAX);
    const char *path = r->req->lego.private_key;
    if (!path || !path[0])
        return account_key(ret, r->tree, r->req->server, r->req->account, e);
    int rc = fs_read(AT_FDCWD, path, &pem, e);
    return rc ? rc : key_from_pem(ret, buf_str(&pem), e);
}

/* The CA tells which account a key belongs to (RFC 8555 section 7.3.1). */
static int recover(struct run *r, struct account *a, struct err *e)
{
    signet_account_params p = { .size = sizeof p, .op = SIGNET_ACCOUNT_FIND };
    struct ca_slot *s;
    struct ca_event ev;
    ca_job job;
    int rc = cas_open(r, r->req, r->req->server, a, &s, e);
    if (rc || (rc = ca_account(s->ca, &p, NULL, &job, e)) || (rc = cas_wait(r, s, job, &ev, e)) ||
        (rc = account_keep_details(s->account, &ev.u.done.account, r->req->email, e)) ||
        (rc = tree_make_store(r->tree, e)))
        return rc;
    return account_save(r->tree, s->account, r->req->email, e);
}

int verb_lego_account_recover(struct run *r, struct err *e)
{
    struct account *a = calloc(1, sizeof *a);
    if (!a || !(a->id = str_dup(str_of(r->req->account))) || !(a->server = str_dup(str_of(r->req->server)))) {
        account_free(a);
        return err_nomem(e);
    }
    int rc = key_of(r, &a->key, e);
    if (rc) {
        account_free(a);
        return lego_wrap(e, "The key of the account cannot be read; name it with --private-key");
    }
    rc = recover(r, a, e);
    if (!rc)
        log_info(ROOM, "The account %s was recovered.", r->req->account);
    return rc;
}
