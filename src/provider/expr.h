/* The grammar of templates, taken apart without being evaluated: the engine and the checker read them with the same
 * eyes.
 *
 *     template = { text | "{" expr "}" | "{{" | "}}" }
 *     expr     = name { "|" filter }
 *     filter   = word [ ":" arg { ":" arg } ]      args are templates; the last one takes the rest
 *
 * Inside braces \n \t and a backslash before any other sign stand for that sign. */
#ifndef PROVIDER_EXPR_H
#define PROVIDER_EXPR_H

#include "base/buf.h"

struct expr_part {
    bool is_expr;
    signet_str text; /* literal text, or what stands between the braces */
};
/* The next part of a template: 1 and *ret, 0 at its end, SIGNET_EFORMAT when a brace is not closed or closes nothing.
 */
int expr_next(signet_str *rest, struct expr_part *ret);

/* Cuts at the first `sep` that is not escaped and not inside braces or brackets; as str_cut. */
bool expr_cut(signet_str s, char sep, signet_str *head, signet_str *tail);

#define EXPR_ARGS 3u
struct expr_filter {
    signet_str word;
    signet_str arg[EXPR_ARGS];
    size_t n;
};
/* The next filter of "word:arg|word…": 1 and *ret, 0 at the end. `most(word)` says how many arguments that filter
 * takes; the last takes what is left, colons and all. */
int expr_filter_next(signet_str *rest, size_t (*most)(signet_str word), struct expr_filter *ret);

/* Literal text of an argument with its escapes resolved. */
void expr_unescape(struct buf *to, signet_str s);

#endif
