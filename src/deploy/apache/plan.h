/* What is to be changed in an Apache configuration. Virtual hosts that speak TLS get the certificate; for one that does
 * not, a twin is written into a file of its own (certbot's *-le-ssl.conf), inside IfModule mod_ssl.c. */
#ifndef DEPLOY_APACHE_PLAN_H
#define DEPLOY_APACHE_PLAN_H

#include "deploy/apache/conf.h"
#include "deploy/apache/server.h"
#include "deploy/change.h"
#include "deploy/installer.h"

struct apa_wish {
    const struct strlist *names;
    const char *cert, *key; /* NULL: no certificate is to be put in */
    const char *options;    /* our file of TLS settings */
    unsigned http_port, https_port;
    bool redirect, hsts, uir, staple;
    const char *hsts_seed; /* --auto-hsts: random, for identities; NULL: not wanted */
    unsigned hsts_age;     /* what it begins with */
    ptrdiff_t twin;        /* which virtual host's twin is being written */
    struct hsts_raise *raise;
    size_t n_raises;
};

/* Fills `changes` from nothing; what is right already is in none. `where` (may be NULL): the file for each name.
 * SIGNET_ENOTFOUND when a name has no virtual host, or a module is needed that cannot be had. */
int apa_plan(const struct apa_conf *c, const struct apa_server *s, const struct apa_wish *w, struct changes *changes,
             struct strlist *where, struct err *e);

/* Addresses at which a virtual host is reached on that port, at most `max`; one that is given by a host name is left
 * out. They need not be this machine's: one configuration may serve several machines. */
size_t apa_places(const struct apa_conf *c, uint32_t vhost, unsigned port, struct probe_place *ret, size_t max);
#define APA_PLACES_MAX 64u

/* What enables a module, with what it depends on: --apache-enmod, else links where there is mods-available; nothing
 * when it is loaded. `more` gets what will be there. */
int apa_need_module(const struct apa_conf *c, const struct apa_server *s, const char *name, struct changes *changes,
                    struct strlist *more, struct err *e);

/* The identities that these changes bring. */
int apa_hsts_new(const struct changes *c, struct strlist *ret);

/* For http-01: each virtual host on the http port that fits one of the names includes `pre` at its top; where there is
 * none on that port at all, the main server does. */
int apa_plan_challenge(const struct apa_conf *c, const struct strlist *names, unsigned http_port, const char *pre,
                       struct changes *changes, struct err *e);

#endif
