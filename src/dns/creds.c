#include "dns/creds.h"

#include "base/fs.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void wipe_list(struct strlist *l)
{
    for (size_t i = 0; i < l->n; i++)
        explicit_bzero(l->v[i], strlen(l->v[i]));
    strlist_done(l);
}

void creds_done(struct creds *c)
{
    wipe_list(&c->given);
    wipe_list(&c->ini);
    strlist_done(&c->used);
    strlist_done(&c->doubts);
    free(c->ini_path);
    *c = (struct creds){ 0 };
}

/* ---- INI: certbot reads it with ConfigObj ---- */

static signet_str unquote(signet_str s)
{
    if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'')) {
        const char *end = memchr(s.p + 1, s.p[0], s.n - 1);
        if (end)
            return (signet_str){ s.p + 1, (size_t)(end - s.p - 1) };
    }
    for (size_t i = 1; i < s.n; i++) /* a comment behind the value */
        if (s.p[i] == '#' && (s.p[i - 1] == ' ' || s.p[i - 1] == '\t'))
            return str_trim((signet_str){ s.p, i });
    return s;
}

int creds_parse_ini(struct creds *c, signet_str text, const char *path, struct err *e)
{
    signet_str line, key, value;
    for (unsigned n = 1; text.n; n++) {
        str_cut(text, '\n', &line, &text);
        line = str_trim(line);
        if (!line.n || strchr("#;[", line.p[0]))
            continue;
        if (!str_cut(line, '=', &key, &value) || !str_trim(key).n)
            return err_set(e, SIGNET_EFORMAT, "%s, line %u: this is not \"name = value\"", path, n);
        if (strlist_add(&c->ini, unquote(str_trim(key))) || strlist_add(&c->ini, unquote(str_trim(value))))
            return err_set(e, SIGNET_EFORMAT, "%s, line %u cannot be used", path, n);
    }
    return 0;
}

/* A secret that lies in a mounted volume may well be readable for all; nobody but its owner and root may change one. */
static int add_doubts(struct creds *c, const char *path, bool ini, struct err *e)
{
    struct stat st;
    BUF_AUTO(text, 8192);
    if (stat(path, &st))
        return 0;
    if (ini && st.st_mode & S_IRWXO)
        buf_addf(&text, "Unsafe permissions on credentials configuration file: %s", path);
    else if (st.st_mode & S_IWOTH || (st.st_uid != 0 && st.st_uid != geteuid()))
        buf_addf(&text, "Credentials are read from a file that others can change (owner %u, mode %04o): %s",
                 (unsigned)st.st_uid, (unsigned)st.st_mode & 07777u, path);
    if (!text.n)
        return 0;
    return buf_err(&text) || strlist_add_new(&c->doubts, buf_str(&text)) ? err_nomem(e) : 0;
}

int creds_read_ini(struct creds *c, const char *path, struct err *e)
{
    BUF_AUTO(text, CREDS_FILE_MAX);
    int rc = fs_read(AT_FDCWD, path, &text, e);
    if (rc)
        return rc;
    c->ini_path = str_dup(str_of(path));
    rc = c->ini_path ? add_doubts(c, path, true, e) : err_nomem(e);
    return rc ? rc : creds_parse_ini(c, buf_str(&text), path, e);
}

/* ---- looking up ---- */

static bool from_given(const struct creds *c, const char *name, struct buf *ret)
{
    signet_str key, value;
    for (size_t i = c->given.n; i-- > 0;)
        if (str_cut(str_of(c->given.v[i]), '=', &key, &value) && str_eq(key, str_of(name)) && value.n) {
            buf_add(ret, value);
            return true;
        }
    return false;
}

static bool from_ini(const struct creds *c, const char *name, struct buf *ret)
{
    for (size_t i = 0; i + 1 < c->ini.n; i += 2)
        if (str_eq(str_of(c->ini.v[i]), str_of(name)) && *c->ini.v[i + 1]) {
            buf_addz(ret, c->ini.v[i + 1]);
            return true;
        }
    return false;
}

int creds_get(struct creds *c, const char *name, struct buf *ret, struct err *e)
{
    buf_clear(ret);
    bool found = from_ini(c, name, ret) || from_given(c, name, ret); /* its own file knows best whose account it is */
    const char *env = c->no_env ? NULL : getenv(name);
    if (!found && env && *env) {
        found = true;
        buf_addz(ret, env);
    }
    if (!found)
        return SIGNET_ENOTFOUND;
    return buf_err(ret) || strlist_add_new(&c->used, str_of(name)) ? err_nomem(e) : 0;
}

int creds_read_file(struct creds *c, const char *path, struct buf *ret, struct err *e)
{
    BUF_AUTO(full, 4096);
    int rc = fs_absolute(path, &full, e);
    if (!rc)
        rc = fs_read(AT_FDCWD, buf_z(&full), ret, e);
    return rc ? rc : add_doubts(c, buf_z(&full), false, e);
}

static int from_file(struct creds *c, const char *name, struct buf *ret, struct err *e)
{
    BUF_AUTO(key, 256);
    BUF_AUTO(path, 4096);
    buf_addf(&key, "%s_FILE", name);
    int rc = creds_get(c, buf_z(&key), &path, e);
    if (!rc && (rc = creds_read_file(c, buf_z(&path), ret, e)))
        return err_wrap(e, "%s", buf_z(&key));
    while (!rc && ret->n && strchr("\r\n", ret->p[ret->n - 1]))
        ret->p[--ret->n] = '\0';
    return rc;
}

int creds_any(struct creds *c, const char *names, struct buf *ret, struct err *e)
{
    signet_str rest = str_of(names), word;
    while (rest.n) {
        char name[128];
        str_cut(rest, ' ', &word, &rest);
        if (word.n >= sizeof(name))
            continue;
        memcpy(name, word.p, word.n);
        name[word.n] = '\0';
        int rc = creds_get(c, name, ret, e);
        if (rc == SIGNET_ENOTFOUND)
            rc = from_file(c, name, ret, e);
        if (rc != SIGNET_ENOTFOUND)
            return rc;
    }
    return SIGNET_ENOTFOUND;
}

void creds_wipe_environment(void)
{
    extern char **environ;
    static const char *const kept[] = { "https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy",
                                        "ALL_PROXY",   "no_proxy",    "NO_PROXY" };
    enum { N_KEPT = sizeof(kept) / sizeof(kept[0]) };
    char *value[N_KEPT];
    for (size_t i = 0; i < N_KEPT; i++) {
        const char *v = getenv(kept[i]);
        value[i] = v ? str_dup(str_of(v)) : NULL;
    }
    for (char **p = environ; p && *p; p++)
        explicit_bzero(*p, strlen(*p));
    (void)clearenv();
    for (size_t i = 0; i < N_KEPT; i++) {
        if (value[i])
            (void)setenv(kept[i], value[i], 1);
        free(value[i]);
    }
}
