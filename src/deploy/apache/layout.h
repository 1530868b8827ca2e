/* Where the distributions have Apache and what belongs to it. Facts; options win over each of them. */
#ifndef DEPLOY_APACHE_LAYOUT_H
#define DEPLOY_APACHE_LAYOUT_H

#include "base/list.h"

struct apa_layout {
    const char *ids;              /* ID or ID_LIKE of /etc/os-release, space separated */
    const char *root;             /* folder of settings */
    const char *sites;            /* under the root: files of single sites */
    const char *challenge;        /* under the root: the file that answers challenges; "": the root */
    const char *logs;             /* folder of logs */
    const char *ctl;              /* control program */
    const char *bin;              /* Apache itself, where the control program passes no options on; may be NULL */
    const char *stapling;         /* what is remembered of OCSP */
    const char *options, *option; /* the file, and the variable in it, that says what Apache is started with; NULL */
    const char *enmod;            /* what enables a module, for a message; NULL: a LoadModule does */
    bool restart;                 /* when a graceful restart fails, try a plain one */
};

/* By the text of an os-release: its ID, else the first of ID_LIKE that is known, else Debian's. */
const struct apa_layout *apa_layout_of(signet_str os_release);
const struct apa_layout *apa_layout_here(void);

/* The defines in the start options of a file of shell variables: `NAME="-D SSL -DINFO=1"` has SSL and INFO=1. Appends.
 */
int apa_layout_defines(signet_str file, const char *variable, struct strlist *ret);

#endif
