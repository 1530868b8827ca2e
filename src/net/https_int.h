/* What the files of the HTTPS client share. https.c: the queue, waiting, life; https_setup.c: a request becomes a
 * handle of libcurl; https_answer.c: what comes back, within its limits, and what is said of a failure. */
#ifndef NET_HTTPS_INT_H
#define NET_HTTPS_INT_H

#include "base/buf.h"
#include "net/https.h"
#include "net/https_route.h"

/* One request, from https_send until its answer was handed out. */
struct exchange {
    struct exchange *next;  /* among the waiting or those under way */
    struct exchange **link; /* what points here, while under way */
    struct https *owner;
    uint64_t id;
    signet_str body;
    size_t max_body;
    char *url, *method;
    CURL *easy; /* NULL while it waits */
    struct route route;
    int route_rc;
    struct curl_slist *headers;
    int limit; /* SIGNET_ELIMIT or SIGNET_ENOMEM once the answer broke a cap */
    const char *limit_why;
    size_t header_bytes, header_lines;
    struct buf content_type, location, nonce, retry_after, answer;
    struct buf link_text; /* the Link values, one after the other */
    size_t link_ends[HTTPS_LINKS_MAX], n_links;
    char error[CURL_ERROR_SIZE];
    bool is_special;
    struct https_special special; /* its texts are owned; no headers in it */
    struct buf fields;            /* keep_headers: names and values, one after the other */
    size_t field_ends[2 * HTTPS_HEADER_LINES], n_fields;
};

struct https {
    CURLM *multi;
    struct resolver *names;
    struct truststore *roots;
    char *user_agent, *server_name; /* server_name NULL: the host's */
    bool no_verify, allow_http;
    unsigned timeout_s;
    struct exchange *first, **last; /* waiting for their turn */
    struct exchange *active;
    size_t in_flight;
    bool h1;        /* some server here speaks HTTP/1.1: no more than HTTPS_H1_CONNS at once */
    CURL *spare[4]; /* handles for the next requests */
    size_t n_spare;
    struct exchange *handed; /* whose answer the caller is looking at */
    signet_str links[HTTPS_LINKS_MAX];
    struct https_header headers[HTTPS_HEADER_LINES];
    struct curl_waitfd *waits;
    unsigned waits_cap;
    char why[2 * CURL_ERROR_SIZE + 256];
};

/* https_setup.c */
/* Sets all that a fresh handle needs for the request. SIGNET_ENOMEM. */
int https_set_up(struct https *h, struct exchange *x, CURL *c);
int https_add_header(struct exchange *x, const char *name, signet_str value);
/* Copies what is special about a request (NULL: nothing). SIGNET_ENOMEM, also for a header that would be two. */
int https_take_special(struct exchange *x, const struct https_special *s);

/* https_answer.c */
/* The exchange has failed for a reason of ours; ends the transfer when it is what a callback returns. */
size_t https_refuse(struct exchange *x, int code, const char *why);
/* The handle's answer goes into the exchange. */
void https_receive(struct exchange *x, CURL *c);
/* The answer as the caller sees it; `cc` is how libcurl says that the transfer ended. */
void https_tell(struct https *h, struct exchange *x, CURLcode cc, struct https_answer *ret);

#endif
