/* Looking things up in a document, and changing them without touching what stands around. */
#include "store/conf_item.h"

#include <stdlib.h>

/* The end of what belongs to the section whose header is at i: the next header (of any depth for its own entries; of
 * the same or a higher level when `deep`). */
static size_t section_end(const struct conf *c, size_t i, unsigned depth, bool deep)
{
    for (; i < c->n; i++)
        if (c->v[i].type == ITEM_SECTION && (!deep || c->v[i].depth <= depth))
            return i;
    return c->n;
}

static bool find_header(const struct conf *c, size_t from, size_t to, signet_str name, unsigned depth, size_t *ret)
{
    for (size_t i = from; i < to; i++) {
        const struct item *it = &c->v[i];
        if (it->type == ITEM_SECTION && it->depth == depth && str_eq(it->name, name)) {
            *ret = i;
            return true;
        }
    }
    return false;
}

/* Index of a section's header. `section` is not "". */
static bool header_of(const struct conf *c, const char *section, size_t *ret, unsigned *ret_depth)
{
    signet_str head, tail;
    bool sub = str_cut(str_of(section), '/', &head, &tail);
    size_t top;
    if (!find_header(c, 0, c->n, head, 1, &top))
        return false;
    *ret = top;
    *ret_depth = sub ? 2 : 1;
    return !sub || find_header(c, top + 1, section_end(c, top + 1, 1, true), tail, 2, ret);
}

bool conf_section_find(const struct conf *c, const char *section, size_t *first, size_t *end)
{
    unsigned depth;
    *first = 0;
    if (*section) {
        if (!header_of(c, section, first, &depth))
            return false;
        ++*first;
    }
    *end = section_end(c, *first, 0, false);
    return true;
}

size_t conf_entry_find(const struct conf *c, const char *section, signet_str key)
{
    size_t i, end;
    if (!conf_section_find(c, section, &i, &end))
        return c->n;
    for (; i < end; i++)
        if (c->v[i].type == ITEM_ENTRY && str_eq(c->v[i].name, key))
            return i;
    return c->n;
}

bool conf_has_section(const struct conf *c, const char *section)
{
    size_t first, end;
    return conf_section_find(c, section, &first, &end);
}

int conf_keys(const struct conf *c, const char *section, struct strlist *ret)
{
    size_t i, end;
    int r = 0;
    if (conf_section_find(c, section, &i, &end))
        for (; i < end && !r; i++)
            if (c->v[i].type == ITEM_ENTRY)
                r = strlist_add(ret, c->v[i].name);
    return r;
}

/* ---- reading ---- */

/* ConfigObj joins the lines of a value with LF whatever the file's line ends are. */
static void add_triple(struct buf *to, signet_str value)
{
    signet_str line, rest = { value.p + 3, value.n - 6 };
    for (bool more = true; more;) {
        more = str_cut(rest, '\n', &line, &rest);
        while (more && line.n && line.p[line.n - 1] == '\r')
            line.n--;
        buf_add(to, line);
        if (more)
            buf_addc(to, '\n');
    }
}

struct joiner {
    struct buf *to;
    bool any;
};

static int join_piece(void *ctx, signet_str piece)
{
    struct joiner *j = ctx;
    if (j->any)
        buf_addz(j->to, ", ");
    j->any = true;
    buf_add(j->to, piece);
    return buf_err(j->to);
}

static int list_piece(void *ctx, signet_str piece)
{
    return strlist_add(ctx, piece);
}

bool conf_get(const struct conf *c, const char *section, const char *key, struct buf *ret)
{
    size_t i = conf_entry_find(c, section, str_of(key)), len;
    bool list;
    if (i == c->n)
        return false;
    struct joiner j = { .to = ret };
    if (value_triple(c->v[i].value))
        add_triple(ret, c->v[i].value);
    else
        value_scan(c->v[i].value, join_piece, &j, &list, &len);
    return true;
}

int conf_get_list(const struct conf *c, const char *section, const char *key, struct strlist *ret)
{
    size_t i = conf_entry_find(c, section, str_of(key)), len;
    bool list;
    if (i == c->n)
        return 0;
    if (!value_triple(c->v[i].value))
        return value_scan(c->v[i].value, list_piece, ret, &list, &len);
    BUF_AUTO(b, CONF_MAX_BYTES);
    add_triple(&b, c->v[i].value);
    return buf_err(&b) ? buf_err(&b) : strlist_add(ret, buf_str(&b));
}

/* ---- changing ---- */

static const char *line_end(const struct conf *c)
{
    return c->crlf ? "\r\n" : "\n";
}

