/* Inside of put*.c: what main and the process tell each other. One packet is one struct of this size, or it is refused.
 * Strings are NUL-terminated; both ends check that. */
#ifndef TALKER_PUT_MSG_H
#define TALKER_PUT_MSG_H

#include <stdint.h>

enum put_kind { PUT_START = 1, /* first, once, without an answer */ PUT_HTTP, PUT_TCP };

struct put_ask {
    uint32_t kind, seq;
    uint32_t strict, has_roots; /* START */
    uint32_t port, text_len;
    char method[16], url[2048], headers[4096], host[256];
    char text[4096]; /* body, or what is said */
};

struct put_reply {
    uint32_t seq;
    int32_t code; /* 0, or the error */
    int32_t status;
    char text[1024];
};

/* Of the program (put_role.c): its exit status. */
int put_main(void);

#endif
