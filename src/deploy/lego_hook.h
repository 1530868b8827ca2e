/* Hooks in lego's manner: a program and its arguments, split at blanks, no shell; what it prints is printed; failing,
 * or taking too long, is an error of the run. */
#ifndef DEPLOY_LEGO_HOOK_H
#define DEPLOY_LEGO_HOOK_H

#include "deploy/hooks.h"

/* hooks_deploy_owed, with lego's variables: LEGO_ACCOUNT_EMAIL, LEGO_CERT_DOMAIN (the first of `names`), LEGO_CERT_PATH
 * and the other files at `place` (their path without its end); in version 5 LEGO_HOOK_…. SIGNET_EINVAL, SIGNET_ETIMEOUT
 * when the hook failed; it is not owed any more then. */
int lego_hooks_deploy(struct hooks *h, const struct strlist *commands, const char *place, const struct strlist *names,
                      unsigned timeout_s, struct err *e);

#endif
