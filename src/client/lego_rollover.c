/* lego's face, version 5: accounts keyrollover, and what a run that was killed in the middle of one left. */
#include "base/fs.h"
#include "base/log.h"
#include "client/lego.h"
#include "store/lego.h"
#include <fcntl.h>
#include <stdlib.h>

#define ROOM        "lego"
#define KEY_PEM_MAX (64u * 1024u)

static int next_key_path(const struct run *r, struct buf *ret, struct err *e)
{
    BUF_AUTO(dir, 8192);
    int rc = lego_account_dir(r->tree, r->req->server, r->req->account, &dir, e);
    if (rc)
        return rc;
    fs_join(ret, buf_z(&dir), ".next.key");
    return buf_err(ret) ? err_set(e, buf_err(ret), "the path of the account's folder is too long") : 0;
}

/* ---- after a kill ---- */

/* The CA tells whether an account has this key. 1: yes, 0: no; negative: it cannot be asked. */
static int is_known(struct run *r, signet_str pem, struct err *e)
{
    signet_account_params p = { .size = sizeof p, .op = SIGNET_ACCOUNT_FIND };
    struct account *a = calloc(1, sizeof *a);
    struct ca_event ev = { 0 };
    struct ca_slot *s;
    ca_job job;
    if (!a || !(a->id = str_dup(str_of(r->req->account))) || !(a->server = str_dup(str_of(r->req->server))) ||
        key_from_pem(&a->key, pem, e)) {
        account_free(a);
        return e->code ? e->code : err_nomem(e);
    }
    int rc = cas_open(r, r->req, r->req->server, a, &s, e);
    if (!rc)
        rc = ca_account(s->ca, &p, NULL, &job, e);
    if (!rc)
        rc = cas_wait(r, s, job, &ev, e);
    bool unknown = rc && ev.kind == CA_DONE && ev.u.done.problem &&
                   !strcmp(problem_short_type(ev.u.done.problem->type), "accountDoesNotExist");
    cas_close(r); /* its account is none of the tree's */
    return unknown ? 0 : rc ? rc : 1;
}

/* Asks, and keeps on disk what the answer says. No CA of the run may be open. */
static int settle(struct run *r, const char *aside, bool *ret_is_new, struct err *e)
{
    BUF_AUTO(pem, KEY_PEM_MAX);
    struct account *a = NULL;
    struct key *next = NULL;
    int rc = fs_read(AT_FDCWD, aside, &pem, e);
    if (!rc)
        rc = key_from_pem(&next, buf_str(&pem), e);
    int known = rc ? rc : is_known(r, buf_str(&pem), e);
    if (known == 1 && !(rc = account_load(&a, r->tree, r->req->server, r->req->account, e))) {
        key_free(a->key);
        a->key = next;
        next = NULL;
        rc = account_save(r->tree, a, NULL, e);
    } else if (known < 0) {
        rc = known;
    }
    if (!rc) {
        err_clear(e);
        rc = fs_unlink(AT_FDCWD, aside, e);
    }
    *ret_is_new = known == 1;
    account_free(a);
    key_free(next);
    return rc;
}

int lego_settle_rollover(struct run *r, struct err *e)
{
    BUF_AUTO(aside, 8192);
    if (!r->req->account || !r->req->server)
        return 0;
    int rc = next_key_path(r, &aside, e);
    if (rc || !fs_exists(AT_FDCWD, buf_z(&aside)))
        return rc;
    bool is_new = false;
    rc = settle(r, buf_z(&aside), &is_new, e);
    if (rc)
        return err_wrap(e, "an earlier change of the account's key was interrupted, and which of the two keys holds "
                           "cannot be learnt");
    log_warn(ROOM, "The account %s %s: an interrupted change of its key was brought to its end.", r->req->account,
             is_new ? "has its new key" : "keeps its key");
    return 0;
}

/* ---- keyrollover ---- */

/* A refusal may be the answer to a repetition, the first answer having been lost: the CA says which key holds. */
static int after_refusal(struct run *r, const char *aside, struct err *e)
{
    struct err refused = *e, why = { 0 };
    bool is_new = false;
    cas_close(r);
    if (settle(r, aside, &is_new, &why))
        err_hint(&refused, "The key that the CA may know now is in %s; the next run finds out.", aside);
    else if (is_new)
        return 0;
    *e = refused;
    return e->code;
}

/* The new key is on disk before the CA is asked: whichever of the two it then knows is there to be found. */
static int roll(struct run *r, struct ca_slot *s, struct key *key, struct err *e)
{
    BUF_AUTO(aside, 8192);
    BUF_AUTO(pem, KEY_PEM_MAX);
    struct ca_event ev;
    ca_job job;
    int rc = next_key_path(r, &aside, e);
    if (!rc && key_to_pem_traditional(key, &pem))
        rc = err_set(e, SIGNET_ECRYPTO, "The new key cannot be written as PEM.");
    if (rc || (rc = fs_replace(AT_FDCWD, buf_z(&aside), buf_str(&pem), 0600, false, e)))
        return rc;
    if ((rc = ca_rollover(s->ca, key, NULL, &job, e)) || (rc = cas_wait(r, s, job, &ev, e))) {
        if (rc == SIGNET_EPROBLEM)
            return after_refusal(r, buf_z(&aside), e);
        err_hint(e, "The key that the CA may know now is in %s; the next run finds out.", buf_z(&aside));
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
