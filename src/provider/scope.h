/* What a template can see while it is expanded, and the expanding itself. Everything here is pure: what is not in the
 * scope does not exist. */
#ifndef PROVIDER_SCOPE_H
#define PROVIDER_SCOPE_H

#include "base/err.h"
#include "provider/limits.h"
#include "provider/value.h"
#include "yaml/node.h"

#define SCOPE_LETS 16u
#define SCOPE_VARS 8u

/* An answer as paths see it. */
struct reply {
    int status;
    json_t *root;    /* owned: the tree of JSON or XML; text is one string */
    json_t *headers; /* owned: lower-case names; of one that repeats, the first */
    json_t *cookies; /* owned: set by this answer */
    signet_str text; /* the body as it came */
};

struct scope {
    const struct node *let[SCOPE_LETS]; /* maps of names, the innermost first */
    size_t n_let;
    json_t *vars[SCOPE_VARS]; /* borrowed maps of values, the first has precedence */
    size_t n_vars;
    json_t *it;                /* inside "*list": the element, borrowed */
    json_int_t n;              /* … and its number from 1; 0: outside */
    const struct reply *reply; /* for $text, $status …; NULL: none */
    json_t *names;             /* not NULL: bare names are paths in this tree first (error templates), borrowed */
    bool url;                  /* variables are percent-encoded */
    bool lenient;              /* unknown names are empty */
    unsigned depth, steps;
    struct err *e; /* filled on failure */
};

/* Each returns 0 or a negative code with e filled: SIGNET_EINVAL (the template), SIGNET_ENOTFOUND (a name that is not
 * known), SIGNET_ELIMIT, SIGNET_ENOMEM, SIGNET_ECRYPTO. */
int expand_text(struct scope *sc, signet_str tmpl, struct buf *to);
int expand_value(struct scope *sc, signet_str tmpl, json_t **ret);     /* "{x}" alone keeps the type of x */
int expand_node(struct scope *sc, const struct node *n, json_t **ret); /* templates at every scalar, "name?", "*list" */
/* An expression without its braces. *encoded: its value went through |url or |raw, or comes from a let. */
int expand_expr(struct scope *sc, signet_str expr, json_t **ret, bool *encoded);
/* As an argument of a filter: escapes are resolved. */
int expand_arg(struct scope *sc, signet_str arg, struct buf *to);
/* The value of a name; NULL with 0 is "known, and empty". */
int scope_name(struct scope *sc, signet_str name, json_t **ret, bool *from_let);
const struct node *scope_let(const struct scope *sc, signet_str name);

/* The filters of "word:arg|word:arg" over *v, which is replaced. */
int filter_apply(struct scope *sc, signet_str filters, json_t **v, bool *encoded);
size_t filter_most_args(signet_str word); /* 0 also for unknown words */
/* 0: there is such a filter and it takes `n` arguments; else what is wrong with it, static text. */
const char *filter_wrong(signet_str word, size_t n);

/* What `path` finds in `root`: the value (or a list, when the path has [] or * in it); NULL with 0 when there is
 * nothing. */
int path_get(struct scope *sc, signet_str path, json_t *root, json_t **ret);
/* Conditions over `root`; over the variables of the scope when root is NULL. */
int cond_holds(struct scope *sc, signet_str conds, json_t *root, bool *ret);

void url_encode(struct buf *to, signet_str s); /* all but unreserved characters (RFC 3986 section 2.3) */

#endif
