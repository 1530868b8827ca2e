/* Inside net: what main and the prober tell each other; one packet is one struct. */
#ifndef NET_PROBER_MSG_H
#define NET_PROBER_MSG_H

#include "net/prober.h"

enum prober_type { PROBER_TLS = 1, PROBER_HTTP };

struct prober_ask {
    uint32_t type, seq, key, strict;
    struct probe_place at;
    char name[PROBER_NAME_MAX], path[PROBER_NAME_MAX];
    uint32_t body_len;
    char body[PROBER_AUTH_MAX];
};

struct prober_reply {
    uint32_t seq;
    int32_t code;
    uint8_t sha256[32];
    char text[512]; /* NUL-terminated */
};

#endif
