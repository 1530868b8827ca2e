#include "provider/body.h"
#include "provider/engine.h"

#include <stdio.h>
#include <stdlib.h>

/* A step becomes a request. */

static const struct {
    const char *key, *method;
} verbs[] = { { "get", "GET" }, { "post", "POST" }, { "put", "PUT" }, { "patch", "PATCH" }, { "delete", "DELETE" } };

static const struct node *verb_of(const struct node *step, const char **ret_method)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        const struct node *url = node_get(step, verbs[i].key);
        if (url) {
            *ret_method = verbs[i].method;
            return url;
        }
    }
    return NULL;
}

void request_clear(struct exchange *x)
{
    buf_clear(&x->method);
    buf_clear(&x->url);
    buf_clear(&x->body);
    for (size_t i = 0; i < x->n_headers; i++) {
        free((char *)(uintptr_t)x->header[i].name.p);
        free((char *)(uintptr_t)x->header[i].value.p);
    }
    x->n_headers = 0;
    x->has_body = x->is_xmlrpc = false;
    reply_done(&x->reply);
}

/* ---- headers ---- */

static struct provider_header *find_header(struct exchange *x, signet_str name)
{
    for (size_t i = 0; i < x->n_headers; i++)
        if (str_ieq(x->header[i].name, name))
            return &x->header[i];
    return NULL;
}

int header_set(struct exchange *x, const char *name, signet_str value, bool replace)
{
    struct provider_header *old = find_header(x, str_of(name));
    if (old && !replace)
        return 0;
    if (value.n > LIM_HEADER || (!old && x->n_headers == LIM_HEADERS))
        return SIGNET_ELIMIT;
    for (size_t i = 0; i < value.n; i++)
        if ((unsigned char)value.p[i] < ' ' || value.p[i] == 127)
            return SIGNET_EINVAL; /* a line break would begin another header */
    char *v = str_dup(value), *n = old ? NULL : strdup(name);
    if (!v || (!old && !n)) {
        free(v);
        free(n);
        return SIGNET_ENOMEM;
    }
    if (old) {
        free((char *)(uintptr_t)old->value.p);
        old->value = str_of(v);
    } else {
        x->header[x->n_headers++] = (struct provider_header){ str_of(n), str_of(v) };
    }
    return 0;
}

int header_map(struct scope *sc, struct exchange *x, const struct node *map)
{
    VALUE_AUTO json_t *v = NULL;
    const char *name;
    json_t *m;
    if (!map)
        return 0;
    int rc = expand_node(sc, map, &v);
    if (rc)
        return rc;
    json_object_foreach(v, name, m)
    {
        BUF_AUTO(text, LIM_HEADER);
        value_add(&text, m);
        rc = buf_err(&text) ? buf_err(&text) : header_set(x, name, buf_str(&text), true);
        if (rc)
            return err_set(sc->e, rc, "the header %s cannot be sent: %s", name, signet_strerror(rc));
    }
    return 0;
}

/* ---- URL ---- */

static int check_url(struct job *j, signet_str url)
{
    bool ok = str_starts(url, STR("https://")) || str_starts(url, STR("http://"));
    for (size_t i = 0; ok && i < url.n; i++)
        ok = (unsigned char)url.p[i] > ' ' && (unsigned char)url.p[i] < 127;
    if (ok)
        return 0;
    BUF_AUTO(shown, 300);
    buf_add_escaped(&shown, url, 120);
    return err_set(&j->err, SIGNET_EINVAL, "%s: \"%s\" is no URL; it begins with https:// and has no spaces",
                   shown_name(j->s), buf_z(&shown));
}

static int base_url(struct job *j, struct scope *sc, struct buf *to)
{
    const struct node *api = part(j->s, "api");
    return api ? expand_text(sc, api->text, to) : 0;
}

static size_t origin_len(signet_str url)
{
    const char *host = str_find(url, STR("://"));
    size_t n = host ? (size_t)(host - url.p) + 3 : 0;
    while (n < url.n && url.p[n] != '/' && url.p[n] != '?' && url.p[n] != '#')
        n++;
    return n;
}

/* A base that the user gave may end in a slash where a path begins with one: of slashes that meet, one stays. */
static void squeeze_slashes(struct buf *url)
{
    size_t origin = origin_len(buf_str(url)), to = origin;
    bool query = false;
    for (size_t from = origin; from < url->n; from++) {
        query = query || url->p[from] == '?';
        if (query || url->p[from] != '/' || to == origin || url->p[to - 1] != '/')
            url->p[to++] = url->p[from];
    }
    if (to < url->n) {
        url->n = to;
        url->p[to] = '\0';
    }
}

