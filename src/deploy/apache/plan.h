/* What is to be changed in an Apache configuration. Virtual hosts that speak TLS get the certificate; for one that does
 * not, a twin is written into a file of its own (certbot's *-le-ssl.conf), inside IfModule mod_ssl.c. */
#ifndef DEPLOY_APACHE_PLAN_H
#define DEPLOY_APACHE_PLAN_H

#include "deploy/apache/conf.h"
#include "deploy/apache/server.h"
#include "deploy/change.h"

struct apa_wish {
    const struct strlist *names;
    const char *cert, *key; /* NULL: no certificate is to be put in */
    const char *options;    /* our file of TLS settings */
    unsigned http_port, https_port;
    bool redirect, hsts, uir, staple;
};

/* Fills `changes` from nothing; what is right already is in none. `where` (may be NULL): the file for each name.
 * SIGNET_ENOTFOUND when a name has no virtual host, or a module is needed that cannot be had. */
int apa_plan(const struct apa_conf *c, const struct apa_server *s, const struct apa_wish *w, struct changes *changes,
             struct strlist *where, struct err *e);

/* Which virtual host answers: the first that fits, as Apache takes it. -1: none. */
int64_t apa_pick(const struct apa_conf *c, const char *name, unsigned port, bool ssl);
/* An address of this machine to reach it. */
void apa_place(const struct apa_conf *c, uint32_t vhost, unsigned port, struct probe_place *ret);

/* Links that enable a module where there is mods-available, with what it depends on; nothing when it is loaded. */
int apa_need_module(const struct apa_conf *c, const struct apa_server *s, const char *name, struct changes *changes,
                    struct strlist *more, struct err *e);

/* For http-01: each virtual host on the http port that fits one of the names includes `pre` at its top. */
int apa_plan_challenge(const struct apa_conf *c, const struct strlist *names, unsigned http_port, const char *pre,
                       struct changes *changes, struct err *e);

#endif
