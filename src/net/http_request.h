/* Inside net: reading the one kind of HTTP request that the http-01 responder answers (RFC 9112, RFC 8555 section 8.3).
 * Pure: no I/O. */
#ifndef NET_HTTP_REQUEST_H
#define NET_HTTP_REQUEST_H

#include "base/str.h"

#define HTTP_LINE_MAX    2048 /* the request line */
#define HTTP_HEADERS_MAX 8192 /* all header fields together */

struct http_request {
    bool head;        /* HEAD, not GET */
    signet_str token; /* lies in the input */
};

/* What is to be done with the bytes that have arrived: 0 wait for more; 200 *ret names the token that is asked for; or
 * the status that refuses it: 400 (not HTTP), 404 (any other path), 405 (another method), 431 (too large). */
int http_request_parse(signet_str in, struct http_request *ret);

#endif
