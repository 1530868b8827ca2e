/* Views of bytes: comparing, cutting, reading numbers. Nothing here allocates but str_dup. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <signet/types.h>
#include <stdbool.h>
#include <string.h>

/* A view of a string literal. */
#define STR(lit) ((signet_str){ "" lit, sizeof(lit) - 1 })
/* The two arguments that "%.*s" takes. Text shorter than 2 GiB only. */
#define STR_ARG(s) (int)(s).n, (s).n ? (s).p : ""

/* A view of a NUL-terminated string; NULL gives the empty view. */
static inline signet_str str_of(const char *z)
{
    return (signet_str){ z, z ? strlen(z) : 0 };
}

bool str_eq(signet_str a, signet_str b);  /* same length, same bytes */
bool str_ieq(signet_str a, signet_str b); /* the same without regard to ASCII case */
int str_cmp(signet_str a, signet_str b);  /* byte order, as strcmp */
bool str_starts(signet_str s, signet_str prefix);
bool str_ends(signet_str s, signet_str suffix);
bool str_has(signet_str s, char c);
/* The first `what` in `s`; NULL when there is none, and for an empty `what`. */
const char *str_find(signet_str s, signet_str what);
signet_str str_trim(signet_str s);           /* without ASCII white space at either end */
signet_str str_skip(signet_str s, size_t n); /* without its first n bytes (all of it: the empty view) */

/* Cuts `s` at the first `sep`: *head before it, *tail after it. Without `sep`, *head is all of
 * `s`, *tail is empty and the result is false. head or tail may alias s's own variable. */
bool str_cut(signet_str s, char sep, signet_str *head, signet_str *tail);

/* A decimal number without sign or spaces, at most `max`. SIGNET_EINVAL otherwise, *ret untouched. */
int str_u64(signet_str s, uint64_t max, uint64_t *ret);

/* A NUL-terminated copy, owned by the caller (free). NULL when memory is short or `s` holds a NUL. */
char *str_dup(signet_str s);

#endif
