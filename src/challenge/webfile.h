/* Challenge files under a webroot, written by root into folders that somebody else may own: no symbolic link of theirs
 * is followed, no file of theirs is overwritten, and only what was made here is removed again. Shared by all solver
 * instances of the process. */
#ifndef CHALLENGE_WEBFILE_H
#define CHALLENGE_WEBFILE_H

#include "base/err.h"
#include "base/record.h"

#define WEBFILE_DIR ".well-known/acme-challenge"

struct webfile; /* one file that is up, or one more user of it */

/* Puts up WEBROOT/.well-known/acme-challenge/TOKEN (0644, missing folders 0755, owner and group of the webroot,
 * whatever the umask). The path of the webroot itself is the admin's and is taken as it is. Below it a symbolic link is
 * followed only when
 * - it belongs to root or to us, and nobody else may write to the folder it lies in; or
 * - it belongs to somebody else, and the folder it leads to is theirs, too (so they gain nothing).
 * The same token and content twice is one file with two users. SIGNET_EEXIST when there is a file that is not ours. */
int webfile_put(struct webfile **ret, const char *webroot, signet_str token, signet_str content, struct err *e);
/* Removes the file with its last user, then every folder that was made for it and is empty and unused; false: the file
 * is still there. NULL is fine. */
bool webfile_remove(struct webfile *f);

/* What webfile_put is about to make, for webfile_undo in another process. */
int webfile_describe(const char *webroot, signet_str token, signet_str content, struct record *ret);
/* Removes the file if it is there with that very content, then each of the two folders that had to be made and is
 * empty. *ret: whether anything was removed. Nothing is followed that webfile_put would not follow. SIGNET_EFORMAT: not
 * such a record; SIGNET_ESYS: it is still there. */
int webfile_undo(const struct record *r, bool *ret, struct err *e);

#endif
