/* The server blocks of a configuration: where they listen, which names they have, and which of them nginx would take
 * for a name (nginx's "Server names" and "How nginx processes a request"): exact name, longest wildcard in front,
 * longest wildcard at the end, first regular expression, else the default server of the socket. */
#ifndef DEPLOY_NGINX_SERVERS_H
#define DEPLOY_NGINX_SERVERS_H

#include "deploy/nginx/conf.h"

#define NGX_SERVERS_MAX 200000u
#define NGX_ADDR_MAX    128u

enum ngx_family { NGX_IPV4, NGX_IPV6, NGX_UNIX };

struct ngx_listen {
    struct ngx_at at; /* the directive; node 0: nginx's default, "*:80" without one */
    enum ngx_family family;
    char addr[NGX_ADDR_MAX]; /* "127.0.0.1", "::1", "unix:/path"; "": every address; a host name as written */
    unsigned port, port_to;  /* a range; equal for one port */
    bool ssl, quic, is_default, proxy_protocol;
    bool ipv6only_off; /* as it says itself */
    bool dual;         /* "[::]" that takes IPv4, too: one listen of its socket says so */
};

enum ngx_match { NGX_NO_MATCH, NGX_REGEX, NGX_TRAILING, NGX_LEADING, NGX_EXACT };

struct ngx_name {
    struct ngx_at at;
    uint32_t word;
    enum ngx_match kind;
    bool dot;    /* ".example.com": LEADING, and the name itself, too */
    char *value; /* in lower case; LEADING ".example.com", TRAILING "mail." , REGEX without '~' */
    void *regex; /* compiled; NULL when not tried yet */
    uint32_t server;
    bool odd; /* a regular expression that we cannot judge */
};

struct ngx_server {
    struct ngx_at at;
    uint32_t listen, n_listens, name, n_names;
    bool ssl_on; /* "ssl on;", of old nginx: all of its listens */
};

struct ngx_servers {
    const struct ngx_conf *conf; /* borrowed */
    struct ngx_server *v;
    struct ngx_listen *listen;
    struct ngx_name *name;
    uint32_t n, n_listens, n_names, cap, cap_listens, cap_names;
    uint32_t *exact, *other, n_exact, n_other; /* indices of names: exact ones by value, and the rest */
    struct ngx_at http;                        /* the first http block; node 0: there is none */
};

/* In nginx's order. */
int ngx_servers_find(struct ngx_servers *ret, const struct ngx_conf *c, struct err *e);
/* The same anew, after the configuration has changed, in the memory that it has. On failure it is empty. */
int ngx_servers_again(struct ngx_servers *s, struct err *e);
void ngx_servers_done(struct ngx_servers *s);

/* A server one of whose names fits, and how: the longer name is the better one within a kind. */
struct ngx_hit {
    uint32_t server;
    enum ngx_match kind;
    size_t len;
};
#define NGX_HITS_MAX 256u
/* Every server that fits `domain` (in lower case), each once with its best name, in nginx's order. A domain that is a
 * wildcard itself fits only that very wildcard. Returns how many; beyond NGX_HITS_MAX they are left out. */
uint32_t ngx_hits(struct ngx_servers *s, signet_str domain, struct ngx_hit *ret);

/* Does this server speak TLS on that listen of its? */
bool ngx_tls(const struct ngx_listen *l, const struct ngx_server *of);
bool ngx_same_socket(const struct ngx_listen *a, const struct ngx_listen *b);

/* Which of the hits answers on the socket of listen directive `socket` (an index): NULL when none of them listens
 * there, and the default server answers. */
const struct ngx_hit *ngx_pick(const struct ngx_servers *s, uint32_t socket, const struct ngx_hit *hit, uint32_t n);
/* A regular expression that ngx_hits could not judge and that nginx asks before it takes this hit (NULL: before it
 * takes the default server); NULL when there is none. */
const struct ngx_name *ngx_odd_before(const struct ngx_servers *s, const struct ngx_hit *hit);
/* The default server of that socket. */
uint32_t ngx_default(const struct ngx_servers *s, uint32_t socket);

/* The first listen of each socket that has a part in `port`, TLS or not as asked; unix sockets never. Appends indices
 * to `ret`, which has room for all listens; returns how many. */
uint32_t ngx_sockets(const struct ngx_servers *s, unsigned port, bool tls, uint32_t *ret);

/* The last directive of that name directly in `block`, includes followed. */
bool ngx_find_in(const struct ngx_conf *c, struct ngx_at block, const char *name, struct ngx_at *ret);

#endif
