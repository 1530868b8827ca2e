/* Inside net: what main and the responder tell each other. One packet is one struct of this size, or it is refused;
 * both ends are the same program. main asks, and each question is answered once, in order. */
#ifndef NET_RESPONDER_MSG_H
#define NET_RESPONDER_MSG_H

#include "net/responder.h"

#define RESPONDER_NAME_MAX   256u  /* a token or an identifier */
#define RESPONDER_AUTH_MAX   1024u /* a key authorization */
#define RESPONDER_HEADER_MAX 64u   /* the name of a field */

enum responder_type {
    RESPONDER_START = 1, /* first, once, without an answer: flags */
    RESPONDER_OPEN,
    RESPONDER_CLOSE,
    RESPONDER_ADD,
    RESPONDER_REMOVE,
    RESPONDER_HITS
};
enum { RESPONDER_STRICT = 1, RESPONDER_ALPN = 2 };

struct responder_ask {
    uint32_t type, seq, id; /* id: of the listener, chosen by main: 0 … RESPONDER_PORTS - 1 */
    uint32_t kind, flags;   /* kind: OPEN; the sockets come with it */
    uint32_t port;
    uint32_t ident_type, name_len, auth_len;
    uint32_t header_len, host_len; /* ADD over HTTP: only for that host; 0: for all */
    char name[RESPONDER_NAME_MAX], auth[RESPONDER_AUTH_MAX];
    char header[RESPONDER_HEADER_MAX], host[RESPONDER_NAME_MAX];
};

struct responder_reply {
    uint32_t seq;
    int32_t code;
    uint32_t hits;
    char text[1024], hint[512]; /* NUL-terminated: of the error; to OPEN: the sandbox in words */
};

#endif
