#include "yaml/node.h"

#include <yaml.h>

/* State of turning libyaml's document into nodes. Each node is made once, however often an alias names it. */
struct reader {
    struct pool *pool;
    yaml_document_t *doc;
    struct node **made; /* by libyaml's index */
    uint8_t *busy;      /* being made: an alias to it is a circle */
    size_t n_made, budget;
    const char *file;
    struct err *e;
};

static int fault(struct reader *r, const yaml_mark_t *at, const char *what)
{
    return err_set(r->e, SIGNET_EFORMAT, "%s:%zu:%zu: %s", r->file, at->line + 1, at->column + 1, what);
}

static int make(struct reader *r, int index, unsigned depth, struct node **ret);

static int make_scalar(struct reader *r, const yaml_node_t *y, struct node *n)
{
    signet_str s = { (const char *)y->data.scalar.value, y->data.scalar.length };
    if (str_has(s, '\0'))
        return fault(r, &y->start_mark, "a NUL in the text");
    n->kind = NODE_SCALAR;
    n->quoted = y->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    n->text = pool_str(r->pool, s);
    return n->text.p ? 0 : err_nomem(r->e);
}

static int make_list(struct reader *r, const yaml_node_t *y, struct node *n, unsigned depth)
{
    size_t count = (size_t)(y->data.sequence.items.top - y->data.sequence.items.start);
    n->kind = NODE_LIST;
    n->item = pool_get(r->pool, (count + 1) * sizeof(struct node *));
    if (!n->item)
        return err_nomem(r->e);
    for (size_t i = 0; i < count; i++) {
        int rc = make(r, y->data.sequence.items.start[i], depth + 1, &n->item[i]);
        if (rc)
            return rc;
        n->n++;
    }
    return 0;
}

static bool has_key(const struct node *n, signet_str key)
{
    for (size_t i = 0; i < n->n; i++)
        if (str_eq(n->key[i]->text, key))
            return true;
    return false;
}

/* The members of a map named by <<, which never replace what stands there already. */
static int merge_in(struct reader *r, struct node *n, const struct node *from, const yaml_mark_t *at)
{
    if (!from)
        return fault(r, at, "<< wants a map, or a list of maps");
    if (from->kind == NODE_LIST) {
        for (size_t i = 0; i < from->n; i++) {
            int rc = from->item[i]->kind == NODE_MAP ? merge_in(r, n, from->item[i], at)
                                                     : fault(r, at, "<< wants a map, or a list of maps");
            if (rc)
                return rc;
        }
        return 0;
    }
    if (from->kind != NODE_MAP)
        return fault(r, at, "<< wants a map, or a list of maps");
    struct node **key = pool_get(r->pool, (n->n + from->n + 1) * sizeof(struct node *));
    struct node **item = pool_get(r->pool, (n->n + from->n + 1) * sizeof(struct node *));
    if (!key || !item)
        return err_nomem(r->e);
    if (n->n) {
        memcpy(key, n->key, n->n * sizeof(struct node *));
        memcpy(item, n->item, n->n * sizeof(struct node *));
    }
    n->key = key;
    n->item = item;
    for (size_t i = 0; i < from->n; i++) {
        if (has_key(n, from->key[i]->text))
            continue;
        key[n->n] = from->key[i];
        item[n->n++] = from->item[i];
    }
    if (r->budget < from->n)
        return fault(r, at, "too many values in the file");
    r->budget -= from->n;
    return 0;
}

static int make_map(struct reader *r, const yaml_node_t *y, struct node *n, unsigned depth)
{
    const yaml_node_pair_t *pair = y->data.mapping.pairs.start, *end = y->data.mapping.pairs.top;
    n->kind = NODE_MAP;
    n->key = pool_get(r->pool, ((size_t)(end - pair) + 1) * sizeof(struct node *));
    n->item = pool_get(r->pool, ((size_t)(end - pair) + 1) * sizeof(struct node *));
    if (!n->key || !n->item)
        return err_nomem(r->e);
    const struct node *inherit[8];
    yaml_mark_t where[8] = { 0 };
    size_t n_inherit = 0;
    for (; pair < end; pair++) {
        struct node *key = NULL, *item = NULL;
        const yaml_mark_t *at = &yaml_document_get_node(r->doc, pair->key)->start_mark;
        int rc = make(r, pair->key, depth + 1, &key);
        if (!rc)
            rc = make(r, pair->value, depth + 1, &item);
        if (rc)
            return rc;
        if (!key || !item || key->kind != NODE_SCALAR)
            return fault(r, at, "a key must be a word");
        if (str_eq(key->text, STR("<<")) && n_inherit < 8) {
            where[n_inherit] = *at;
            inherit[n_inherit++] = item;
            continue;
        }
        if (has_key(n, key->text))
            return fault(r, at, "this key stands twice in its map");
        n->key[n->n] = key;
        n->item[n->n++] = item;
    }
    for (size_t i = 0; i < n_inherit; i++) {
        int rc = merge_in(r, n, inherit[i], &where[i]);
        if (rc)
            return rc;
    }
    return 0;
}

