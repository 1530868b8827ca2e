#include "deploy/nginx/scan.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct ngx_scan *s)
{
    while (s->at < s->text.n) {
        char c = s->text.p[s->at];
        if (c == '#') {
            const char *nl = memchr(s->text.p + s->at, '\n', s->text.n - s->at);
            s->at = nl ? (size_t)(nl - s->text.p) : s->text.n;
        } else if (is_blank(c)) {
            s->at++;
        } else {
            return;
        }
    }
}

static enum ngx_token bad(struct ngx_scan *s, size_t where, const char *why)
{
    s->start = where;
    s->why = why;
    return NGX_T_BAD;
}

static enum ngx_token word(struct ngx_scan *s)
{
    s->len = s->at - s->start;
    return NGX_T_WORD;
}

/* A quoted word ends at its quote, and something that ends a word must follow; ')' begins the next one, so that
 * if ($x = "y") can be read. */
static enum ngx_token quoted(struct ngx_scan *s, char quote)
{
    for (s->at++; s->at < s->text.n; s->at++) {
        char c = s->text.p[s->at];
        if (c == '\\') {
            s->at++;
        } else if (c == quote) {
            s->at++;
            char then = s->at < s->text.n ? s->text.p[s->at] : ' ';
            if (is_blank(then) || then == ';' || then == '{' || then == ')')
                return word(s);
            return bad(s, s->at, "a blank, ';' or '{' must follow the closing quote");
        }
    }
    return bad(s, s->start, "the quote that opens here is never closed");
}

static enum ngx_token plain(struct ngx_scan *s)
{
    bool dollar = false;
    for (; s->at < s->text.n; s->at++) {
        char c = s->text.p[s->at];
        if (c == '{' && dollar) {
            dollar = false;
            continue;
        }
        dollar = c == '$';
        if (c == '\\')
            s->at++;
        else if (is_blank(c) || c == ';' || c == '{')
            return word(s);
    }
    s->at = s->text.n; /* a backslash may have been the last byte */
    return word(s);
}

enum ngx_token ngx_scan_next(struct ngx_scan *s)
{
    skip_blanks(s);
    s->start = s->at;
    s->len = 1;
    if (s->at >= s->text.n)
        return NGX_T_END;
    switch (s->text.p[s->at]) {
    case ';':
        s->at++;
        return NGX_T_SEMICOLON;
    case '{':
        s->at++;
        return NGX_T_OPEN;
    case '}':
        s->at++;
        return NGX_T_CLOSE;
    case '"':
    case '\'':
        return quoted(s, s->text.p[s->at]);
    default:
        return plain(s);
    }
}

/* ---- Lua: only what is needed to find the end of a block ---- */

/* At '[': the number of '=' when it opens a long bracket, else -1. */
static int long_open(const struct ngx_scan *s)
{
    size_t at = s->at + 1;
    int level = 0;
    while (at < s->text.n && s->text.p[at] == '=') {
        at++;
        level++;
    }
    return at < s->text.n && s->text.p[at] == '[' ? level : -1;
}

static bool long_skip(struct ngx_scan *s, int level)
{
    for (s->at += (size_t)level + 2; s->at < s->text.n; s->at++) {
        if (s->text.p[s->at] != ']')
            continue;
        size_t to = s->at + 1;
        int n = 0;
        while (to < s->text.n && s->text.p[to] == '=') {
            to++;
            n++;
        }
        if (n == level && to < s->text.n && s->text.p[to] == ']') {
            s->at = to + 1;
            return true;
        }
    }
    return false;
}

static bool lua_string(struct ngx_scan *s, char quote)
{
    for (s->at++; s->at < s->text.n; s->at++) {
        char c = s->text.p[s->at];
        if (c == '\\')
            s->at++;
        else if (c == quote) {
            s->at++;
            return true;
        }
    }
    return false;
}

static bool lua_comment(struct ngx_scan *s)
{
    s->at += 2;
    int level = s->at < s->text.n && s->text.p[s->at] == '[' ? long_open(s) : -1;
    if (level >= 0)
        return long_skip(s, level);
    const char *nl = memchr(s->text.p + s->at, '\n', s->text.n - s->at);
    s->at = nl ? (size_t)(nl - s->text.p) : s->text.n;
    return true;
}

/* One thing of a Lua program; depth counts brackets. */
static bool lua_step(struct ngx_scan *s, unsigned *depth)
{
    char c = s->text.p[s->at];
    int level;
    if (c == '"' || c == '\'')
        return lua_string(s, c);
    if (c == '-' && s->at + 1 < s->text.n && s->text.p[s->at + 1] == '-')
        return lua_comment(s);
    if (c == '[' && (level = long_open(s)) >= 0)
        return long_skip(s, level);
    if (c == '{')
        ++*depth;
    if (c == '}' && --*depth == 0)
        s->start = s->at;
    s->at++;
    return true;
}

bool ngx_scan_lua(struct ngx_scan *s)
{
    size_t open = s->at ? s->at - 1 : 0;
    unsigned depth = 1;
    while (s->at < s->text.n && depth)
        if (!lua_step(s, &depth))
            break;
    if (!depth)
        return true;
    (void)bad(s, open, "the Lua block that opens here is never closed");
    return false;
}