/* A line of our own. The text of `b` is taken over; name and value are given as offsets into it. */
static int own_item(struct item *ret, struct buf *b)
{
    size_t n = b->n;
    int r = buf_err(b);
    char *p = r ? NULL : buf_take(b);
    if (!p)
        return r ? r : SIGNET_ENOMEM;
    ret->own = p;
    ret->raw = (signet_str){ p, n };
    return 0;
}

/* The last line of a document may lack its line end: what is added behind it must not run into it. */
static int close_line(struct conf *c, size_t i)
{
    struct item *it = &c->v[i];
    if (str_ends(it->raw, STR("\n")))
        return 0;
    struct item old = *it;
    BUF_AUTO(b, CONF_MAX_BYTES);
    buf_add(&b, old.raw);
    buf_addz(&b, line_end(c));
    int r = own_item(it, &b);
    if (r)
        return r;
    it->name.p = old.name.n ? it->raw.p + (old.name.p - old.raw.p) : it->raw.p;
    it->value.p = old.value.p ? it->raw.p + (old.value.p - old.raw.p) : NULL;
    free(old.own);
    return 0;
}

static int insert_line(struct conf *c, size_t at, struct item *it)
{
    int r = at ? close_line(c, at - 1) : 0;
    if (!r)
        r = conf_item_insert(c, at, it);
    if (r)
        free(it->own);
    return r;
}

static signet_str indent_of(const struct item *it)
{
    size_t n = 0;
    while (n < it->raw.n && (it->raw.p[n] == ' ' || it->raw.p[n] == '\t'))
        n++;
    return (signet_str){ it->raw.p, n };
}

static int quote_key(struct buf *to, signet_str key)
{
    /* ConfigObj leaves these bare and could not read them back */
    bool awkward = str_has(key, '=') || str_starts(key, STR("["));
    if (!awkward)
        return value_quote(to, key, false);
    if (str_has(key, '"') || str_has(key, '\n'))
        return SIGNET_EINVAL;
    buf_addc(to, '"');
    buf_add(to, key);
    buf_addc(to, '"');
    return buf_err(to);
}

/* Makes "key = value" as a line of its own, `raw_value` being quoted already. */
static int new_entry(const struct conf *c, struct item *ret, signet_str indent, signet_str key, signet_str raw_value)
{
    BUF_AUTO(b, CONF_MAX_BYTES);
    buf_add(&b, indent);
    size_t key_at = b.n;
    int r = quote_key(&b, key);
    if (r)
        return r;
    bool quoted = b.n - key_at == key.n + 2;
    buf_addz(&b, " = ");
    size_t value_at = b.n;
    buf_add(&b, raw_value);
    buf_addz(&b, line_end(c));
    *ret = (struct item){ .type = ITEM_ENTRY };
    if ((r = own_item(ret, &b)))
        return r;
    ret->name = (signet_str){ ret->raw.p + key_at + quoted, key.n };
    ret->value = (signet_str){ ret->raw.p + value_at, raw_value.n };
    return 0;
}

/* Puts another value in an entry's place; what stands before and behind it stays. */
static int change_entry(struct item *it, signet_str raw_value)
{
    struct item old = *it;
    size_t before = (size_t)(old.value.p - old.raw.p), name_at = (size_t)(old.name.p - old.raw.p);
    BUF_AUTO(b, CONF_MAX_BYTES);
    buf_add(&b, (signet_str){ old.raw.p, before });
    if (before && b.p[before - 1] == '=')
        buf_addc(&b, ' ');
    size_t value_at = b.n;
    buf_add(&b, raw_value);
    signet_str rest = str_skip(old.raw, before + old.value.n);
    if (!old.value.n && str_starts(rest, STR("#"))) /* "key = # comment" */
        buf_addc(&b, ' ');
    buf_add(&b, rest);
    int r = own_item(it, &b);
    if (r)
        return r;
    it->name.p = it->raw.p + name_at;
    it->value = (signet_str){ it->raw.p + value_at, raw_value.n };
    free(old.own);
    return 0;
}

static int add_header(struct conf *c, size_t at, signet_str name, unsigned depth)
{
    BUF_AUTO(b, CONF_MAX_BYTES);
    buf_addz(&b, depth == 1 ? "[" : "[[");
    size_t name_at = b.n;
    int r = value_quote(&b, name, false);
    if (r)
        return r;
    name_at += b.n - name_at == name.n + 2;
    buf_addz(&b, depth == 1 ? "]" : "]]");
    buf_addz(&b, line_end(c));
    struct item it = { .type = ITEM_SECTION, .depth = depth };
    if ((r = own_item(&it, &b)))
        return r;
    it.name = (signet_str){ it.raw.p + name_at, name.n };
    return insert_line(c, at, &it);
}

/* Where something new goes that belongs before `end`: behind the last line that is not a note, so that the comment of
 * the section that follows stays with it. */
static size_t behind_entries(const struct conf *c, size_t first, size_t end)
{
    while (end > first && c->v[end - 1].type == ITEM_NOTE)
        end--;
    return end;
}

