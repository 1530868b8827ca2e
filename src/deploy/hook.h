/* One hook: a command of the admin's, checked and run the way certbot does it (contract.md A8). The string goes to
 * /bin/sh -c as it is; whatever comes from a CA, a file or a name reaches it through the environment only. */
#ifndef DEPLOY_HOOK_H
#define DEPLOY_HOOK_H

#include "base/buf.h"
#include "base/list.h"
#include "net/loop.h"

struct ui; /* client/ui.h */

struct hook {
    const char *label;   /* "deploy-hook", "--manual-auth-hook" */
    const char *subject; /* the name it runs for, shown as " for NAME"; NULL: none */
    const char *command;
    const struct strlist *env; /* "NAME=value" for this child only, on top of the inherited environment; NULL: none */
    unsigned timeout_s;        /* 0: none */
};

/* Is the first word of the command a program that can be run? PATH is searched with the folders that certbot appends to
 * it. SIGNET_EINVAL with certbot's words otherwise; `name` is what stands before "-hook": "pre", "manual-auth". NULL
 * and blank are fine. */
int hook_check(const char *command, const char *name, struct err *e);

/* Runs it to its end, stepping the loop meanwhile, then shows what it printed: "Hook 'deploy-hook' ran with output:" to
 * the user, error output and failures as warnings. Its standard output is added to `out` when that is not NULL, as it
 * came. Returns its exit code (0 … 255: 128 + n for signal n, 126 when it could not be started); SIGNET_ECANCELED when
 * a signal ended us. */
int hook_run(struct loop *l, struct ui *ui, const struct hook *h, struct buf *out);

/* An environment variable NAME=words[0] SEP words[1] … into `env`, of whole words that make at most `max` bytes
 * together; with a warning when some had to be left out. */
int hook_env_words(struct strlist *env, const char *name, const struct strlist *words, const char *sep, size_t max);

#endif
