#include "client/report.h"
#include "base/clock.h"
#include "talker/ca.h"
#include <jansson.h>
#include <stdlib.h>

/* A failed allocation leaves a member out; printing then still gives a valid document. */

int report_init(struct report *r, const char *verb)
{
    r->root = json_pack("{s:i, s:s, s:[]}", "version", 1, "verb", verb, "certificates");
    return r->root ? 0 : SIGNET_ENOMEM;
}

void report_done(struct report *r)
{
    json_decref(r->root);
    r->root = NULL;
}

static json_t *json_of(struct report_entry *c)
{
    return (json_t *)c;
}

struct report_entry *report_certificate(struct report *r, const char *name)
{
    json_t *entry = json_pack("{s:s}", "name", name);
    if (!entry || json_array_append_new(json_object_get(r->root, "certificates"), entry))
        return NULL;
    return (struct report_entry *)entry;
}

struct report_entry *report_object(struct report *r, const char *key)
{
    json_t *o = json_object();
    return o && json_object_set_new(r->root, key, o) == 0 ? (struct report_entry *)o : NULL;
}

struct report_entry *report_item(struct report *r, const char *key)
{
    json_t *list = json_object_get(r->root, key), *o = json_object();
    if (!list && json_object_set_new(r->root, key, json_array()) == 0)
        list = json_object_get(r->root, key);
    if (!list || !o) {
        json_decref(o);
        return NULL;
    }
    return json_array_append_new(list, o) == 0 ? (struct report_entry *)o : NULL;
}

static void set(struct report_entry *c, const char *key, json_t *value)
{
    if (c)
        json_object_set_new(json_of(c), key, value);
    else
        json_decref(value);
}

void report_text(struct report_entry *c, const char *key, const char *value)
{
    set(c, key, value ? json_string(value) : json_null());
}

void report_number(struct report_entry *c, const char *key, int64_t value)
{
    set(c, key, json_integer(value));
}

void report_bool(struct report_entry *c, const char *key, bool value)
{
    set(c, key, json_boolean(value));
}

void report_time(struct report_entry *c, const char *key, int64_t t)
{
    BUF_AUTO(text, 64);
    clock_fmt_rfc3339(&text, t);
    report_text(c, key, buf_z(&text));
}

void report_strings(struct report_entry *c, const char *key, const struct strlist *l)
{
    json_t *a = json_array();
    for (size_t i = 0; a && i < l->n; i++)
        json_array_append_new(a, json_string(l->v[i]));
    set(c, key, a);
}

static json_t *problem_json(const struct ca_problem *p)
{
    json_t *subs = json_array();
    for (size_t i = 0; subs && i < p->n_sub; i++)
        json_array_append_new(subs, json_pack("{s:s, s:s, s:s, s:s}", "identifier", p->sub[i].ident, "type",
                                              p->sub[i].type, "detail", p->sub[i].detail, "challenge",
                                              p->sub[i].chal ? signet_chal_name(p->sub[i].chal) : ""));
    return json_pack("{s:s, s:s, s:s, s:s, s:i, s:I, s:o}", "type", p->type, "detail", p->detail, "url", p->url,
                     "doing", p->doing, "http_status", p->http_status, "retry_after_s", (json_int_t)p->retry_after_s,
                     "subproblems", subs);
}

static json_t *error_json(const struct err *e, const struct ca_problem *p)
{
    json_t *o = json_pack("{s:i, s:s, s:s}", "code", e->code, "class", signet_strerror(e->code), "message", e->text);
    if (o && e->hint[0])
        json_object_set_new(o, "hint", json_string(e->hint));
    if (o && p)
        json_object_set_new(o, "problem", problem_json(p));
    return o;
}

void report_error(struct report_entry *c, const struct err *e, const struct ca_problem *p)
{
    set(c, "error", error_json(e, p));
}

int report_print(struct report *r, const struct err *e, struct buf *to)
{
    json_object_set_new(r->root, "result", json_string(e->code ? "error" : "ok"));
    if (e->code && e->text[0])
        json_object_set_new(r->root, "error", error_json(e, NULL));
    char *text = json_dumps(r->root, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    if (!text)
        return SIGNET_ENOMEM;
    buf_addz(to, text);
    buf_addc(to, '\n');
    free(text);
    return buf_err(to);
}
