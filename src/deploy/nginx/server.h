/* The nginx on this machine: its program, its files, its log; test, start, reload, and a look from outside. */
#ifndef DEPLOY_NGINX_SERVER_H
#define DEPLOY_NGINX_SERVER_H

#include "base/lock.h"
#include "base/record.h"
#include "deploy/nginx/plan.h"
#include "deploy/nginx/workers.h"
#include "net/loop.h"
#include "net/prober.h"
#include "options/request.h"

struct ngx_server_ctl {
    struct loop *loop;
    char *ctl, *root, *conf; /* the program, its folder of settings, its main file; owned */
    bool require_sandbox;
    struct lock *lock;
    struct prober *prober;  /* started when it is first needed */
    char *error_log;        /* owned; NULL: unknown */
    int64_t log_at;         /* its length before the last reload */
    char *pid_file;         /* owned; NULL: unknown */
    struct ngx_workers old; /* that ran before the last reload */
    int64_t reloaded;       /* when that was, clock_mono_ms */
};

/* Finds program and files by the options (or, where `server` has them, by the record of a checkpoint). Takes no lock.
 */
int ngx_ctl_open(struct ngx_server_ctl *s, struct loop *l, const struct request *req, const struct record *server,
                 struct err *e);
/* certbot's lock on the folder of settings. SIGNET_EBUSY. */
int ngx_ctl_lock(struct ngx_server_ctl *s, struct err *e);
void ngx_ctl_close(struct ngx_server_ctl *s);
/* What a later run needs to reload it. */
int ngx_ctl_describe(const struct ngx_server_ctl *s, struct record *ret);
/* Where nginx writes its errors and its number, from its configuration. */
int ngx_ctl_learn(struct ngx_server_ctl *s, const struct ngx_conf *c);

/* Errors hold nginx's own words. */
int ngx_ctl_test(struct ngx_server_ctl *s, struct err *e);
/* Starts it when it does not run. */
int ngx_ctl_reload(struct ngx_server_ctl *s, struct err *e);
/* Has the last reload taken hold, so that every new connection meets the new configuration? Where that cannot be seen,
 * some time must have passed. */
bool ngx_ctl_settled(const struct ngx_server_ctl *s);
/* Waits for it, not for ever. */
void ngx_ctl_settle(struct ngx_server_ctl *s);
/* What nginx has written to its log since the last reload, at most a few lines; appends. */
void ngx_ctl_log(const struct ngx_server_ctl *s, struct buf *to);

/* Waits until the listeners of `listen` (indices of the plan's servers) serve the certificate with that hash for
 * `name`. SIGNET_ECERT, with what is served in its place, when they do not in time. */
struct ngx_proof {
    const char *name;
    uint8_t sha256[32];
    enum probe_key key;
};
int ngx_ctl_prove(struct ngx_server_ctl *s, struct ngx_plan *p, const struct ngx_proof *v, size_t n, struct err *e);
/* Is the token answered now on all listeners of http for the name? One look, no waiting. */
int ngx_ctl_answers(struct ngx_server_ctl *s, const struct probe_place *at, size_t n, const struct ngx_token *v,
                    struct err *e);
/* Where to look for a listen. False when that cannot be told: it listens on the address of a host name. */
bool ngx_ctl_place(const struct ngx_listen *l, unsigned port, struct probe_place *ret);

#endif
