/* Inside of lego's tree. */
#ifndef STORE_LEGO_IN_H
#define STORE_LEGO_IN_H

#include "store/lego.h"
#include "store/store.h"

#define LEGO_CERTS    "certificates"
#define LEGO_ARCHIVES "archives"
#define LEGO_WORK     ".signet" /* journal of runs, gone when nothing is owed */
#define LEGO_JSON_MAX (256u * 1024u)
#define LEGO_NEW      ".signet-new"  /* end of a file that is not in place yet: ".NAME.crt.signet-new" */
#define LEGO_NOTE     ".signet-save" /* ".NAME.signet-save": the new files of NAME are whole; a name's end a line */

int lego_make(struct tree *t, bool strict, struct err *e);
int lego_make_store(struct tree *t, struct err *e);
int lego_lock(struct tree *t, struct err *e);
int lego_account_list(const struct tree *t, const char *server, struct strlist *ret, struct err *e);
int lego_account_load(struct account **ret, const struct tree *t, const char *server, const char *id, struct err *e);
int lego_account_key(struct key **ret, const struct tree *t, const char *server, const char *id, struct err *e);
int lego_account_save(const struct tree *t, struct account *a, const char *mail, struct err *e);
int lego_account_delete(const struct tree *t, const char *server, const char *id, struct err *e);
int lego_list(const struct tree *t, struct strlist *ret, struct err *e);
int lego_open(struct lineage **ret, const struct tree *t, const char *name, struct err *e);
int lego_read(const struct lineage *l, enum kind k, unsigned version, struct buf *ret, struct err *e);
void lego_place(const struct lineage *l, struct buf *ret);
bool lego_is_from(const struct lineage *l, const char *server);
int lego_recover(const struct tree *t, struct strlist *did, struct err *e);

#endif
