/* Storing and removing accounts. */
#include "store/account.h"

#include "base/clock.h"
#include "base/fs.h"
#include "store/account_in.h"
#include "store/archive.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The name with a dot in it that a line of /etc/hosts gives for `host`: what a look-up of the full name finds on most
 * machines. */
static bool name_in_hosts(signet_str line, signet_str host, struct buf *ret)
{
    signet_str head, full = { 0 };
    bool found = false;
    str_cut(line, '#', &line, &head);
    STRLIST_AUTO(words);
    for (size_t i = 0; i < line.n;) {
        size_t n = i;
        while (n < line.n && line.p[n] != ' ' && line.p[n] != '\t')
            n++;
        if (n > i && strlist_add(&words, (signet_str){ line.p + i, n - i }))
            return false;
        i = n + 1;
    }
    for (size_t i = 1; i < words.n; i++) {
        signet_str w = str_of(words.v[i]);
        found = found || str_eq(w, host);
        if (!full.n && str_has(w, '.'))
            full = w;
    }
    if (!found || !full.n)
        return false;
    buf_clear(ret);
    buf_add(ret, full);
    return true;
}

void account_host_name(struct buf *ret)
{
    char host[HOST_NAME_MAX + 1] = "";
    BUF_AUTO(hosts, 1024 * 1024);
    gethostname(host, sizeof host - 1);
    buf_clear(ret);
    buf_addz(ret, *host ? host : "localhost");
    if (strchr(host, '.') || fs_read(AT_FDCWD, "/etc/hosts", &hosts, NULL))
        return;
    for (signet_str line, rest = buf_str(&hosts); rest.n;) {
        str_cut(rest, '\n', &line, &rest);
        if (name_in_hosts(line, str_of(host), ret))
            return;
    }
}

/* JSON as Python's json.dumps lays it out, which is jansson's way, too. Takes `j`. */
static int dump(struct buf *to, json_t *j, struct err *e)
{
    char *text = j ? json_dumps(j, JSON_ENSURE_ASCII) : NULL;
    json_decref(j);
    if (!text)
        return err_nomem(e);
    buf_addz(to, text);
    free(text);
    return buf_err(to) ? err_nomem(e) : 0;
}

static int make_regr(const struct account *a, struct buf *to, struct err *e)
{
    return dump(to, json_pack("{s:{},s:s}", "body", "uri", a->url ? a->url : ""), e);
}

static int make_meta(const struct account *a, const char *eff_mail, struct buf *to, struct err *e)
{
    BUF_AUTO(when, 64);
    clock_fmt_rfc3339(&when, a->created);
    json_t *j = json_pack("{s:s,s:s}", "creation_dt", buf_z(&when), "creation_host", a->creation_host);
    if (j && eff_mail && json_object_set_new(j, "register_to_eff", json_string(eff_mail))) {
        json_decref(j);
        j = NULL;
    }
    return dump(to, j, e);
}

static int complete(struct account *a, struct err *e)
{
    BUF_AUTO(id, 64);
    BUF_AUTO(host, 512);
    int r = key_account_id(a->key, &id);
    if (r)
        return err_set(e, r, "cannot compute the id of the account: %s", signet_strerror(r));
    free(a->id);
    a->id = buf_take(&id);
    if (!a->creation_host || !*a->creation_host) {
        account_host_name(&host);
        free(a->creation_host);
        a->creation_host = buf_take(&host);
    }
    return a->id && a->creation_host ? 0 : err_nomem(e);
}

/* Folders that killed runs left half-made. */
static int drop_unfinished(const char *dir, struct err *e)
{
    STRLIST_AUTO(names);
    BUF_AUTO(path, PATH_MAX);
    int r = fs_list(AT_FDCWD, dir, &names, e);
    for (size_t i = 0; !r && i < names.n; i++)
        if (str_starts(str_of(names.v[i]), STR(ACCOUNT_NEW))) {
            fs_join(&path, dir, names.v[i]);
            r = fs_remove_tree(AT_FDCWD, buf_z(&path), e);
        }
    return r;
}

struct texts {
    struct buf key, regr, meta;
};

static int fill_folder(int dir, const struct texts *x, struct err *e)
{
    int r = fs_create(dir, "private_key.json", buf_str(&x->key), 0400, e);
    if (!r)
        r = fs_create(dir, "regr.json", buf_str(&x->regr), 0644, e);
    if (!r)
        r = fs_create(dir, "meta.json", buf_str(&x->meta), 0644, e);
    return r ? r : fs_fsync_dir(dir, ".", e);
}

