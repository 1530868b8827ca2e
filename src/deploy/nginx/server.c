#include "deploy/nginx/server.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "net/child.h"
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
#define RUN_TIMEOUT_MS 120000
#define WORDS_MAX      1200u /* of nginx, in a message */
#define LOG_BYTES_MAX  65536
#define PROVE_WAIT_MS  30000 /* a reload returns before the new workers are there */
#define PROVE_PAUSE_MS 20
#define SETTLE_WAIT_MS 5000
#define PATH_BYTES_MAX 8192u

/* ---- finding it ---- */

static char *chosen(const struct request *req, const struct record *server, const char *option, const char *key,
                    const char *otherwise)
{
    const char *noted = server ? record_get(server, key) : NULL;
    const char *given = req ? request_plugin_option(req, option) : NULL;
    return str_dup(str_of(noted ? noted : given && *given ? given : otherwise));
}

static int find_conf(struct ngx_server_ctl *s, const struct record *server, struct err *e)
{
    BUF_AUTO(root, PATH_BYTES_MAX);
    BUF_AUTO(conf, PATH_BYTES_MAX);
    const char *noted = server ? record_get(server, "conf") : NULL;
    int rc = fs_absolute(s->root, &root, e);
    if (rc)
        return rc;
    fs_join(&conf, buf_z(&root), "nginx.conf");
    if (noted) {
        buf_clear(&conf);
        buf_addz(&conf, noted);
    }
    free(s->root);
    s->root = buf_take(&root);
    s->conf = buf_take(&conf);
    if (!s->root || !s->conf)
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
    *s = (struct ngx_server_ctl){ .loop = l, .require_sandbox = req && req->require_sandbox };
    s->ctl = chosen(req, server, "nginx_ctl", "ctl", "nginx");
    s->root = chosen(req, server, "nginx_server_root", "root", other ? OTHER_ROOT : DEFAULT_ROOT);
    int rc = s->ctl && s->root ? find_conf(s, server, e) : err_nomem(e);
    if (rc)
        ngx_ctl_close(s);
    return rc;
}

int ngx_ctl_lock(struct ngx_server_ctl *s, struct err *e)
{
    BUF_AUTO(path, PATH_BYTES_MAX);
    fs_join(&path, s->root, ".certbot.lock");
    int rc = s->lock ? 0 : lock_take(&s->lock, buf_z(&path), e);
    return rc == SIGNET_EBUSY ? err_set(e, rc, "Unable to lock %s: another program is changing it", s->root) : rc;
}

void ngx_ctl_close(struct ngx_server_ctl *s)
{
    prober_free(s->prober);
    lock_release(s->lock);
    free(s->ctl);
    free(s->root);
    free(s->conf);
    free(s->error_log);
    free(s->pid_file);
    *s = (struct ngx_server_ctl){ 0 };
}

int ngx_ctl_describe(const struct ngx_server_ctl *s, struct record *ret)
{
    int rc = record_addz(ret, "installer", "nginx");
    rc = rc ? rc : record_addz(ret, "ctl", s->ctl);
    rc = rc ? rc : record_addz(ret, "root", s->root);
    return rc ? rc : record_addz(ret, "conf", s->conf);
}

int ngx_ctl_learn(struct ngx_server_ctl *s, const struct ngx_conf *c)
{
    struct ngx_at at;
    BUF_AUTO(path, PATH_BYTES_MAX);
    if (ngx_find_in(c, (struct ngx_at){ 0, 0 }, "error_log", &at))
        ngx_value(ngx_tree_of(c, at), ngx_node_of(c, at), 1, &path);
    else
        buf_addz(&path, DEFAULT_LOG);
    free(s->error_log);
    s->error_log = path.n && path.p[0] == '/' ? buf_take(&path) : NULL;
    BUF_AUTO(pid, PATH_BYTES_MAX);
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
        if (line.n && memmem(line.p, line.n, marks[i], strlen(marks[i])))
            return true;
    return false;
}