static int make_section(struct conf *c, const char *section)
{
    signet_str head, tail;
    bool sub = str_cut(str_of(section), '/', &head, &tail);
    size_t top;
    if (!head.n || (sub && (!tail.n || str_has(tail, '/'))))
        return SIGNET_EINVAL;
    if (!find_header(c, 0, c->n, head, 1, &top)) {
        top = behind_entries(c, 0, c->n);
        /* a document of comments only: they are about what follows */
        top = top ? top : c->n;
        int r = add_header(c, top, head, 1);
        if (r || !sub)
            return r;
    }
    return add_header(c, behind_entries(c, top + 1, section_end(c, top + 1, 1, true)), tail, 2);
}

static int put_raw(struct conf *c, const char *section, signet_str key, signet_str raw_value)
{
    size_t first = 0, end = 0, i = conf_entry_find(c, section, key);
    struct item it;
    if (i < c->n)
        return change_entry(&c->v[i], raw_value);
    int r = 0;
    if (!conf_section_find(c, section, &first, &end) && !(r = make_section(c, section)))
        conf_section_find(c, section, &first, &end);
    if (r)
        return r;
    size_t at = behind_entries(c, first, end);
    signet_str indent = at ? indent_of(&c->v[at - 1]) : (signet_str){ 0 };
    r = new_entry(c, &it, indent, key, raw_value);
    return r ? r : insert_line(c, at, &it);
}

static bool is_list(const struct item *it)
{
    bool list = false;
    size_t len;
    if (!value_triple(it->value))
        value_scan(it->value, NULL, NULL, &list, &len);
    return list;
}

int conf_set(struct conf *c, const char *section, const char *key, signet_str value)
{
    size_t i = conf_entry_find(c, section, str_of(key));
    if (i < c->n && !is_list(&c->v[i])) {
        BUF_AUTO(old, CONF_MAX_BYTES);
        conf_get(c, section, key, &old);
        if (!buf_err(&old) && str_eq(buf_str(&old), value))
            return 0;
    }
    BUF_AUTO(b, CONF_MAX_BYTES);
    int r = value_quote(&b, value, true);
    return r ? r : put_raw(c, section, str_of(key), buf_str(&b));
}

static bool same_list(const struct strlist *a, const struct strlist *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->v[i], b->v[i]) != 0)
            return false;
    return true;
}

int conf_set_list(struct conf *c, const char *section, const char *key, const struct strlist *values)
{
    size_t i = conf_entry_find(c, section, str_of(key));
    if (i < c->n && is_list(&c->v[i])) {
        STRLIST_AUTO(old);
        int r = conf_get_list(c, section, key, &old);
        if (r || same_list(&old, values))
            return r;
    }
    BUF_AUTO(b, CONF_MAX_BYTES);
    for (size_t k = 0; k < values->n; k++) {
        if (k)
            buf_addz(&b, ", ");
        int r = value_quote(&b, str_of(values->v[k]), false);
        if (r)
            return r;
    }
    if (values->n < 2)
        buf_addc(&b, ',');
    return buf_err(&b) ? buf_err(&b) : put_raw(c, section, str_of(key), buf_str(&b));
}

void conf_unset(struct conf *c, const char *section, const char *key)
{
    size_t i = conf_entry_find(c, section, str_of(key));
    if (i < c->n)
        conf_item_remove(c, i, i + 1);
}

void conf_unset_section(struct conf *c, const char *section)
{
    size_t i;
    unsigned depth;
    if (!*section || !header_of(c, section, &i, &depth))
        return;
    size_t end = section_end(c, i + 1, depth, true);
    /* comments before the next header are that one's; those before this header go with it */
    if (end < c->n)
        end = behind_entries(c, i + 1, end);
    size_t from = behind_entries(c, 0, i);
    conf_item_remove(c, from ? from : i, end);
}

int conf_set_comment(struct conf *c, const char *section, signet_str comment_line)
{
    size_t at;
    unsigned depth;
    if (!header_of(c, section, &at, &depth))
        return SIGNET_ENOTFOUND;
    for (size_t i = at; i-- && c->v[i].type == ITEM_NOTE;)
        if (str_eq(str_trim(c->v[i].raw), comment_line))
            return 0;
    BUF_AUTO(b, CONF_MAX_BYTES);
    struct item it = { .type = ITEM_NOTE };
    if (at) { /* not at the very start */
        buf_addz(&b, line_end(c));
        int r = own_item(&it, &b);
        if (!r)
            r = insert_line(c, at++, &it);
        if (r)
            return r;
    }
    buf_add(&b, comment_line);
    buf_addz(&b, line_end(c));
    int r = own_item(&it, &b);
    return r ? r : insert_line(c, at, &it);
}