static int make_new(const char *parent, const char *id, const struct texts *x, struct err *e)
{
    BUF_AUTO(name, NAME_MAX);
    buf_addf(&name, ACCOUNT_NEW "%s", id);
    int dir = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC), made = -1;
    if (dir < 0)
        return err_sys(e, errno, "cannot open the folder %s", parent);
    int r = mkdirat(dir, buf_z(&name), 0700) ? err_sys(e, errno, "cannot make a folder in %s", parent) : 0;
    if (!r && (made = openat(dir, buf_z(&name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
        r = err_sys(e, errno, "cannot open the new folder in %s", parent);
    if (!r && fchmod(made, 0700))
        r = err_sys(e, errno, "cannot set the mode of the new folder in %s", parent);
    if (!r)
        r = fill_folder(made, x, e);
    if (!r)
        r = archive_rename(dir, buf_z(&name), dir, id, e);
    if (r)
        fs_remove_tree(dir, buf_z(&name), NULL);
    else
        r = fs_fsync_dir(dir, ".", e);
    if (made >= 0)
        close(made);
    close(dir);
    return r;
}

/* The key is the account: it is never written over. */
static int update(const char *dir, const struct texts *x, struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    BUF_AUTO(old, ACCOUNT_MAX_FILE);
    fs_join(&path, dir, "private_key.json");
    int r = fs_read(AT_FDCWD, buf_z(&path), &old, NULL);
    if (r == SIGNET_ENOTFOUND || (!r && !str_trim(buf_str(&old)).n))
        r = fs_replace(AT_FDCWD, buf_z(&path), buf_str(&x->key), 0400, false, e);
    fs_join(&path, dir, "regr.json");
    if (!r)
        r = fs_replace(AT_FDCWD, buf_z(&path), buf_str(&x->regr), 0644, true, e);
    fs_join(&path, dir, "meta.json");
    return r ? r : fs_replace(AT_FDCWD, buf_z(&path), buf_str(&x->meta), 0644, true, e);
}

static int store(const struct tree *t, const struct account *a, const struct texts *x, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    BUF_AUTO(own, PATH_MAX);
    struct stat st;
    int r = account_dir(t, a->server, &dir);
    if (r)
        return err_set(e, r, "\"%.200s\" is not the URL of an ACME server", a->server);
    tree_path(t, "accounts", NULL, &own);
    if ((r = fs_mkdirs(t->config_dir, 0755, e)) || (r = fs_mkdirs(buf_z(&dir), 0700, e)) ||
        (r = drop_unfinished(buf_z(&dir), e)))
        return r;
    fs_join(&own, buf_z(&dir), a->id);
    if (stat(buf_z(&own), &st) == 0 && S_ISDIR(st.st_mode))
        return update(buf_z(&own), x, e);
    return make_new(buf_z(&dir), a->id, x, e);
}

int certbot_account_save(const struct tree *t, struct account *a, const char *eff_mail, struct err *e)
{
    struct texts x = { BUF_INIT(ACCOUNT_MAX_FILE), BUF_INIT(ACCOUNT_MAX_FILE), BUF_INIT(ACCOUNT_MAX_FILE) };
    int r = complete(a, e);
    if (!r && (r = key_to_jwk(a->key, &x.key)))
        err_set(e, r, "cannot write the account key: %s", signet_strerror(r));
    if (!r)
        r = make_regr(a, &x.regr, e);
    if (!r)
        r = make_meta(a, eff_mail, &x.meta, e);
    if (!r)
        r = store(t, a, &x, e);
    buf_done(&x.key);
    buf_done(&x.regr);
    buf_done(&x.meta);
    return r;
}

/* Removes the folder `dir` and its parents up to accounts/ as far as they are empty. A link among them stays: it is the
 * admin's. */
static void drop_empty(const struct tree *t, struct buf *dir)
{
    BUF_AUTO(top, PATH_MAX);
    tree_path(t, "accounts", "", &top);
    while (dir->n > top.n && str_starts(buf_str(dir), buf_str(&top)) && rmdir(buf_z(dir)) == 0) {
        char *slash = memrchr(dir->p, '/', dir->n);
        *slash = '\0';
        dir->n = (size_t)(slash - dir->p);
    }
}

int certbot_account_delete(const struct tree *t, const char *server, const char *id, struct err *e)
{
    BUF_AUTO(dir, PATH_MAX);
    char real[PATH_MAX];
    struct stat st;
    int r = account_find(t, server, id, &dir, e);
    if (r)
        return r;
    bool link = lstat(buf_z(&dir), &st) == 0 && S_ISLNK(st.st_mode);
    if (link && !realpath(buf_z(&dir), real))
        return err_sys(e, errno, "cannot follow the link %s", buf_z(&dir));
    /* The link goes last: without it the account could not be found again to be removed in full. */
    r = fs_remove_tree(AT_FDCWD, link ? real : buf_z(&dir), e);
    if (!r && link)
        r = fs_unlink(AT_FDCWD, buf_z(&dir), e);
    if (r)
        return r;
    char *slash = memrchr(dir.p, '/', dir.n);
    *slash = '\0';
    dir.n = (size_t)(slash - dir.p);
    if (!fs_fsync_dir(AT_FDCWD, buf_z(&dir), e))
        drop_empty(t, &dir);
    return 0;
}
