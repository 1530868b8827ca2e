#include "deploy/nginx/server.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "deploy/installation.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM           "deploy.nginx"
#define DEFAULT_ROOT   "/etc/nginx"
#define OTHER_ROOT     "/usr/local/etc/nginx"
#define DEFAULT_LOG    "/var/log/nginx/error.log"
#define DEFAULT_PID    "/run/nginx.pid"
#define SETTLE_MS      1000 /* where the workers cannot be seen */
#define LOG_BYTES_MAX  65536
#define PROVE_WAIT_MS  30000 /* a reload returns before the new workers are there */
#define PAUSE_MS       20
#define SETTLE_WAIT_MS 5000

/* ---- finding it ---- */

static int find_conf(struct ngx_server_ctl *s, const struct record *server, struct err *e)
{
    BUF_AUTO(root, SERVER_PATH_MAX);
    BUF_AUTO(conf, SERVER_PATH_MAX);
    const char *noted = server ? record_get(server, "conf") : NULL;
    int rc = fs_absolute(s->base.root, &root, e);
    if (rc)
        return rc;
    fs_join(&conf, buf_z(&root), "nginx.conf");
    if (noted) {
        buf_clear(&conf);
        buf_addz(&conf, noted);
    }
    free(s->base.root);
    s->base.root = buf_take(&root);
    s->conf = buf_take(&conf);
    if (!s->base.root || !s->conf)
        return err_nomem(e);
    if (fs_exists(AT_FDCWD, s->conf))
        return 0;
    err_set(e, SIGNET_ENOTFOUND, "Could not find nginx's configuration: there is no %s", s->conf);
    err_hint(e, "--nginx-server-root names the folder that holds nginx.conf.");
    return SIGNET_ENOTFOUND;
}

int ngx_ctl_open(struct ngx_server_ctl *s, struct loop *l, const struct request *req, const struct record *server,
                 struct err *e)
{
    bool other = !fs_exists(AT_FDCWD, DEFAULT_ROOT "/nginx.conf") && fs_exists(AT_FDCWD, OTHER_ROOT "/nginx.conf");
    *s = (struct ngx_server_ctl){
        .base = { .ops = &ngx_server_ops, .loop = l, .require_sandbox = req && req->require_sandbox }
    };
    s->base.ctl = server_choose(req, server, "nginx_ctl", "ctl", "nginx");
    s->base.root = server_choose(req, server, "nginx_server_root", "root", other ? OTHER_ROOT : DEFAULT_ROOT);
    int rc = s->base.ctl && s->base.root ? find_conf(s, server, e) : err_nomem(e);
    if (rc)
        ngx_ctl_close(s);
    return rc;
}

void ngx_ctl_close(struct ngx_server_ctl *s)
{
    server_done(&s->base);
    free(s->conf);
    free(s->error_log);
    free(s->pid_file);
    *s = (struct ngx_server_ctl){ 0 };
}

int ngx_ctl_learn(struct ngx_server_ctl *s, const struct ngx_conf *c)
{
    struct ngx_at at;
    BUF_AUTO(path, SERVER_PATH_MAX);
    if (ngx_find_in(c, (struct ngx_at){ 0, 0 }, "error_log", &at))
        ngx_value(ngx_tree_of(c, at), ngx_node_of(c, at), 1, &path);
    else
        buf_addz(&path, DEFAULT_LOG);
    free(s->error_log);
    s->error_log = path.n && path.p[0] == '/' ? buf_take(&path) : NULL;
    BUF_AUTO(pid, SERVER_PATH_MAX);
    if (ngx_find_in(c, (struct ngx_at){ 0, 0 }, "pid", &at))
        ngx_value(ngx_tree_of(c, at), ngx_node_of(c, at), 1, &pid);
    else
        buf_addz(&pid, DEFAULT_PID);
    free(s->pid_file);
    s->pid_file = pid.n && pid.p[0] == '/' ? buf_take(&pid) : NULL;
    return 0;
}

