/* A stranger's JSON is measured before a parser sees it: jansson recurses, and builds many times the text's size. */
#ifndef BASE_JSONCAP_H
#define BASE_JSONCAP_H

#include "base/str.h"

/* Why `text` is nested deeper than `depth` or holds more than `nodes` values (what stands inside strings does not
 * count), as a static text; NULL when it is within both. It need not be JSON. */
const char *json_beyond(signet_str text, size_t depth, size_t nodes);

#endif
