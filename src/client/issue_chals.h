/* The challenges of one order, from the CA's word to the solver and back. Internal to the conductor. */
#ifndef CLIENT_ISSUE_CHALS_H
#define CLIENT_ISSUE_CHALS_H

#include "client/issue.h"

/* CA_PRESENT: one more; with the last of the order all are presented. */
void chals_present(struct run *r, struct issue *i, const struct ca_event *ev);
/* CA_CLEANUP: one is over; with the last of those that are, they are taken away. */
void chals_cleanup(struct run *r, struct issue *i, const struct ca_event *ev);
/* The order has ended: what is still up is taken away. */
void chals_end(struct run *r, struct issue *i);
/* Lets the solver go on with what it waits for; false: there is nothing. */
bool chals_step(struct run *r, struct issue *i);
/* What is still being taken away is left to the next run. */
void chals_leave(struct run *r, struct issue *i);
/* The order needs no challenge, or needs none any more: the CA may be making the certificate. */
bool chals_all_cleaned(const struct issue *i);

#endif