static int step_url(struct job *j, struct scope *sc, const struct node *url, struct buf *to)
{
    BUF_AUTO(own, LIM_URL);
    sc->url = true;
    int rc = expand_text(sc, url->text, &own);
    sc->url = false;
    if (rc)
        return rc;
    bool whole = str_starts(buf_str(&own), STR("https://")) || str_starts(buf_str(&own), STR("http://"));
    rc = whole ? 0 : base_url(j, sc, to);
    size_t origin = origin_len(buf_str(to));
    buf_add(to, buf_str(&own));
    if (!rc && !whole && origin_len(buf_str(to)) != origin) /* "https://api.example" + "@elsewhere.example" */
        rc = err_set(&j->err, SIGNET_EPROTO, "%s: a path does not begin with a slash", shown_name(j->s));
    if (!rc && buf_err(to))
        rc = err_set(&j->err, buf_err(to), "%s: a URL is longer than %u bytes", shown_name(j->s), LIM_URL);
    squeeze_slashes(to);
    return rc;
}

/* The next page is where the answer says, but never on another server: the request carries credentials. */
static int page_url(struct job *j, const char *next, struct buf *url)
{
    signet_str to = str_of(next), origin = { url->p, origin_len(buf_str(url)) };
    BUF_AUTO(whole, LIM_URL);
    if (str_starts(to, STR("/")))
        buf_add(&whole, origin);
    buf_add(&whole, to);
    if (buf_err(&whole) || origin_len(buf_str(&whole)) != origin.n || !str_starts(buf_str(&whole), origin))
        return err_set(&j->err, SIGNET_EPROTO, "%s: it says that the list goes on at another server", shown_name(j->s));
    buf_clear(url);
    buf_add(url, buf_str(&whole));
    return buf_err(url);
}

/* ---- what is sent ---- */

struct parts {
    json_t *query, *body; /* owned maps; body NULL: none, or no map */
    const char *type;
};

static int merge_map(struct scope *sc, json_t *to, const struct node *map)
{
    VALUE_AUTO json_t *v = NULL;
    if (!map)
        return 0;
    int rc = expand_node(sc, map, &v);
    if (rc)
        return rc;
    if (!json_is_object(v))
        return err_set(sc->e, SIGNET_EINVAL, "%s:%u: a map is wanted", map->file, map->line);
    return json_object_update(to, v) ? err_nomem(sc->e) : 0;
}

static int page_param(struct job *j, struct parts *p)
{
    const struct frame *f = j->x.frame;
    const struct node *page = f ? node_get(f->node, "page") : NULL;
    signet_str in_query = node_text(page, "query"), in_body = node_text(page, "json");
    if (!in_body.n)
        in_body = node_text(page, "form");
    signet_str name = in_query.n ? in_query : in_body;
    if (!f || !name.n)
        return 0;
    json_t *to = in_query.n ? p->query : p->body;
    bool cursor = node_get(page, "next") != NULL;
    uint32_t offset = node_u32(page, "offset", 0);
    if (!json_is_object(to) || (cursor && !f->next))
        return 0;
    if (cursor)
        return value_set_str(to, name.p, str_of(f->next));
    uint64_t at = node_u32(page, "first", offset ? 0 : 1) + (uint64_t)f->page * (offset ? offset : 1);
    return value_set(to, name.p, json_integer((json_int_t)at));
}

static int expand_body(struct job *j, struct scope *sc, struct parts *p)
{
    static const char *const kinds[] = { "json", "form", "xml", "xmlrpc", "multipart", "text" };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct node *n = node_get(j->x.step, kinds[i]);
        if (!n)
            continue;
        p->type = kinds[i];
        return expand_node(sc, n, &p->body);
    }
    return 0;
}

static int write_body(struct job *j, const struct parts *p)
{
    struct buf *to = &j->x.body;
    int rc = 0;
    if (!p->type)
        return 0;
    j->x.has_body = true;
    if (strcmp(p->type, "json") == 0)
        value_dump(to, p->body);
    else if (strcmp(p->type, "form") == 0)
        body_pairs(to, p->body, false);
    else if (strcmp(p->type, "xml") == 0)
        rc = xml_write(to, p->body);
    else if (strcmp(p->type, "xmlrpc") == 0)
        rc = xmlrpc_write(to, p->body);
    else if (strcmp(p->type, "multipart") == 0)
        multipart_write(to, p->body, value_str(json_object_get(j->once, "nonce")));
    else
        value_add(to, p->body);
    rc = rc ? rc : buf_err(to);
    return rc ? err_set(&j->err, rc, "%s: the %s to send cannot be made: %s", shown_name(j->s), p->type,
                        signet_strerror(rc))
              : 0;
}