static int make(struct reader *r, int index, unsigned depth, struct node **ret)
{
    const yaml_node_t *y = yaml_document_get_node(r->doc, index);
    size_t at = (size_t)index - 1;
    if (!y || at >= r->n_made)
        return err_set(r->e, SIGNET_EFORMAT, "%s: not YAML", r->file);
    if (r->made[at]) {
        *ret = r->made[at];
        return 0;
    }
    if (r->busy[at])
        return fault(r, &y->start_mark, "an alias stands inside the very thing that it names");
    if (depth > LIM_YAML_DEPTH)
        return fault(r, &y->start_mark, "nested too deep");
    if (!r->budget--)
        return fault(r, &y->start_mark, "too many values in the file");
    struct node *n = pool_get(r->pool, sizeof *n);
    if (!n)
        return err_nomem(r->e);
    n->file = r->file;
    n->line = (unsigned)y->start_mark.line + 1;
    n->column = (unsigned)y->start_mark.column + 1;
    r->busy[at] = 1;
    int rc = y->type == YAML_SCALAR_NODE     ? make_scalar(r, y, n)
             : y->type == YAML_SEQUENCE_NODE ? make_list(r, y, n, depth)
                                             : make_map(r, y, n, depth);
    r->busy[at] = 0;
    n->weight = 1;
    for (size_t i = 0; !rc && i < n->n; i++)
        n->weight += n->item[i]->weight;
    if (!rc && n->weight > LIM_YAML_WEIGHT) /* whoever walks the tree meets aliases again and again */
        rc = fault(r, &y->start_mark, "too many values, those of its aliases counted each time");
    if (!rc)
        *ret = r->made[at] = n;
    return rc;
}

static int read_document(struct reader *r, const struct node **ret)
{
    const yaml_node_t *root = yaml_document_get_root_node(r->doc);
    if (!root || root->type != YAML_MAPPING_NODE)
        return err_set(r->e, SIGNET_EFORMAT,
                       "%s:1:1: a map was expected, with a line \"key: value\" for each of its members", r->file);
    r->n_made = (size_t)(r->doc->nodes.top - r->doc->nodes.start);
    r->made = pool_get(r->pool, r->n_made * sizeof(struct node *));
    r->busy = pool_get(r->pool, r->n_made);
    if (!r->made || !r->busy)
        return err_nomem(r->e);
    struct node *top = NULL;
    int rc = make(r, 1, 0, &top);
    if (!rc)
        *ret = top;
    return rc;
}

static int syntax_fault(const yaml_parser_t *p, const char *file, struct err *e)
{
    if (p->error == YAML_MEMORY_ERROR)
        return err_nomem(e);
    return err_set(e, SIGNET_EFORMAT, "%s:%zu:%zu: not YAML: %s%s%s", file, p->problem_mark.line + 1,
                   p->problem_mark.column + 1, p->problem ? p->problem : "unreadable", p->context ? ", " : "",
                   p->context ? p->context : "");
}

int node_parse(struct pool *pool, signet_str yaml, const char *file, const struct node **ret, struct err *e)
{
    if (yaml.n > LIM_YAML)
        return err_set(e, SIGNET_EFORMAT, "%s:1:1: longer than %u bytes", file, LIM_YAML);
    signet_str name = pool_str(pool, str_of(file));
    yaml_parser_t parser;
    if (!name.p || !yaml_parser_initialize(&parser))
        return err_nomem(e);
    yaml_parser_set_input_string(&parser, (const unsigned char *)(yaml.n ? yaml.p : ""), yaml.n);
    yaml_document_t doc;
    int rc;
    if (!yaml_parser_load(&parser, &doc)) {
        rc = syntax_fault(&parser, file, e);
    } else {
        struct reader r = { .pool = pool, .doc = &doc, .budget = LIM_YAML_NODES, .file = name.p, .e = e };
        rc = read_document(&r, ret);
        yaml_document_delete(&doc);
    }
    yaml_parser_delete(&parser);
    return rc;
}

const struct node *node_get_s(const struct node *map, signet_str key)
{
    if (map && map->kind == NODE_MAP)
        for (size_t i = 0; i < map->n; i++)
            if (str_eq(map->key[i]->text, key))
                return map->item[i];
    return NULL;
}

const struct node *node_get(const struct node *map, const char *key)
{
    return node_get_s(map, str_of(key));
}

signet_str node_text(const struct node *map, const char *key)
{
    const struct node *n = node_get(map, key);
    return n && n->kind == NODE_SCALAR ? n->text : (signet_str){ "", 0 };
}

uint32_t node_u32(const struct node *map, const char *key, uint32_t def)
{
    uint64_t v = 0;
    return str_u64(node_text(map, key), UINT32_MAX, &v) ? def : (uint32_t)v;
}

const struct node *node_overlay(struct pool *pool, const struct node *base, const struct node *over)
{
    struct node *n = pool_get(pool, sizeof *n);
    size_t most = base->n + over->n + 1;
    if (!n || !(n->key = pool_get(pool, most * sizeof(struct node *))) ||
        !(n->item = pool_get(pool, most * sizeof(struct node *))))
        return NULL;
    n->kind = NODE_MAP;
    n->line = over->line;
    n->column = over->column;
    n->file = over->file;
    const struct node *from[] = { over, base };
    for (size_t f = 0; f < 2; f++)
        for (size_t i = 0; i < from[f]->n; i++) {
            if (has_key(n, from[f]->key[i]->text))
                continue;
            n->key[n->n] = from[f]->key[i];
            n->item[n->n++] = from[f]->item[i];
        }
    return n;
}
