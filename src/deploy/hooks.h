/* Hooks: pre, post, deploy and the three renewal-hooks folders, in certbot's order with certbot's once-only rules and
 * variables (contract.md A8). A failing hook is a warning and changes no exit code: the functions fail only when a
 * signal ended us (SIGNET_ECANCELED) or memory is short. */
#ifndef DEPLOY_HOOKS_H
#define DEPLOY_HOOKS_H

#include "base/list.h"
#include "deploy/hook.h"
#include "options/request.h"

/* Whoever keeps a note of what is owed, so that another process can run it when this one is killed. */
struct hooks_watch {
    void *ctx;
    /* A post hook will have to run. Told before the first pre hook that it belongs to; the same command perhaps often.
     */
    void (*post_due)(void *ctx, const char *command, unsigned timeout_s);
    /* A post (else deploy) hook was run, or was ended by a signal while it ran. */
    void (*ran)(void *ctx, bool post, const char *command);
};

/* The hooks of one run of the program. */
struct hooks {
    struct loop *loop;
    struct ui *ui;
    const char *config_dir;          /* borrowed */
    struct strlist pre_done;         /* commands run already: each pre hook once per process */
    struct strlist post_due;         /* under `renew`: collected, run once at the end */
    struct strlist renewed, failed;  /* names, for RENEWED_DOMAINS and FAILED_DOMAINS of the post hooks; the verb fills
                                        them, in a dry run, too */
    unsigned post_timeout_s;         /* for post_due: the longest one asked for, 0 none */
    const struct hooks_watch *watch; /* borrowed; NULL: nobody */
    const struct request
        *lego; /* deploy hooks in lego's manner (lego_hook.h), with this run's options; NULL: in certbot's */
};
void hooks_init(struct hooks *h, struct loop *l, struct ui *ui, const char *config_dir);
void hooks_done(struct hooks *h);

/* Checks that the first word of each hook given can be run (certbot's messages), unless disable_hook_validation. */
int hooks_validate(const struct request *req, struct err *e);
/* What hooks_pre and hooks_post would run for a lineage, in order: `kind` is "pre" or "post". */
int hooks_commands(const struct hooks *h, const struct request *req, const char *kind, struct strlist *to,
                   struct err *e);
/* Before the first challenge of a lineage that is really renewed: the pre folder, then req's pre hook. */
int hooks_pre(struct hooks *h, const struct request *req, struct err *e);
/* After an attempt, also when a signal ended it: what a pre hook stopped must be started again. With `collect` (renew)
 * they are only remembered for hooks_post_all; else run now. */
int hooks_post(struct hooks *h, const struct request *req, bool collect, struct err *e);
/* The end of `renew`: every remembered post hook once, after the summary. */
int hooks_post_all(struct hooks *h, struct err *e);
/* For one lineage with new files: the deploy folder, then req's deploy hook. In a dry run only with run_deploy_hooks.
 */
int hooks_deploy(struct hooks *h, const struct request *req, const char *lineage_live, const struct strlist *names,
                 struct err *e);
/* The commands that hooks_deploy would run now, in order. None in a dry run without run_deploy_hooks. */
int hooks_deploy_commands(const struct hooks *h, const struct request *req, struct strlist *to, struct err *e);

/* Hooks that a killed run owed: the commands as noted, with the same variables. */
int hooks_deploy_owed(struct hooks *h, const struct strlist *commands, const char *lineage_live,
                      const struct strlist *names, unsigned timeout_s, struct err *e);
int hooks_post_owed(struct hooks *h, const char *command, unsigned timeout_s, struct err *e);

#endif
