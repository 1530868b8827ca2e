#include "deploy/server.h"

#include "base/clock.h"
#include "base/fs.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

char *server_choose(const struct request *req, const struct record *noted, const char *option, const char *key,
                    const char *otherwise)
{
    const char *was = noted ? record_get(noted, key) : NULL;
    const char *given = req ? request_plugin_option(req, option) : NULL;
    return str_dup(str_of(was ? was : given && *given ? given : otherwise));
}

void server_done(struct server *s)
{
    prober_free(s->prober);
    lock_release(s->lock);
    free(s->ctl);
    free(s->root);
    *s = (struct server){ 0 };
}

/* ---- one and the same ---- */

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;
    return !strcmp(a, b) || (!stat(a, &x) && !stat(b, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino);
}

/* The file of a program that is named as for a shell. */
static void program_path(const char *name, struct buf *to)
{
    const char *path = getenv("PATH");
    signet_str part, rest = str_of(path ? path : "");
    while (!strchr(name, '/') && rest.n) {
        (void)str_cut(rest, ':', &part, &rest);
        buf_clear(to);
        buf_addf(to, "%.*s/%s", STR_ARG(part), name);
        if (!access(buf_z(to), X_OK))
            return;
    }
    buf_clear(to);
    buf_addz(to, name);
}

bool server_same(const struct server *a, const struct server *b)
{
    BUF_AUTO(x, SERVER_PATH_MAX);
    BUF_AUTO(y, SERVER_PATH_MAX);
    program_path(a->ctl, &x);
    program_path(b->ctl, &y);
    return a->ops == b->ops && same_file(a->root, b->root) && same_file(buf_z(&x), buf_z(&y));
}

int server_lock(struct server *s, struct err *e)
{
    BUF_AUTO(path, SERVER_PATH_MAX);
    fs_join(&path, s->root, ".certbot.lock");
    int rc = s->lock ? 0 : lock_take(&s->lock, buf_z(&path), e);
    return rc == SIGNET_EBUSY ? err_set(e, rc, "Unable to lock %s: another program is changing it", s->root) : rc;
}

int server_begin(struct server *s, struct err *e)
{
    int rc = server_lock(s, e);
    if (!rc && (rc = s->ops->test(s, e)))
        err_hint(e, "It was like that before anything was changed. Please mend it and try again.");
    return rc;
}

int server_tell(struct server *s, struct err *e)
{
    return s->ops->tell ? s->ops->tell(s, e) : s->ops->reload(s, e);
}

int server_describe(const struct server *s, struct record *ret)
{
    int rc = record_addz(ret, "installer", s->ops->plugin);
    rc = rc ? rc : record_addz(ret, "ctl", s->ctl);
    rc = rc ? rc : record_addz(ret, "root", s->root);
    return rc || !s->ops->describe ? rc : s->ops->describe(s, ret);
}

/* ---- its program ---- */

int server_run(struct server *s, const char *const *argv, struct child_result *ret, struct err *e)
{
    const struct child_spec spec = { .argv = argv, .timeout_ms = SERVER_RUN_MAX_MS };
    int rc = child_run(s->loop, &spec, ret, e);
    if (rc == SIGNET_ESYS)
        err_hint(e, "Is %s installed? --%s-ctl names its program.", s->ops->name, s->ops->plugin);
    return rc;
}

void server_add_words(const struct child_result *r, struct buf *to)
{
    const struct buf *both[] = { &r->err, &r->out };
    for (size_t i = 0; i < 2; i++) {
        signet_str line, rest = buf_str(both[i]);
        while (rest.n && to->n < SERVER_WORDS_MAX) {
            (void)str_cut(rest, '\n', &line, &rest);
            buf_addz(to, to->n && line.n ? "\n" : "");
            buf_add_escaped(to, line, SERVER_WORDS_MAX / 2);
        }
    }
}

int server_pause(struct server *s, int ms)
{
    int64_t until = clock_mono_ms() + ms, now;
    int rc = 0;
    while (!rc && (now = clock_mono_ms()) < until)
        rc = loop_step(s->loop, (int)(until - now));
    return rc;
}

/* ---- looking from outside ---- */

static int get_prober(struct server *s, struct err *e)
{
    return s->prober ? 0 : prober_new(&s->prober, s->loop, s->require_sandbox, e);
}

bool server_is_here(const char *ip)
{
    struct in6_addr six;
    struct in_addr four;
    struct ifaddrs *all = NULL;
    bool is_six = inet_pton(AF_INET6, ip, &six) == 1, is_four = !is_six && inet_pton(AF_INET, ip, &four) == 1;
    bool found = getifaddrs(&all) != 0; /* unknown: then it is tried */
    found |= is_four && ntohl(four.s_addr) >> 24 == 127;
    for (const struct ifaddrs *a = all; !found && a; a = a->ifa_next) {
        if (!a->ifa_addr)
            continue;
        if (is_four && a->ifa_addr->sa_family == AF_INET)
            found = !memcmp(&((const struct sockaddr_in *)(const void *)a->ifa_addr)->sin_addr, &four, sizeof four);
        if (is_six && a->ifa_addr->sa_family == AF_INET6)
            found = !memcmp(&((const struct sockaddr_in6 *)(const void *)a->ifa_addr)->sin6_addr, &six, sizeof six);
    }
    freeifaddrs(all);
    return found;
}

int server_serves(struct server *s, const struct probe_place *at, const struct server_proof *v, struct err *e)
{
    BUF_AUTO(name, 1024);
    uint8_t seen[32];
    bool wild = str_starts(str_of(v->name), STR("*."));
    buf_addf(&name, "%s%s", wild ? "signet-proof" : "", wild ? v->name + 1 : v->name);
    int rc = get_prober(s, e);
    if (rc)
        return rc;
    if ((rc = prober_leaf(s->prober, at, buf_z(&name), v->key, seen, e)))
        return err_wrap(e, "%s is not served on %s port %u", v->name, at->ip, at->port);
    if (memcmp(seen, v->sha256, sizeof seen) == 0)
        return 0;
    return err_set(e, SIGNET_ECERT, "for %s, another certificate than the new one is served on %s port %u", v->name,
                   at->ip, at->port);
}

int server_answers(struct server *s, const struct probe_place *at, const char *name, const char *path, signet_str body,
                   struct err *e)
{
    int rc = get_prober(s, e);
    if (!rc && (rc = prober_http(s->prober, at, name, path, body, e)))
        err_wrap(e, "http://%s%s on %s port %u", name, path, at->ip, at->port);
    return rc;
}
