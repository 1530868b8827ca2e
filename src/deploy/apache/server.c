#include "deploy/apache/server.h"

#include "base/clock.h"
#include "base/fs.h"
#include "net/child.h"
#include <fcntl.h>
#include <stdlib.h>

#define RUN_TIMEOUT_MS 120000
#define WORDS_MAX      1200u
#define WAIT_MS        15000 /* a graceful restart returns before it is done */
#define PAUSE_MS       30
#define STEADY         8u /* good looks in a row: children of before may still answer */
#define PATH_BYTES_MAX 8192u
#define DUMP_BYTES_MAX (4u << 20)

static const struct apa_layout layouts[] = {
    { "debian ubuntu", "/etc/apache2", "apache2ctl" },
    { "fedora rhel centos amzn ol", "/etc/httpd", "apachectl" },
    { "suse opensuse sles", "/etc/apache2", "apachectl" },
    { "gentoo", "/etc/apache2", "apache2ctl" },
    { "arch", "/etc/httpd", "apachectl" },
};

static bool has_word(const char *words, signet_str word)
{
    signet_str one, rest = str_of(words);
    while (rest.n) {
        (void)str_cut(rest, ' ', &one, &rest);
        if (str_eq(one, word))
            return true;
    }
    return false;
}

/* ID, else the first of ID_LIKE that we know. */
static const struct apa_layout *layout_here(void)
{
    BUF_AUTO(text, 65536);
    signet_str line, rest, key, value, word;
    if (fs_read(AT_FDCWD, "/etc/os-release", &text, NULL))
        return &layouts[0];
    for (int like = 0; like < 2; like++) {
        rest = buf_str(&text);
        while (rest.n) {
            (void)str_cut(rest, '\n', &line, &rest);
            if (!str_cut(line, '=', &key, &value) || !str_eq(key, like ? STR("ID_LIKE") : STR("ID")))
                continue;
            if (value.n >= 2 && value.p[0] == '"')
                value = (signet_str){ value.p + 1, value.n - 2 };
            while (value.n) {
                (void)str_cut(value, ' ', &word, &value);
                for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
                    if (has_word(layouts[i].ids, word))
                        return &layouts[i];
            }
        }
    }
    return &layouts[0];
}

static bool is_false(const char *value)
{
    return value && (str_ieq(str_of(value), STR("false")) || str_ieq(str_of(value), STR("no")) || !strcmp(value, "0"));
}

static char *chosen(const struct request *req, const struct record *server, const char *option, const char *key,
                    const char *otherwise)
{
    const char *noted = server ? record_get(server, key) : NULL;
    const char *given = req ? request_plugin_option(req, option) : NULL;
    return str_dup(str_of(noted ? noted : given && *given ? given : otherwise));
}

int apa_server_open(struct apa_server *s, struct loop *l, const struct request *req, const struct record *server,
                    struct err *e)
{
    const struct apa_layout *here = layout_here();
    const char *ext = req ? request_plugin_option(req, "apache_le_vhost_ext") : NULL;
    *s = (struct apa_server){
        .loop = l, .ext = ext && *ext ? ext : "-le-ssl.conf", .handle_modules = true, .handle_sites = true
    };
    if (req) {
        s->require_sandbox = req->require_sandbox;
        s->handle_modules = !is_false(request_plugin_option(req, "apache_handle_modules"));
        s->handle_sites = !is_false(request_plugin_option(req, "apache_handle_sites"));
    }
    s->ctl = chosen(req, server, "apache_ctl", "ctl", here->ctl);
    s->root = chosen(req, server, "apache_server_root", "root", here->root);
    if (!s->ctl || !s->root) {
        apa_server_close(s);
        return err_nomem(e);
    }
    if (fs_exists(AT_FDCWD, s->root))
        return 0;
    err_set(e, SIGNET_ENOTFOUND, "Could not find Apache's configuration: there is no %s", s->root);
    err_hint(e, "--apache-server-root names its folder.");
    apa_server_close(s);
    return SIGNET_ENOTFOUND;
}

int apa_server_lock(struct apa_server *s, struct err *e)
{
    BUF_AUTO(path, PATH_BYTES_MAX);
    fs_join(&path, s->root, ".certbot.lock");
    int rc = s->lock ? 0 : lock_take(&s->lock, buf_z(&path), e);
    return rc == SIGNET_EBUSY ? err_set(e, rc, "Unable to lock %s: another program is changing it", s->root) : rc;
}

void apa_server_close(struct apa_server *s)
{
    prober_free(s->prober);
    lock_release(s->lock);
    free(s->ctl);
    free(s->root);
    *s = (struct apa_server){ 0 };
}

int apa_server_describe(const struct apa_server *s, struct record *ret)
{
    int rc = record_addz(ret, "installer", "apache");
    rc = rc ? rc : record_addz(ret, "ctl", s->ctl);
    return rc ? rc : record_addz(ret, "root", s->root);
}

/* ---- its program ---- */

