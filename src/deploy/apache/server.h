/* The Apache on this machine: where its distribution has it, its control program, a look from outside. */
#ifndef DEPLOY_APACHE_SERVER_H
#define DEPLOY_APACHE_SERVER_H

#include "base/lock.h"
#include "base/record.h"
#include "net/loop.h"
#include "net/prober.h"
#include "options/request.h"

/* One row for each family of distributions. */
struct apa_layout {
    const char *ids; /* of /etc/os-release, space separated; the first row is the default */
    const char *root, *ctl;
};

struct apa_server {
    struct loop *loop;
    char *ctl, *root; /* owned */
    const char *ext;  /* of the files with the virtual hosts for TLS */
    bool handle_modules, handle_sites, require_sandbox;
    struct lock *lock;
    struct prober *prober;
};

int apa_server_open(struct apa_server *s, struct loop *l, const struct request *req, const struct record *server,
                    struct err *e);
int apa_server_lock(struct apa_server *s, struct err *e); /* certbot's */
void apa_server_close(struct apa_server *s);
int apa_server_describe(const struct apa_server *s, struct record *ret);

/* Errors hold Apache's own words. */
int apa_server_test(struct apa_server *s, struct err *e);
int apa_server_reload(struct apa_server *s, struct err *e); /* gracefully; starts it when it does not run */
/* What it says about its files, modules and defines, for apa_conf_read. */
int apa_server_dump(struct apa_server *s, struct buf *ret, struct err *e);

struct apa_proof {
    const char *name;
    struct probe_place place;
    uint8_t sha256[32];
    enum probe_key key;
};
/* Waits until all are served. */
int apa_server_prove(struct apa_server *s, const struct apa_proof *v, size_t n, struct err *e);
/* Is http://name/path answered with the body? One look. */
int apa_server_answers(struct apa_server *s, const struct probe_place *at, const char *name, const char *path,
                       signet_str body, struct err *e);

#endif
