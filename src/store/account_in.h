/* Inside of accounts: what reading and writing share. */
#ifndef STORE_ACCOUNT_IN_H
#define STORE_ACCOUNT_IN_H

#include "store/account.h"

#define ACCOUNT_NEW      ".signet-new." /* + id: an account being made */
#define ACCOUNT_MAX_FILE (64u * 1024u)  /* most bytes of one of its files */

/* Folder of one account, found also through the server that came before. SIGNET_ENOTFOUND. */
int account_find(const struct tree *t, const char *server, const char *id, struct buf *ret, struct err *e);
/* May it be an account's folder? One path segment, no leading '.'. */
bool account_id_ok(const char *id);
/* This host's full name, as far as it can be known without asking anybody. */
void account_host_name(struct buf *ret);

#endif
