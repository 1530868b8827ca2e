#include "deploy/hook.h"

#include "base/log.h"
#include "client/ui.h"
#include "net/child.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM           "deploy.hook"
#define PATH_MAX_BYTES ((size_t)64 * 1024)
/* What is shown of one stream: with the words before it, one event of the log. */
#define SHOWN_MAX ((size_t)LOG_EVENT_MAX - 4096)
#define WORDS_MAX 128u /* about what is not shown */

/* Under cron PATH is often too short for the tools of an admin: certbot looks there, too. */
static const char *const standard_folders[] = { "/usr/sbin", "/usr/local/bin", "/usr/local/sbin" };

static bool path_has(const char *path, const char *folder)
{
    signet_str rest = str_of(path), part;
    while (rest.n) {
        str_cut(rest, ':', &part, &rest);
        if (str_eq(part, str_of(folder)))
            return true;
    }
    return false;
}

static void search_path(struct buf *to)
{
    const char *path = getenv("PATH");
    buf_addz(to, path ? path : "/usr/bin:/bin");
    for (size_t i = 0; i < sizeof standard_folders / sizeof *standard_folders; i++)
        if (!path_has(buf_z(to), standard_folders[i]))
            buf_addf(to, ":%s", standard_folders[i]);
}

static bool can_run(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static bool found_in(const char *path, const char *program)
{
    BUF_AUTO(full, PATH_MAX_BYTES);
    if (strchr(program, '/'))
        return can_run(program);
    signet_str rest = str_of(path), part;
    while (rest.n) {
        str_cut(rest, ':', &part, &rest);
        buf_clear(&full);
        buf_add(&full, part.n ? part : STR(".")); /* an empty part of PATH is the working directory */
        buf_addf(&full, "/%s", program);
        if (!buf_err(&full) && can_run(buf_z(&full)))
            return true;
    }
    return false;
}

int hook_check(const char *command, const char *name, struct err *e)
{
    BUF_AUTO(path, PATH_MAX_BYTES);
    signet_str word = str_trim(str_of(command));
    size_t n = 0;
    while (n < word.n && !strchr(" \t\n\v\f\r", word.p[n]))
        n++;
    if (!n)
        return 0;
    char *program = str_dup((signet_str){ word.p, n });
    search_path(&path);
    if (!program || buf_err(&path)) {
        free(program);
        return err_nomem(e);
    }
    int rc = 0;
    struct stat st;
    if (!found_in(buf_z(&path), program)) {
        if (stat(program, &st) == 0)
            rc = err_set(e, SIGNET_EINVAL, "%s-hook command %s exists, but is not executable.", program, name);
        else
            rc = err_set(e, SIGNET_EINVAL,
                         "Unable to find %s-hook command %s in the PATH.\n(PATH is %s)\nSee also the "
                         "--disable-hook-validation option.",
                         name, program, buf_z(&path));
    }
    free(program);
    return rc;
}

static size_t room(const struct buf *to)
{
    return to->n + WORDS_MAX < SHOWN_MAX ? SHOWN_MAX - WORDS_MAX - to->n : 0;
}

/* Shows as much of `s` as there is room for, each byte of which may become four; how much that was. */
static size_t add_some(struct buf *to, signet_str s)
{
    size_t done = 0;
    while (done < s.n) {
        size_t n = room(to) / 4, left = s.n - done;
        if (n < 8) /* a character is not cut in two: four bytes at most */
            break;
        n = n < left ? n : left;
        for (int i = 0; i < 3 && n < left && ((unsigned char)s.p[done + n] & 0xc0) == 0x80; i++)
            n--;
        buf_add_escaped(to, (signet_str){ s.p + done, n }, n);
        done += n;
    }
    return done;
}

/* One line of output, made harmless for a terminal. Tabs stay: tables are made of them. */
static size_t add_line(struct buf *to, signet_str line)
{
    const char *start = line.p;
    if (str_trim(line).n)
        buf_addc(to, ' ');
    signet_str part;
    while (str_cut(line, '\t', &part, &line)) {
        size_t n = add_some(to, part);
        if (n < part.n || !room(to))
            return (size_t)(part.p - start) + n;
        buf_addc(to, '\t');
    }
    return (size_t)(part.p - start) + add_some(to, part);
}

/* All of it, each line that is not blank indented by one space; white space around it dropped. CR and CRLF end lines,
 * too. What there is no room for, and the `lost` bytes that were not kept, are counted. */
static void add_output(struct buf *to, signet_str text, size_t lost)
{
    text = str_trim(text);
    while (text.n && room(to) > 2) {
        size_t n = 0, shown;
        while (n < text.n && text.p[n] != '\n' && text.p[n] != '\r')
            n++;
        buf_addc(to, '\n');
        shown = add_line(to, (signet_str){ text.p, n });
        if (shown < n) {
            text = str_skip(text, shown);
            break;
        }
        if (n + 1 < text.n && text.p[n] == '\r' && text.p[n + 1] == '\n')
            n++;
        text = str_skip(text, n + 1);
    }
    lost += text.n;
    if (lost)
        buf_addf(to, "\n (%zu more bytes are not shown)", lost);
}

static void show(struct ui *ui, const struct hook *h, const char *who, const struct child_result *r)
{
    BUF_AUTO(text, SHOWN_MAX);
    if (r->timed_out)
        log_warn(ROOM, "%s was still running after %u seconds and was ended (see --hook-timeout)", who, h->timeout_s);
    else if (r->exit_code)
        log_warn(ROOM, "%s reported error code %d", who, r->exit_code);
    add_output(&text, buf_str(&r->out), r->out_lost);
    if (text.n) {
        BUF_AUTO(shown, LOG_EVENT_MAX);
        buf_addf(&shown, "%s ran with output:", who);
        buf_add(&shown, buf_str(&text));
        ui->ops->notify(ui, buf_z(&shown));
    }
    buf_clear(&text);
    add_output(&text, buf_str(&r->err), r->err_lost);
    if (text.n)
        log_warn(ROOM, "%s ran with error output:%s", who, buf_z(&text));
}

static int child_env(struct strlist *to, const struct strlist *env)
{
    BUF_AUTO(path, PATH_MAX_BYTES);
    buf_addz(&path, "PATH=");
    BUF_AUTO(folders, PATH_MAX_BYTES);
    search_path(&folders);
    buf_add(&path, buf_str(&folders));
    if (buf_err(&path) || strlist_add(to, buf_str(&path)))
        return SIGNET_ENOMEM;
    for (size_t i = 0; env && i < env->n; i++)
        if (strlist_addz(to, env->v[i]))
            return SIGNET_ENOMEM;
    return 0;
}

int hook_run(struct loop *l, struct ui *ui, const struct hook *h, struct buf *out)
{
    STRLIST_AUTO(env);
    BUF_AUTO(who, 1024);
    buf_addf(&who, "Hook '%s'", h->label);
    if (h->subject)
        buf_addf(&who, " for %s", h->subject);
    log_info(ROOM, "Running %s command: %s", h->label, h->command);
    struct err e = { 0 };
    struct child_spec spec = { .shell = h->command, .env = &env, .timeout_ms = (int64_t)h->timeout_s * 1000 };
    struct child_result r = { 0 };
    int rc = child_env(&env, h->env) ? err_nomem(&e) : child_run(l, &spec, &r, &e);
    if (rc == SIGNET_ECANCELED)
        return rc;
    if (rc) {
        log_warn(ROOM, "%s could not be run: %s", buf_z(&who), e.text);
        return 126;
    }
    show(ui, h, buf_z(&who), &r);
    if (out)
        buf_add(out, buf_str(&r.out));
    int code = r.exit_code;
    child_result_done(&r);
    return code;
}

int hook_env_words(struct strlist *env, const char *name, const struct strlist *words, const char *sep, size_t max)
{
    BUF_AUTO(text, max + 256);
    buf_addf(&text, "%s=", name);
    size_t start = text.n;
    for (size_t i = 0; i < words->n; i++) {
        const char *before = i ? sep : "";
        if (text.n - start + strlen(before) + strlen(words->v[i]) > max) {
            log_warn(ROOM, "Limiting %s environment variable to %zuk characters", name, max / 1000);
            break;
        }
        buf_addz(&text, before);
        buf_addz(&text, words->v[i]);
    }
    return buf_err(&text) || strlist_add(env, buf_str(&text)) ? SIGNET_ENOMEM : 0;
}
