#include "yaml/pool.h"

#include <stdlib.h>

#define BLOCK 4096u

struct pool_block {
    struct pool_block *next;
    size_t used, size;
    _Alignas(max_align_t) char mem[];
};

void *pool_get(struct pool *p, size_t n)
{
    const size_t align = _Alignof(max_align_t);
    if (n > SIZE_MAX / 2)
        return NULL;
    n = (n + align - 1) / align * align;
    struct pool_block *b = p->blocks;
    if (!b || b->size - b->used < n) {
        size_t size = n > BLOCK ? n : BLOCK;
        b = calloc(1, sizeof *b + size);
        if (!b)
            return NULL;
        b->size = size;
        b->next = p->blocks;
        p->blocks = b;
    }
    void *at = b->mem + b->used;
    b->used += n;
    return at;
}

signet_str pool_str(struct pool *p, signet_str s)
{
    char *copy = pool_get(p, s.n + 1);
    if (!copy)
        return (signet_str){ NULL, 0 };
    if (s.n)
        memcpy(copy, s.p, s.n);
    return (signet_str){ copy, s.n };
}

void pool_join(struct pool *to, struct pool *from)
{
    struct pool_block **end = &to->blocks;
    while (*end)
        end = &(*end)->next;
    *end = from->blocks;
    from->blocks = NULL;
}

void pool_done(struct pool *p)
{
    while (p->blocks) {
        struct pool_block *next = p->blocks->next;
        explicit_bzero(p->blocks->mem, p->blocks->used);
        free(p->blocks);
        p->blocks = next;
    }
}
