/* What is sent and what comes back, between trees of values and bytes. */
#ifndef PROVIDER_BODY_H
#define PROVIDER_BODY_H

#include "provider/value.h"

/* name=value pairs, percent-encoded, in the order of their names when `sorted`; a list gives its name once for each
 * member. */
void body_pairs(struct buf *to, const json_t *map, bool sorted);

/* A map as elements: "@x" is an attribute, "$" the text beside them, a list a repetition. SIGNET_EINVAL: a name that
 * XML has not. */
int xml_write(struct buf *to, const json_t *map);
/* Text as it stands in an element or an attribute. */
void xml_escape(struct buf *to, signet_str s);
/* The reverse of xml_write: {root: …}. Attributes are plain members, text beside members is "$", prefixes are dropped,
 * repeated elements are a list. SIGNET_EPROTO: not XML, a DTD, or beyond the limits; *why says which. */
int xml_read(signet_str text, json_t **ret, const char **why);

/* [method, argument, …] as a call of XML-RPC. */
int xmlrpc_write(struct buf *to, const json_t *call);
/* The value in a response, from xml_read's tree; a fault is {faultCode, faultString}. NULL: no response, or no memory.
 */
json_t *xmlrpc_value(const json_t *tree);
bool xmlrpc_fault(const json_t *tree);

/* multipart/form-data (RFC 7578). */
void multipart_write(struct buf *to, const json_t *map, signet_str boundary);

#endif
