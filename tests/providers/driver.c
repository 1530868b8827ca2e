/* The engine of src/provider on a leash: one JSON object a line in, one out. What it wants to send comes out, what the
 * provider answers goes in, the clock is given; tests/providers/harness.py holds the other end. */
#include "base/b64.h"
#include "provider/provider.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

struct driver {
    struct provider_desc *desc;
    struct provider_session *session;
    json_t *env, *files, *lines; /* lines: of the trace; NULL: none is wanted */
    unsigned random;
    struct provider_now now;
};

static signet_str str_in(json_t *o, const char *key)
{
    json_t *v = json_object_get(o, key);
    return json_is_string(v) ? (signet_str){ json_string_value(v), json_string_length(v) } : (signet_str){ "", 0 };
}

static int give(json_t *from, const char *key, struct buf *ret)
{
    const char *v = json_string_value(json_object_get(from, key));
    if (!v)
        return SIGNET_ENOTFOUND;
    buf_addz(ret, v);
    return 0;
}

static int get(void *ctx, const char *name, struct buf *ret, struct err *e)
{
    (void)e;
    return give(((struct driver *)ctx)->env, name, ret);
}

static int read_file(void *ctx, const char *path, struct buf *ret, struct err *e)
{
    (void)e;
    BUF_AUTO(text, 1u << 20);
    int rc = give(((struct driver *)ctx)->files, path, &text);
    if (!rc && str_starts(buf_str(&text), STR("base64:")))
        return b64_dec(ret, str_skip(buf_str(&text), 7));
    buf_add(ret, buf_str(&text));
    return rc;
}

static int fake_random(void *ctx, void *out, size_t n)
{
    struct driver *d = ctx;
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)out)[i] = (uint8_t)(d->random++ * 37u + 11u);
    return 0;
}

static void keep_line(void *ctx, const char *line)
{
    json_array_append_new(((struct driver *)ctx)->lines, json_string(line));
}

static json_t *err_json(const struct err *e)
{
    return json_pack("{s:{s:i, s:s, s:s}}", "error", "code", e->code, "text", e->text, "hint", e->hint);
}

static json_t *list_json(const struct strlist *l)
{
    json_t *v = json_array();
    for (size_t i = 0; i < l->n; i++)
        json_array_append_new(v, json_string(l->v[i]));
    return v;
}

static json_t *record_json(const struct record *r)
{
    json_t *v = json_object();
    for (size_t i = 0; i < r->names.n; i++)
        json_object_set_new(v, r->names.v[i], json_string(r->values.v[i]));
    return v;
}

static json_t *do_open(struct driver *d, json_t *o)
{
    struct err e = { 0 };
    struct provider_env env = { .ctx = d, .get = get, .read_file = read_file, .random = fake_random };
    const char *dir = json_string_value(json_object_get(o, "dir"));
    d->env = json_incref(json_object_get(o, "env"));
    d->files = json_incref(json_object_get(o, "files"));
    if (json_is_true(json_object_get(o, "trace"))) {
        d->lines = json_array();
        env.trace = keep_line;
    }
    if (provider_load(&d->desc, json_string_value(json_object_get(o, "code")), dir, &e) ||
        provider_open(&d->session, d->desc, &env, &e))
        return err_json(&e);
    const struct provider_times *t = provider_times(d->session);
    return json_pack("{s:{s:I, s:I, s:I, s:I, s:I, s:o}}", "opened", "ttl", (json_int_t)t->ttl, "propagation",
                     (json_int_t)t->propagation, "polling", (json_int_t)t->polling, "serial", (json_int_t)t->serial,
                     "timeout", (json_int_t)t->timeout, "used", list_json(provider_used(d->session)));
}

