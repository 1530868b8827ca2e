#include "plan/pick.h"

struct pick pick_lineage(const struct pick_lineage *all, size_t n, const struct strlist *asked, const char *cert_name,
                         bool duplicate)
{
    struct pick best = { .kind = PICK_NEW };
    if (cert_name && *cert_name) {
        for (size_t i = 0; i < n; i++)
            if (str_eq(str_of(all[i].name), str_of(cert_name)))
                return (struct pick){ strlist_same_set(all[i].names, asked) ? PICK_SAME : PICK_NAMED, i };
        return best;
    }
    if (duplicate)
        return best;
    for (size_t i = 0; i < n; i++) {
        if (strlist_same_set(all[i].names, asked))
            return (struct pick){ PICK_SAME, i };
        if (all[i].names->n && strlist_subset(all[i].names, asked) &&
            (best.kind == PICK_NEW || all[i].names->n > all[best.index].names->n))
            best = (struct pick){ PICK_EXPAND, i };
    }
    return best;
}
