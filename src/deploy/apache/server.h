/* The Apache on this machine: where it is by its distribution and the options, its control program. */
#ifndef DEPLOY_APACHE_SERVER_H
#define DEPLOY_APACHE_SERVER_H

#include "deploy/apache/layout.h"
#include "deploy/server.h"

struct apa_server {
    struct server base;
    const struct apa_layout *layout;
    char *bin;                  /* Apache itself, asked when the control program does not answer; may be NULL */
    char *sites, *logs;         /* folders: of single sites, of logs */
    char *challenge;            /* folder of the file that answers challenges */
    char *pid_file;             /* as it says itself, when it was asked; NULL: not known */
    const char *ext;            /* of the files with the virtual hosts for TLS */
    const char *enmod, *dismod; /* programs that the options name; enmod NULL: links are made */
    bool own_sites;             /* twins go to `sites`, not beside their originals */
    bool handle_modules, handle_sites;
};

extern const struct server_ops apa_server_ops;

int apa_server_open(struct apa_server *s, struct loop *l, const struct request *req, const struct record *server,
                    struct err *e);
void apa_server_close(struct apa_server *s);

/* What it says about its files, modules and defines, for apa_conf_read. */
int apa_server_dump(struct apa_server *s, struct buf *ret, struct err *e);

#endif
