/* The nginx on this machine: its program, its files, its log; test, start, reload, and a look from outside. */
#ifndef DEPLOY_NGINX_SERVER_H
#define DEPLOY_NGINX_SERVER_H

#include "deploy/nginx/plan.h"
#include "deploy/nginx/workers.h"
#include "deploy/server.h"

struct ngx_server_ctl {
    struct server base;
    char *conf;             /* its main file; owned */
    char *error_log;        /* owned; NULL: unknown */
    int64_t log_at;         /* its length before the last reload */
    char *pid_file;         /* owned; NULL: unknown */
    struct ngx_workers old; /* that ran before the last reload */
    int64_t reloaded;       /* when that was, clock_mono_ms */
};

extern const struct server_ops ngx_server_ops;

/* Finds program and files by the options (or, where `server` has them, by the record of a checkpoint). Takes no lock.
 */
int ngx_ctl_open(struct ngx_server_ctl *s, struct loop *l, const struct request *req, const struct record *server,
                 struct err *e);
void ngx_ctl_close(struct ngx_server_ctl *s);
/* Where nginx writes its errors and its number, from its configuration. */
int ngx_ctl_learn(struct ngx_server_ctl *s, const struct ngx_conf *c);

/* Has the last reload taken hold, so that every new connection meets the new configuration? Where that cannot be seen,
 * some time must have passed. */
bool ngx_ctl_settled(const struct ngx_server_ctl *s);
/* Waits for it, not for ever. */
void ngx_ctl_settle(struct ngx_server_ctl *s);
/* What nginx has written to its log since the last reload, at most a few lines; appends. True when it will not take the
 * new configuration. */
bool ngx_ctl_log(const struct ngx_server_ctl *s, struct buf *to);

/* Waits until all listeners with TLS for the names serve what is to be served. */
int ngx_ctl_prove(struct ngx_server_ctl *s, struct ngx_plan *p, const struct server_proof *v, size_t n, struct err *e);
/* Where to look for a listen; returns how many: none when that cannot be told, as it listens on the address of a host
 * name, two when it takes IPv6 and IPv4. */
size_t ngx_ctl_places(const struct ngx_listen *l, unsigned port, struct probe_place ret[2]);

#endif
