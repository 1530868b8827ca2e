/* The journal's lines. */
#include "base/b64.h"
#include "store/journal_in.h"

#include <jansson.h>
#include <stdlib.h>

#define VERSION 1

static const char *const type_names[] = {
    [JOURNAL_CHALLENGE] = "challenge", [JOURNAL_ORDER] = "order", [JOURNAL_POST] = "post"
};
_Static_assert(sizeof type_names / sizeof *type_names == JOURNAL_TYPE_COUNT, "a name for each type");

/* ---- entries ---- */

void entries_done(struct entries *s)
{
    for (size_t i = 0; i < s->n; i++)
        record_done(&s->v[i].data);
    free(s->v);
    *s = (struct entries){ 0 };
}

struct journal_entry *entries_find(struct entries *s, uint64_t id)
{
    for (size_t i = s->n; i-- > 0;)
        if (s->v[i].id == id)
            return &s->v[i];
    return NULL;
}

static struct journal_entry *entries_add(struct entries *s)
{
    if (s->n == JOURNAL_MAX_ENTRIES)
        return NULL;
    if (s->n == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 16;
        struct journal_entry *v = reallocarray(s->v, cap, sizeof *v);
        if (!v)
            return NULL;
        s->v = v;
        s->cap = cap;
    }
    s->v[s->n] = (struct journal_entry){ 0 };
    return &s->v[s->n];
}

int entries_put(struct entries *s, uint64_t id, enum journal_type type, const struct record *data)
{
    struct journal_entry *e = entries_find(s, id);
    bool old = e != NULL;
    if (!e && !(e = entries_add(s)))
        return SIGNET_ENOMEM;
    int rc = record_copy(&e->data, data);
    if (rc)
        return rc;
    e->id = id;
    e->type = type;
    if (!old)
        s->n++;
    if (id > s->last_id)
        s->last_id = id;
    return 0;
}

void entries_remove(struct entries *s, struct journal_entry *e)
{
    record_done(&e->data);
    size_t i = (size_t)(e - s->v);
    memmove(e, e + 1, (s->n - i - 1) * sizeof *e);
    s->n--;
}

/* ---- writing ---- */

/* JSON is UTF-8; a path need not be. */
static json_t *value_to_json(const char *value)
{
    json_t *s = json_string(value);
    if (s)
        return s;
    BUF_AUTO(b64, JOURNAL_MAX_LINE);
    b64_enc(&b64, str_of(value));
    return buf_err(&b64) ? NULL : json_pack("{s:s}", "b64", buf_z(&b64));
}

/* A name with one value is a string, with several an array. */
static int add_value(json_t *data, const char *name, const char *value)
{
    json_t *old = json_object_get(data, name), *v = value_to_json(value);
    if (!v)
        return SIGNET_ENOMEM;
    if (!old)
        return json_object_set_new(data, name, v) ? SIGNET_ENOMEM : 0;
    if (json_is_array(old))
        return json_array_append_new(old, v) ? SIGNET_ENOMEM : 0;
    json_t *list = json_pack("[O,o]", old, v);
    return !list || json_object_set_new(data, name, list) ? SIGNET_ENOMEM : 0;
}

static int to_buf(const char *text, size_t n, void *ctx)
{
    buf_add(ctx, (signet_str){ text, n });
    return buf_err(ctx) ? -1 : 0;
}

int journal_print(struct buf *to, const struct journal_entry *e)
{
    json_t *data = json_object();
    int rc = data ? 0 : SIGNET_ENOMEM;
    for (size_t i = 0; !rc && i < e->data.names.n; i++)
        rc = add_value(data, e->data.names.v[i], e->data.values.v[i]);
    json_t *line = rc ? NULL
                      : json_pack("{s:i,s:I,s:s,s:O}", "v", VERSION, "id", (json_int_t)e->id, "type",
                                  type_names[e->type], "data", data);
    if (!line || json_dump_callback(line, to_buf, to, JSON_COMPACT))
        rc = SIGNET_ENOMEM;
    buf_addc(to, '\n');
    json_decref(line);
    json_decref(data);
    return rc ? rc : buf_err(to);
}

void journal_print_done(struct buf *to, uint64_t id)
{
    json_t *line = json_pack("{s:i,s:I,s:b}", "v", VERSION, "id", (json_int_t)id, "done", 1);
    if (!line || json_dump_callback(line, to_buf, to, JSON_COMPACT))
        to->bad = to->bad ? to->bad : SIGNET_ENOMEM;
    buf_addc(to, '\n');
    json_decref(line);
}

/* ---- reading ---- */

static int take_value(struct record *r, const char *name, const json_t *v)
{
    if (json_is_string(v))
        return record_add(r, name, (signet_str){ json_string_value(v), json_string_length(v) });
    BUF_AUTO(raw, JOURNAL_MAX_LINE);
    const char *b64 = json_string_value(json_object_get(v, "b64"));
    if (!b64 || b64_dec(&raw, str_of(b64)))
        return SIGNET_EFORMAT;
    return record_add(r, name, buf_str(&raw));
}

static int take_data(struct record *r, json_t *data)
{
    const char *name;
    json_t *v;
    int rc = 0;
    json_object_foreach(data, name, v)
    {
        if (!json_is_array(v))
            rc = take_value(r, name, v);
        for (size_t i = 0; !rc && json_is_array(v) && i < json_array_size(v); i++)
            rc = take_value(r, name, json_array_get(v, i));
        if (rc)
            return rc;
    }
    return 0;
}

static int type_of(const char *name, enum journal_type *ret)
{
    for (int t = 0; name && t < JOURNAL_TYPE_COUNT; t++)
        if (!strcmp(name, type_names[t])) {
            *ret = (enum journal_type)t;
            return 0;
        }
    return SIGNET_EFORMAT;
}

static int take_object(struct entries *ret, json_t *o)
{
    RECORD_AUTO(r);
    enum journal_type type;
    json_int_t id = json_integer_value(json_object_get(o, "id"));
    if (json_integer_value(json_object_get(o, "v")) != VERSION || id < 1)
        return SIGNET_EFORMAT;
    if (json_is_true(json_object_get(o, "done"))) {
        struct journal_entry *e = entries_find(ret, (uint64_t)id);
        if (e)
            entries_remove(ret, e);
        return 0;
    }
    json_t *data = json_object_get(o, "data");
    if (!json_is_object(data) || type_of(json_string_value(json_object_get(o, "type")), &type) || take_data(&r, data))
        return SIGNET_EFORMAT;
    return entries_put(ret, (uint64_t)id, type, &r);
}

static int take_line(struct entries *ret, signet_str line)
{
    if (line.n > JOURNAL_MAX_LINE)
        return SIGNET_EFORMAT;
    json_t *o = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, NULL);
    int rc = json_is_object(o) ? take_object(ret, o) : SIGNET_EFORMAT;
    json_decref(o);
    return rc;
}

int journal_parse(struct entries *ret, signet_str text, size_t *ret_used, struct err *e)
{
    signet_str line, rest = text;
    size_t n = 0;
    while (str_cut(rest, '\n', &line, &rest)) {
        int rc = take_line(ret, line);
        n++;
        if (rc == SIGNET_ENOMEM)
            return err_nomem(e);
        if (rc)
            return err_set(e, SIGNET_EFORMAT, "line %zu is not one that this version understands", n);
    }
    *ret_used = text.n - line.n;
    return 0;
}
