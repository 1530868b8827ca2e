/* http-01 through a web server: answers that stand in its configuration for a while. All solvers of a run share one
 * batch: what is asked for while a batch is up waits for the next one, so that many orders cost few reloads. A batch
 * ends when the last of its answers is taken away; then the files are what they were before, to the byte and the time
 * stamp. One batch is of one server; which files answer is the server's own affair (struct web_answer_ops). */
#ifndef DEPLOY_ANSWERS_H
#define DEPLOY_ANSWERS_H

#include "deploy/change.h"
#include "deploy/server.h"

#define WEB_ANSWER_PATH "/.well-known/acme-challenge/"

enum web_answer_state { WEB_ANSWER_WAITS, WEB_ANSWER_UP, WEB_ANSWER_FAILED };

struct web_answer_ops;
struct web_answer {
    struct web_answer *next;
    const struct web_answer_ops *ops;
    char *name, *token, *key_auth; /* owned */
    struct loop *loop;
    const struct request *req; /* borrowed until it is removed */
    bool in_batch;
    enum web_answer_state state;
    struct err err;
    struct probe_place *place; /* where it must be answered; owned */
    size_t n_places;
};

/* What a server has of its own. */
struct web_answer_ops {
    /* Finds the server; takes no lock. */
    int (*open)(struct server **ret, struct loop *l, const struct request *req, struct err *e);
    void (*close)(struct server *s); /* frees; NULL is fine */
    /* The changes that make it answer all of `v`, in order; each gets its places. */
    int (*plan)(struct server *s, struct web_answer *const *v, size_t n, struct changes *ret, struct err *e);
    /* Have those who served before the reload stopped? NULL: that cannot be seen. */
    bool (*settled)(const struct server *s);
    /* What the server has complained of since; true: waiting longer would change nothing. May be NULL. */
    bool (*complaints)(const struct server *s, struct buf *words);
    unsigned looks;                                  /* that must be good one after the other */
    unsigned (*pause_ms)(const struct request *req); /* how long to wait when nobody looks */
    void (*ended)(const char *work_dir);             /* the files are back; may be NULL */
};

/* Takes note of one. Nothing is changed before the first web_answer_step. Strings are copied. */
int web_answer_add(struct web_answer **ret, const struct web_answer_ops *ops, struct loop *l, const struct request *req,
                   signet_str name, signet_str token, signet_str key_auth, struct err *e);
/* Room for so many places; those of before are gone. */
int web_answer_places(struct web_answer *a, size_t n, struct err *e);
/* Moves everything on: begins a batch, looks whether the server answers. */
enum web_answer_state web_answer_step(struct web_answer *a, struct err *e);
/* NULL is fine. The last one of a batch puts the files back and reloads; failures are logged. */
void web_answer_remove(struct web_answer *a);

#endif
