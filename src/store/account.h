/* Accounts as certbot keeps them: accounts/HOST[:PORT]/PATH…/ID/{private_key.json,regr.json,meta.json} (contract.md
 * A2). */
#ifndef STORE_ACCOUNT_H
#define STORE_ACCOUNT_H

#include "crypto/key.h"
#include "store/tree.h"

struct account {
    char *id;     /* 32 hex; in lego's tree the address, or what the user called it */
    char *server; /* directory URL */
    char *url;    /* account URL (regr.json "uri") */
    char *creation_host;
    int64_t created; /* seconds since 1970 */
    struct key *key;
    /* what lego keeps besides; NULL and empty where it is unknown */
    char *mail, *status, *orders_url;
    struct strlist contacts;
};
void account_free(struct account *a);

/* Folder of a server's accounts: the URL without scheme, query and fragment, each path segment a folder. SIGNET_EINVAL:
 * no such URL. */
int account_dir(const struct tree *t, const char *server, struct buf *ret);
/* Ids of all accounts for a server, sorted; also those found through the v01/v02 symlink habit (LE_REUSE_SERVERS). A
 * folder is an account when it holds a private_key.json or a regr.json: whether they can be read is for account_load to
 * say, so that a damaged account is never taken for none. */
int account_list(const struct tree *t, const char *server, struct strlist *ret, struct err *e);
/* SIGNET_ENOTFOUND: no such account. SIGNET_EFORMAT: a file of it is missing, empty, cut or wrong; the message names it
 * and says what to do. */
int account_load(struct account **ret, const struct tree *t, const char *server, const char *id, struct err *e);
/* Stores an account: folder 0700, private_key.json 0400, regr.json and meta.json 0644; all or nothing. Computes the id.
 * An empty creation_host becomes this host's name. Is there an account of that id, its key stays as it is and the other
 * two files are replaced. `eff_mail` NULL or the address for meta.json's register_to_eff. Under the tree's lock. */
int account_save(const struct tree *t, struct account *a, const char *eff_mail, struct err *e);
/* lego's tree: the key of an account that was never registered. SIGNET_ENOTFOUND: there is none. */
int account_key(struct key **ret, const struct tree *t, const char *server, const char *id, struct err *e);
/* Removes it, and folders of the server that are empty then. */
int account_delete(const struct tree *t, const char *server, const char *id, struct err *e);
/* What the CA's directory said, kept between runs beside the accounts: accounts/HOST/PATH…/ is certbot's, so this lives
 * in work_dir/signet/directory/<hash>.json. Missing: empty. */
int directory_cache_load(const struct tree *t, const char *server, struct buf *ret);
/* Empty text: forgets it. */
int directory_cache_save(const struct tree *t, const char *server, signet_str text, struct err *e);

#endif
