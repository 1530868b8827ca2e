/* Inside deploy/apache: the parts of a plan. */
#ifndef DEPLOY_APACHE_PLAN_IN_H
#define DEPLOY_APACHE_PLAN_IN_H

#include "deploy/apache/plan.h"
#include "deploy/patch.h"

/* One patch for each file. */
struct apa_patches {
    struct text_patch *v;
    const struct apa_conf *conf;
    bool stapling; /* where answers of OCSP are kept is said in one of them */
};
int apa_patches_new(struct apa_patches *x, const struct apa_conf *c);
void apa_patches_done(struct apa_patches *x);
int apa_patches_to_changes(struct apa_patches *x, struct changes *to, struct err *e);

void apa_indent(const struct apa_file *f, uint32_t node, struct buf *to);
void apa_add_lines(struct text_patch *p, const struct apa_file *f, uint32_t node, bool top,
                   const struct strlist *lines);
/* Headers that a TLS virtual host lacks, or the twin of one without TLS. */
int apa_extra_lines(const struct apa_conf *c, const struct apa_vhost *v, bool twin, const struct apa_wish *w,
                    struct strlist *to);

bool apa_has_header(const struct apa_conf *c, const struct apa_vhost *v, const char *header);

/* ---- --auto-hsts ---- */

/* SIGNET_EEXIST when the header is somebody else's. */
int apa_hsts_check(const struct apa_conf *c, uint32_t vhost, const char *name, struct err *e);
int apa_hsts_lines(const struct apa_wish *w, const struct apa_conf *c, const struct apa_vhost *v, struct strlist *to);
/* Those of the wish, which are marked. */
void apa_hsts_raise(const struct apa_conf *c, struct apa_patches *x, const struct apa_wish *w);

/* ---- redirects ---- */

/* Would a directive send visitors of a copy with TLS on that port to where they are? `names` (may be NULL): of the
 * copy.
 */
bool apa_loops(const struct apa_conf *c, const struct apa_vhost *v, const struct apa_in *in,
               const struct strlist *names, unsigned port);
/* The first of the conditions that belong to a RewriteRule; the rule itself when it has none. Both are places in v->in.
 */
uint32_t apa_first_condition(const struct apa_conf *c, const struct apa_vhost *v, uint32_t rule);
/* For those of the names that the virtual host answers and does not redirect yet; *ret_any becomes true if there are
 * some. */
int apa_add_redirect(const struct apa_conf *c, struct apa_patches *x, uint32_t vhost, const struct apa_wish *w,
                     bool *ret_any);

/* ---- files of ours ---- */

struct apa_site {
    char *path;               /* what is written */
    char *link, *link_target; /* what enables it; NULL: none is needed */
    bool include;             /* the main file is to include it */
    struct buf before, text;  /* what it holds already; what it is to hold */
    bool is_new;
};
struct apa_sites {
    struct apa_site *v;
    size_t n;
};
/* The one of that path, new or known: *ret is its place. `like` (may be NULL): enabled as that file is. */
int apa_site(struct apa_sites *t, const struct apa_conf *c, const struct apa_server *s, const char *path,
             const struct apa_file *like, size_t *ret, struct err *e);
int apa_sites_to_changes(struct apa_sites *t, struct apa_patches *x, struct changes *changes, struct err *e);
void apa_sites_done(struct apa_sites *t);
/* A line at the end of the main file. */
void apa_add_include(struct apa_patches *x, const char *path);

/* ServerName and ServerAlias; a wildcard is always an alias, for Apache takes a ServerName as it stands. */
int apa_name_lines(const struct strlist *names, struct strlist *to);
/* A virtual host in clear for the names that only this one, with TLS, has. */
int apa_redirect_site(struct apa_sites *t, const struct apa_conf *c, const struct apa_server *s, uint32_t vhost,
                      const struct apa_wish *w, struct err *e);

/* The copy of a virtual host that speaks TLS. */
struct apa_twin {
    uint32_t vhost;
    const struct strlist *as; /* its names, when the original is for all; NULL: those of the original */
    size_t site;              /* index + 1 of its file; 0: the one of the original */
};
int apa_twin_make(struct apa_twin *t, const struct apa_conf *c, const struct apa_server *s, const struct apa_wish *w,
                  struct apa_sites *sites, struct apa_patches *x, struct err *e);
void apa_twin_name(const char *path, const char *ext, struct buf *to);
/* The addresses of a virtual host with another port, a blank before each. */
void apa_add_addresses(const struct apa_node *vhost, unsigned port, struct buf *to);

/* ---- ports ---- */

/* `more` (may be NULL): modules that are going to be there. */
bool apa_listens(const struct apa_conf *c, unsigned port, const struct strlist *more);
/* For each Listen for the http port one for the https port, at the same address, unless there is one. */
int apa_need_listen(const struct apa_conf *c, const struct strlist *more, const struct apa_wish *w,
                    struct apa_patches *x);

#endif
