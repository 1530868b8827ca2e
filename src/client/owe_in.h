/* Inside of owe*.c: what a note of an order means. */
#ifndef CLIENT_OWE_IN_H
#define CLIENT_OWE_IN_H

#include "client/owe.h"

/* What of the options goes into the order itself: an order for another profile, say, is not what the user wants now. In
 * words. */
void owe_wish(const struct request *req, struct buf *to);
/* Deploy hooks of an order that were not run yet, into `to`. */
int owe_deploy_list(const struct record *order, struct strlist *to);
bool owe_deploy_left(const struct record *order);
/* Is its certificate in place: does the lineage, or the new one under whatever name, have a version later than the one
 * before, with the order's key? *ret is that lineage then; the caller frees it. */
bool owe_installed(struct run *r, const struct record *order, struct lineage **ret);
/* The same for one lineage. */
bool owe_installed_in(const struct lineage *l, const struct record *order);

#endif