/* ---- its log ---- */

static int64_t log_size(const struct ngx_server_ctl *s)
{
    struct stat st;
    return s->error_log && stat(s->error_log, &st) == 0 && S_ISREG(st.st_mode) ? (int64_t)st.st_size : 0;
}

static bool is_complaint(signet_str line)
{
    static const char *const marks[] = { "[emerg]", "[alert]", "[crit]", "[error]" };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (str_find(line, str_of(marks[i])))
            return true;
    return false;
}

bool ngx_ctl_log(const struct ngx_server_ctl *s, struct buf *to)
{
    int fd = s->error_log ? open(s->error_log, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
    char *text = malloc(LOG_BYTES_MAX);
    ssize_t n = fd >= 0 && text ? pread(fd, text, LOG_BYTES_MAX, s->log_at) : -1;
    signet_str line, rest = { text, n > 0 ? (size_t)n : 0 };
    while (rest.n && to->n < SERVER_WORDS_MAX) {
        (void)str_cut(rest, '\n', &line, &rest);
        if (!is_complaint(line))
            continue;
        buf_addz(to, to->n ? "\n" : "");
        buf_add_escaped(to, line, SERVER_WORDS_MAX / 2);
    }
    free(text);
    if (fd >= 0)
        close(fd);
    return to->n && strstr(buf_z(to), "[emerg]");
}

/* ---- running it ---- */

static int run(struct ngx_server_ctl *s, const char *a, const char *b, struct child_result *ret, struct err *e)
{
    const char *const argv[] = { s->base.ctl, "-c", s->conf, a, b, NULL };
    return server_run(&s->base, argv, ret, e);
}

static int on_test(struct server *base, struct err *e)
{
    struct ngx_server_ctl *s = (struct ngx_server_ctl *)base;
    struct child_result r = { 0 };
    BUF_AUTO(words, SERVER_WORDS_MAX * 2);
    int rc = run(s, "-t", NULL, &r, e);
    if (rc)
        return rc;
    if (r.exit_code) {
        server_add_words(&r, &words);
        rc = err_set(e, SIGNET_ESTATE, "nginx does not accept its configuration (%s -c %s -t):\n%s", base->ctl, s->conf,
                     buf_z(&words));
    }
    child_result_done(&r);
    return rc;
}

static int start(struct ngx_server_ctl *s, const struct buf *why, struct err *e)
{
    struct child_result r = { 0 };
    BUF_AUTO(words, SERVER_WORDS_MAX * 2);
    int rc = run(s, NULL, NULL, &r, e);
    if (rc)
        return rc;
    if (r.exit_code) {
        server_add_words(&r, &words);
        rc = err_set(e, SIGNET_ESTATE, "nginx could be neither reloaded nor started.\nReloading: %s\nStarting: %s",
                     buf_z(why), buf_z(&words));
    } else {
        log_warn(ROOM, "nginx was not running and has been started with %s -c %s", s->base.ctl, s->conf);
    }
    child_result_done(&r);
    return rc;
}

static int on_reload(struct server *base, struct err *e)
{
    struct ngx_server_ctl *s = (struct ngx_server_ctl *)base;
    struct child_result r = { 0 };
    BUF_AUTO(words, SERVER_WORDS_MAX * 2);
    s->log_at = log_size(s);
    ngx_workers_note(&s->old, s->pid_file);
    int rc = run(s, "-s", "reload", &r, e);
    if (rc)
        return rc;
    server_add_words(&r, &words);
    if (r.exit_code)
        rc = start(s, &words, e);
    s->reloaded = clock_mono_ms();
    child_result_done(&r);
    return rc;
}

bool ngx_ctl_settled(const struct ngx_server_ctl *s)
{
    return s->old.known ? ngx_workers_stopped(&s->old) : clock_mono_ms() - s->reloaded >= SETTLE_MS;
}

static int on_describe(const struct server *base, struct record *ret)
{
    return record_addz(ret, "conf", ((const struct ngx_server_ctl *)base)->conf);
}

static int on_tell(struct server *base, struct err *e)
{
    struct ngx_server_ctl *s = (struct ngx_server_ctl *)base;
    struct ngx_conf conf = { 0 };
    if (ngx_conf_load(&conf, s->conf, NULL) == 0) /* if it cannot be read, nginx will say why */
        (void)ngx_ctl_learn(s, &conf);
    ngx_conf_done(&conf);
    int rc = on_reload(base, e);
    if (!rc)
        ngx_ctl_settle(s);
    return rc;
}

const struct server_ops ngx_server_ops = {
    .plugin = "nginx", .name = "nginx", .test = on_test, .reload = on_reload, .tell = on_tell, .describe = on_describe
};

void ngx_ctl_settle(struct ngx_server_ctl *s)
{
    int64_t until = clock_mono_ms() + SETTLE_WAIT_MS;
    while (!ngx_ctl_settled(s) && clock_mono_ms() < until)
        if (server_pause(&s->base, PAUSE_MS))
            return;
}

/* ---- looking from outside ---- */

size_t ngx_ctl_places(const struct ngx_listen *l, unsigned port, struct probe_place ret[2])
{
    const char *any = l->family == NGX_IPV6 ? "::1" : "127.0.0.1";
    ret[0] = (struct probe_place){ .port = port >= l->port && port <= l->port_to ? port : l->port,
                                   .proxy_protocol = l->proxy_protocol };
    (void)snprintf(ret->ip, sizeof ret->ip, "%.*s", (int)sizeof ret->ip - 1, l->addr[0] ? l->addr : any);
    struct in6_addr ip;
    if (inet_pton(AF_INET, ret->ip, &ip) != 1 && inet_pton(AF_INET6, ret->ip, &ip) != 1)
        return 0;
    ret[1] = ret[0];
    memcpy(ret[1].ip, "127.0.0.1", sizeof "127.0.0.1");
    return l->dual ? 2 : 1;
}

struct proving {
    struct ngx_server_ctl *s;
    struct ngx_plan *p;
    const struct server_proof *v;
    uint32_t *listen; /* room for all */
};

static int prove_one(void *ctx, size_t i, struct err *e)
{
    struct proving *x = ctx;
    if (!ngx_ctl_settled(x->s))
        return err_set(e, SIGNET_ETIMEOUT, "the workers of before still take connections");
    uint32_t n = ngx_plan_places(x->p, x->v[i].name, true, x->listen);
    int rc = n ? 0 : err_set(e, SIGNET_ECERT, "there is no listener for %s with TLS", x->v[i].name);
    for (uint32_t k = 0; !rc && k < n; k++) {
        struct probe_place at[2];
        size_t places = ngx_ctl_places(&x->p->servers.listen[x->listen[k]], x->p->https_port, at);
        for (size_t m = 0; !rc && m < places; m++)
            rc = server_serves(&x->s->base, &at[m], &x->v[i], e);
    }
    return rc;
}

static bool complaints(const struct server *s, struct buf *words)
{
    return ngx_ctl_log((const struct ngx_server_ctl *)s, words);
}

int ngx_ctl_prove(struct ngx_server_ctl *s, struct ngx_plan *p, const struct server_proof *v, size_t n, struct err *e)
{
    struct proving x = { s, p, v, calloc(p->servers.n_listens + 1, sizeof(uint32_t)) };
    const struct installation_proof proof = { .server = &s->base,
                                              .n = n,
                                              .one = prove_one,
                                              .complaints = complaints,
                                              .ctx = &x,
                                              .looks = 1,
                                              .wait_ms = PROVE_WAIT_MS,
                                              .pause_ms = PAUSE_MS };
    int rc = x.listen ? installation_prove(&proof, e) : err_nomem(e);
    free(x.listen);
    return rc;
}
