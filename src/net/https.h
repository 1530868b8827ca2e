/* HTTPS requests, many at once, over as few connections as the server's protocol allows: one that all share with
 * HTTP/2, up to HTTPS_H1_CONNS kept-alive ones with HTTP/1.1. The only place that includes libcurl; linked into
 * signet-talker only, so that no process with a key in it parses what strangers send.
 *
 * A redirect is an answer like any other and is never followed. Nothing asks for compression, so an answer cannot grow
 * beyond what came over the wire. The peer's certificate and name are checked unless no_verify is set; proxies come
 * from the environment (HTTPS_PROXY, NO_PROXY) as curl has it. Names are looked up by net/resolve; after https_new no
 * file is opened and no thread started. */
#ifndef NET_HTTPS_H
#define NET_HTTPS_H

#include "base/err.h"
#include "base/str.h"
#include "net/resolve.h"
#include <poll.h>

#define HTTPS_H1_CONNS     10u   /* parallel connections to a server that speaks HTTP/1.1 only */
#define HTTPS_IN_FLIGHT    64u   /* requests under way at once; the rest waits its turn */
#define HTTPS_CONNECT_MS   10000 /* TCP and TLS; names have limits of their own (net/resolve.h) */
#define HTTPS_TIMEOUT_S    45u   /* default for a whole request */
#define HTTPS_URL_MAX      2048u
#define HTTPS_URL_LONG     8192u       /* of a request with `special` */
#define HTTPS_HEADERS_MAX  (32u << 10) /* all of an answer's header lines */
#define HTTPS_HEADER_LINES 100u
#define HTTPS_HEADER_MAX   (8u << 10) /* one of them */
#define HTTPS_LINKS_MAX    32u        /* Link fields kept */

struct https;

struct https_config {
    signet_str user_agent;
    signet_str roots; /* PEM bundle to trust; copied */
    bool no_verify;
    bool allow_http;              /* also http:, to loopback addresses only */
    signet_str server_name;       /* the name that the certificate must have; empty: the URL's host */
    unsigned timeout_s;           /* one request from start to end; 0: HTTPS_TIMEOUT_S */
    struct resolver_config names; /* how names are looked up; zeros: as the system has it */
};

int https_new(struct https **ret, const struct https_config *c, struct err *e);
void https_free(struct https *h);       /* drops what is under way; NULL is fine */
bool https_busy(const struct https *h); /* something is under way */

struct https_header {
    signet_str name, value;
};

/* For one request: what differs from the configuration. */
struct https_special {
    const struct https_header *headers; /* beside those below; copied */
    size_t n_headers;
    unsigned timeout_ms;          /* 0: as configured */
    bool http;                    /* http: is fine, to any host */
    bool no_verify, keep_headers; /* all header fields of the answer are wanted */
    const char *ca, *cert, *key;  /* PEM: to trust in place of the roots; of the client; NULL: none. Copied */
};

struct https_request {
    uint64_t id;
    signet_str method; /* GET, HEAD, POST; PUT, PATCH, DELETE */
    signet_str url, content_type, accept;
    signet_str body;                     /* borrowed until its answer was handed out */
    size_t max_body;                     /* of the answer; beyond: SIGNET_ELIMIT */
    const struct https_special *special; /* NULL: nothing; borrowed during the call */
};
/* Takes a request. What is wrong with the URL or the connection is told by the answer. SIGNET_ENOMEM. */
int https_send(struct https *h, const struct https_request *q);

struct https_answer {
    uint64_t id;
    signet_str method, url; /* of the request */
    int net_err;            /* 0, SIGNET_ENET, SIGNET_ETIMEOUT, SIGNET_ETLS, SIGNET_ELIMIT */
    const char *why; /* words for it, "" none; contains nothing that the peer wrote but names from its certificate */
    int status;
    signet_str content_type, location, nonce, retry_after, body;
    const signet_str *links;
    size_t n_links;
    const struct https_header *headers; /* with keep_headers, in order */
    size_t n_headers;
};
/* Moves the transfers along and gives the next finished one: true and *ret, valid until the next call. */
bool https_next(struct https *h, struct https_answer *ret);
/* Sleeps until a transfer wants attention, `fd` shows one of `events` (poll(2)) or timeout_ms passed. *ret_revents:
 * what fd showed. */
int https_wait(struct https *h, int fd, short events, int timeout_ms, short *ret_revents);
/* The same with many descriptors; fills their revents. */
int https_wait_fds(struct https *h, struct pollfd *fds, unsigned n, int timeout_ms);

#endif
