/* Parsing and printing. The document's text is kept whole and every item is a view into it, so that what was not
 * changed is printed as it was. */
#include "store/conf_item.h"

#include <stdlib.h>

enum { MAX_DEPTH = 2 };

int conf_new(struct conf **ret)
{
    struct conf *c = calloc(1, sizeof *c);
    if (!c)
        return SIGNET_ENOMEM;
    *ret = c;
    return 0;
}

void conf_free(struct conf *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->n; i++)
        free(c->v[i].own);
    free(c->v);
    free(c->text);
    free(c);
}

void conf_print(const struct conf *c, struct buf *to)
{
    if (c->bom)
        buf_addz(to, "\xef\xbb\xbf");
    for (size_t i = 0; i < c->n; i++)
        buf_add(to, c->v[i].raw);
}

int conf_item_insert(struct conf *c, size_t at, const struct item *it)
{
    if (c->n == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : 32;
        struct item *v = reallocarray(c->v, cap, sizeof *v);
        if (!v)
            return SIGNET_ENOMEM;
        c->v = v;
        c->cap = cap;
    }
    memmove(c->v + at + 1, c->v + at, (c->n - at) * sizeof *c->v);
    c->v[at] = *it;
    c->n++;
    return 0;
}

void conf_item_remove(struct conf *c, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        free(c->v[i].own);
    memmove(c->v + from, c->v + to, (c->n - to) * sizeof *c->v);
    c->n -= to - from;
}

/* ---- parsing ---- */

/* A name and where it stands, to find repetitions. */
struct seen {
    signet_str name;
    unsigned section, line;
};

struct parser {
    struct conf *c;
    signet_str rest; /* lines not read yet */
    unsigned line;   /* of the last one read, from 1 */
    unsigned depth, section, parent;
    unsigned sections; /* so far: gives each a number of its own */
    struct seen *seen;
    size_t n_seen, cap_seen;
    const char *name;
    struct err *e;
};

static int bad_line(const struct parser *p, unsigned line, const char *why)
{
    int r = err_set(p->e, SIGNET_EFORMAT, "error parsing %s: %s at line %u", p->name, why, line);
    err_hint(p->e, "Correct that line, or restore the file from a backup.");
    return r;
}

static int note_name(struct parser *p, unsigned section, signet_str name)
{
    if (p->n_seen == p->cap_seen) {
        size_t cap = p->cap_seen ? p->cap_seen * 2 : 64;
        struct seen *v = reallocarray(p->seen, cap, sizeof *v);
        if (!v)
            return err_nomem(p->e);
        p->seen = v;
        p->cap_seen = cap;
    }
    p->seen[p->n_seen++] = (struct seen){ name, section, p->line };
    return 0;
}

static int seen_cmp(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;
    if (x->section != y->section)
        return x->section < y->section ? -1 : 1;
    int r = str_cmp(x->name, y->name);
    return r ? r : x->line < y->line ? -1 : x->line > y->line;
}

static int check_repeats(const struct parser *p)
{
    if (p->n_seen)
        qsort(p->seen, p->n_seen, sizeof *p->seen, seen_cmp);
    for (size_t i = 1; i < p->n_seen; i++)
        if (p->seen[i].section == p->seen[i - 1].section && str_eq(p->seen[i].name, p->seen[i - 1].name))
            return bad_line(p, p->seen[i].line, "a name that was there before");
    return 0;
}

/* The next line: raw with its end, body without. */
static bool next_line(struct parser *p, signet_str *raw, signet_str *body)
{
    if (!p->rest.n)
        return false;
    const char *nl = memchr(p->rest.p, '\n', p->rest.n);
    size_t n = nl ? (size_t)(nl - p->rest.p) + 1 : p->rest.n;
    *raw = *body = (signet_str){ p->rest.p, n };
    while (body->n && (body->p[body->n - 1] == '\n' || body->p[body->n - 1] == '\r'))
        body->n--;
    p->rest = str_skip(p->rest, n);
    p->line++;
    return true;
}

static size_t skip_space(signet_str s, size_t i)
{
    while (i < s.n && value_space(s.p[i]))
        i++;
    return i;
}

/* From i on: "]" as often as it comes, then nothing but a comment. Returns how many, 0 when it is not so; *ret_next is
 * where the search for an end goes on. */
