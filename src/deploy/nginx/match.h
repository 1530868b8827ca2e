/* Inside deploy/nginx: names of servers. */
#ifndef DEPLOY_NGINX_MATCH_H
#define DEPLOY_NGINX_MATCH_H

#include "deploy/nginx/servers.h"

int ngx_name_read(struct ngx_name *n, signet_str word); /* fills kind and value; 0 or SIGNET_ENOMEM */
void ngx_name_done(struct ngx_name *n);
/* Does it fit? A regular expression is compiled at first use. */
bool ngx_name_fits(struct ngx_name *n, signet_str domain, enum ngx_match *ret_kind);

/* Fills s->exact and s->other. */
int ngx_names_index(struct ngx_servers *s);

/* A regular expression of Perl's kind in the words of POSIX; false when it says what POSIX cannot. */
bool ngx_regex_translate(signet_str perl, struct buf *to);

#endif
