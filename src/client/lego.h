/* What the verbs of lego's face share. Internal to client/. */
#ifndef CLIENT_LEGO_H
#define CLIENT_LEGO_H

#include "client/obtain.h"
#include "crypto/cert.h"
#include "crypto/csr.h"

/* What is to be had: names, where they come from, how the files are called. */
struct lego_target {
    struct strlist domains, ips, asked; /* asked: both, as they were given, in order */
    struct csr_info csr;                /* with --csr */
    bool from_csr;
    struct buf domain;  /* the first name, or what version 5 calls the certificate */
    struct buf name;    /* of the files that are there */
    struct buf save_as; /* of the files to be written: differs with --filename */
};
/* From the request. *ret is initialised, to be released also on failure. */
int lego_target_init(struct lego_target *ret, struct run *r, struct err *e);
void lego_target_done(struct lego_target *t);
/* One name, a domain or an address, into one of the lists. */
int lego_add_name(struct lego_target *t, signet_str name, struct err *e);

/* lego_obtain.c: the account, the order, the files, the hook. `old`: what is renewed, NULL: nothing. `key`: taken over,
 * NULL: a new one. */
int lego_obtain(struct run *r, struct lego_target *t, const struct lineage *old, struct key *key, struct err *e);
/* The account must be there. SIGNET_ENOTFOUND with lego's words. */
int lego_open_account(struct run *r, struct ca_slot **ret, struct err *e);
/* lego_rollover.c: a change of the account's key that was interrupted after the CA had been asked: asks the CA which of
 * the two keys holds, and keeps that one. Nothing is asked when there was none. */
int lego_settle_rollover(struct run *r, struct err *e);
/* Whoever is to answer the challenges exists and has what it needs: found before anything is asked of anybody. */
int lego_check_solver(struct run *r, struct err *e);
/* "!!!! HEADS UP !!!!", when this run has made an account. */
void lego_tell_account(struct run *r);

/* Puts lego's "WHAT\n\t" in front of an error. Returns its code. */
int lego_wrap(struct err *e, const char *what);

/* lego_save.c: puts an issue's certificate in place under t->save_as. */
int lego_store(struct run *r, const struct lego_target *t, const struct issue *i, struct err *e);

/* As Go prints a time: "2027-02-23 22:11:38 +0000 UTC". */
void lego_go_time(struct buf *to, int64_t t);
/* lego_list_json.c: the lists as lego 5 writes them with --json. */
int lego_list_certificates_json(struct run *r, struct err *e);
int lego_list_accounts_json(struct run *r, struct err *e);

/* lego_renew.c: obtained again if it is due; else says why not. */
int lego_renew_due(struct run *r, struct lego_target *t, struct lineage *l, struct err *e);

#endif
