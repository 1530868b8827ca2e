/* The whole configuration of an nginx: its main file and all that is included from it, by the rules by which nginx
 * finds includes (relative to the folder of the main file, patterns by glob(3) in byte order). Each file is read once,
 * however often it is included. */
#ifndef DEPLOY_NGINX_CONF_H
#define DEPLOY_NGINX_CONF_H

#include "base/list.h"
#include "deploy/nginx/tree.h"

#define NGX_FILES_MAX         20000u
#define NGX_TOTAL_BYTES_MAX   (128u << 20)
#define NGX_INCLUDE_DEPTH_MAX 32u

/* An include directive and the files it brings in: conf->link[first … first + n). */
struct ngx_include {
    uint32_t node, first, n;
};

struct ngx_file {
    char *path; /* as it is included, absolute */
    char *real; /* without symbolic links: the file that is changed */
    struct buf text;
    struct buf before; /* what it was when it was read, once ngx_conf_update has changed it */
    bool changed;
    struct ngx_tree tree;
    struct ngx_include *include; /* in the order of the file */
    uint32_t n_includes, cap_includes;
    uint32_t same; /* the index of the first file with the same `real`: one file under two names is edited once */
};

struct ngx_conf {
    char *root; /* the folder of the main file */
    struct ngx_file *file;
    uint32_t n_files, cap_files;
    uint32_t *link, n_links, cap_links;
    uint32_t *slot, n_slots; /* path to file, a hash table of indices + 1 */
    size_t total;
    char *missing; /* the file that was looked for last and is not there; NULL: none */
    bool lenient;  /* an included file that is not there yet is no error: while a plan is made */
};

/* Reads `main_file` (absolute) and all it includes. Errors as from ngx_tree_parse, with the file in front; a file that
 * is included by name and not there is an error, as with nginx; a pattern that matches nothing is none. */
int ngx_conf_load(struct ngx_conf *ret, const char *main_file, struct err *e);
void ngx_conf_done(struct ngx_conf *c);

/* Gives a file another text, in memory only: parsed again, its includes followed again. Indices of its directives are
 * others afterwards. The file's twins (see `same`) change with it. */
int ngx_conf_update(struct ngx_conf *c, uint32_t file, signet_str text, struct err *e);

/* A directive of some file. */
struct ngx_at {
    uint32_t file, node;
};
static inline const struct ngx_tree *ngx_tree_of(const struct ngx_conf *c, struct ngx_at at)
{
    return &c->file[at.file].tree;
}
static inline const struct ngx_node *ngx_node_of(const struct ngx_conf *c, struct ngx_at at)
{
    return &c->file[at.file].tree.node[at.node];
}

/* Calls fn for each directive of a block in nginx's order, includes replaced by what they bring. fn's non-zero result
 * ends it and is returned. */
typedef int ngx_visit_fn(void *ctx, const struct ngx_conf *c, struct ngx_at at);
int ngx_visit(const struct ngx_conf *c, struct ngx_at block, ngx_visit_fn *fn, void *ctx);

#endif
