#include "deploy/apache/answers.h"

#include "base/fs.h"
#include "deploy/apache/plan.h"
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#define PRE            "le_http_01_challenge_pre.conf"
#define FOLDER         "http_challenges"
#define FILE_MODE      0644
#define FOLDER_MODE    0755
#define PAUSE_MS       3000 /* as certbot waits */
#define LOOKS          8u   /* children of before may still answer */
#define DUMP_BYTES_MAX (4u << 20)

static int put_tokens(const char *folder, struct web_answer *const *v, size_t n, struct changes *c, struct err *e)
{
    int rc = fs_mkdirs(folder, FOLDER_MODE, e);
    for (size_t i = 0; !rc && i < n; i++) {
        BUF_AUTO(path, PATH_MAX);
        fs_join(&path, folder, v[i]->token);
        bool again = false; /* names of one order may share a token */
        for (size_t k = 0; k < c->n; k++)
            again |= !strcmp(c->v[k].path, buf_z(&path));
        if (!again && !(rc = fs_unlink(AT_FDCWD, buf_z(&path), e)))
            rc = changes_add_new(c, buf_z(&path), str_of(v[i]->key_auth), FILE_MODE, e);
    }
    return rc;
}

static int put_pre(const char *path, const char *folder, struct changes *c, struct err *e)
{
    BUF_AUTO(text, 16384);
    buf_addf(&text,
             "# Only while a certificate is being obtained.\nRewriteEngine on\n"
             "RewriteRule ^/\\.well-known/acme-challenge/([A-Za-z0-9_=-]+)$ %s/$1 [END]\n"
             "<Location \"" WEB_ANSWER_PATH "\">\n\tRequire all granted\n</Location>\n"
             "<Directory \"%s\">\n\tAllowOverride None\n\tRequire all granted\n</Directory>\n",
             folder, folder);
    int rc = fs_unlink(AT_FDCWD, path, e);
    return rc ? rc : changes_add_new(c, path, buf_str(&text), FILE_MODE, e);
}

static int find_place(const struct apa_conf *conf, struct web_answer *a, struct err *e)
{
    struct probe_place at[APA_PLACES_MAX];
    uint32_t found[APA_PICKS_MAX];
    unsigned port = a->req->http01_port;
    size_t n_found = apa_picks_plain(conf, a->name, port, found);
    int rc = web_answer_places(a, APA_PLACES_MAX, e);
    if (rc)
        return rc;
    a->n_places = !n_found;
    a->place[0] = (struct probe_place){ .ip = "127.0.0.1", .port = port };
    for (size_t i = 0; i < n_found; i++) {
        size_t n = apa_places(conf, found[i], port, at, APA_PLACES_MAX - a->n_places);
        for (size_t k = 0; k < n; k++)
            if (server_is_here(at[k].ip))
                a->place[a->n_places++] = at[k];
    }
    return 0;
}

static int plan_in(const struct apa_server *s, const struct apa_conf *conf, struct web_answer *const *v, size_t n,
                   struct changes *c, struct err *e)
{
    STRLIST_AUTO(names);
    STRLIST_AUTO(more);
    BUF_AUTO(folder, PATH_MAX);
    BUF_AUTO(pre, PATH_MAX);
    const struct request *req = v[0]->req;
    int rc = 0;
    fs_join(&folder, req->work_dir, FOLDER);
    fs_join(&pre, s->challenge, PRE);
    for (size_t i = 0; !rc && i < n; i++) {
        rc = find_place(conf, v[i], e);
        if (!rc && strlist_add_new(&names, str_of(v[i]->name)))
            rc = err_nomem(e);
    }
    if (!rc)
        rc = put_tokens(buf_z(&folder), v, n, c, e);
    if (!rc)
        rc = apa_need_module(conf, s, "rewrite", c, &more, e);
    if (!rc)
        rc = put_pre(buf_z(&pre), buf_z(&folder), c, e);
    return rc ? rc : apa_plan_challenge(conf, &names, req->http01_port, buf_z(&pre), c, e);
}

static int plan(struct server *base, struct web_answer *const *v, size_t n, struct changes *ret, struct err *e)
{
    BUF_AUTO(dump, DUMP_BYTES_MAX);
    struct apa_server *s = (struct apa_server *)base;
    struct apa_conf conf = { 0 };
    int rc = apa_server_dump(s, &dump, e);
    if (!rc)
        rc = apa_conf_read(&conf, buf_str(&dump), e);
    if (!rc)
        rc = plan_in(s, &conf, v, n, ret, e);
    apa_conf_done(&conf);
    apa_unload();
    return rc;
}

static int server_open(struct server **ret, struct loop *l, const struct request *req, struct err *e)
{
    struct apa_server *s = calloc(1, sizeof *s);
    int rc = s ? apa_server_open(s, l, req, NULL, e) : err_nomem(e);
    if (rc)
        free(s);
    else
        *ret = &s->base;
    return rc;
}

static void server_close(struct server *base)
{
    if (base)
        apa_server_close((struct apa_server *)base);
    free(base);
}

static unsigned pause_ms(const struct request *req)
{
    (void)req;
    return PAUSE_MS;
}

static void ended(const char *work_dir)
{
    BUF_AUTO(folder, PATH_MAX);
    fs_join(&folder, work_dir, FOLDER);
    (void)rmdir(buf_z(&folder)); /* if nothing of anybody else is in it */
}

const struct web_answer_ops apa_answer_ops = {
    .open = server_open, .close = server_close, .plan = plan, .looks = LOOKS, .pause_ms = pause_ms, .ended = ended
};
