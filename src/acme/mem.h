/* Lists, timers and arenas: the mechanics under the state machines. */
#ifndef ACME_MEM_H
#define ACME_MEM_H

#include "base/str.h"

/* An intrusive, circular, doubly linked list. A link that is in no list points to itself. */
struct link {
    struct link *next, *prev;
};

static inline void link_init(struct link *l)
{
    l->next = l->prev = l;
}

static inline bool link_empty(const struct link *l)
{
    return l->next == l;
}

static inline void link_push(struct link *head, struct link *l)
{
    l->prev = head->prev;
    l->next = head;
    head->prev->next = l;
    head->prev = l;
}

static inline void link_drop(struct link *l)
{
    l->prev->next = l->next;
    l->next->prev = l->prev;
    link_init(l);
}

/* The first of a list that is not empty, taken out of it. */
static inline struct link *link_pop(struct link *head)
{
    struct link *l = head->next;
    head->next = l->next;
    l->next->prev = head;
    link_init(l);
    return l;
}

#define LINK_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* Timers: an intrusive pairing heap, so that setting one never needs memory. */
struct tmr {
    struct tmr *child, *next, *prev; /* prev: the parent for a first child */
    int64_t at;
    bool on;
    void (*fire)(struct tmr *t);
};

struct tmr_heap {
    struct tmr *root;
};

void tmr_set(struct tmr_heap *h, struct tmr *t, int64_t at, void (*fire)(struct tmr *t));
void tmr_clear(struct tmr_heap *h, struct tmr *t); /* fine when it is not set */

/* Memory that goes in one call. */
struct arena {
    struct arena_chunk *chunks;
};

void *arena_get(struct arena *a, size_t n);          /* zeroed, aligned; NULL: no memory */
signet_str arena_str(struct arena *a, signet_str s); /* a NUL-terminated copy; p NULL: no memory */
void arena_done(struct arena *a);

#endif
