#include "options/dotenv.h"

#include "base/fs.h"
#include "base/log.h"
#include <fcntl.h>
#include <stdlib.h>

struct reader {
    const char *start;
    signet_str rest;
    const char *where;
    struct record *to;
    struct err *e;
};

static int refuse(const struct reader *r, const char *why)
{
    unsigned line = 1;
    for (const char *p = r->start; p < r->rest.p; p++)
        line += *p == '\n';
    int rc = err_set(r->e, SIGNET_EFORMAT, "%s, line %u: %s.", r->where, line, why);
    err_hint(r->e, "Each line is NAME=value, a comment that begins with '#', or empty.");
    return rc;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r';
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

static void skip_blanks(struct reader *r)
{
    while (r->rest.n && is_blank(r->rest.p[0]))
        r->rest = str_skip(r->rest, 1);
}

static void skip_line(struct reader *r)
{
    const char *end = r->rest.n ? memchr(r->rest.p, '\n', r->rest.n) : NULL;
    r->rest = str_skip(r->rest, end ? (size_t)(end - r->rest.p) : r->rest.n);
}

/* To the next name; false at the end. */
static bool next(struct reader *r)
{
    for (;;) {
        skip_blanks(r);
        if (!r->rest.n)
            return false;
        if (r->rest.p[0] == '#')
            skip_line(r);
        else if (r->rest.p[0] == '\n')
            r->rest = str_skip(r->rest, 1);
        else
            return true;
    }
}

static int read_name(struct reader *r, struct buf *name)
{
    if (str_starts(r->rest, STR("export")) && r->rest.n > 6 && is_blank(r->rest.p[6])) {
        r->rest = str_skip(r->rest, 6);
        skip_blanks(r);
    }
    size_t n = 0;
    while (n < r->rest.n && is_name(r->rest.p[n]))
        n++;
    if (!n)
        return refuse(r, "the name of a variable is expected (letters, digits, '_' and '.')");
    buf_add(name, (signet_str){ r->rest.p, n });
    r->rest = str_skip(r->rest, n);
    skip_blanks(r);
    if (!r->rest.n || (r->rest.p[0] != '=' && r->rest.p[0] != ':'))
        return refuse(r, "'=' is expected after the name of a variable");
    r->rest = str_skip(r->rest, 1);
    skip_blanks(r);
    return 0;
}

/* `s` begins with '$': adds what the variable behind it means. Returns how many bytes that were. */
static size_t expand(const struct reader *r, signet_str s, struct buf *value)
{
    BUF_AUTO(name, DOTENV_VALUE_MAX);
    size_t from = s.n > 1 && s.p[1] == '{' ? 2 : 1, n = from;
    while (n < s.n && is_name(s.p[n]) && s.p[n] != '.' && !(s.p[n] >= 'a' && s.p[n] <= 'z'))
        n++;
    if (n == from) {
        buf_addc(value, '$');
        return 1;
    }
    buf_add(&name, (signet_str){ s.p + from, n - from });
    buf_addz(value, record_get(r->to, buf_z(&name)));
    return n + (from == 2 && n < s.n && s.p[n] == '}');
}

static int read_single(struct reader *r, struct buf *value)
{
    signet_str s = str_skip(r->rest, 1);
    size_t n = 0;
    while (n < s.n && (s.p[n] != '\'' || (n && s.p[n - 1] == '\\')))
        n++;
    if (n == s.n)
        return refuse(r, "the single quote that begins the value has no end");
    buf_add(value, (signet_str){ s.p, n });
    r->rest = str_skip(s, n + 1);
    return 0;
}

static int read_double(struct reader *r, struct buf *value)
{
    signet_str s = str_skip(r->rest, 1);
    while (s.n && s.p[0] != '"') {
        if (s.p[0] == '\\' && s.n > 1) {
            buf_addc(value, (char)(s.p[1] == 'n' ? '\n' : s.p[1] == 'r' ? '\r' : s.p[1]));
            s = str_skip(s, 2);
        } else if (s.p[0] == '$') {
            s = str_skip(s, expand(r, s, value));
        } else if (s.p[0] == '\r' && s.n > 1 && s.p[1] == '\n') {
            s = str_skip(s, 1);
        } else {
            buf_addc(value, s.p[0]);
            s = str_skip(s, 1);
        }
    }
    if (!s.n)
        return refuse(r, "the double quote that begins the value has no end");
    r->rest = str_skip(s, 1);
    return 0;
}

static void read_bare(struct reader *r, struct buf *value)
{
    signet_str line;
    (void)str_cut(r->rest, '\n', &line, &(signet_str){ 0 });
    skip_line(r);
    for (size_t i = 1; i < line.n; i++)
        if (line.p[i] == '#' && is_blank(line.p[i - 1])) {
            line.n = i;
            break;
        }
    line = str_trim(line);
    while (line.n) {
        size_t n = 1;
        if (line.p[0] == '$') {
            n = expand(r, line, value);
        } else if (line.p[0] == '\\' && line.n > 1 && line.p[1] == '$') {
            buf_addc(value, '$');
            n = 2;
        } else {
            buf_addc(value, line.p[0]);
        }
        line = str_skip(line, n);
    }
}

static int read_variable(struct reader *r)
{
    BUF_AUTO(name, 1024);
    BUF_AUTO(value, DOTENV_VALUE_MAX);
    int rc = read_name(r, &name);
    char first = r->rest.n ? r->rest.p[0] : '\n';
    if (rc)
        return rc;
    if (first == '\'')
        rc = read_single(r, &value);
    else if (first == '"')
        rc = read_double(r, &value);
    else if (first != '\n' && first != '#')
        read_bare(r, &value);
    if (!rc && (rc = buf_err(&name) ? buf_err(&name) : buf_err(&value)))
        return rc == SIGNET_ENOMEM ? err_nomem(r->e) : refuse(r, "the name or the value is too long");
    if (!rc && memchr(buf_z(&value), 0, value.n))
        return refuse(r, "there is a NUL character in the value");
    if (!rc && r->to->names.n >= DOTENV_NAMES_MAX)
        return err_set(r->e, SIGNET_ELIMIT, "%s sets more than %u variables.", r->where, DOTENV_NAMES_MAX);
    /* an empty value is one, too: record_set would only forget the old one */
    if (!rc && (record_set(r->to, buf_z(&name), (signet_str){ 0 }) ||
                record_add(r->to, buf_z(&name), (signet_str){ buf_z(&value), value.n })))
        return err_nomem(r->e);
    return rc;
}

int dotenv_parse(struct record *ret, signet_str text, const char *where, struct err *e)
{
    struct reader r = { text.p, text, where, ret, e };
    int rc = 0;
    while (!rc && next(&r))
        rc = read_variable(&r);
    return rc;
}

/* ---- the environment ---- */

void dotenv_done(struct dotenv *d)
{
    record_done(&d->before);
    strlist_done(&d->added);
}

void dotenv_unload(struct dotenv *d)
{
    for (size_t i = 0; i < d->before.names.n; i++)
        (void)setenv(d->before.names.v[i], d->before.values.v[i], 1);
    for (size_t i = 0; i < d->added.n; i++)
        (void)unsetenv(d->added.v[i]);
    dotenv_done(d);
}

static int set(struct dotenv *d, const char *name, const char *value, struct err *e)
{
    const char *old = getenv(name);
    int rc = old ? record_addz(&d->before, name, old) : strlist_addz(&d->added, name);
    return rc || setenv(name, value, 1) ? err_nomem(e) : 0;
}

int dotenv_load(struct dotenv *ret, const char *path, struct err *e)
{
    BUF_AUTO(text, DOTENV_FILE_MAX);
    RECORD_AUTO(found);
    struct dotenv d = { 0 };
    if (!path || !str_trim(str_of(path)).n)
        return 0;
    int rc = fs_read(AT_FDCWD, path, &text, e);
    if (rc == SIGNET_ENOTFOUND) {
        err_clear(e);
        log_info("lego", "Environment file not found: %s", path);
        return 0;
    }
    if (!rc)
        rc = dotenv_parse(&found, buf_str(&text), path, e);
    for (size_t i = 0; !rc && i < found.names.n; i++)
        rc = set(&d, found.names.v[i], found.values.v[i], e);
    if (rc)
        dotenv_unload(&d);
    else
        *ret = d;
    return rc;
}