static const char *content_type(const char *type)
{
    if (strcmp(type, "json") == 0)
        return "application/json";
    if (strcmp(type, "form") == 0)
        return "application/x-www-form-urlencoded";
    if (strcmp(type, "text") == 0)
        return "text/plain";
    return strcmp(type, "xmlrpc") == 0 ? "text/xml" : "application/xml";
}

static int default_headers(struct job *j, const struct parts *p)
{
    struct exchange *x = &j->x;
    int rc = 0;
    if (p->type && strcmp(p->type, "multipart") == 0) {
        BUF_AUTO(type, 200);
        buf_addf(&type, "multipart/form-data; boundary=%s", json_string_value(json_object_get(j->once, "nonce")));
        rc = header_set(x, "Content-Type", buf_str(&type), false);
    } else if (p->type) {
        rc = header_set(x, "Content-Type", str_of(content_type(p->type)), false);
    }
    if (!rc && p->type && strstr(p->type, "xml"))
        return header_set(x, "Accept", STR("application/xml, text/xml"), false);
    return rc ? rc : header_set(x, "Accept", STR("application/json"), false);
}

static void add_query(struct buf *url, const json_t *query)
{
    BUF_AUTO(text, LIM_URL);
    body_pairs(&text, query, true);
    if (!text.n)
        return;
    buf_addc(url, str_has(buf_str(url), '?') ? '&' : '?');
    buf_add(url, buf_str(&text));
    if (buf_err(&text))
        url->bad = buf_err(&text);
}

/* Where credentials in parameters go: into the body when it is a map of parameters, else into the query. */
static json_t *params_of(const struct parts *p)
{
    bool in_body = p->type && (strcmp(p->type, "form") == 0 || strcmp(p->type, "json") == 0) && json_is_object(p->body);
    return in_body ? p->body : p->query;
}

static int fill_parts(struct job *j, struct scope *sc, const struct node *auth, struct parts *p)
{
    int rc = merge_map(sc, p->query, node_get(j->x.step, "query"));
    rc = rc ? rc : expand_body(j, sc, p);
    rc = rc ? rc : page_param(j, p);
    rc = rc ? rc : merge_map(sc, p->query, node_get(auth, "query"));
    return rc ? rc : merge_map(sc, params_of(p), node_get(auth, "params"));
}

/* Parameters that sign the others come last. */
static int late_params(struct job *j, struct scope *sc, const struct node *auth, struct parts *p, struct buf *url)
{
    const struct node *late = node_get(auth, "late");
    VALUE_AUTO json_t *v = NULL;
    if (!late)
        return 0;
    int rc = expand_node(sc, late, &v);
    if (rc)
        return rc;
    if (params_of(p) == p->query) {
        add_query(url, v);
    } else {
        if (json_object_update(p->body, v))
            return err_nomem(&j->err);
        buf_clear(&j->x.body);
        rc = write_body(j, p);
    }
    return rc ? rc : buf_err(url);
}

static int split_request(struct job *j, struct scope *sc, json_t **ret_own)
{
    signet_str url = buf_str(&j->x.url), rest = str_skip(url, origin_len(url)), path, query;
    const char *host = str_find(url, STR("://"));
    size_t scheme = (size_t)(host - url.p) + 3;
    json_t *req = json_object(), *map = json_object();
    *ret_own = map;
    str_cut(rest, '?', &path, &query);
    if (!req || !map)
        return err_nomem(&j->err);
    value_set_str(req, "method", buf_str(&j->x.method));
    value_set_str(req, "url", url);
    value_set_str(req, "host", (signet_str){ url.p + scheme, origin_len(url) - scheme });
    value_set_str(req, "path", path.n ? path : STR("/"));
    value_set_str(req, "query", query);
    value_set_str(req, "target", rest.n ? rest : STR("/"));
    value_set_str(req, "body", buf_str(&j->x.body));
    if (value_set(map, "req", req))
        return err_nomem(&j->err);
    sc->vars[sc->n_vars++] = map;
    return 0;
}

