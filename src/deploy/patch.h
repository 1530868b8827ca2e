/* Changes to one text: pieces that go, pieces that come, and everything else byte for byte as it was. */
#ifndef DEPLOY_PATCH_H
#define DEPLOY_PATCH_H

#include "base/buf.h"

struct text_edit {
    uint32_t at, del, seq;
    char *text; /* owned */
};

struct text_patch {
    struct text_edit *v;
    size_t n, cap;
    int bad; /* SIGNET_ENOMEM, sticky */
};

void text_patch_done(struct text_patch *p);
/* At offset `at`, `del` bytes go and `text` comes. Pieces that go must not overlap; what comes at the same place stands
 * there in the order of the calls. */
void text_patch_put(struct text_patch *p, uint32_t at, uint32_t del, signet_str text);
/* text[from … to) with the edits that lie in it. 0 or p->bad. */
int text_patch_apply(struct text_patch *p, signet_str text, uint32_t from, uint32_t to, struct buf *out);

#endif
