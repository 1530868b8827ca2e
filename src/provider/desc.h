/* The inside of a description: the tree, and its variables taken apart. */
#ifndef PROVIDER_DESC_H
#define PROVIDER_DESC_H

#include "base/buf.h"
#include "provider/limits.h"
#include "provider/provider.h"
#include "yaml/node.h"

/* One line of `creds` or `options`: NAME | ALIAS | … = default @format */
struct var_def {
    signet_str id; /* what templates call it */
    struct strlist names;
    signet_str def; /* template */
    bool has_def, secret;
    signet_str format, format_arg; /* "ini", "{profile}" */
    int set;                       /* from 1; 0: options of all */
    const struct node *at;
};

struct provider_desc {
    struct pool pool;
    const struct node *root; /* with what `like` brought */
    const struct node *own;  /* what stands in the file itself */
    int builtin;             /* compiled in: checked by the tests, not at each start */
    const struct node *set[LIM_SETS];
    struct provider_desc *set_like[LIM_SETS]; /* owned; NULL: none */
    size_t n_sets;
    struct var_def *vars; /* in the pool; options first */
    size_t n_vars;
    struct strlist also, times;
    struct provider_help help;
};

/* Where texts of descriptions come from. *ret is valid as long as `own` (which may be used for it). */
struct desc_source {
    const char *dir; /* NULL: compiled-in only */
    int (*text)(const struct desc_source *src, const char *code, struct buf *own, signet_str *ret, struct err *e);
};

int desc_parse(struct provider_desc **ret, signet_str yaml, const char *name, const struct desc_source *src,
               unsigned depth, struct err *e);
/* Takes the text of one variable apart. 0, SIGNET_ENOMEM, or SIGNET_EFORMAT with what was expected (without place). */
int var_parse(struct var_def *v, signet_str text, struct err *e);
void var_done(struct var_def *v);
bool desc_set_key(signet_str key); /* in a set of creds: not a credential but a key of the description */
/* The checker, over a description that was parsed; see provider_check. */
struct desc_tell {
    void (*tell)(void *ctx, const struct provider_fault *f);
    void *ctx;
    size_t n;
};
void desc_check(const struct provider_desc *d, struct desc_tell *t);

/* Text that is compiled in (generated from providers/). NULL: no such thing. */
struct catalog_entry {
    const char *code, *text;
    size_t n;
};
extern const struct catalog_entry catalog[], catalog_sign[]; /* sorted by code */
extern const size_t catalog_n, catalog_sign_n;
extern const struct catalog_alias {
    const char *alias, *code;
} catalog_alias[]; /* sorted by alias */
extern const size_t catalog_alias_n;
const struct catalog_entry *catalog_find(const char *code); /* also by alias */
const struct catalog_entry *catalog_find_sign(signet_str name);

#endif
