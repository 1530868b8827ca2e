/* From a request to a certificate on disk: what certonly, renew and reconfigure share. */
#ifndef CLIENT_OBTAIN_H
#define CLIENT_OBTAIN_H

#include "client/issue.h"

/* The options of a lineage as its renewal file has them, under what the command line says. */
int lineage_request(const struct lineage *l, const struct request *base, struct request *ret, struct err *e);
/* Puts the request's options into a renewal file; keys of [renewalparams] that it does not have go. */
int lineage_remember(struct conf *c, const struct request *req, struct err *e);

/* Key, names and predecessor of an issue. `l` NULL: a new lineage. The issue's request, slot, domains and ips are
 * filled already. */
int obtain_prepare(struct issue *i, const struct lineage *l, struct err *e);
/* A key of the kind that the request asks for. */
int obtain_new_key(const struct request *req, struct key **ret, struct err *e);
/* Puts the certificate in place: the next version of *l, or a new lineage by that name (*l is set then). Checked
 * before: the key fits, the names are those asked for. `exact`: the name was given, no -0001. *ret_live: the
 * certificate is in place, also when the result is an error (what came after failed, such as writing the renewal file):
 * then its hooks are due all the same. */
int obtain_save(struct run *r, struct issue *i, struct lineage **l, const char *name, bool exact, bool *ret_live,
                struct err *e);
/* One order, and again while that may help (obtain_revive, obtain_without_old_order, obtain_drop_failed). `tell` says
 * what the CA reported. */
int obtain_order(struct run *r, struct issue *i, void (*tell)(struct run *, const struct issue *), struct err *e);
/* Adds the issue's identifiers to the names that the post hooks are told. */
void obtain_note_names(struct strlist *to, const struct issue *i);
/* Says on stderr what the CA reported for each identifier, with the solver's advice. */
void obtain_tell_failure(struct run *r, const struct issue *i);
/* With --allow-subset-of-names: takes the names that failed out of the issue and makes it fresh for another try. False
 * when nothing would be left, or nothing was named. */
bool obtain_drop_failed(struct run *r, struct issue *i);
/* With --allow-subset-of-names: no name is left. */
bool obtain_all_failed(const struct issue *i);
/* Failed because the CA has lost the account? Then it is registered again, once, and the issue made fresh for another
 * try. */
bool obtain_revive(struct run *r, struct issue *i);
/* The order of an earlier run, with which the issue went on, is of no use at the CA any more? Then the issue is made
 * fresh for an order of its own. */
bool obtain_without_old_order(struct run *r, struct issue *i);
/* The certificate as the CA sent it fits the key and the names; the note about a clock is logged. */
int obtain_check(const struct issue *i, struct err *e);

#endif
