/* DNS values that a program of the user's puts up (--dns exec), or the user (--dns manual). signet-dns says where they
 * go, and looks for them afterwards. Internal to challenge/. */
#ifndef CHALLENGE_DNS_HOOK_H
#define CHALLENGE_DNS_HOOK_H

#include "challenge/dns_run.h"
#include "challenge/solver.h"

/* Is what the profiles of that kind need there? SIGNET_EINVAL. */
int dns_hook_check(const struct record *config, const struct solver_ctx *ctx, struct err *e);
/* Puts the value there or takes it away; steps the loop meanwhile. v->fqdn may be NULL when it is to be taken away and
 * nobody knows where it went (then v->name is used). SIGNET_ESYS: the program failed; SIGNET_ECANCELED. */
int dns_hook_run(const struct solver_ctx *ctx, const char *code, const struct value *v, bool remove, struct err *e);

#endif
