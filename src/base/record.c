#include "base/record.h"

void record_done(struct record *r)
{
    for (size_t i = 0; i < r->values.n; i++)
        explicit_bzero(r->values.v[i], strlen(r->values.v[i]));
    strlist_done(&r->names);
    strlist_done(&r->values);
}

int record_add(struct record *r, const char *name, signet_str value)
{
    int rc = strlist_add(&r->values, value);
    if (rc)
        return rc;
    rc = strlist_addz(&r->names, name);
    if (rc)
        strlist_remove(&r->values, r->values.n - 1);
    return rc;
}

int record_addz(struct record *r, const char *name, const char *value)
{
    return value ? record_add(r, name, str_of(value)) : 0;
}

int record_add_list(struct record *r, const char *name, const struct strlist *values)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < values->n; i++)
        rc = record_addz(r, name, values->v[i]);
    return rc;
}

int record_set(struct record *r, const char *name, signet_str value)
{
    for (size_t i = r->names.n; i-- > 0;)
        if (str_eq(str_of(r->names.v[i]), str_of(name))) {
            explicit_bzero(r->values.v[i], strlen(r->values.v[i]));
            strlist_remove(&r->names, i);
            strlist_remove(&r->values, i);
        }
    return value.n ? record_add(r, name, value) : 0;
}

const char *record_get(const struct record *r, const char *name)
{
    for (size_t i = 0; i < r->names.n; i++)
        if (str_eq(str_of(r->names.v[i]), str_of(name)))
            return r->values.v[i];
    return NULL;
}

int record_get_list(const struct record *r, const char *name, struct strlist *to)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < r->names.n; i++)
        if (str_eq(str_of(r->names.v[i]), str_of(name)))
            rc = strlist_addz(to, r->values.v[i]);
    return rc;
}

uint64_t record_number(const struct record *r, const char *name)
{
    uint64_t n = 0;
    return str_u64(str_of(record_get(r, name)), UINT64_MAX, &n) ? 0 : n;
}

int record_copy(struct record *to, const struct record *from)
{
    struct record made = { 0 };
    if (strlist_copy(&made.names, &from->names) || strlist_copy(&made.values, &from->values)) {
        record_done(&made);
        return SIGNET_ENOMEM;
    }
    record_done(to);
    *to = made;
    return 0;
}

bool record_same(const struct record *a, const struct record *b)
{
    if (a->names.n != b->names.n)
        return false;
    for (size_t i = 0; i < a->names.n; i++)
        if (strcmp(a->names.v[i], b->names.v[i]) || strcmp(a->values.v[i], b->values.v[i]))
            return false;
    return true;
}
