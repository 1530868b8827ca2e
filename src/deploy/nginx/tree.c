#include "deploy/nginx/tree.h"

#include "deploy/nginx/scan.h"
#include <stdlib.h>

#define NODE_BYTES 24u /* of text, for one directive and one word */
#define WORD_BYTES 10u

struct parser {
    struct ngx_tree *t;
    struct ngx_scan scan;
    struct err *e;
    uint32_t open, last; /* the block we are in; its last directive so far, 0 when it has none */
    uint32_t lead;       /* where the present directive's blanks begin */
    unsigned depth;
};

void ngx_tree_done(struct ngx_tree *t)
{
    free(t->node);
    free(t->word);
    *t = (struct ngx_tree){ 0 };
}

uint32_t ngx_line(const struct ngx_tree *t, uint32_t offset)
{
    uint32_t line = 1;
    for (uint32_t i = 0; i < offset && i < t->text.n; i++)
        line += t->text.p[i] == '\n';
    return line;
}

static int complain(struct parser *p, size_t where, const char *why)
{
    const struct ngx_tree *t = p->t;
    size_t column = 1;
    while (column <= where && t->text.p[where - column] != '\n')
        column++;
    return err_set(p->e, SIGNET_EFORMAT, "line %u, column %zu: %s", ngx_line(t, (uint32_t)where), column, why);
}

/* At first room for what a text of that length usually holds: a plan parses thousands of them. */
static void *grown(void *have, uint32_t *cap, size_t size, size_t usual)
{
    uint32_t want = *cap ? *cap * 2 : 16 + (uint32_t)usual;
    void *v = reallocarray(have, want, size);
    if (v)
        *cap = want;
    return v;
}

static struct ngx_node *add_node(struct parser *p)
{
    struct ngx_tree *t = p->t;
    if (t->n_nodes == t->cap_nodes) {
        void *v = grown(t->node, &t->cap_nodes, sizeof *t->node, t->text.n / NODE_BYTES);
        if (!v)
            return NULL;
        t->node = v;
    }
    struct ngx_node *n = &t->node[t->n_nodes++];
    *n = (struct ngx_node){ .parent = p->open };
    return n;
}

static int add_word(struct parser *p, struct ngx_node *n)
{
    struct ngx_tree *t = p->t;
    if (n->n_words == NGX_WORDS_MAX)
        return err_set(p->e, SIGNET_ELIMIT, "line %u: more than %u words in one directive",
                       ngx_line(t, (uint32_t)p->scan.start), NGX_WORDS_MAX);
    if (t->n_words == t->cap_words) {
        void *v = grown(t->word, &t->cap_words, sizeof *t->word, t->text.n / WORD_BYTES);
        if (!v)
            return err_nomem(p->e);
        t->word = v;
    }
    if (!n->n_words)
        n->word = t->n_words;
    n->n_words++;
    t->word[t->n_words++] = (struct ngx_word){ (uint32_t)p->scan.start, (uint32_t)p->scan.len };
    return 0;
}

/* Makes the new directive the next of its block. */
static uint32_t link_node(struct parser *p, const struct ngx_node *n)
{
    uint32_t at = (uint32_t)(n - p->t->node);
    if (p->last)
        p->t->node[p->last].next = at;
    else
        p->t->node[p->open].child = at;
    p->last = at;
    return at;
}

static int open_block(struct parser *p, struct ngx_node *n)
{
    signet_str name = ngx_raw(p->t, n, 0);
    uint32_t at = link_node(p, n);
    p->lead = (uint32_t)p->scan.at;
    if (str_ends(name, STR("_by_lua_block"))) {
        n->kind = NGX_LUA;
        if (!ngx_scan_lua(&p->scan))
            return complain(p, p->scan.start, p->scan.why);
        n->close = (uint32_t)p->scan.start;
        n->end = p->lead = (uint32_t)p->scan.at;
        return 0;
    }
    if (++p->depth > NGX_DEPTH_MAX)
        return err_set(p->e, SIGNET_ELIMIT, "line %u: more than %u blocks within each other", ngx_line(p->t, n->mark),
                       NGX_DEPTH_MAX);
    n->kind = NGX_BLOCK;
    p->open = at;
    p->last = 0;
    return 0;
}

static int close_block(struct parser *p)
{
    struct ngx_node *n = &p->t->node[p->open];
    if (!p->open)
        return complain(p, p->scan.start, "'}' closes nothing");
    n->close = (uint32_t)p->scan.start;
    n->end = p->lead = (uint32_t)p->scan.at;
    p->last = p->open;
    p->open = n->parent;
    p->depth--;
    return 0;
}

