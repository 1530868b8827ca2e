#include "deploy/patch.h"

#include <stdlib.h>

void text_patch_done(struct text_patch *p)
{
    for (size_t i = 0; i < p->n; i++)
        free(p->v[i].text);
    free(p->v);
    *p = (struct text_patch){ 0 };
}

void text_patch_put(struct text_patch *p, uint32_t at, uint32_t del, signet_str text)
{
    if (p->n == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : 16;
        struct text_edit *v = reallocarray(p->v, cap, sizeof *v);
        if (!v) {
            p->bad = SIGNET_ENOMEM;
            return;
        }
        p->v = v;
        p->cap = cap;
    }
    char *copy = str_dup(text);
    if (copy)
        p->v[p->n] = (struct text_edit){ at, del, (uint32_t)p->n, copy };
    else
        p->bad = SIGNET_ENOMEM;
    p->n += copy != NULL;
}

static int by_place(const void *a, const void *b)
{
    const struct text_edit *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->seq < y->seq ? -1 : 1;
}

int text_patch_apply(struct text_patch *p, signet_str text, uint32_t from, uint32_t to, struct buf *out)
{
    uint32_t at = from;
    if (p->bad)
        return p->bad;
    if (p->n)
        qsort(p->v, p->n, sizeof *p->v, by_place);
    for (size_t i = 0; i < p->n; i++) {
        const struct text_edit *v = &p->v[i];
        if (v->at < from || v->at > to)
            continue;
        if (v->at > at)
            buf_add(out, (signet_str){ text.p + at, v->at - at });
        buf_addz(out, v->text);
        if (v->at + v->del > at)
            at = v->at + v->del;
    }
    if (to > at)
        buf_add(out, (signet_str){ text.p + at, to - at });
    return buf_err(out);
}
