/* Solvers: whoever makes a challenge's answer visible. One file per solver, one `const struct solver_ops` in it, one
 * row in the table in solver.c. A solver MUST be able to clean up whatever it presented, also partly; present and
 * cleanup get all the challenges that are due together. */
#ifndef CHALLENGE_SOLVER_H
#define CHALLENGE_SOLVER_H

#include "base/buf.h"
#include "base/list.h"
#include "base/record.h"
#include "net/loop.h"
#include "options/request.h"
#include <signet/acme.h>

enum chal_state {
    CHAL_NEW,     /* not presented yet */
    CHAL_WAITING, /* presented, not visible yet: step() goes on */
    CHAL_READY,   /* visible: the CA may look */
    CHAL_FAILED,  /* err says why */
    CHAL_LEAVING, /* being taken away: step() goes on */
    CHAL_CLEAN    /* taken away */
};

struct challenge {
    /* given; owned by whoever made the struct, alive until after cleanup */
    signet_chal type;
    signet_ident ident;                      /* wildcards with "*." */
    signet_str token, key_auth, name, value; /* as in signet_action */
    unsigned left, total;                    /* within its order: still to come after this one, all */
    const struct strlist *all_names;         /* every identifier of the order, in order */
    const struct strlist *ca_names;          /* what CAA records call the CA; NULL, empty: it has not told */
    signet_str account_url;                  /* empty: not known */
    bool look_gone;                          /* a trial: it is clean only when it is seen to be gone */
    /* the solver's */
    enum chal_state state;
    struct err err;
    char *auth_output; /* manual: what the auth hook printed; owned, freed by the maker */
    void *priv;        /* the solver's note of what it put up; gone after cleanup */
    unsigned news;     /* raised by step() when describe() has more to say than before */
};

struct ui; /* client/ui.h: manual asks and tells through it */

struct solver_ctx {
    struct loop *loop;
    const struct request *req; /* the options of this lineage; all three are borrowed until close */
    struct ui *ui;
};

struct solver; /* one instance: options + state */

struct solver_ops {
    const char *name;        /* certbot's plugin name: "standalone" */
    const char *description; /* one line for `plugins` and the menu, our own words */
    uint32_t types;          /* bit (1 << SIGNET_CHAL_…) for each type it can do */
    /* Checks options, finds what it needs; touches nothing. */
    int (*open)(struct solver **ret, const struct solver_ctx *ctx, struct err *e);
    /* Order of preference of types for one identifier, as SIGNET_PREFS; 0: cannot serve it (e says why). */
    uint32_t (*prefs)(struct solver *s, const signet_ident *id, struct err *e);
    /* True when it cannot hold several answers at a time: each is then presented, validated and taken away before the
     * next. Called after prefs of all names. May be NULL: it can. */
    bool (*one_by_one)(const struct solver *s);
    /* Begins to present each; sets state of each to WAITING, READY or FAILED. A negative result means none was
     * presented and e says why. */
    int (*present)(struct solver *s, struct challenge **c, size_t n, struct err *e);
    /* May be NULL. Moves WAITING and LEAVING ones on; called now and then while there are any. */
    void (*step)(struct solver *s, struct challenge **c, size_t n);
    /* Takes every one away, whatever its state; failures are logged, not returned. State becomes CLEAN; FAILED when
     * something is left that the journal's entry can still take away in a later run; or LEAVING when that takes its
     * time, so that others are taken away meanwhile. Called for one that is LEAVING it ends the waiting: FAILED. */
    void (*cleanup)(struct solver *s, struct challenge **c, size_t n);
    /* Words for the user when the CA could not validate: what to check, one paragraph, to stand after "Hint: ". May be
     * NULL. Good until close, also after the cleanup of `failed`. */
    void (*hint)(struct solver *s, const struct challenge *failed, struct buf *to);
    /* What the user told the solver and its lineage is to remember (a webroot that was asked for), put into the
     * lineage's request. Called before that is stored. May be NULL. 0 or SIGNET_ENOMEM. */
    int (*remember)(const struct solver *s, struct request *to);
    /* What another process needs to take the challenge away when this one is killed, for the journal: names and
     * values of the solver's own choosing, never a credential. Called before present() touches anything and once more
     * after it (an auth hook's output, a record's id are known only then); the later one counts. An empty record: there
     * is nothing to take away. NULL: the solver leaves nothing that outlives its process. 0 or SIGNET_ENOMEM. */
    int (*describe)(struct solver *s, const struct challenge *c, struct record *ret);
    /* Takes away what a record speaks of, which may be there, or only partly, or not at all any more. MUST remove
     * nothing else. What was done is said in `did`, nothing when there was nothing to do. Has no solver instance: the
     * request is that of the present run, and what the record needs of the old one is in the record. There exactly
     * when describe is. SIGNET_ECANCELED: a signal came, try again next time; other errors are told and end it. */
    int (*undo)(const struct solver_ctx *ctx, const struct record *r, struct strlist *did, struct err *e);
    /* NULL is fine. */
    void (*close)(struct solver *s);
};

/* Ends what solvers share (processes, listeners), before the loop goes. */
void solvers_done(void);

/* The solver by certbot's name ("standalone", "webroot", "manual"), also "dist:plugin" forms; NULL when there is none.
 */
const struct solver_ops *solver_find(const char *name);
/* All of them, in the order of certbot's menu; *n how many. */
const struct solver_ops *const *solver_all(size_t *n);

#endif