/* The rest of a directive whose first word was just read. */
static int directive(struct parser *p)
{
    struct ngx_node *n = add_node(p);
    if (!n)
        return err_nomem(p->e);
    if (p->t->n_nodes > NGX_NODES_MAX)
        return err_set(p->e, SIGNET_ELIMIT, "more than %u directives", NGX_NODES_MAX);
    n->lead = p->lead;
    enum ngx_token token = NGX_T_WORD;
    for (int rc; token == NGX_T_WORD; token = ngx_scan_next(&p->scan))
        if ((rc = add_word(p, n)))
            return rc;
    n->mark = (uint32_t)p->scan.start;
    if (token == NGX_T_SEMICOLON) {
        n->end = p->lead = (uint32_t)p->scan.at;
        (void)link_node(p, n);
        return 0;
    }
    if (token == NGX_T_OPEN)
        return open_block(p, n);
    if (token == NGX_T_BAD)
        return complain(p, p->scan.start, p->scan.why);
    return complain(p, p->scan.start,
                    token == NGX_T_END ? "the file ends where ';' or '{' is missing" : "';' is missing before '}'");
}

static int parse(struct parser *p)
{
    int rc = 0;
    while (!rc) {
        enum ngx_token token = ngx_scan_next(&p->scan);
        if (token == NGX_T_END)
            return p->open ? complain(p, p->t->node[p->open].mark, "the block that opens here is never closed") : 0;
        if (token == NGX_T_WORD)
            rc = directive(p);
        else if (token == NGX_T_CLOSE)
            rc = close_block(p);
        else
            rc = complain(p, p->scan.start,
                          token == NGX_T_BAD    ? p->scan.why
                          : token == NGX_T_OPEN ? "'{' stands where a directive should begin"
                                                : "';' stands where a directive should begin");
    }
    return rc;
}

int ngx_tree_parse(struct ngx_tree *ret, signet_str text, struct err *e)
{
    struct ngx_tree t = { .text = text };
    struct parser p = { .t = &t, .scan = { .text = text }, .e = e };
    if (text.n > NGX_FILE_BYTES_MAX)
        return err_set(e, SIGNET_ELIMIT, "larger than %u bytes", NGX_FILE_BYTES_MAX);
    struct ngx_node *root = add_node(&p);
    if (!root)
        return err_nomem(e);
    *root = (struct ngx_node){ .kind = NGX_BLOCK, .close = (uint32_t)text.n, .end = (uint32_t)text.n };
    int rc = parse(&p);
    if (rc)
        ngx_tree_done(&t);
    else
        *ret = t;
    return rc;
}

static void add_span(const struct ngx_tree *t, uint32_t from, uint32_t to, struct buf *out)
{
    if (to > from)
        buf_add(out, (signet_str){ t->text.p + from, to - from });
}

/* What stands in front of a directive, and the directive up to what it ends with or holds; returns where that begins.
 */
static uint32_t print_head(const struct ngx_tree *t, const struct ngx_node *n, struct buf *to)
{
    uint32_t end = n->kind == NGX_BLOCK ? n->mark + 1 : n->mark;
    add_span(t, n->lead, end, to);
    return end;
}

void ngx_tree_print(const struct ngx_tree *t, struct buf *to)
{
    const struct ngx_node *n = &t->node[0];
    uint32_t done = 0;      /* printed up to here */
    bool inside = n->child; /* the directives of n are still to come */
    for (;;) {
        while (inside) {
            n = &t->node[n->child];
            done = print_head(t, n, to);
            inside = n->child;
        }
        add_span(t, done, n->end, to);
        done = n->end;
        if (n == &t->node[0])
            return;
        if (n->next) {
            n = &t->node[n->next];
            done = print_head(t, n, to);
            inside = n->child;
        } else {
            n = &t->node[n->parent];
        }
    }
}

signet_str ngx_raw(const struct ngx_tree *t, const struct ngx_node *n, uint32_t i)
{
    if (i >= n->n_words)
        return (signet_str){ 0 };
    const struct ngx_word *w = &t->word[n->word + i];
    return (signet_str){ t->text.p + w->at, w->len };
}

void ngx_value(const struct ngx_tree *t, const struct ngx_node *n, uint32_t i, struct buf *to)
{
    signet_str s = ngx_raw(t, n, i);
    if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\''))
        s = (signet_str){ s.p + 1, s.n - 2 };
    for (size_t k = 0; k < s.n; k++) {
        char then = k + 1 < s.n ? s.p[k + 1] : '\0';
        if (s.p[k] != '\\' || !then || !strchr("\"'\\trn", then)) {
            buf_addc(to, s.p[k]);
            continue;
        }
        k++;
        buf_addc(to, then == 't' ? '\t' : then == 'r' ? '\r' : then == 'n' ? '\n' : then);
    }
}

/* Most words are plain: those are compared where they stand. */
bool ngx_value_is(const struct ngx_tree *t, const struct ngx_node *n, uint32_t i, const char *what)
{
    signet_str raw = ngx_raw(t, n, i);
    if (!raw.n || (raw.p[0] != '"' && raw.p[0] != '\'' && !memchr(raw.p, '\\', raw.n)))
        return str_eq(raw, str_of(what));
    BUF_AUTO(value, NGX_FILE_BYTES_MAX);
    ngx_value(t, n, i, &value);
    return str_eq(buf_str(&value), str_of(what));
}

bool ngx_named(const struct ngx_tree *t, const struct ngx_node *n, const char *name)
{
    return n->n_words && ngx_value_is(t, n, 0, name);
}
