#include "acme/mem.h"
#include <stdlib.h>

static struct tmr *tmr_meld(struct tmr *a, struct tmr *b)
{
    if (!a || !b)
        return a ? a : b;
    if (b->at < a->at) {
        struct tmr *swap = a;
        a = b;
        b = swap;
    }
    b->prev = a;
    b->next = a->child;
    if (a->child)
        a->child->prev = b;
    a->child = b;
    return a;
}

/* The two passes of a pairing heap: neighbours left to right, then all of them right to left. */
static struct tmr *tmr_merge_children(struct tmr *first)
{
    struct tmr *pairs = NULL;
    while (first) {
        struct tmr *a = first, *b = first->next;
        first = b ? b->next : NULL;
        a->next = a->prev = NULL;
        if (b)
            b->next = b->prev = NULL;
        a = tmr_meld(a, b);
        a->next = pairs;
        pairs = a;
    }
    struct tmr *root = NULL;
    while (pairs) {
        struct tmr *next = pairs->next;
        pairs->next = NULL;
        root = tmr_meld(root, pairs);
        pairs = next;
    }
    return root;
}

void tmr_clear(struct tmr_heap *h, struct tmr *t)
{
    if (!t->on)
        return;
    struct tmr *rest = tmr_merge_children(t->child);
    if (h->root == t) {
        h->root = rest;
    } else {
        if (t->prev->child == t)
            t->prev->child = t->next;
        else
            t->prev->next = t->next;
        if (t->next)
            t->next->prev = t->prev;
        h->root = tmr_meld(h->root, rest);
    }
    if (h->root)
        h->root->prev = h->root->next = NULL;
    t->child = t->next = t->prev = NULL;
    t->on = false;
}

void tmr_set(struct tmr_heap *h, struct tmr *t, int64_t at, void (*fire)(struct tmr *t))
{
    tmr_clear(h, t);
    t->at = at;
    t->fire = fire;
    t->on = true;
    t->child = t->next = t->prev = NULL;
    h->root = tmr_meld(h->root, t);
}

struct arena_chunk {
    struct arena_chunk *next;
    size_t used, cap;
    max_align_t data[];
};

#define ARENA_CHUNK 4000u

void *arena_get(struct arena *a, size_t n)
{
    size_t unit = sizeof(max_align_t);
    if (n > SIZE_MAX / 2)
        return NULL;
    n = (n + unit - 1) / unit * unit;
    struct arena_chunk *c = a->chunks;
    if (!c || c->cap - c->used < n) {
        size_t cap = n > ARENA_CHUNK / 2 ? n : (c ? ARENA_CHUNK : ARENA_CHUNK / 4 > n ? ARENA_CHUNK / 4 : n);
        c = calloc(1, sizeof(*c) + cap);
        if (!c)
            return NULL;
        c->cap = cap;
        /* a big block goes behind the first, whose room is still good for small ones */
        if (a->chunks && n > ARENA_CHUNK / 2) {
            c->next = a->chunks->next;
            a->chunks->next = c;
        } else {
            c->next = a->chunks;
            a->chunks = c;
        }
    }
    void *p = (char *)c->data + c->used;
    c->used += n;
    return p;
}

signet_str arena_str(struct arena *a, signet_str s)
{
    char *p = arena_get(a, s.n + 1);
    if (!p)
        return (signet_str){ NULL, 0 };
    if (s.n)
        memcpy(p, s.p, s.n);
    return (signet_str){ p, s.n };
}

void arena_done(struct arena *a)
{
    while (a->chunks) {
        struct arena_chunk *next = a->chunks->next;
        explicit_bzero(a->chunks->data, a->chunks->used);
        free(a->chunks);
        a->chunks = next;
    }
}
