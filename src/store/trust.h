/* Who besides us may change what is kept: whoever can write to one of the tree's folders can put his own key, settings
 * or hook in the place of ours, and a hook runs as whoever runs signet. */
#ifndef STORE_TRUST_H
#define STORE_TRUST_H

#include "store/tree.h"

/* Looks at config_dir, work_dir, the folders of accounts, certificates, settings and hooks as far as they are there,
 * and at the folder that each of the first two is in. SIGNET_ESYS, with the folder and what to do:
 *  - all may write to it (a parent with the sticky bit, as /tmp, is fine);
 *  - it belongs to neither root nor us.
 * A folder that a group may write to is allowed, since sites keep certificates for a group that way, but a warning says
 * which group could act as us; root's group and our own are no strangers, and a set-group-ID folder was meant so. */
int tree_check_writers(const struct tree *t, struct err *e);

#endif
