/* What the verbs share: the run, the CAs it talks to, the accounts it uses. Internal to client/. */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include "client/report.h"
#include "client/run.h"
#include "deploy/hooks.h"
#include "store/account.h"
#include "store/journal.h"
#include "store/lineage.h"
#include "talker/ca.h"

/* One CA with one account, open for the whole run. */
struct ca_slot {
    char *server;
    struct account *account; /* owned; its url may be learnt during the run */
    struct ca *ca;
    bool revived;    /* the account was unknown to the CA and has been registered again */
    char *had_saved; /* what the directory cache held at the start: written again only when it changed */
};

struct run {
    struct request *req; /* a copy of ours: choices made at prompts go into it */
    struct tree *tree;
    struct ui *ui;
    struct loop *loop;
    struct hooks hooks;
    struct report report;
    struct ca_slot **slots;
    size_t n_slots;
    struct journal *journal;        /* what this run owes; NULL in verbs that change nothing */
    struct hooks_watch hooks_watch; /* notes hooks in it */
    uint64_t deploying;             /* the order in it whose deploy hooks are running */
    bool room_checked;              /* see owe_room */
    bool registered;                /* an account was made in this run */
};

/* cas.c: the CA for `server` with this account (taken over in every case: kept by the slot or freed). */
int cas_open(struct run *r, const struct request *req, const char *server, struct account *account,
             struct ca_slot **ret, struct err *e);
struct ca_slot *cas_find(struct run *r, const char *server, const char *account_id); /* account_id NULL: any */
void cas_close(struct run *r); /* keeps their directories for next time, ends the talkers */
/* Waits for one job of a CA to end, telling nothing else. The event's views are valid until the next call on this CA.
 */
int cas_wait(struct run *r, struct ca_slot *s, ca_job job, struct ca_event *ret, struct err *e);
/* A failed job as an error: what was being done, the CA's words, advice. */
int cas_problem(struct ca_slot *s, const struct ca_problem *p, struct err *e);
/* The --preferred-chain and problem texts speak of types without the URN. */
const char *problem_short_type(const char *type);

/* accounts.c */
/* The account to use at req->server: --account, the only one, or the one chosen at a prompt. SIGNET_ENOTFOUND when
 * there is none. */
int account_pick(struct run *r, const struct request *req, struct account **ret, struct err *e);
/* The open CA for this request: its account found, or registered now (terms, contact and EAB as the request says). */
int account_obtain(struct run *r, const struct request *req, struct ca_slot **ret, struct err *e);
/* The CA does not know the account any more (pebble after a restart, a CA that lost its data): registers the same key
 * once more. The user agreed to the terms when the account was made. At most once a run. */
int account_revive(struct run *r, struct ca_slot *s, struct err *e);
/* What the CA says of an account, into the struct; lego's tree keeps it. */
int account_keep_details(struct account *a, const signet_account *got, const char *mail, struct err *e);
/* "mailto:" contacts from --email's comma list. */
int account_contacts(const char *email, struct strlist *ret, struct err *e);

/* choose.c */
/* The authenticator: given, or chosen at a prompt; checked to exist. */
int request_choose_authenticator(struct run *r, struct err *e);

/* verbs, one file each */
int certonly_csr(struct run *r, struct err *e);
int verb_certonly(struct run *r, struct err *e);
int verb_renew(struct run *r, struct err *e);
int verb_certificates(struct run *r, struct err *e);
int verb_delete(struct run *r, struct err *e);
int verb_revoke(struct run *r, struct err *e);
int verb_register(struct run *r, struct err *e);
int verb_unregister(struct run *r, struct err *e);
int verb_update_account(struct run *r, struct err *e);
int verb_show_account(struct run *r, struct err *e);
int verb_reconfigure(struct run *r, struct err *e);
int verb_update_symlinks(struct run *r, struct err *e);
int verb_plugins(struct run *r, struct err *e);
int verb_run(struct run *r, struct err *e);
int verb_install(struct run *r, struct err *e);
int verb_enhance(struct run *r, struct err *e);
int verb_rollback(struct run *r, struct err *e);
int verb_config_changes(struct run *r, struct err *e);
int verb_explain(struct run *r, struct err *e);
int verb_status(struct run *r, struct err *e);
int verb_migrate(struct run *r, struct err *e);
int verb_lego_run(struct run *r, struct err *e);
int verb_lego_renew(struct run *r, struct err *e);
int verb_lego_revoke(struct run *r, struct err *e);
int verb_lego_list(struct run *r, struct err *e);
int verb_lego_account_list(struct run *r, struct err *e);
int verb_lego_account_register(struct run *r, struct err *e);
int verb_lego_account_recover(struct run *r, struct err *e);
int verb_lego_account_rollover(struct run *r, struct err *e);
int verb_lego_archive_list(struct run *r, struct err *e);
int verb_lego_archive_restore(struct run *r, struct err *e);
int verb_lego_config(struct run *r, struct err *e);

#endif