static json_t *do_start(struct driver *d, json_t *o)
{
    struct err e = { 0 };
    RECORD_AUTO(saved);
    const char *name;
    json_t *v;
    uint64_t id = 0;
    json_object_foreach(json_object_get(o, "saved"), name, v) record_addz(&saved, name, json_string_value(v));
    bool present = str_eq(str_in(o, "op"), STR("present"));
    struct provider_job job = { present ? PROVIDER_PRESENT : PROVIDER_CLEANUP,
                                str_in(o, "fqdn"),
                                str_in(o, "domain"),
                                str_in(o, "value"),
                                str_in(o, "token"),
                                str_in(o, "keyauth"),
                                saved.names.n ? &saved : NULL };
    if (provider_start(d->session, &job, &id, &e))
        return err_json(&e);
    return json_pack("{s:I}", "started", (json_int_t)id);
}

static json_t *http_json(const struct provider_action *a)
{
    json_t *headers = json_array();
    for (size_t i = 0; i < a->http.n_headers; i++)
        json_array_append_new(headers, json_pack("[s%s%]", a->http.headers[i].name.p, a->http.headers[i].name.n,
                                                 a->http.headers[i].value.p, a->http.headers[i].value.n));
    json_t *body = a->http.body.p ? json_stringn_nocheck(a->http.body.p, a->http.body.n) : json_null();
    json_t *tls = json_pack("{s:b, s:s?, s:s?, s:s?}", "insecure", a->http.tls.insecure, "ca", a->http.tls.ca, "cert",
                            a->http.tls.cert, "key", a->http.tls.key);
    return json_pack("{s:s, s:I, s:s%, s:s%, s:o, s:o, s:o, s:I}", "kind", "http", "id", (json_int_t)a->id, "method",
                     a->http.method.p, a->http.method.n, "url", a->http.url.p, a->http.url.n, "headers", headers,
                     "body", body, "tls", tls, "timeout_ms", (json_int_t)a->http.timeout_ms);
}

static json_t *do_poll(struct driver *d)
{
    struct provider_action a;
    int rc = provider_poll(d->session, d->now, &a);
    if (rc)
        return json_pack("{s:{s:i, s:s, s:s}}", "error", "code", rc, "text", signet_strerror(rc), "hint", "");
    switch (a.kind) {
    case PROVIDER_IDLE:
        return json_pack("{s:s, s:I}", "kind", "idle", "until_ms", (json_int_t)a.until_ms);
    case PROVIDER_HTTP:
        return http_json(&a);
    case PROVIDER_ZONE:
        return json_pack("{s:s, s:I, s:s%}", "kind", "zone", "id", (json_int_t)a.id, "fqdn", a.fqdn.p, a.fqdn.n);
    case PROVIDER_DONE:
        return json_pack("{s:s, s:I, s:i, s:s, s:s, s:o}", "kind", "done", "id", (json_int_t)a.id, "code", a.done.code,
                         "text", a.done.err->text, "hint", a.done.err->hint, "saved", record_json(a.done.saved));
    case PROVIDER_ENDED:
        break;
    }
    return json_pack("{s:s}", "kind", "ended");
}

static json_t *do_answer(struct driver *d, json_t *o)
{
    struct provider_header h[32];
    json_t *headers = json_object_get(o, "headers");
    size_t n = 0;
    for (; n < json_array_size(headers) && n < 32; n++) {
        json_t *pair = json_array_get(headers, n);
        h[n].name = str_of(json_string_value(json_array_get(pair, 0)));
        h[n].value = str_of(json_string_value(json_array_get(pair, 1)));
    }
    BUF_AUTO(body, 1 << 20); /* bytes that are no UTF-8 */
    if (b64_dec(&body, str_in(o, "body64")))
        return json_pack("{s:s}", "bad", "body64");
    struct provider_answer a = { .net_err = (int)json_integer_value(json_object_get(o, "net_err")),
                                 .why = json_string_value(json_object_get(o, "why")),
                                 .status = (int)json_integer_value(json_object_get(o, "status")),
                                 .headers = h,
                                 .n_headers = n,
                                 .body = json_object_get(o, "body64") ? buf_str(&body) : str_in(o, "body") };
    provider_http_done(d->session, (uint64_t)json_integer_value(json_object_get(o, "id")), d->now, &a);
    return json_object();
}

static void print_fault(void *ctx, const struct provider_fault *f)
{
    json_array_append_new(ctx, json_pack("[s, i, i, s]", f->file, (int)f->line, (int)f->column, f->what));
}

