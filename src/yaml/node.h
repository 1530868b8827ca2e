/* A file of settings as a tree: YAML read with libyaml, aliases and << resolved, each value with its place in the file.
 * Descriptions of DNS providers and .lego.yml. */
#ifndef YAML_NODE_H
#define YAML_NODE_H

#include "base/err.h"
#include "yaml/pool.h"

#define LIM_YAML        (64u << 10) /* one file */
#define LIM_YAML_NODES  4096u       /* values in it, after aliases and << */
#define LIM_YAML_WEIGHT 16384u      /* the same, aliases counted wherever they stand */
#define LIM_YAML_DEPTH  24u

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
    enum node_kind kind;
    bool quoted;           /* a scalar in quotes is always text */
    unsigned line, column; /* from 1 */
    const char *file;
    signet_str text;    /* of a scalar; NUL-terminated, no NUL inside */
    size_t weight;      /* values in it, those of aliases counted each time */
    size_t n;           /* members of a list or map */
    struct node **item; /* values */
    struct node **key;  /* a map's keys: scalars */
};

/* Parses one YAML document whose top is a map. Everything lives in `pool`. SIGNET_EFORMAT with "FILE:LINE:COLUMN: …".
 */
int node_parse(struct pool *pool, signet_str yaml, const char *file, const struct node **ret, struct err *e);

const struct node *node_get(const struct node *map, const char *key); /* NULL: no such key, or no map */
const struct node *node_get_s(const struct node *map, signet_str key);
/* The text of a scalar member; the empty string when there is none. */
signet_str node_text(const struct node *map, const char *key);

/* A map with the members of `base`, those of `over` replacing them. NULL: no memory. */
const struct node *node_overlay(struct pool *pool, const struct node *base, const struct node *over);

/* A scalar's number; `def` when it is missing or no number. */
uint32_t node_u32(const struct node *map, const char *key, uint32_t def);

#endif
