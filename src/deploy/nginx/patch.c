#include "deploy/nginx/patch.h"

#include <stdlib.h>

#define INDENT_MAX 1024u

/* ---- the manner of the file ---- */

const char *ngx_newline(const struct ngx_tree *t)
{
    const char *nl = t->text.n ? memchr(t->text.p, '\n', t->text.n) : NULL;
    return nl && nl > t->text.p && nl[-1] == '\r' ? "\r\n" : "\n";
}

uint32_t ngx_start(const struct ngx_tree *t, const struct ngx_node *n)
{
    return n->n_words ? t->word[n->word].at : 0;
}

static uint32_t line_start(const struct ngx_tree *t, uint32_t at)
{
    while (at && t->text.p[at - 1] != '\n')
        at--;
    return at;
}

static bool is_blank(const struct ngx_tree *t, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++)
        if (!strchr(" \t\r\n", t->text.p[i]))
            return false;
    return true;
}

void ngx_indent_of(const struct ngx_tree *t, const struct ngx_node *n, struct buf *to)
{
    uint32_t start = ngx_start(t, n), line = line_start(t, start), end = line;
    while (end < start && (t->text.p[end] == ' ' || t->text.p[end] == '\t'))
        end++;
    if (end > line)
        buf_add(to, (signet_str){ t->text.p + line, end - line });
}

void ngx_indent_in(const struct ngx_tree *t, const struct ngx_node *block, struct buf *to)
{
    for (uint32_t i = block->child; i; i = t->node[i].next) {
        uint32_t start = ngx_start(t, &t->node[i]);
        if (line_start(t, start) > block->mark && is_blank(t, line_start(t, start), start)) {
            ngx_indent_of(t, &t->node[i], to);
            return;
        }
    }
    if (block->n_words) {
        ngx_indent_of(t, block, to);
        buf_addz(to, "    ");
    }
}

static void add_indented(const struct strlist *lines, const char *indent, const char *nl, struct buf *to)
{
    for (size_t i = 0; i < lines->n; i++) {
        signet_str line, rest = str_of(lines->v[i]);
        bool more = true;
        while (more) {
            more = str_cut(rest, '\n', &line, &rest);
            if (line.n)
                buf_addz(to, indent);
            buf_add(to, line);
            buf_addz(to, nl);
        }
    }
}

void ngx_add_at_end(struct text_patch *p, const struct ngx_tree *t, const struct ngx_node *block,
                    const struct strlist *lines)
{
    BUF_AUTO(text, NGX_FILE_BYTES_MAX);
    BUF_AUTO(indent, INDENT_MAX);
    const char *nl = ngx_newline(t);
    uint32_t at = line_start(t, block->close);
    bool own_line = at > block->mark && is_blank(t, at, block->close);
    ngx_indent_in(t, block, &indent);
    if (!own_line) {
        at = block->close;
        buf_addz(&text, nl);
    }
    add_indented(lines, buf_z(&indent), nl, &text);
    if (!own_line)
        ngx_indent_of(t, block, &text);
    text_patch_put(p, at, 0, buf_str(&text));
    if (buf_err(&text))
        p->bad = SIGNET_ENOMEM;
}

void ngx_add_at_top(struct text_patch *p, const struct ngx_tree *t, const struct ngx_node *block,
                    const struct strlist *lines)
{
    BUF_AUTO(text, NGX_FILE_BYTES_MAX);
    BUF_AUTO(indent, INDENT_MAX);
    const char *nl = ngx_newline(t);
    uint32_t at = block->mark + 1, end = at;
    ngx_indent_in(t, block, &indent);
    buf_addz(&text, nl);
    add_indented(lines, buf_z(&indent), nl, &text);
    while (end < t->text.n && t->text.p[end] != '\n')
        end++;
    if (is_blank(t, at, end) && end < t->text.n) { /* its own line end follows */
        text.n -= strlen(nl);
        text.p[text.n] = '\0';
    }
    text_patch_put(p, at, 0, buf_str(&text));
    if (buf_err(&text))
        p->bad = SIGNET_ENOMEM;
}

void ngx_cut(struct text_patch *p, const struct ngx_tree *t, const struct ngx_node *n)
{
    uint32_t from = ngx_start(t, n), to = n->end, line = line_start(t, from), end = to;
    while (end < t->text.n && t->text.p[end] != '\n')
        end++;
    signet_str rest = { t->text.p + to, end - to };
    bool ours = str_eq(str_trim(rest), str_trim(STR(NGX_MARK)));
    if (is_blank(t, line, from) && (!str_trim(rest).n || ours)) {
        from = line;
        to = end < t->text.n ? end + 1 : end;
    } else if (ours) {
        to = end;
    } else {
        while (to < end && (t->text.p[to] == ' ' || t->text.p[to] == '\t'))
            to++;
    }
    text_patch_put(p, from, to - from, STR(""));
}

void ngx_quote(const char *value, struct buf *to)
{
    if (*value && !value[strcspn(value, " \t\r\n;{}\"'\\#$")]) {
        buf_addz(to, value);
        return;
    }
    buf_addc(to, '"');
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            buf_addc(to, '\\');
        buf_addc(to, *value);
    }
    buf_addc(to, '"');
}