static void add_words(const struct child_result *r, struct buf *to)
{
    const struct buf *both[] = { &r->err, &r->out };
    for (size_t i = 0; i < 2; i++) {
        signet_str line, rest = buf_str(both[i]);
        while (rest.n && to->n < WORDS_MAX) {
            (void)str_cut(rest, '\n', &line, &rest);
            buf_addz(to, to->n && line.n ? "\n" : "");
            buf_add_escaped(to, line, WORDS_MAX / 2);
        }
    }
}

static int control(struct apa_server *s, const char *word, const char *what, struct err *e)
{
    const char *const argv[] = { s->ctl, word, NULL };
    const struct child_spec spec = { .argv = argv, .timeout_ms = RUN_TIMEOUT_MS };
    struct child_result r = { 0 };
    BUF_AUTO(words, WORDS_MAX * 2);
    int rc = child_run(s->loop, &spec, &r, e);
    if (rc == SIGNET_ESYS)
        err_hint(e, "Is Apache installed? --apache-ctl names its control program.");
    if (rc)
        return rc;
    if (r.exit_code) {
        add_words(&r, &words);
        rc = err_set(e, SIGNET_ESTATE, "%s (%s %s):\n%s", what, s->ctl, word, buf_z(&words));
    }
    child_result_done(&r);
    return rc;
}

int apa_server_test(struct apa_server *s, struct err *e)
{
    return control(s, "configtest", "Apache does not accept its configuration", e);
}

int apa_server_reload(struct apa_server *s, struct err *e)
{
    return control(s, "graceful", "Apache could not be reloaded", e);
}

int apa_server_dump(struct apa_server *s, struct buf *ret, struct err *e)
{
    const char *const argv[] = {
        s->ctl, "-t", "-D", "DUMP_INCLUDES", "-D", "DUMP_MODULES", "-D", "DUMP_RUN_CFG", NULL
    };
    const struct child_spec spec = { .argv = argv, .timeout_ms = RUN_TIMEOUT_MS };
    struct child_result r = { 0 };
    BUF_AUTO(words, WORDS_MAX * 2);
    int rc = child_run(s->loop, &spec, &r, e);
    if (rc)
        return rc;
    add_words(&r, &words);
    if (r.exit_code)
        rc = err_set(e, SIGNET_ESTATE, "Apache does not tell what it reads (%s -t -D DUMP_INCLUDES):\n%s", s->ctl,
                     buf_z(&words));
    buf_add(ret, buf_str(&r.out));
    buf_addc(ret, '\n');
    buf_add(ret, buf_str(&r.err));
    child_result_done(&r);
    return rc ? rc : buf_err(ret) ? err_nomem(e) : 0;
}

/* ---- looking from outside ---- */

static int get_prober(struct apa_server *s, struct err *e)
{
    return s->prober ? 0 : prober_new(&s->prober, s->loop, s->require_sandbox, e);
}

static int prove_once(struct apa_server *s, const struct apa_proof *v, size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t seen[32];
        const char *name = v[i].name;
        int rc = prober_leaf(s->prober, &v[i].place, name[0] == '*' ? name + 2 : name, v[i].key, seen, e);
        if (rc)
            return err_wrap(e, "%s is not served on %s port %u", name, v[i].place.ip, v[i].place.port);
        if (memcmp(seen, v[i].sha256, sizeof seen))
            return err_set(e, SIGNET_ECERT, "for %s, another certificate than the new one is served on %s port %u",
                           name, v[i].place.ip, v[i].place.port);
    }
    return 0;
}

static int pause_a_bit(struct loop *l)
{
    int64_t until = clock_mono_ms() + PAUSE_MS, now;
    int rc = 0;
    while (!rc && (now = clock_mono_ms()) < until)
        rc = loop_step(l, (int)(until - now));
    return rc;
}

int apa_server_prove(struct apa_server *s, const struct apa_proof *v, size_t n, struct err *e)
{
    int64_t until = clock_mono_ms() + WAIT_MS;
    unsigned good = 0;
    int rc = get_prober(s, e);
    if (rc)
        return rc;
    while (good < STEADY) {
        err_clear(e);
        rc = prove_once(s, v, n, e);
        good = rc ? 0 : good + 1;
        if (clock_mono_ms() >= until || rc == SIGNET_ESYS || rc == SIGNET_ENOMEM || pause_a_bit(s->loop))
            break;
    }
    if (!rc)
        return 0;
    err_wrap(e, "Apache has been reloaded but does not do what its configuration says");
    err_hint(e, "--no-verify-deploy leaves this check out, for an Apache that cannot be reached on this machine.");
    return rc;
}

int apa_server_answers(struct apa_server *s, const struct probe_place *at, const char *name, const char *path,
                       signet_str body, struct err *e)
{
    int rc = get_prober(s, e);
    for (unsigned i = 0; !rc && i < STEADY; i++)
        rc = prober_http(s->prober, at, name, path, body, e);
    return rc;
}
