/* A web server on this machine, as transactions, answers and installations see it: a program to be run, a folder of
 * settings, a lock, a look from outside. nginx and Apache each have a struct that begins with this one. */
#ifndef DEPLOY_SERVER_H
#define DEPLOY_SERVER_H

#include "base/lock.h"
#include "base/record.h"
#include "net/child.h"
#include "net/loop.h"
#include "net/prober.h"
#include "options/request.h"

#define SERVER_WORDS_MAX  1200u /* of a server's own, in a message */
#define SERVER_PATH_MAX   8192u
#define SERVER_RUN_MAX_MS 120000

struct server;

struct server_ops {
    const char *plugin; /* as options and records have it */
    const char *name;   /* for people */
    /* Errors hold the server's own words. */
    int (*test)(struct server *s, struct err *e);   /* the files as they are now */
    int (*reload)(struct server *s, struct err *e); /* takes them; starts a server that does not run */
    /* The same for whoever has not read its files: looks what it needs for it, and waits until it has taken hold. NULL:
     * `reload` does. */
    int (*tell)(struct server *s, struct err *e);
    /* What a later run needs beyond program and folder to reload it; may be NULL. */
    int (*describe)(const struct server *s, struct record *ret);
};

struct server {
    const struct server_ops *ops;
    struct loop *loop;
    char *ctl, *root; /* its program, its folder of settings; owned */
    bool require_sandbox;
    struct lock *lock;
    struct prober *prober; /* started when it is first needed */
};

/* A value by the record of a checkpoint, else by an option, else the usual one; owned, NULL without memory. */
char *server_choose(const struct request *req, const struct record *noted, const char *option, const char *key,
                    const char *otherwise);
void server_done(struct server *s);
/* Do both stand for one server of this machine, however its folder and its program were named? */
bool server_same(const struct server *a, const struct server *b);

/* certbot's lock on the folder of settings. SIGNET_EBUSY. */
int server_lock(struct server *s, struct err *e);
/* Lock and test; a configuration that fails is said to have been broken before. */
int server_begin(struct server *s, struct err *e);
/* Reloads after files were put back, and waits until that has taken hold. */
int server_tell(struct server *s, struct err *e);
/* For the record of a checkpoint. */
int server_describe(const struct server *s, struct record *ret);

/* Runs its program; argv ends with NULL. */
int server_run(struct server *s, const char *const *argv, struct child_result *ret, struct err *e);
/* What it said, for a message: each line escaped, the whole cut. */
void server_add_words(const struct child_result *r, struct buf *to);

/* A pause inside the loop; not 0 when the run is to end. */
int server_pause(struct server *s, int ms);

/* Is this numeric address one of this machine's? */
bool server_is_here(const char *ip);

/* A name and the certificate that is to be served for it. */
struct server_proof {
    const char *name; /* borrowed */
    uint8_t sha256[32];
    enum probe_key key;
};
/* One look: is it served there? SIGNET_ECERT when another is. */
int server_serves(struct server *s, const struct probe_place *at, const struct server_proof *v, struct err *e);
/* One look: is http://name/path answered there with the body? */
int server_answers(struct server *s, const struct probe_place *at, const char *name, const char *path, signet_str body,
                   struct err *e);

#endif
