/* Which challenge types a solver offers for an identifier: what it can do, what the identifier allows, what the user
 * prefers. */
#ifndef CHALLENGE_PREFS_H
#define CHALLENGE_PREFS_H

#include "base/err.h"
#include "options/request.h"
#include <signet/acme.h>

#define PREFS_BIT(type) (1u << (unsigned)(type))

/* As SIGNET_PREFS; 0 with certbot's words in e. `types` are the solver's (bits), `usual` (0-ended, at most four) those
 * it offers without
 * --preferred-challenges, most wanted first. */
uint32_t prefs_for(const struct request *req, uint32_t types, const signet_chal *usual, const signet_ident *id,
                   struct err *e);

#endif
