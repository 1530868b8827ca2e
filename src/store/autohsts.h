/* --auto-hsts between runs: how far the max-age of each virtual host has been raised. certbot's file and form
 * (.pluginstorage.json in the folder of settings), so that either program goes on where the other stopped; what else
 * is in it is kept. A virtual host is known by an identity that stands in it as a comment. */
#ifndef STORE_AUTOHSTS_H
#define STORE_AUTOHSTS_H

#include "store/tree.h"
#include <stdint.h>

#define AUTOHSTS_ENTRIES_MAX 20000u
#define AUTOHSTS_STEPS       7u        /* certbot's: from a minute to a day */
#define AUTOHSTS_PERMANENT   31536000u /* a year: when the certificate was renewed at the last step */
#define AUTOHSTS_PAUSE_S     172800    /* between two steps */

struct autohsts_entry {
    char *id; /* owned */
    unsigned step;
    double raised; /* when: seconds since 1970 */
};
struct autohsts {
    struct autohsts_entry *v;
    size_t n;
};

unsigned autohsts_value(unsigned step); /* seconds */
bool autohsts_due(const struct autohsts_entry *x, int64_t now);
bool autohsts_last(const struct autohsts_entry *x);

/* Of one plug-in ("apache"). A file that is not there has none; one that cannot be understood is SIGNET_EFORMAT. */
int autohsts_read(const struct tree *t, const char *plugin, struct autohsts *ret, struct err *e);
int autohsts_write(const struct tree *t, const char *plugin, const struct autohsts *a, struct err *e);
int autohsts_add(struct autohsts *a, const char *id, unsigned step, int64_t now); /* or begins it anew */
void autohsts_remove(struct autohsts *a, const char *id);
void autohsts_done(struct autohsts *a);

#endif
