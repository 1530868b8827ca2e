/* Values: what descriptions compute with are jansson's, whatever they came from. Their strings may hold any bytes (a
 * raw digest is the key of the next one), so they are made and read here, with their length. */
#ifndef PROVIDER_VALUE_H
#define PROVIDER_VALUE_H

#include "base/buf.h"

#include <jansson.h>

static inline void value_drop(json_t **v)
{
    json_decref(*v);
    *v = NULL;
}
#define VALUE_AUTO __attribute__((cleanup(value_drop)))

json_t *value_text(signet_str s);      /* owned; NULL: no memory */
signet_str value_str(const json_t *v); /* of a string, borrowed; else the empty string */
bool value_empty(const json_t *v);     /* NULL, null, "", a list or map without members */
/* As text: numbers in decimal, true, false, nothing for null, members of a list with ", " between them, maps as JSON.
 */
void value_add(struct buf *to, const json_t *v);
void value_dump(struct buf *to,
                const json_t *v); /* as JSON, compact; a string that is no UTF-8 makes the buffer fail */
int value_set(json_t *map, const char *key, json_t *taken); /* 0 or SIGNET_ENOMEM; also when `taken` is NULL */
int value_set_str(json_t *map, const char *key, signet_str s);
/* JSON text of a stranger, any kind of value. NULL when it is none or beyond the limits; *why then says so. */
json_t *value_parse(signet_str text, const char **why);
/* Text is equal without regard to one pair of quotes around it and to a dot at its end. */
bool value_same_text(signet_str a, signet_str b);
signet_str value_unquoted(signet_str s); /* without one pair of surrounding quotes */

#endif
