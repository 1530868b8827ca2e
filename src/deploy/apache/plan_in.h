/* Inside deploy/apache: the parts of a plan. */
#ifndef DEPLOY_APACHE_PLAN_IN_H
#define DEPLOY_APACHE_PLAN_IN_H

#include "deploy/apache/plan.h"
#include "deploy/patch.h"

/* One patch for each file. */
struct apa_patches {
    struct text_patch *v;
    const struct apa_conf *conf;
    unsigned http_port;
};
int apa_patches_new(struct apa_patches *x, const struct apa_conf *c);
void apa_patches_done(struct apa_patches *x);
int apa_patches_to_changes(struct apa_patches *x, struct changes *to, struct err *e);

void apa_indent(const struct apa_file *f, uint32_t node, struct buf *to);
void apa_add_lines(struct text_patch *p, const struct apa_file *f, uint32_t node, bool top,
                   const struct strlist *lines);
/* Headers and stapling that a TLS virtual host lacks; v NULL: it has nothing yet. */
int apa_extra_lines(const struct apa_conf *c, const struct apa_vhost *v, const struct apa_wish *w, struct strlist *to);
/* The first directive (behind *ret_node, when that is not 0) that sends visitors to https. */
bool apa_redirects(const struct apa_conf *c, const struct apa_vhost *v, uint32_t *ret_node);

/* Files with the virtual hosts for TLS. */
struct apa_twin_file {
    char *path;               /* what is written */
    char *link, *link_target; /* what enables it; NULL: it is read where it lies */
    struct buf before, text;  /* what it holds already; what it is to hold */
    bool is_new;
};
struct apa_twins {
    struct apa_twin_file *v;
    size_t n; /* also counts twins inside a file that is there */
    size_t n_files;
    int64_t *file_of; /* by virtual host: index + 1, 0 when none or in the same file */
    uint32_t n_vhosts;
};
int apa_twin(struct apa_twins *t, const struct apa_conf *c, const struct apa_server *s, uint32_t vhost,
             const struct apa_wish *w, struct apa_patches *x, struct err *e);
const char *apa_twin_path(const struct apa_twins *t, uint32_t vhost); /* NULL: in the file of the virtual host */
int apa_twins_to_changes(struct apa_twins *t, const struct apa_server *s, struct changes *changes, struct err *e);
void apa_twins_done(struct apa_twins *t);

/* A Listen for the https port, if there is none. */
int apa_need_listen(const struct apa_conf *c, const struct strlist *more, const struct apa_wish *w,
                    struct apa_patches *x);

#endif
