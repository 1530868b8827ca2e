/* Options and renewal files: what of a request is stored with a lineage, and how a stored lineage becomes a request
 * again (contract.md A3). Works on key/value pairs, so that store/ needs to know nothing of options and options nothing
 * of files. */
#ifndef OPTIONS_REMEMBER_H
#define OPTIONS_REMEMBER_H

#include "options/request.h"

/* A section as it stands in the file. */
struct kv {
    char *key, *value; /* value: the text as ConfigObj means it, lists joined with ", " */
    bool list;         /* to be written as a list: one element has a trailing comma (only remember_store sets it) */
};
struct kvlist {
    struct kv *v;
    size_t n, cap;
};
#define KVLIST_AUTO(name) __attribute__((cleanup(kvlist_done))) struct kvlist name = { 0 }
void kvlist_done(struct kvlist *l);
int kvlist_set(struct kvlist *l, signet_str key, signet_str value); /* replaces or appends */
const char *kvlist_get(const struct kvlist *l, const char *key);    /* NULL */

/* [renewalparams] (and [[webroot_map]]) → the request of this lineage. `base` is the request of the command line: what
 * the user set there wins. Unknown keys go to `foreign`. Errors in certbot's words: "Expected True or False for X but
 * found Y", "Expected a numeric value for X". `None` is unset; a missing key_type is rsa. */
int remember_load(struct request *ret, const struct request *base, const struct kvlist *params,
                  const struct kvlist *webroot_map, struct err *e);

/* What to store: only what the user set (or had stored before), always server and key_type, account, authenticator and
 * installer. */
int remember_store(const struct request *r, struct kvlist *params, struct kvlist *webroot_map, struct err *e);

#endif
