/* Which lineage is meant (contract.md A6), pure. */
#ifndef PLAN_PICK_H
#define PLAN_PICK_H

#include "base/list.h"

struct pick_lineage {
    const char *name;
    const struct strlist *names; /* identifiers of its newest certificate */
};

enum pick_kind {
    PICK_NEW,    /* a new lineage */
    PICK_SAME,   /* this lineage, the same names */
    PICK_EXPAND, /* this lineage's names are a proper subset of those asked for */
    PICK_NAMED,  /* --cert-name: this lineage, other names */
};
struct pick {
    enum pick_kind kind;
    size_t index; /* of the lineage meant, unless PICK_NEW */
};
/* cert_name NULL or ""; duplicate: always PICK_NEW. The largest subset wins; the same set wins over all. */
struct pick pick_lineage(const struct pick_lineage *all, size_t n, const struct strlist *asked, const char *cert_name,
                         bool duplicate);

#endif
