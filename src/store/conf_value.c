/* How ConfigObj writes and reads values. Elements have no escapes inside their quotes, so each is a view into the line.
 */
#include "store/conf_item.h"

bool value_space(char ch)
{
    return ch == ' ' || (ch >= '\t' && ch <= '\r') || (ch >= 0x1c && ch <= 0x1f);
}

static bool is_quote(char ch)
{
    return ch == '"' || ch == '\'';
}

static size_t skip_space(signet_str s, size_t i)
{
    while (i < s.n && value_space(s.p[i]))
        i++;
    return i;
}

static signet_str cut(signet_str s, size_t from, size_t to)
{
    return (signet_str){ s.p + from, to - from };
}

bool value_rest_ok(signet_str s)
{
    size_t i = skip_space(s, 0);
    return i == s.n || s.p[i] == '#';
}

bool value_triple(signet_str s)
{
    return s.n >= 3 && is_quote(s.p[0]) && s.p[1] == s.p[0] && s.p[2] == s.p[0];
}

/* One element of a value that is being read. */
struct element {
    signet_str text;
    size_t end;  /* index after its last character, quotes and all */
    bool more;   /* a comma follows */
    size_t next; /* index after that comma and the white space behind it */
};

static bool comma_after(signet_str s, size_t i, struct element *ret)
{
    size_t at = skip_space(s, i);
    if (at == s.n || s.p[at] != ',')
        return false;
    ret->more = true;
    ret->next = skip_space(s, at + 1);
    return true;
}

/* The closing quote is the first one that a comma follows; else the first one that ends the value. Quotes of the same
 * kind may stand between. */
static bool quoted_element(signet_str s, size_t i, struct element *ret)
{
    size_t last = 0;
    for (size_t j = i + 1; j < s.n; j++) {
        if (s.p[j] != s.p[i])
            continue;
        bool comma = comma_after(s, j + 1, ret);
        if (!comma && last)
            continue;
        if (comma || value_rest_ok(str_skip(s, j + 1)))
            last = j;
        if (comma)
            break;
    }
    if (!last)
        return false;
    ret->text = cut(s, i + 1, last);
    ret->end = last + 1;
    return true;
}

static void plain_element(signet_str s, size_t i, struct element *ret)
{
    size_t j = i;
    while (j < s.n && s.p[j] != ',' && s.p[j] != '#')
        j++;
    size_t end = j;
    while (end > i && value_space(s.p[end - 1]))
        end--;
    ret->text = cut(s, i, end);
    ret->end = end;
    comma_after(s, j, ret);
}

int value_scan(signet_str s, value_piece *fn, void *ctx, bool *ret_list, size_t *ret_len)
{
    bool list = false;
    size_t i = skip_space(s, 0), end = i;
    if (i < s.n && s.p[i] == ',') { /* a comma alone: the empty list */
        *ret_list = true;
        *ret_len = i + 1;
        return value_rest_ok(str_skip(s, i + 1)) ? 0 : SIGNET_EFORMAT;
    }
    for (;;) {
        struct element el = { 0 };
        if (i == s.n || s.p[i] == '#') {
            if (!list && fn && fn(ctx, (signet_str){ s.p + i, 0 }))
                return SIGNET_ENOMEM;
            break;
        }
        if (s.p[i] == ',' || (is_quote(s.p[i]) && !quoted_element(s, i, &el)))
            return SIGNET_EFORMAT;
        if (!is_quote(s.p[i]))
            plain_element(s, i, &el);
        if (fn && fn(ctx, el.text))
            return SIGNET_ENOMEM;
        end = el.end;
        if (!el.more)
            break;
        list = true;
        i = el.next;
        /* the comma belongs to the value; find it again, so that a comment behind a final comma does not */
        end = skip_space(s, end) + 1;
    }
    *ret_list = list;
    *ret_len = end;
    return 0;
}

static void put(struct buf *to, const char *quote, signet_str v)
{
    buf_addz(to, quote);
    buf_add(to, v);
    buf_addz(to, quote);
}

static int quote_triple(struct buf *to, signet_str v)
{
    bool apostrophes = str_find(v, STR("'''"));
    /* CR before LF would be lost in reading */
    if ((apostrophes && str_find(v, STR("\"\"\""))) || str_find(v, STR("\r\n")))
        return SIGNET_EINVAL;
    put(to, apostrophes ? "\"\"\"" : "'''", v);
    return buf_err(to);
}

static bool at_edge(signet_str v, const char *set)
{
    return strchr(set, v.p[0]) || strchr(set, v.p[v.n - 1]);
}

int value_quote(struct buf *to, signet_str v, bool multiline)
{
    if (!v.n) {
        buf_addz(to, "\"\"");
        return buf_err(to);
    }
    if (memchr(v.p, '\0', v.n))
        return SIGNET_EINVAL;
    bool lines = str_find(v, STR("\n")), dq = str_find(v, STR("\"")), sq = str_find(v, STR("'"));
    if (multiline && (lines || (dq && sq)))
        return quote_triple(to, v);
    if (lines)
        return SIGNET_EINVAL;
    if (!at_edge(v, " \r\n\v\t\f\x1c\x1d\x1e\x1f'\"") && !str_find(v, STR(",")) && !str_find(v, STR("#"))) {
        buf_add(to, v);
        return buf_err(to);
    }
    if (dq && sq)
        return SIGNET_EINVAL;
    put(to, dq ? "'" : "\"", v);
    return buf_err(to);
}
