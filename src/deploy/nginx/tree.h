/* One nginx configuration file as a tree over its own bytes: nothing is copied and nothing is thrown away, so that
 * printing a tree gives the file again, byte for byte. Words are read as nginx reads them (quotes, escapes, "${",
 * comments only where a word may begin); the bodies of *_by_lua_block are skipped by the rules of Lua.
 *
 * Whatever nginx itself would refuse to read is refused here, with line and column. */
#ifndef DEPLOY_NGINX_TREE_H
#define DEPLOY_NGINX_TREE_H

#include "base/buf.h"
#include "base/err.h"

#define NGX_FILE_BYTES_MAX (16u << 20)
#define NGX_DEPTH_MAX      64u      /* blocks within blocks */
#define NGX_NODES_MAX      1000000u /* directives of one file */
#define NGX_WORDS_MAX      65536u   /* of one directive */

enum ngx_kind {
    NGX_SIMPLE, /* name words… ; */
    NGX_BLOCK,  /* name words… { directives } */
    NGX_LUA     /* name words… { a program } */
};

/* As it stands in the file, quotes included. */
struct ngx_word {
    uint32_t at, len;
};

/* A directive. All numbers are offsets into the text or indices; index 0 is the file itself (a block without brackets),
 * so 0 also means "none". */
struct ngx_node {
    uint32_t lead;          /* where the blanks and comments in front of it begin */
    uint32_t word, n_words; /* its first word, and how many; at least one */
    uint32_t mark;          /* its ';' or '{' */
    uint32_t close;         /* its '}' (a block) */
    uint32_t end;           /* just after it */
    uint32_t parent, child, next;
    enum ngx_kind kind;
};

struct ngx_tree {
    signet_str text; /* borrowed */
    struct ngx_node *node;
    struct ngx_word *word;
    uint32_t n_nodes, n_words, cap_nodes, cap_words;
};

/* SIGNET_EFORMAT with "line L, column C: why" (both from 1, columns in bytes); SIGNET_ELIMIT; SIGNET_ENOMEM. On failure
 * *ret is as if never touched. `text` must live as long as the tree. */
int ngx_tree_parse(struct ngx_tree *ret, signet_str text, struct err *e);
void ngx_tree_done(struct ngx_tree *t);

/* Writes the file from the tree's parts. */
void ngx_tree_print(const struct ngx_tree *t, struct buf *to);

uint32_t ngx_line(const struct ngx_tree *t, uint32_t offset);                       /* from 1 */
signet_str ngx_raw(const struct ngx_tree *t, const struct ngx_node *n, uint32_t i); /* word i as it stands there */
/* Word i as nginx understands it: without quotes, escapes resolved. Appends. */
void ngx_value(const struct ngx_tree *t, const struct ngx_node *n, uint32_t i, struct buf *to);
bool ngx_value_is(const struct ngx_tree *t, const struct ngx_node *n, uint32_t i, const char *what);
/* Is it the directive of that name? */
bool ngx_named(const struct ngx_tree *t, const struct ngx_node *n, const char *name);

#endif
