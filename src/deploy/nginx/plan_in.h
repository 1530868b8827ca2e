/* Inside plan*.c: servers that are meant, and texts for them. */
#ifndef DEPLOY_NGINX_PLAN_IN_H
#define DEPLOY_NGINX_PLAN_IN_H

#include "deploy/nginx/patch.h"
#include "deploy/nginx/plan.h"
#include <assert.h>

/* One patch for each file. */
struct ngx_patches {
    struct text_patch *v;
    uint32_t n;
    const struct ngx_conf *conf;
};
int ngx_patches_new(struct ngx_patches *x, const struct ngx_plan *p);
void ngx_patches_done(struct ngx_patches *x);
/* Puts them into the configuration in memory and finds the servers again. Server and listen indices are others then. */
int ngx_patches_apply(struct ngx_patches *x, struct ngx_plan *p);
static inline struct text_patch *ngx_patch_for(struct ngx_patches *x, struct ngx_at at)
{
    assert(x->v && x->conf);
    return &x->v[x->conf->file[at.file].same];
}

/* The servers that answer plain http for `name` on the http port, by name. */
uint32_t ngx_plain_servers(struct ngx_plan *p, signet_str name, uint32_t *ret);

/* SIGNET_ESTATE when nginx may take another server for `name` than these `n` (0: the default server): an expression
 * that is asked before cannot be judged. */
int ngx_judged(struct ngx_plan *p, signet_str name, const uint32_t *server, uint32_t n);

bool ngx_has_tls(const struct ngx_servers *s, uint32_t server);
bool ngx_has_plain(const struct ngx_servers *s, uint32_t server);
/* A directive directly in a server block, includes followed; the last of that name. */
static inline bool ngx_server_has(const struct ngx_plan *p, uint32_t server, const char *name, struct ngx_at *ret)
{
    return ngx_find_in(&p->conf, p->servers.v[server].at, name, ret);
}

/* The first of the directives of that name in a server gets the value, unless one has it already; where there is none,
 * nothing is done. SIGNET_ESTATE when it stands in a file that is part of other servers, too. */
int ngx_set_value(struct ngx_plan *p, struct ngx_patches *x, uint32_t server, const char *name, const char *value);

/* The same for the certificate and its key, of several the pair with the same kind of key: SIGNET_ESTATE also when a
 * variable in the path makes it the one of other names, too. */
int ngx_set_pair(struct ngx_plan *p, struct ngx_patches *x, uint32_t server, const struct ngx_wish *w);

/* Are these all the names of the server? */
bool ngx_are_all(const struct ngx_plan *p, uint32_t server, const struct strlist *names);

/* Does this server send http requests for `name` to https already? */
bool ngx_redirects(const struct ngx_plan *p, uint32_t server, signet_str name);

/* Would this server, if it spoke TLS, redirect its visitors (those for `names` when it is copied for them; else NULL)
 * to itself without end? *ret: by which directive. */
bool ngx_loops(const struct ngx_plan *p, uint32_t server, const struct strlist *names, struct ngx_at *ret);

/* Takes the listens without TLS out of a server that has both kinds, and puts a server with them behind it: one that
 * only redirects `names` (only), or a whole copy (names NULL: without redirects). SIGNET_EINVAL when the listens stand
 * in an included file. */
int ngx_split(struct ngx_plan *p, struct ngx_patches *x, uint32_t server, const struct strlist *names);
/* Redirects at the top of a server without TLS. */
int ngx_add_redirects(struct ngx_plan *p, struct ngx_patches *x, uint32_t server, const struct strlist *names);

#endif
