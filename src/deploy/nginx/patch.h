/* Changes to one text: pieces that go, pieces that come, and everything else byte for byte as it was. And where in a
 * block new lines are put, in the manner of the file: its indentation, its line ends. */
#ifndef DEPLOY_NGINX_PATCH_H
#define DEPLOY_NGINX_PATCH_H

#include "base/list.h"
#include "deploy/nginx/tree.h"

struct ngx_edit {
    uint32_t at, del, seq;
    char *text; /* owned */
};

struct ngx_patch {
    struct ngx_edit *v;
    size_t n, cap;
    int bad; /* SIGNET_ENOMEM, sticky */
};

void ngx_patch_done(struct ngx_patch *p);
/* At offset `at`, `del` bytes go and `text` comes. Pieces that go must not overlap; what comes at the same place stands
 * there in the order of the calls. */
void ngx_patch_put(struct ngx_patch *p, uint32_t at, uint32_t del, signet_str text);
/* text[from … to) with the edits that lie in it. 0 or p->bad. */
int ngx_patch_apply(struct ngx_patch *p, signet_str text, uint32_t from, uint32_t to, struct buf *out);

/* ---- in the manner of the file ---- */

const char *ngx_newline(const struct ngx_tree *t); /* "\n" or "\r\n" */
/* The blanks in front of a directive on its line; of the next deeper level in a block. */
void ngx_indent_of(const struct ngx_tree *t, const struct ngx_node *n, struct buf *to);
void ngx_indent_in(const struct ngx_tree *t, const struct ngx_node *block, struct buf *to);
uint32_t ngx_start(const struct ngx_tree *t, const struct ngx_node *n); /* of its first word */

/* Lines at the end or at the beginning of a block; a line may hold line feeds of its own, then each is indented. */
void ngx_add_at_end(struct ngx_patch *p, const struct ngx_tree *t, const struct ngx_node *block,
                    const struct strlist *lines);
void ngx_add_at_top(struct ngx_patch *p, const struct ngx_tree *t, const struct ngx_node *block,
                    const struct strlist *lines);
/* Takes a directive out; with its line and certbot's mark when nothing else stands there. */
void ngx_cut(struct ngx_patch *p, const struct ngx_tree *t, const struct ngx_node *n);

/* A word as nginx must read it: in quotes when it holds what would end it. */
void ngx_quote(const char *value, struct buf *to);

#define NGX_MARK " # managed by Certbot"

#endif
