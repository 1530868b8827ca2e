/* lego's tree, in the layout of its version 4 or 5 (contract.md B and C):
 *
 *     PATH/accounts/HOST_PORT/ID/account.json, keys/ID.key     5: ID.key beside account.json
 *     PATH/certificates/NAME.crt .key .issuer.crt .json .pem .pfx
 *     PATH/archives/UNIXTIME.NAME.…                            5: archives/certificates/NAME_UNIXTIME.zip
 *
 * Folders 0700, files 0600. A file takes the place of the one before by a rename, with its mode and owner, but nobody
 * other than the owner may read what holds a private key. What only this layout has is here; the rest of it is reached
 * through account.h, lineage.h and tree.h. */
#ifndef STORE_LEGO_H
#define STORE_LEGO_H

#include "store/lineage.h"

#define LEGO_NO_MAIL "noemail@example.com" /* what an account without an address is called */

/* A tree at `path`; of version 5 when what lies there is, or nothing lies there and `v5` is set. */
int lego_tree_init(struct tree *t, const char *path, bool v5);
bool lego_tree_is_v5(const struct tree *t);
/* The folders of the journal go when nothing is owed. */
void lego_tidy(const struct tree *t);

/* PATH/certificates/NAME.EXT, cleared first. */
void lego_cert_path(const struct tree *t, const char *name, const char *ext, struct buf *ret);
/* PATH/accounts, PATH/accounts/HOST_PORT/ID, cleared first. SIGNET_EINVAL: no such URL or id. */
int lego_account_dir(const struct tree *t, const char *server, const char *id, struct buf *ret, struct err *e);

/* The text of account.json, cleared first. */
int lego_account_text(const struct tree *t, const char *server, const char *id, struct buf *ret, struct err *e);

/* What account.json says of where the account comes from: "command", "configuration", "migration"; "": nothing. */
int lego_account_origin(const struct tree *t, const char *server, const char *id, struct buf *ret, struct err *e);
/* Writes it anew; the rest of the file stays. Nothing is written when it says so already. */
int lego_account_set_origin(const struct tree *t, const char *server, const char *id, const char *origin,
                            struct err *e);

/* One file of a certificate. */
struct lego_file {
    const char *ext; /* ".crt" */
    signet_str data;
    bool secret; /* holds the private key */
};
#define LEGO_FILES_MAX 8

/* Puts the files in place: all of them are written aside and synced, read back and compared, a note says that they are
 * whole, then each takes the place of the one before, in the order given: put what belongs together side by side. After
 * a kill the next run ends it: forward when the note is there, else back. */
int lego_save(const struct tree *t, const char *name, const struct lego_file *files, size_t n, struct err *e);
/* Moves the files of a certificate into archives/ (5: packs them into one .zip there). */
int lego_archive(const struct tree *t, const char *name, int64_t now, struct err *e);

/* Version 5's archives. `kind` is "certificates" or "accounts", a name "NAME_UNIXTIME.zip". Replaces nothing in `ret`.
 */
int lego_archives(const struct tree *t, const char *kind, struct strlist *ret, struct err *e);
bool lego_archive_time(const char *name, int64_t *ret); /* when it was made; false: the name does not tell */
/* Removes those of a kind that are older than `before`; says which in `did`. */
int lego_archives_clean(const struct tree *t, const char *kind, int64_t before, struct strlist *did, struct err *e);
/* Puts the files back where they were and removes the archive. Everything in it is checked first: a name that leads
 * elsewhere, or what is no file of a certificate or an account, gives SIGNET_EFORMAT; a file that is there with another
 * content SIGNET_EEXIST. Nothing was written then. */
int lego_restore(const struct tree *t, const char *kind, const char *name, struct err *e);
/* Packs the folder accounts/HOST/ID into archives/accounts/HOST_ID_UNIXTIME.zip and removes it. */
int lego_archive_account(const struct tree *t, const char *host, const char *id, int64_t now, struct err *e);

/* A member of NAME.json as text; false: there is none. */
bool lego_cert_member(const struct lineage *l, const char *key, struct buf *ret);
/* The text of an object as Go indents it: tabs, no final newline. `json` is a json_t. */
int lego_json_text(const void *json, struct buf *ret);

#endif
