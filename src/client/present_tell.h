/* What -v and --debug-challenges show of the challenges that are put up. */
#ifndef CLIENT_PRESENT_TELL_H
#define CLIENT_PRESENT_TELL_H

#include "challenge/solver.h"
#include "client/ui.h"

/* With -v: which challenges begin, at level info. */
void present_tell(struct challenge *const *c, size_t n);
/* --debug-challenges: stops until Enter is pressed; with -v it shows first what the CA will look for, and where. */
void present_pause(struct ui *u, struct challenge *const *c, size_t n);

#endif
