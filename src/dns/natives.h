/* Providers that no description describes. */
#ifndef DNS_NATIVES_H
#define DNS_NATIVES_H

#include <stddef.h>

struct native {
    const char *code, *also, *name, *text; /* also: other codes, separated by blanks */
    struct {
        const char *name, *text;
    } vars[12]; /* ends with name NULL */
};
const struct native *native_find(const char *code); /* NULL */
const struct native *native_at(size_t i);           /* NULL past the last */

#endif
