#include "provider/engine.h"

#include <stdlib.h>

/* What a later process needs to take the value away again: the zone, and what the steps saved. No credential is among
 * it: those, and what a login brought, live in the session. */

#define PREFIX "var."

int saved_write(struct job *j)
{
    const char *name;
    json_t *v;
    record_done(&j->saved);
    if (!j->sent_main)
        return 0;
    int rc = j->zone ? record_addz(&j->saved, "zone", j->zone) : 0;
    rc = rc ? rc : j->lost ? record_addz(&j->saved, "lost", "1") : 0;
    rc = rc ? rc : record_addz(&j->saved, "provider", j->s->d->help.code);
    json_object_foreach(j->vars, name, v)
    {
        BUF_AUTO(text, LIM_SAVED);
        BUF_AUTO(key, 128);
        value_dump(&text, v);
        buf_addf(&key, PREFIX "%s", name);
        if (!buf_err(&text) && !buf_err(&key))
            rc = rc ? rc : record_add(&j->saved, buf_z(&key), buf_str(&text));
    }
    return rc;
}

int saved_read(struct job *j, const struct record *r)
{
    const char *zone = record_get(r, "zone");
    if (zone && *zone && !(j->zone = strdup(zone)))
        return SIGNET_ENOMEM;
    j->lost = record_number(r, "lost") != 0;
    for (size_t i = 0; i < r->names.n; i++) {
        signet_str name = str_of(r->names.v[i]);
        const char *why;
        if (!str_starts(name, STR(PREFIX)))
            continue;
        json_t *v = value_parse(str_of(r->values.v[i]), &why);
        if (v && value_set(j->vars, name.p + strlen(PREFIX), v))
            return SIGNET_ENOMEM;
    }
    return 0;
}