static unsigned closers(signet_str s, size_t i, size_t *ret_next)
{
    unsigned n = 0;
    size_t j = i;
    for (; j < s.n && (s.p[j] == ']' || value_space(s.p[j])); j++)
        n += s.p[j] == ']';
    *ret_next = j > i ? j : i + 1;
    return j == s.n || s.p[j] == '#' ? n : 0;
}

/* Reads "[name]" with any number of brackets. Returns false when the line is no section header. */
static bool read_header(signet_str s, signet_str *name, unsigned *open, unsigned *close)
{
    size_t i = skip_space(s, 0), next;
    *open = 0;
    for (; i < s.n && (s.p[i] == '[' || (*open && value_space(s.p[i]))); i++)
        *open += s.p[i] == '[';
    if (!*open || i == s.n)
        return false;
    if (s.p[i] == '"' || s.p[i] == '\'') {
        for (size_t j = i + 1; j < s.n; j++) {
            *name = (signet_str){ s.p + i + 1, j - i - 1 };
            if (s.p[j] == s.p[i] && skip_space(*name, 0) < name->n && (*close = closers(s, j + 1, &next)))
                return true;
        }
        return false;
    }
    for (size_t j = i + 1; j < s.n; j = next) {
        *name = (signet_str){ s.p + i, j - i };
        if ((*close = closers(s, j, &next)))
            return true;
    }
    return false;
}

static int add_section(struct parser *p, signet_str raw, signet_str name, unsigned open, unsigned close)
{
    if (open != close)
        return bad_line(p, p->line, "brackets that do not pair");
    if (open > MAX_DEPTH || open > p->depth + 1)
        return bad_line(p, p->line, "a section nested too deep");
    if (open == 1)
        p->parent = p->sections + 1;
    int r = note_name(p, open == 1 ? 0 : p->parent, name);
    if (r)
        return r;
    p->section = ++p->sections;
    p->depth = open;
    const struct item it = { .type = ITEM_SECTION, .depth = open, .raw = raw, .name = name };
    return conf_item_insert(p->c, p->c->n, &it) ? err_nomem(p->e) : 0;
}

/* Splits "key = rest". The key may be quoted, with quotes and "=" inside. */
static bool read_key(signet_str s, signet_str *key, signet_str *rest)
{
    size_t i = skip_space(s, 0), j = i;
    if (i == s.n || s.p[i] == '=')
        return false;
    bool quoted = s.p[i] == '"' || s.p[i] == '\'';
    for (j = i + 1; j < s.n; j++) {
        if (!quoted && s.p[j] == '=')
            break;
        if (quoted && s.p[j] == s.p[i]) {
            size_t k = skip_space(s, j + 1);
            if (k < s.n && s.p[k] == '=')
                break;
        }
    }
    if (j == s.n)
        return false;
    *key = quoted ? (signet_str){ s.p + i + 1, j - i - 1 } : (signet_str){ s.p + i, j - i };
    while (!quoted && key->n && value_space(key->p[key->n - 1]))
        key->n--;
    size_t eq = quoted ? skip_space(s, j + 1) : j;
    *rest = str_skip(s, skip_space(s, eq + 1));
    return true;
}

/* Where in `s` the triple quote is that ends the value there, or s.n. */
static size_t triple_end(signet_str s, const char *quote, bool *ret_any)
{
    *ret_any = false;
    for (size_t i = 0; i + 3 <= s.n; i++) {
        if (memcmp(s.p + i, quote, 3) != 0)
            continue;
        *ret_any = true;
        if (value_rest_ok(str_skip(s, i + 3)))
            return i;
    }
    return s.n;
}

/* A value in triple quotes, which may go on over lines; raw grows with them. */
static int read_triple(struct parser *p, signet_str *raw, signet_str *value)
{
    unsigned first = p->line;
    const char quote[4] = { value->p[0], value->p[0], value->p[0], '\0' };
    signet_str body = str_skip(*value, 3), more;
    bool any;
    size_t end = triple_end(body, quote, &any);
    if (end == body.n && any)
        return bad_line(p, first, "a value with bad quotes");
    while (end == body.n) {
        if (!next_line(p, &more, &body))
            return bad_line(p, first, "a value whose quotes are never closed");
        raw->n += more.n;
        end = triple_end(body, quote, &any);
        if (end == body.n && any)
            return bad_line(p, p->line, "a value with bad quotes");
        if (p->line > CONF_MAX_LINES)
            return bad_line(p, first, "a value of too many lines");
    }
    value->n = (size_t)(body.p - value->p) + end + 3;
    return 0;
}

