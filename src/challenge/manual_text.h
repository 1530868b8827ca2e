/* What the manual solver tells a person. Internal to challenge/. */
#ifndef CHALLENGE_MANUAL_TEXT_H
#define CHALLENGE_MANUAL_TEXT_H

#include "challenge/solver.h"

/* How to set up challenge `at` of the n that are due together. */
void manual_text(struct buf *to, const struct challenge *c, struct challenge *const *all, size_t at, size_t n);
void manual_hint_text(struct buf *to, const struct challenge *failed, bool by_hook);

#endif
