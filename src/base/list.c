#include "base/list.h"

#include "base/buf.h"
#include <stdlib.h>

enum { LIST_MAX = 1 << 20 }; /* far above any number of names, files or lines that makes sense */

void strlist_done(struct strlist *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->v[i]);
    free(l->v);
    *l = (struct strlist){ 0 };
}

static int grow(struct strlist *l)
{
    if (l->n >= LIST_MAX)
        return SIGNET_ELIMIT;
    size_t cap = l->cap ? l->cap * 2 : 8;
    char **v = realloc(l->v, cap * sizeof(*v));
    if (!v)
        return SIGNET_ENOMEM;
    l->v = v;
    l->cap = cap;
    return 0;
}

int strlist_add(struct strlist *l, signet_str s)
{
    if (str_has(s, '\0'))
        return SIGNET_EINVAL;
    if (l->n + 1 >= l->cap) {
        int r = grow(l);
        if (r)
            return r;
    }
    char *z = str_dup(s);
    if (!z) {
        l->v[l->n] = NULL;
        return SIGNET_ENOMEM;
    }
    l->v[l->n++] = z;
    l->v[l->n] = NULL;
    return 0;
}

int strlist_addz(struct strlist *l, const char *z)
{
    return strlist_add(l, str_of(z));
}

int strlist_add_new(struct strlist *l, signet_str s)
{
    return strlist_has(l, s) ? 0 : strlist_add(l, s);
}

int strlist_copy(struct strlist *to, const struct strlist *from)
{
    struct strlist copy = { 0 };
    for (size_t i = 0; i < from->n; i++) {
        int r = strlist_addz(&copy, from->v[i]);
        if (r) {
            strlist_done(&copy);
            return r;
        }
    }
    strlist_done(to);
    *to = copy;
    return 0;
}

bool strlist_has(const struct strlist *l, signet_str s)
{
    for (size_t i = 0; i < l->n; i++)
        if (str_eq(str_of(l->v[i]), s))
            return true;
    return false;
}

bool strlist_subset(const struct strlist *a, const struct strlist *b)
{
    for (size_t i = 0; i < a->n; i++)
        if (!strlist_has(b, str_of(a->v[i])))
            return false;
    return true;
}

bool strlist_same_set(const struct strlist *a, const struct strlist *b)
{
    return strlist_subset(a, b) && strlist_subset(b, a);
}

void strlist_remove(struct strlist *l, size_t i)
{
    if (i >= l->n)
        return;
    free(l->v[i]);
    memmove(&l->v[i], &l->v[i + 1], (l->n - i) * sizeof(*l->v)); /* with the NULL at the end */
    l->n--;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void strlist_sort(struct strlist *l)
{
    if (l->n > 1)
        qsort(l->v, l->n, sizeof(*l->v), compare);
}

int strlist_split(struct strlist *l, signet_str s, char sep)
{
    while (s.n) {
        signet_str part;
        str_cut(s, sep, &part, &s);
        part = str_trim(part);
        int r = part.n ? strlist_add(l, part) : 0;
        if (r)
            return r;
    }
    return 0;
}

void strlist_join(const struct strlist *l, const char *sep, struct buf *to)
{
    for (size_t i = 0; i < l->n; i++) {
        if (i)
            buf_addz(to, sep);
        buf_addz(to, l->v[i]);
    }
}
