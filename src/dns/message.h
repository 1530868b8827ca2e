/* DNS messages (RFC 1035 section 4), writing and reading. Pure: bytes in, bytes out. What is read was written by
 * strangers: each length is checked, names are followed backwards only, and so end. Names are text in lower case
 * without the final dot ("" is the root); bytes that are not letters, digits, '-' or '_' are "\DDD". */
#ifndef DNS_MESSAGE_H
#define DNS_MESSAGE_H

#include "base/buf.h"
#include "base/list.h"

#define DNS_NAME_MAX    1016u  /* bytes of a name as text, with its NUL: 255 on the wire, each at most four here */
#define DNS_MESSAGE_MAX 65535u /* bytes of a message */
#define DNS_TEXT_MAX    255u   /* bytes of one string of a TXT record */

enum dns_type {
    DNS_A = 1,
    DNS_NS = 2,
    DNS_CNAME = 5,
    DNS_SOA = 6,
    DNS_TXT = 16,
    DNS_AAAA = 28,
    DNS_OPT = 41,
    DNS_TSIG = 250,
    DNS_CAA = 257,
};
enum dns_class { DNS_IN = 1, DNS_NONE = 254, DNS_ANY = 255 };
enum dns_rcode {
    DNS_NOERROR = 0,
    DNS_FORMERR = 1,
    DNS_SERVFAIL = 2,
    DNS_NXDOMAIN = 3,
    DNS_NOTIMP = 4,
    DNS_REFUSED = 5,
    DNS_NOTAUTH = 9,
    DNS_NOTZONE = 10,
};
#define DNS_OPCODE_UPDATE 5u
#define DNS_FLAG_QR       0x8000u
#define DNS_FLAG_AA       0x0400u
#define DNS_FLAG_TC       0x0200u
#define DNS_FLAG_RD       0x0100u

const char *dns_rcode_name(unsigned rcode); /* "NXDOMAIN"; "an unknown code" */

/* ---- writing ---- */

void dns_put16(struct buf *b, unsigned v);
void dns_put32(struct buf *b, uint32_t v);
/* A name without compression. SIGNET_EINVAL when it is none: a label empty or beyond 63 bytes, the whole beyond 255. */
int dns_put_name(struct buf *b, const char *name);
/* A question by itself: header, one question, and an OPT record that says we take 1232 bytes. */
int dns_put_query(struct buf *b, unsigned id, const char *name, unsigned type, bool recurse);
/* The data of a TXT record: `value` in strings of at most 255 bytes. */
void dns_put_text(struct buf *b, signet_str value);

/* ---- names ---- */

/* Lower case, without the final dot, into `ret`. SIGNET_EINVAL as dns_put_name. */
int dns_name_clean(char ret[DNS_NAME_MAX], signet_str name);
/* The name without its first label; "" above the last one. */
const char *dns_name_up(const char *name);
/* `name` is `zone` or below it. */
bool dns_name_within(const char *name, const char *zone);

/* ---- reading ---- */

struct dns_msg {
    signet_str raw;
    unsigned id, flags, rcode, opcode;
    unsigned count[4]; /* question or zone, answer or prerequisite, authority or update, additional */
};
int dns_msg_open(struct dns_msg *ret, signet_str raw); /* SIGNET_EPROTO: too short */

struct dns_rr {
    unsigned section; /* 1 answer, 2 authority, 3 additional */
    char name[DNS_NAME_MAX];
    unsigned type, cls;
    uint32_t ttl;
    size_t start;    /* of the record in the message */
    size_t data_at;  /* of its data */
    signet_str data; /* view into the message */
};
/* Goes through the records after the question section. */
struct dns_walk {
    const struct dns_msg *msg;
    size_t at;
    unsigned section, left;
};
int dns_walk_open(struct dns_walk *w, const struct dns_msg *m); /* SIGNET_EPROTO: the question cannot be read */
int dns_walk_next(struct dns_walk *w, struct dns_rr *ret);      /* 1, 0 at the end, SIGNET_EPROTO */

/* A name in the message at *at, which moves behind it. */
int dns_get_name(const struct dns_msg *m, size_t *at, char ret[DNS_NAME_MAX]);
unsigned dns_get16(signet_str s, size_t at);
uint32_t dns_get32(signet_str s, size_t at);
/* A TXT record's strings, joined. SIGNET_EPROTO. */
int dns_get_text(signet_str data, struct buf *to);

#endif
