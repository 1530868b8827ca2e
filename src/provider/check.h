/* Private to the checker: what its two files share. */
#ifndef PROVIDER_CHECK_H
#define PROVIDER_CHECK_H

#include "base/buf.h"
#include "provider/desc.h"

struct check {
    const struct provider_desc *d;
    struct desc_tell *tell;
    struct strlist known; /* names that templates may use */
};

void check_fault(struct check *c, const struct node *at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Templates at every scalar of it. `free_names`: bare names may be members of a reply (error templates). */
void check_template(struct check *c, const struct node *n, signet_str text, bool free_names, bool escapes);
void check_tree(struct check *c, const struct node *n, unsigned depth);
void check_path(struct check *c, const struct node *n, signet_str path);
void check_conds(struct check *c, const struct node *n, signet_str conds);
bool check_reserved(signet_str name);
int check_collect(struct check *c); /* fills `known` */

#endif