static int build(struct job *j, struct scope *sc, struct parts *p)
{
    struct exchange *x = &j->x;
    const char *method = "GET";
    const struct node *url = verb_of(x->step, &method), *auth = auth_of(j);
    VALUE_AUTO json_t *own = NULL;
    if (!url)
        return err_set(&j->err, SIGNET_EINVAL, "%s:%u: a step says get, post, put, patch or delete", x->step->file,
                       x->step->line);
    buf_addz(&x->method, method);
    int rc = fill_parts(j, sc, auth, p);
    rc = rc ? rc : write_body(j, p);
    rc = rc ? rc : step_url(j, sc, url, &x->url);
    const struct node *page = node_get(x->step, "page");
    bool elsewhere =
        x->frame && x->frame->next && !node_get(page, "query") && !node_get(page, "json") && !node_get(page, "form");
    if (!rc && elsewhere)
        rc = page_url(j, x->frame->next, &x->url);
    else if (!rc)
        add_query(&x->url, p->query);
    rc = rc ? rc : buf_err(&x->url);
    rc = rc ? rc : check_url(j, buf_str(&x->url));
    rc = rc ? rc : split_request(j, sc, &own);
    rc = rc ? rc : late_params(j, sc, auth, p, &x->url);
    rc = rc ? rc : auth_apply(j, sc, auth, x);
    rc = rc ? rc : header_map(sc, x, node_get(x->step, "header"));
    rc = rc ? rc : default_headers(j, p);
    x->is_xmlrpc = p->type && strcmp(p->type, "xmlrpc") == 0;
    return rc ? rc : cookies_add(j->s, x);
}

static int fresh_once(struct job *j)
{
    uint8_t random[32];
    char hex[65], uuid[37];
    static const char digits[] = "0123456789abcdef";
    int rc = j->s->env.random(j->s->env.ctx, random, sizeof random);
    if (rc)
        return err_set(&j->err, rc, "no random bytes");
    for (size_t i = 0; i < 32; i++) {
        hex[2 * i] = digits[random[i] >> 4];
        hex[2 * i + 1] = digits[random[i] & 15];
    }
    hex[64] = '\0';
    hex[12] = '4'; /* RFC 9562 section 5.4: version and variant */
    hex[16] = digits[8 + (random[8] & 3)];
    snprintf(uuid, sizeof uuid, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
    json_decref(j->once);
    j->once = json_object();
    int64_t now = j->s->now.wall_s + j->s->clock_shift;
    int64_t ms = now * 1000 + (j->s->now.mono_ms % 1000 + 1000) % 1000;
    if (!j->once || value_set(j->once, "now", json_integer(now)) || value_set(j->once, "ms", json_integer(ms)) ||
        value_set_str(j->once, "uuid", str_of(uuid)) || value_set_str(j->once, "nonce", (signet_str){ hex + 32, 32 }))
        return err_nomem(&j->err);
    return 0;
}

int request_build(struct job *j)
{
    VALUE_AUTO json_t *own = NULL;
    struct scope sc;
    struct parts p = { json_object(), NULL, NULL };
    request_clear(&j->x);
    int rc = p.query ? fresh_once(j) : err_nomem(&j->err);
    if (!rc) {
        scope_of(j, &sc, &j->err, &own);
        rc = build(j, &sc, &p);
    }
    json_decref(p.query);
    json_decref(p.body);
    if (rc && !j->err.code)
        err_set(&j->err, rc, "%s: a request cannot be made: %s", shown_name(j->s), signet_strerror(rc));
    return rc;
}

int request_key(struct job *j, const struct node *step, struct buf *to)
{
    VALUE_AUTO json_t *own = NULL;
    struct scope sc;
    const char *method = "GET";
    const struct node *url = verb_of(step, &method);
    static const char *const more[] = { "query", "json", "form", "xml", "xmlrpc", "text", "items" };
    scope_of(j, &sc, &j->err, &own);
    sc.lenient = true;
    const struct node *let = node_get(step, "let");
    if (let && sc.n_let < SCOPE_LETS) { /* the step is not under way yet, so its names are not in the scope */
        memmove(sc.let + 1, sc.let, sc.n_let * sizeof *sc.let);
        sc.let[0] = let;
        sc.n_let++;
    }
    buf_addz(to, method);
    buf_addc(to, ' ');
    int rc = url ? step_url(j, &sc, url, to) : 0;
    for (size_t i = 0; !rc && i < sizeof more / sizeof *more; i++) {
        const struct node *n = node_get(step, more[i]);
        VALUE_AUTO json_t *v = NULL;
        if (!n)
            continue;
        rc = expand_node(&sc, n, &v);
        buf_addc(to, ' ');
        value_add(to, v);
    }
    return rc ? rc : buf_err(to);
}
