/* What an answer to one question means, and the interface through which questions are asked. */
#ifndef DNS_ANSWER_H
#define DNS_ANSWER_H

#include "base/err.h"
#include "dns/message.h"

#define DNS_SERVER_MAX 64u /* an address as text, with port */

struct dns_answer {
    int code;      /* 0: an answer came; SIGNET_ETIMEOUT, SIGNET_ENET, SIGNET_EPROTO: nothing that could be used */
    char why[200]; /* words for the code */
    unsigned rcode;
    bool authoritative, referral; /* referral: others know; `zone` says about what */
    char alias[DNS_NAME_MAX];     /* the name is an alias of this one; "" it is not */
    char zone[DNS_NAME_MAX];      /* owner of the SOA, or of the NS of a referral, in the authority section; "" */
    uint32_t negative_ttl;        /* how long others may remember that there is nothing; 0: not told */
    struct strlist delegated;     /* the servers that a referral names */
    struct strlist values;        /* records of that name and type: text of TXT, names, addresses, SOA: the primary,
                                   * CAA: "FLAGS TAG VALUE" */
};
void dns_answer_done(struct dns_answer *a);
/* 0 also when the answer is broken or to another question (then ret->code says so); SIGNET_ENOMEM. */
int dns_answer_read(struct dns_answer *ret, signet_str raw, const char *name, unsigned type);
bool dns_answer_has(const struct dns_answer *a, signet_str value);

struct dns_question {
    const char *server; /* an address, asked directly and not to recurse; "": the recursive servers */
    const char *name;
    unsigned type;
    uint64_t look; /* 0: what is known already will do; else a new look, known by this number */
};
/* Deciding code asks; whoever does the I/O answers. NULL: not known yet, ask again later. A failure is an answer, too;
 * answers stay valid until `look` is forgotten. */
struct dns_ask {
    void *ctx;
    const struct dns_answer *(*ask)(void *ctx, const struct dns_question *q);
    unsigned only; /* DNS_A, DNS_AAAA: servers are asked at addresses of that kind alone; 0: of both */
};

#endif