static int add_entry(struct parser *p, signet_str raw, signet_str key, signet_str value)
{
    bool list;
    unsigned line = p->line;
    int r;
    if (value_triple(value))
        r = read_triple(p, &raw, &value);
    else if ((r = value_scan(value, NULL, NULL, &list, &value.n)))
        r = bad_line(p, line, "a value with bad quotes or commas");
    if (r)
        return r;
    if ((r = note_name(p, p->section, key)))
        return r;
    const struct item it = { .type = ITEM_ENTRY, .raw = raw, .name = key, .value = value };
    return conf_item_insert(p->c, p->c->n, &it) ? err_nomem(p->e) : 0;
}

static int add_line(struct parser *p, signet_str raw, signet_str body)
{
    signet_str name, rest;
    unsigned open, close;
    size_t i = skip_space(body, 0);
    if (p->line == 1)
        p->c->crlf = raw.n > 1 && raw.p[raw.n - 1] == '\n' && raw.p[raw.n - 2] == '\r';
    if (i == body.n || body.p[i] == '#') {
        const struct item it = { .type = ITEM_NOTE, .raw = raw };
        return conf_item_insert(p->c, p->c->n, &it) ? err_nomem(p->e) : 0;
    }
    if (read_header(body, &name, &open, &close))
        return add_section(p, raw, name, open, close);
    if (read_key(body, &name, &rest))
        return add_entry(p, raw, name, rest);
    return bad_line(p, p->line, "neither a section nor \"key = value\"");
}

/* Well-formed UTF-8 (RFC 3629) without NUL. */
static bool utf8_ok(signet_str s)
{
    for (size_t i = 0; i < s.n;) {
        unsigned char b = (unsigned char)s.p[i++];
        unsigned more = b < 0x80                 ? 0
                        : b >= 0xc2 && b <= 0xdf ? 1
                        : (b & 0xf0) == 0xe0     ? 2
                        : b >= 0xf0 && b <= 0xf4 ? 3
                                                 : 9;
        if (!b || more > s.n - i)
            return false;
        unsigned char next = more ? (unsigned char)s.p[i] : 0;
        if ((b == 0xe0 && next < 0xa0) || (b == 0xed && next > 0x9f) || (b == 0xf0 && next < 0x90) ||
            (b == 0xf4 && next > 0x8f))
            return false;
        for (; more; more--, i++)
            if (((unsigned char)s.p[i] & 0xc0) != 0x80)
                return false;
    }
    return true;
}

static int parse_all(struct parser *p)
{
    signet_str raw, body;
    int r = 0;
    while (!r && next_line(p, &raw, &body))
        r = p->line > CONF_MAX_LINES
                ? err_set(p->e, SIGNET_ELIMIT, "%s has more than %u lines", p->name, CONF_MAX_LINES)
                : add_line(p, raw, body);
    return r ? r : check_repeats(p);
}

int conf_parse(struct conf **ret, signet_str text, const char *name_for_errors, struct err *e)
{
    struct conf *c;
    if (text.n > CONF_MAX_BYTES)
        return err_set(e, SIGNET_ELIMIT, "%s is larger than %u bytes", name_for_errors, CONF_MAX_BYTES);
    if (!utf8_ok(text))
        return err_set(e, SIGNET_EFORMAT, "error parsing %s: it is not text in UTF-8", name_for_errors);
    if (conf_new(&c))
        return err_nomem(e);
    c->bom = str_starts(text, STR("\xef\xbb\xbf"));
    text = str_skip(text, c->bom ? 3 : 0);
    c->text = text.n ? malloc(text.n) : NULL;
    if (text.n && !c->text) {
        conf_free(c);
        return err_nomem(e);
    }
    if (text.n)
        memcpy(c->text, text.p, text.n);
    struct parser p = { .c = c, .rest = { c->text, text.n }, .name = name_for_errors, .e = e };
    int r = parse_all(&p);
    free(p.seen);
    if (r)
        conf_free(c);
    else
        *ret = c;
    return r;
}
