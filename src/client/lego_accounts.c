/* lego's face, version 5: accounts register, recover, keyrollover. */
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

/* ---- keyrollover ---- */

/* The new key is on disk before the CA is asked: whichever of the two it then knows is there to be found. */
static int roll(struct run *r, struct ca_slot *s, struct key *key, struct err *e)
{
    BUF_AUTO(dir, 8192);
    BUF_AUTO(aside, 8192);
    BUF_AUTO(pem, KEY_PEM_MAX);
    struct ca_event ev;
    ca_job job;
    int rc = lego_account_dir(r->tree, s->server, s->account->id, &dir, e);
    if (!rc && key_to_pem_traditional(key, &pem))
        rc = err_set(e, SIGNET_ECRYPTO, "The new key cannot be written as PEM.");
    fs_join(&aside, buf_z(&dir), ".next.key");
    if (rc || (rc = fs_replace(AT_FDCWD, buf_z(&aside), buf_str(&pem), 0600, false, e)))
        return rc;
    if ((rc = ca_rollover(s->ca, key, NULL, &job, e)) || (rc = cas_wait(r, s, job, &ev, e))) {
        if (rc == SIGNET_EPROBLEM)
            (void)fs_unlink(AT_FDCWD, buf_z(&aside), NULL);
        else
            err_hint(e, "The key that the CA may know now is in %s.", buf_z(&aside));
        return rc;
    }
    struct key *old = s->account->key;
    s->account->key = key;
    rc = account_save(r->tree, s->account, NULL, e);
    s->account->key = old; /* the line to the CA still holds it */
    return rc ? rc : fs_unlink(AT_FDCWD, buf_z(&aside), e);
}

int verb_lego_account_rollover(struct run *r, struct err *e)
{
    struct ca_slot *s;
    struct key *key = NULL;
    BUF_AUTO(pem, KEY_PEM_MAX);
    const char *path = r->req->lego.private_key;
    int rc = lego_open_account(r, &s, e);
    if (!rc && path && path[0]) {
        if (!(rc = fs_read(AT_FDCWD, path, &pem, e)))
            rc = key_from_pem(&key, buf_str(&pem), e);
    } else if (!rc) {
        rc = obtain_new_key(r->req, &key, e);
    }
    if (!rc)
        rc = roll(r, s, key, e);
    if (!rc)
        log_info(ROOM, "The account %s has a new key.", r->req->account);
    cas_close(r); /* before the key that it borrows goes */
    key_free(key);
    return rc;
}
