/* Where in a block new lines are put, in the manner of the file: its indentation, its line ends. */
#ifndef DEPLOY_NGINX_PATCH_H
#define DEPLOY_NGINX_PATCH_H

#include "base/list.h"
#include "deploy/nginx/tree.h"
#include "deploy/patch.h"

/* ---- in the manner of the file ---- */

const char *ngx_newline(const struct ngx_tree *t); /* "\n" or "\r\n" */
/* The blanks in front of a directive on its line; of the next deeper level in a block. */
void ngx_indent_of(const struct ngx_tree *t, const struct ngx_node *n, struct buf *to);
void ngx_indent_in(const struct ngx_tree *t, const struct ngx_node *block, struct buf *to);
uint32_t ngx_start(const struct ngx_tree *t, const struct ngx_node *n); /* of its first word */

/* Lines at the end or at the beginning of a block; a line may hold line feeds of its own, then each is indented. */
void ngx_add_at_end(struct text_patch *p, const struct ngx_tree *t, const struct ngx_node *block,
                    const struct strlist *lines);
void ngx_add_at_top(struct text_patch *p, const struct ngx_tree *t, const struct ngx_node *block,
                    const struct strlist *lines);
/* Takes a directive out; with its line and certbot's mark when nothing else stands there. */
void ngx_cut(struct text_patch *p, const struct ngx_tree *t, const struct ngx_node *n);

/* A word as nginx must read it: in quotes when it holds what would end it. */
void ngx_quote(const char *value, struct buf *to);

#define NGX_MARK " # managed by Certbot"

#endif
