/* The configuration of an Apache as it is in force: its files (as Apache itself lists them), its modules and defines,
 * and the virtual hosts that are not switched off by an IfModule or IfDefine. Those that a macro makes are not seen. */
#ifndef DEPLOY_APACHE_CONF_H
#define DEPLOY_APACHE_CONF_H

#include "deploy/apache/file.h"

#define APA_FILES_MAX  4096u
#define APA_VHOSTS_MAX 20000u

/* A directive of a virtual host that is in force. */
struct apa_in {
    uint32_t file, node;
    uint32_t include; /* in the virtual host's own file: the Include that it comes by; 0: it is in that file itself */
    bool direct;      /* in no section, those that are conditions not counted */
};

struct apa_vhost {
    uint32_t file, node;
    struct strlist names; /* ServerName first (perhaps empty), then the aliases; in lower case, without port */
    bool ssl;             /* SSLEngine on */
    struct apa_in *in;    /* in Apache's order, with those of included files */
    uint32_t n_in;
};

struct apa_conf {
    struct apa_file *file; /* only those that could hold something of interest; in Apache's order */
    uint32_t n_files;
    struct strlist modules, defines; /* "ssl_module" */
    char *root;                      /* ServerRoot; NULL when Apache does not say */
    uint32_t macro;                  /* index + 1 of the first file that makes virtual hosts by a macro; 0: none */
    struct apa_vhost *vhost;
    uint32_t n_vhosts;
};

/* From what `apachectl -t -D DUMP_INCLUDES -D DUMP_MODULES -D DUMP_RUN_CFG` says. */
int apa_conf_read(struct apa_conf *ret, signet_str dump, struct err *e);
/* The same of those files alone whose text has one of the words; with none, libaugeas is not needed. */
int apa_conf_read_with(struct apa_conf *ret, signet_str dump, const struct strlist *words, struct err *e);
void apa_conf_done(struct apa_conf *c);

bool apa_has_directive(const struct apa_conf *c, const char *name); /* in force anywhere */
bool apa_has_module(const struct apa_conf *c, const char *name);    /* "ssl_module" or "mod_ssl.c" */
/* A section that Apache judges when it starts, and that is else as if it were not there. */
bool apa_is_condition(const struct apa_node *n);
/* Is a directive in force: no IfModule, IfDefine, IfFile around it is false? `more`: modules that are going to be
 * there. */
bool apa_in_force(const struct apa_conf *c, const struct apa_file *f, uint32_t node, const struct strlist *more);
/* Does the virtual host have an address with that port (or with none)? */
bool apa_on_port(const struct apa_conf *c, const struct apa_vhost *v, unsigned port);
/* … with that address? "*": with any. */
bool apa_on_address(const struct apa_conf *c, const struct apa_vhost *v, unsigned port, signet_str address);

#define APA_PICKS_MAX 64u
/* Which virtual hosts answer: where an address has some of its own, the first of them that fits, as Apache takes it;
 * else the first that is for any address. Those with addresses of their own come first. */
size_t apa_picks(const struct apa_conf *c, const char *name, unsigned port, bool ssl, uint32_t *ret);
int64_t apa_pick(const struct apa_conf *c, const char *name, unsigned port, bool ssl); /* the first; -1: none */
/* Which answer for plain http, also for a name that none has: then the first on the port, if it is meant for all (it
 * has no name of its own, or its address is _default_). -1: none. */
size_t apa_picks_plain(const struct apa_conf *c, const char *name, unsigned port, uint32_t *ret);
int64_t apa_pick_plain(const struct apa_conf *c, const char *name, unsigned port);
bool apa_is_pick(const uint32_t *picks, size_t n, int64_t vhost);
/* Does Apache read a file of that path, by an Include that is there already? */
bool apa_reads(const struct apa_conf *c, const char *path);
bool apa_vhost_fits(const struct apa_vhost *v, const char *name);
/* The files that an Include reads: the first from *file on. */
bool apa_includes(const struct apa_conf *c, const struct apa_node *n, uint32_t *file);
/* Parts of apa_conf_read. Values of Define are put where they are used (`said`: as Apache says them, "NAME=value"); an
 * IfDefine is judged as it is where it stands; the virtual hosts are found. */
int apa_expand(struct apa_conf *c, const struct strlist *said);
void apa_judge(const struct apa_conf *c, struct apa_node *n);
bool apa_in_macro(const struct apa_file *f, uint32_t node);
int apa_vhosts_read(struct apa_conf *c);
const struct apa_node *apa_node(const struct apa_conf *c, const struct apa_in *in);
/* The first directive of that name directly in a virtual host; NULL: none. */
const struct apa_in *apa_find(const struct apa_conf *c, const struct apa_vhost *v, const char *name);
/* Is a file part of the virtual host by an Include? */
bool apa_vhost_reads(const struct apa_vhost *v, uint32_t file);
/* Has the virtual host the directive (in lower case), and is this its first argument? */
bool apa_vhost_says(const struct apa_conf *c, const struct apa_vhost *v, const char *directive, const char *value);

#endif
