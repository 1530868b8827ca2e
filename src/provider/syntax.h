/* The grammar of paths and conditions, taken apart (for templates see provider/expr.h).
 *
 *     path  = "." | part { "." part } { "|" filter }
 *     part  = name | "*" | [name] "[" [ number | conds ] "]" | "$text" | "$status" | "$header.X" | "$cookie.X" | "$"
 *     conds = cond { "," cond }
 *     cond  = path op value { "|" value }
 *     op    = "=" | "!=" | "^=" | "*="
 */
#ifndef PROVIDER_SYNTAX_H
#define PROVIDER_SYNTAX_H

#include "base/str.h"

/* The next part: 1, 0 at the end, SIGNET_EFORMAT. */
struct path_part {
    signet_str name; /* may be empty: "[…]" alone */
    bool bracket;
    signet_str inside; /* of the brackets */
};
int path_next(signet_str *rest, struct path_part *ret);
/* Cuts a path from its filters. */
void path_cut(signet_str path, signet_str *parts, signet_str *filters);

enum cond_op { COND_IS, COND_IS_NOT, COND_BEGINS, COND_HAS };
struct cond {
    signet_str path;
    enum cond_op op;
    signet_str values; /* templates with "|" between them */
};
int cond_next(signet_str *rest, struct cond *ret); /* 1, 0 at the end, SIGNET_EFORMAT */

#endif
