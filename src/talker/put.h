/* Main's end of a line to a process that puts challenge answers where other machines serve them: an object store over
 * HTTPS, a memcached over TCP. It is the program signet-talker once more, in the same sandbox, with no CA and no
 * account: main, which holds the credentials, signs the requests and makes no connection. One question is under way at
 * a time; every call waits for its answer, stepping the loop meanwhile. */
#ifndef TALKER_PUT_H
#define TALKER_PUT_H

#include "base/buf.h"
#include "base/err.h"
#include "net/loop.h"

#define PUT_WORD    "put" /* argv[1] of the program */
#define PUT_WAIT_MS 60000 /* for one answer */

struct put_line;
/* `require_sandbox`: it refuses to work when its sandbox is not whole. Roots as for a CA (talker/ca.h). */
int put_open(struct put_line **ret, struct loop *l, bool require_sandbox, struct err *e);
void put_close(struct put_line *p); /* NULL is fine */

struct put_request {
    signet_str method, url; /* https:, or http: to this machine */
    signet_str headers;     /* "Name: value" a line */
    signet_str body;
};
/* Its HTTP status, and the first bytes of what came with it, escaped. SIGNET_ENET … when there was none. */
int put_http(struct put_line *p, const struct put_request *q, int *ret_status, struct buf *ret_text, struct err *e);
/* Says `text` to host:port and gives the first line of the answer, escaped, without its end. */
int put_tcp(struct put_line *p, const char *host, unsigned port, signet_str text, struct buf *ret_line, struct err *e);

#endif
