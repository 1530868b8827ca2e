#include "deploy/apache/server.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "deploy/procs.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>

#define ROOM "deploy"

static bool is_false(const char *value)
{
    return value && (str_ieq(str_of(value), STR("false")) || str_ieq(str_of(value), STR("no")) || !strcmp(value, "0"));
}

static const char *option(const struct request *req, const char *key)
{
    const char *value = req ? request_plugin_option(req, key) : NULL;
    return value && *value ? value : NULL;
}

static char *below(const char *root, const char *name)
{
    BUF_AUTO(path, SERVER_PATH_MAX);
    if (*name)
        fs_join(&path, root, name);
    else
        buf_addz(&path, root);
    return buf_take(&path);
}

/* What an option says, else a folder under the root. */
static char *folder(const struct apa_server *s, const struct request *req, const char *key, const char *name)
{
    const char *given = option(req, key);
    return given ? str_dup(str_of(given)) : below(s->base.root, name);
}

/* A folder for the sites that is not there is passed over, as certbot does. */
static bool own_sites(const struct apa_server *s, const struct request *req)
{
    return option(req, "apache_vhost_root") && fs_exists(AT_FDCWD, s->sites);
}

static int fill(struct apa_server *s, const struct request *req, const struct record *server)
{
    const struct apa_layout *here = s->layout;
    const char *bin = option(req, "apache_bin"), *ext = option(req, "apache_le_vhost_ext");
    s->ext = ext ? ext : "-le-ssl.conf";
    s->enmod = option(req, "apache_enmod");
    s->dismod = option(req, "apache_dismod");
    s->dismod = s->dismod ? s->dismod : "a2dismod";
    s->handle_modules = !is_false(option(req, "apache_handle_modules"));
    s->handle_sites = !is_false(option(req, "apache_handle_sites"));
    s->base.ctl = server_choose(req, server, "apache_ctl", "ctl", here->ctl);
    s->base.root = server_choose(req, server, "apache_server_root", "root", here->root);
    if (!s->base.ctl || !s->base.root)
        return SIGNET_ENOMEM;
    bin = bin ? bin : here->bin;
    s->bin = bin ? str_dup(str_of(bin)) : NULL;
    s->sites = folder(s, req, "apache_vhost_root", here->sites);
    s->challenge = folder(s, req, "apache_challenge_location", here->challenge);
    s->logs = server_choose(req, NULL, "apache_logs_root", "", here->logs);
    if (!s->sites || !s->challenge || !s->logs || (bin && !s->bin))
        return SIGNET_ENOMEM;
    s->own_sites = own_sites(s, req);
    return 0;
}

int apa_server_open(struct apa_server *s, struct loop *l, const struct request *req, const struct record *server,
                    struct err *e)
{
    *s = (struct apa_server){
        .base = { .ops = &apa_server_ops, .loop = l, .require_sandbox = req && req->require_sandbox },
        .layout = apa_layout_here()
    };
    if (fill(s, req, server)) {
        apa_server_close(s);
        return err_nomem(e);
    }
    if (fs_exists(AT_FDCWD, s->base.root))
        return 0;
    err_set(e, SIGNET_ENOTFOUND, "Could not find Apache's configuration: there is no %s", s->base.root);
    err_hint(e, "--apache-server-root names its folder.");
    apa_server_close(s);
    return SIGNET_ENOTFOUND;
}

void apa_server_close(struct apa_server *s)
{
    server_done(&s->base);
    free(s->bin);
    free(s->sites);
    free(s->logs);
    free(s->challenge);
    free(s->pid_file);
    *s = (struct apa_server){ 0 };
}

/* ---- its program ---- */

/* Where the control program is Apache itself, which has other words for it. */
static bool is_itself(const char *ctl)
{
    const char *slash = strrchr(ctl, '/'), *name = slash ? slash + 1 : ctl;
    return !strcmp(name, "httpd") || !strcmp(name, "apache2");
}

static int control(struct server *s, const char *word, const char *what, struct err *e)
{
    const char *const plain[] = { s->ctl, word, NULL };
    const char *const test[] = { s->ctl, "-t", NULL };
    const char *const itself[] = { s->ctl, "-k", word, NULL };
    const char *const *argv = !is_itself(s->ctl) ? plain : !strcmp(word, "configtest") ? test : itself;
    struct child_result r = { 0 };
    BUF_AUTO(words, SERVER_WORDS_MAX * 2);
    int rc = server_run(s, argv, &r, e);
    if (rc)
        return rc;
    if (r.exit_code) {
        server_add_words(&r, &words);
        rc = err_set(e, SIGNET_ESTATE, "%s (%s %s):\n%s", what, s->ctl, word, buf_z(&words));
    }
    child_result_done(&r);
    return rc;
}

static int on_test(struct server *s, struct err *e)
{
    return control(s, "configtest", "Apache does not accept its configuration", e);
}

/* ---- what it says of itself ---- */

#define OPTIONS_BYTES_MAX 65536u
#define DEFINES_MAX       64u
#define FILES_HEAD        "Included configuration files"

static int start_defines(const struct apa_layout *here, struct strlist *ret)
{
    BUF_AUTO(text, OPTIONS_BYTES_MAX);
    if (!here->options || fs_read(AT_FDCWD, here->options, &text, NULL))
        return 0; /* not there, or not ours to read: then Apache is asked without */
    return apa_layout_defines(buf_str(&text), here->option, ret);
}

