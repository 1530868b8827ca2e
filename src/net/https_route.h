/* Inside net: the way from here to a URL's host. Which proxy, and whose name must be looked up first; libcurl is then
 * told both, so that it looks nothing up itself. */
#ifndef NET_HTTPS_ROUTE_H
#define NET_HTTPS_ROUTE_H

#include "net/resolve.h"
#include <curl/curl.h>

#define ROUTE_HOSTS 2u /* the proxy, and with SOCKS 4 and 5 the server, too */

struct route {
    char *proxy; /* as the environment has it; NULL: none */
    struct {
        char *name; /* owned; to be looked up */
        unsigned port;
        const struct lookup *found;
    } host[ROUTE_HOSTS];
    unsigned n;
    bool loopback; /* the URL is of this machine */
    struct curl_slist *resolve;
};

/* SIGNET_EINVAL: not a URL that leads anywhere. */
int route_plan(struct route *ret, const char *url);
/* 1: the way is known; 0: a name is being looked up; negative: *ret_why says why there is none. */
int route_step(struct route *r, struct resolver *names, const char **ret_why);
int route_apply(struct route *r, CURL *c); /* SIGNET_ENOMEM */
void route_done(struct route *r);

#endif
