/* What would have to be changed in an nginx configuration so that names are served over TLS, redirected, given headers
 * or staples. Works in memory only: the conf that it is given holds the result, and ngx_plan_changes tells the
 * difference. What is right already is left alone, so that planning twice changes nothing the second time. */
#ifndef DEPLOY_NGINX_PLAN_H
#define DEPLOY_NGINX_PLAN_H

#include "base/list.h"
#include "deploy/change.h"
#include "deploy/nginx/servers.h"

struct ngx_plan {
    struct ngx_conf conf; /* owned */
    struct ngx_servers servers;
    unsigned http_port, https_port;
    struct changes *changes; /* notes go there; borrowed */
    struct err *e;
    /* Whose copy the names get that no server has, when no default server tells; NULL: nobody can be asked. */
    int (*choose)(void *ctx, const struct strlist *names, uint32_t *ret_server, struct err *e);
    void *ctx;
};
/* Reads the configuration. */
int ngx_plan_open(struct ngx_plan *p, const char *main_file, struct err *e);
void ngx_plan_close(struct ngx_plan *p);
/* The changed files, as they were and as they would be. */
int ngx_plan_changes(struct ngx_plan *p, struct changes *to);
/* After the files were written: the configuration in memory is the one on disk. */
void ngx_plan_settled(struct ngx_plan *p);

struct ngx_wish {
    const struct strlist *names; /* in lower case */
    const char *cert, *key, *chain;
    const char *options, *dhparam; /* files to be included and used in new TLS servers */
};

/* Certificate and key into the servers that answer for the names; servers that speak no TLS yet learn it. `where` gets,
 * for each name in order, the file of a server that has it now. SIGNET_ENOTFOUND when there is no server for a name and
 * no server that could be copied for it. */
int ngx_plan_install(struct ngx_plan *p, const struct ngx_wish *w, struct strlist *where);
/* http requests for the names are sent to https. */
int ngx_plan_redirect(struct ngx_plan *p, const struct strlist *names);

enum ngx_extra { NGX_HSTS, NGX_UIR, NGX_STAPLE };
/* `chain` for NGX_STAPLE. SIGNET_ENOTFOUND when a name has no TLS server. *ret_new: it was not there for all of them.
 */
int ngx_plan_extra(struct ngx_plan *p, const struct strlist *names, enum ngx_extra what, const char *chain,
                   bool *ret_new);

/* Answers for http-01. The configuration in memory stays as it is; the files as they would be are added to p->changes,
 * so that the next call, with more or fewer answers, starts from the same state. */
struct ngx_token {
    const char *name, *token, *key_auth;
};
/* `include`: the path of a file with servers for the names that have none; its text is put into `ret_include`, which
 * stays empty when none is needed. */
int ngx_plan_tokens(struct ngx_plan *p, const struct ngx_token *v, size_t n, const char *include,
                    struct buf *ret_include);

/* Where a visitor finds `name`: on the sockets with that port, TLS or not. Indices of listens into `ret`, which has
 * room for all of them; returns how many. */
uint32_t ngx_plan_places(struct ngx_plan *p, const char *name, bool tls, uint32_t *ret);

/* The servers that a certificate for `name` must go to: those that nginx takes for it by name, by the best kind of
 * match; TLS servers rather than others. Indices into `ret` (room for NGX_HITS_MAX); returns how many. */
uint32_t ngx_targets(struct ngx_plan *p, signet_str name, uint32_t *ret);

/* All names that a certificate could be for: no wildcards at the end, no regular expressions, in order, each once. */
int ngx_plan_names(const struct ngx_plan *p, struct strlist *ret);

#endif