static int ask(struct apa_server *s, const char *program, const struct strlist *defines, struct buf *ret, struct err *e)
{
    static const char *const fixed[] = { "-t", "-D", "DUMP_INCLUDES", "-D", "DUMP_MODULES", "-D", "DUMP_RUN_CFG" };
    const char *argv[2 + sizeof fixed / sizeof fixed[0] + 2 * DEFINES_MAX] = { program };
    size_t n = 1;
    struct child_result r = { 0 };
    BUF_AUTO(words, SERVER_WORDS_MAX * 2);
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        argv[n++] = fixed[i];
    for (size_t i = 0; i < defines->n && i < DEFINES_MAX; i++) {
        argv[n++] = "-D";
        argv[n++] = defines->v[i];
    }
    int rc = server_run(&s->base, argv, &r, e);
    if (rc)
        return rc;
    server_add_words(&r, &words);
    if (r.exit_code || (!strstr(buf_z(&r.out), FILES_HEAD) && !strstr(buf_z(&r.err), FILES_HEAD)))
        rc = err_set(e, SIGNET_ESTATE, "Apache does not tell what it reads (%s -t -D DUMP_INCLUDES):\n%s", program,
                     buf_z(&words));
    else if (r.out_lost)
        rc = err_set(e, SIGNET_ELIMIT,
                     "Apache tells more of what it reads than the %u bytes that are kept (%s -t -D DUMP_INCLUDES)",
                     CHILD_OUTPUT_MAX, program);
    buf_clear(ret);
    buf_add(ret, buf_str(&r.out));
    buf_addc(ret, '\n');
    buf_add(ret, buf_str(&r.err));
    child_result_done(&r);
    return rc ? rc : buf_err(ret) ? err_nomem(e) : 0;
}

static void learn_pid_file(struct apa_server *s, signet_str dump)
{
    signet_str line;
    while (dump.n) {
        (void)str_cut(dump, '\n', &line, &dump);
        line = str_trim(line);
        if (!str_starts(line, STR("PidFile: \"")) || line.n < 12)
            continue;
        free(s->pid_file);
        s->pid_file = str_dup((signet_str){ line.p + 10, line.n - 11 });
    }
}

int apa_server_dump(struct apa_server *s, struct buf *ret, struct err *e)
{
    STRLIST_AUTO(defines);
    struct err why = { 0 };
    if (start_defines(s->layout, &defines))
        return err_nomem(e);
    int rc = ask(s, s->base.ctl, &defines, ret, e);
    if (rc && rc != SIGNET_ENOMEM && s->bin && strcmp(s->bin, s->base.ctl) && !ask(s, s->bin, &defines, ret, &why)) {
        err_clear(e);
        rc = 0;
    }
    if (!rc)
        learn_pid_file(s, buf_str(ret));
    return rc;
}

/* ---- reloading ---- */

#define DUMP_BYTES_MAX (4u << 20)
#define SETTLE_WAIT_MS 10000
#define SETTLE_MS      1000 /* where its children cannot be seen */
#define PAUSE_MS       10
#define LAST_LOOK_MS   100
#define START_WAIT_MS  5000
#define START_PAUSE_MS 200

/* What ran before a reload. */
struct before {
    pid_t master;
    struct procs children;
    bool known, seen; /* is it running; can its children be seen */
};

static void look(struct apa_server *s, struct before *b)
{
    if (!s->pid_file) {
        BUF_AUTO(dump, DUMP_BYTES_MAX);
        (void)apa_server_dump(s, &dump, NULL);
    }
    b->known = procs_master(s->pid_file, &b->master) && kill(b->master, 0) == 0;
    b->seen = b->known && procs_children(b->master, &b->children);
}

static bool has_new_child(const struct before *b)
{
    struct procs now;
    if (!procs_children(b->master, &now))
        return false;
    for (size_t i = 0; i < now.n; i++)
        if (!procs_has(&b->children, now.v[i]))
            return true;
    return false;
}

/* A graceful restart goes on when the program that asked for it has ended: has it come to its end, and did Apache
 * survive it? What it meets only then (a log that cannot be opened, shared memory that it does not get) ends it. */
static bool survives(struct apa_server *s, const struct before *b)
{
    int64_t begin = clock_mono_ms(), until = begin + (b->seen ? SETTLE_WAIT_MS : SETTLE_MS);
    while (kill(b->master, 0) == 0 && clock_mono_ms() < until && !(b->seen && has_new_child(b)))
        if (server_pause(&s->base, PAUSE_MS))
            return true;
    (void)server_pause(&s->base, LAST_LOOK_MS);
    return kill(b->master, 0) == 0;
}

/* Gracefully; that starts it when it does not run. */
static int reload_once(struct apa_server *s, struct err *e)
{
    struct err why = { 0 };
    int rc = control(&s->base, "graceful", "Apache could not be reloaded", e);
    if (rc == SIGNET_ESTATE && s->layout->restart &&
        !control(&s->base, "restart", "Apache could not be restarted", &why)) {
        err_clear(e);
        log_warn(ROOM, "Apache could not be reloaded gracefully, and has been restarted.");
        return 0;
    }
    return rc;
}

static int on_reload(struct server *base, struct err *e)
{
    struct apa_server *s = (struct apa_server *)base;
    struct before b = { 0 };
    look(s, &b);
    int rc = reload_once(s, e);
    if (rc || !b.known || survives(s, &b))
        return rc;
    log_warn(ROOM, "Apache has ended itself while it was reloaded, and is started again; its error log says why.");
    int64_t until = clock_mono_ms() + START_WAIT_MS; /* its children may still have the ports */
    while ((rc = reload_once(s, e)) == SIGNET_ESTATE && clock_mono_ms() < until && !server_pause(base, START_PAUSE_MS))
        err_clear(e);
    return rc;
}

const struct server_ops apa_server_ops = { .plugin = "apache", .name = "Apache", .test = on_test, .reload = on_reload };