static json_t *do_check(json_t *o)
{
    struct err e = { 0 };
    size_t n = 0;
    json_t *faults = json_array();
    if (provider_check(str_in(o, "yaml"), json_string_value(json_object_get(o, "name")),
                       json_string_value(json_object_get(o, "dir")), print_fault, faults, &n, &e)) {
        json_decref(faults);
        return err_json(&e);
    }
    return json_pack("{s:o}", "faults", faults);
}

static json_t *var_json(const struct provider_var *v)
{
    return json_pack("{s:s, s:o, s:s?, s:b, s:b, s:i, s:s}", "name", v->name, "also", list_json(v->also), "default",
                     v->def, "required", v->required, "secret", v->secret, "set", v->set, "format", v->format);
}

static json_t *do_help(json_t *o)
{
    struct err e = { 0 };
    struct provider_desc *desc = NULL;
    if (provider_load(&desc, json_string_value(json_object_get(o, "code")),
                      json_string_value(json_object_get(o, "dir")), &e))
        return err_json(&e);
    const struct provider_help *h = provider_help(desc);
    json_t *vars = json_array();
    for (size_t i = 0; i < h->n_vars; i++)
        json_array_append_new(vars, var_json(&h->vars[i]));
    json_t *ret = json_pack("{s:s, s:s, s:s, s:o, s:i, s:o, s:o}", "code", h->code, "name", h->name, "docs", h->docs,
                            "also", list_json(h->also), "sets", h->sets, "vars", vars, "times", list_json(h->times));
    provider_desc_free(desc);
    return ret;
}

static json_t *do_codes(json_t *o)
{
    struct err e = { 0 };
    STRLIST_AUTO(codes);
    if (provider_codes(json_string_value(json_object_get(o, "dir")), &codes, &e))
        return err_json(&e);
    return json_pack("{s:o}", "codes", list_json(&codes));
}

static json_t *run(struct driver *d, json_t *in)
{
    json_t *o;
    json_t *now = json_object_get(in, "now");
    if (now) {
        d->now.mono_ms = json_integer_value(json_array_get(now, 0));
        d->now.wall_s = json_integer_value(json_array_get(now, 1));
    }
    if ((o = json_object_get(in, "open")) != NULL)
        return do_open(d, o);
    if ((o = json_object_get(in, "start")) != NULL)
        return do_start(d, o);
    if ((o = json_object_get(in, "http")) != NULL)
        return do_answer(d, o);
    if ((o = json_object_get(in, "check")) != NULL)
        return do_check(o);
    if ((o = json_object_get(in, "help")) != NULL)
        return do_help(o);
    if ((o = json_object_get(in, "codes")) != NULL)
        return do_codes(o);
    if ((o = json_object_get(in, "zone")) != NULL) {
        provider_zone_done(d->session, (uint64_t)json_integer_value(json_object_get(o, "id")), d->now,
                           str_in(o, "zone"), json_string_value(json_object_get(o, "why")));
        return json_object();
    }
    if (json_object_get(in, "finish")) {
        provider_finish(d->session);
        return json_object();
    }
    if (json_object_get(in, "traced"))
        return json_pack("{s:O}", "lines", d->lines);
    if (json_object_get(in, "poll"))
        return do_poll(d);
    return now ? json_object() : json_pack("{s:s}", "bad", "no such command");
}

int main(void)
{
    struct driver d = { 0 };
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    while ((n = getline(&line, &cap, stdin)) > 0) {
        json_t *in = json_loadb(line, (size_t)n, 0, NULL);
        json_t *out = in ? run(&d, in) : json_pack("{s:s}", "bad", "no JSON");
        if (!out || json_dumpf(out, stdout, JSON_COMPACT))
            fputs("{\"bad\": \"the answer is no JSON\"}", stdout);
        putchar('\n');
        fflush(stdout);
        json_decref(in);
        json_decref(out);
    }
    free(line);
    provider_close(d.session);
    provider_desc_free(d.desc);
    json_decref(d.env);
    json_decref(d.files);
    json_decref(d.lines);
    return 0;
}