void ngx_ctl_log(const struct ngx_server_ctl *s, struct buf *to)
{
    int fd = s->error_log ? open(s->error_log, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
    char *text = malloc(LOG_BYTES_MAX);
    ssize_t n = fd >= 0 && text ? pread(fd, text, LOG_BYTES_MAX, s->log_at) : -1;
    signet_str line, rest = { text, n > 0 ? (size_t)n : 0 };
    while (rest.n && to->n < WORDS_MAX) {
        (void)str_cut(rest, '\n', &line, &rest);
        if (!is_complaint(line))
            continue;
        buf_addz(to, to->n ? "\n" : "");
        buf_add_escaped(to, line, WORDS_MAX / 2);
    }
    free(text);
    if (fd >= 0)
        close(fd);
}

/* ---- running it ---- */

static int run(struct ngx_server_ctl *s, const char *a, const char *b, struct child_result *ret, struct err *e)
{
    const char *const argv[] = { s->ctl, "-c", s->conf, a, b, NULL };
    const struct child_spec spec = { .argv = argv, .timeout_ms = RUN_TIMEOUT_MS };
    int rc = child_run(s->loop, &spec, ret, e);
    if (rc == SIGNET_ESYS)
        err_hint(e, "Is nginx installed? --nginx-ctl names its program.");
    return rc;
}

/* What it said, for a message: each line escaped, the whole cut. */
static void add_words(const struct child_result *r, struct buf *to)
{
    signet_str line, rest = r->err.n ? buf_str(&r->err) : buf_str(&r->out);
    while (rest.n && to->n < WORDS_MAX) {
        (void)str_cut(rest, '\n', &line, &rest);
        buf_addz(to, to->n && line.n ? "\n" : "");
        buf_add_escaped(to, line, WORDS_MAX / 2);
    }
}

int ngx_ctl_test(struct ngx_server_ctl *s, struct err *e)
{
    struct child_result r = { 0 };
    BUF_AUTO(words, WORDS_MAX * 2);
    int rc = run(s, "-t", NULL, &r, e);
    if (rc)
        return rc;
    if (r.exit_code) {
        add_words(&r, &words);
        rc = err_set(e, SIGNET_ESTATE, "nginx does not accept its configuration (%s -c %s -t):\n%s", s->ctl, s->conf,
                     buf_z(&words));
    }
    child_result_done(&r);
    return rc;
}

static int start(struct ngx_server_ctl *s, const struct buf *why, struct err *e)
{
    struct child_result r = { 0 };
    BUF_AUTO(words, WORDS_MAX * 2);
    int rc = run(s, NULL, NULL, &r, e);
    if (rc)
        return rc;
    if (r.exit_code) {
        add_words(&r, &words);
        rc = err_set(e, SIGNET_ESTATE, "nginx could be neither reloaded nor started.\nReloading: %s\nStarting: %s",
                     buf_z(why), buf_z(&words));
    } else {
        log_warn(ROOM, "nginx was not running and has been started with %s -c %s", s->ctl, s->conf);
    }
    child_result_done(&r);
    return rc;
}

int ngx_ctl_reload(struct ngx_server_ctl *s, struct err *e)
{
    struct child_result r = { 0 };
    BUF_AUTO(words, WORDS_MAX * 2);
    s->log_at = log_size(s);
    ngx_workers_note(&s->old, s->pid_file);
    int rc = run(s, "-s", "reload", &r, e);
    if (rc)
        return rc;
    add_words(&r, &words);
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

/* Sleeps inside the loop. */
static int pause_a_bit(struct loop *l)
{
    int64_t until = clock_mono_ms() + PROVE_PAUSE_MS, now;
    int rc = 0;
    while (!rc && (now = clock_mono_ms()) < until)
        rc = loop_step(l, (int)(until - now));
    return rc;
}

void ngx_ctl_settle(struct ngx_server_ctl *s)
{
    int64_t until = clock_mono_ms() + SETTLE_WAIT_MS;
    while (!ngx_ctl_settled(s) && clock_mono_ms() < until)
        if (pause_a_bit(s->loop))
            return;
}

/* ---- looking from outside ---- */

bool ngx_ctl_place(const struct ngx_listen *l, unsigned port, struct probe_place *ret)
{
    const char *any = l->family == NGX_IPV6 ? "::1" : "127.0.0.1";
    *ret = (struct probe_place){ .port = port >= l->port && port <= l->port_to ? port : l->port,
                                 .proxy_protocol = l->proxy_protocol };
    (void)snprintf(ret->ip, sizeof ret->ip, "%.*s", (int)sizeof ret->ip - 1, l->addr[0] ? l->addr : any);
    struct in6_addr ip;
    return inet_pton(AF_INET, ret->ip, &ip) == 1 || inet_pton(AF_INET6, ret->ip, &ip) == 1;
}

static int get_prober(struct ngx_server_ctl *s, struct err *e)
{
    return s->prober ? 0 : prober_new(&s->prober, s->loop, s->require_sandbox, e);
}

static int prove_at(struct ngx_server_ctl *s, const struct probe_place *at, const struct ngx_proof *v, struct err *e)
{
    BUF_AUTO(name, 1024);
    uint8_t seen[32];
    bool wild = str_starts(str_of(v->name), STR("*."));
    buf_addf(&name, "%s%s", wild ? "signet-proof" : "", wild ? v->name + 1 : v->name);
    int rc = prober_leaf(s->prober, at, buf_z(&name), v->key, seen, e);
    if (rc)
        return err_wrap(e, "%s is not served on %s port %u", v->name, at->ip, at->port);
    if (memcmp(seen, v->sha256, sizeof seen) == 0)
        return 0;
    return err_set(e, SIGNET_ECERT, "for %s, another certificate than the new one is served on %s port %u", v->name,
                   at->ip, at->port);
}

static int prove_once(struct ngx_server_ctl *s, struct ngx_plan *p, const struct ngx_proof *v, size_t n, size_t *from,
                      struct err *e)
{
    uint32_t *listen = calloc(p->servers.n_listens + 1, sizeof *listen);
    if (!listen)
        return err_nomem(e);
    int rc = ngx_ctl_settled(s) ? 0 : err_set(e, SIGNET_ETIMEOUT, "the workers of before still take connections");
    for (; !rc && *from < n; *from += !rc) {
        uint32_t count = ngx_plan_places(p, v[*from].name, true, listen);
        if (!count)
            rc = err_set(e, SIGNET_ECERT, "there is no listener for %s with TLS", v[*from].name);
        for (uint32_t i = 0; !rc && i < count; i++) {
            struct probe_place at;
            if (ngx_ctl_place(&p->servers.listen[listen[i]], p->https_port, &at))
                rc = prove_at(s, &at, &v[*from], e);
        }
    }
    free(listen);
    return rc;
}

int ngx_ctl_prove(struct ngx_server_ctl *s, struct ngx_plan *p, const struct ngx_proof *v, size_t n, struct err *e)
{
    BUF_AUTO(words, WORDS_MAX * 2);
    int64_t until = clock_mono_ms() + PROVE_WAIT_MS;
    size_t from = 0;
    int rc = get_prober(s, e);
    if (rc)
        return rc;
    while ((rc = prove_once(s, p, v, n, &from, e)) && rc != SIGNET_ENOMEM && rc != SIGNET_ESYS) {
        ngx_ctl_log(s, &words);
        bool refused = words.n && strstr(buf_z(&words), "[emerg]"); /* waiting longer would change nothing */
        if (clock_mono_ms() >= until || refused || pause_a_bit(s->loop))
            break;
        buf_clear(&words);
        err_clear(e);
    }
    if (!rc)
        return 0;
    if (words.n)
        return err_wrap(e, "nginx has been reloaded but does not do what its configuration says.\n%s\n", buf_z(&words));
    err_wrap(e, "nginx has been reloaded but does not do what its configuration says");
    err_hint(e, "--no-verify-deploy leaves this check out, for an nginx that cannot be reached on this machine.");
    return rc;
}

int ngx_ctl_answers(struct ngx_server_ctl *s, const struct probe_place *at, size_t n, const struct ngx_token *v,
                    struct err *e)
{
    BUF_AUTO(path, 512);
    int rc = get_prober(s, e);
    buf_addf(&path, "/.well-known/acme-challenge/%s", v->token);
    for (size_t i = 0; !rc && i < n; i++)
        if ((rc = prober_http(s->prober, &at[i], v->name, buf_z(&path), str_of(v->key_auth), e)))
            err_wrap(e, "http://%s%s on %s port %u", v->name, buf_z(&path), at[i].ip, at[i].port);
    return rc;
}
