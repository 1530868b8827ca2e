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

/* Version 5's pre hook, before anything is ordered; told what a deploy hook is told but for the files. The post hook is
 * due from here on. When this one fails, it is not: nothing was begun that it could end; but it is run at once when
 * this one was cut short, by its time or a signal. SIGNET_EINVAL, SIGNET_ETIMEOUT, SIGNET_ECANCELED. */
int lego_hooks_pre(struct hooks *h, const struct request *req, const char *place, const struct strlist *names,
                   struct err *e);
/* Version 5's post hook, whatever came of the order, a signal included; told of the files when they are `installed`.
 * Its failure is logged and changes nothing. */
void lego_hooks_post(struct hooks *h, const struct request *req, const char *place, const struct strlist *names,
                     bool installed);
/* One that a killed run owed: knows the account only. */
void lego_hooks_post_owed(struct hooks *h, const char *command, unsigned timeout_s);

#endif
