/* migrate: how dehydrated proves names. Its settings are shell files: config beside the folders, then
 * certs/NAME/config. */
#include "client/migrate.h"
#include <stdlib.h>

#define CHALLENGE_PATH "/.well-known/acme-challenge"

/* CHALLENGETYPE, WELLKNOWN, HOOK as the files say them; NULL: not said. */
struct settings {
    char *type, *wellknown, *hook;
};

static void settings_done(struct settings *s)
{
    free(s->type);
    free(s->wellknown);
    free(s->hook);
}

/* "$BASEDIR" and "${BASEDIR}" in front; NULL when there is more of the shell in it, or no memory. */
static char *expand(const char *value, const char *base)
{
    static const char *const names[] = { "${BASEDIR}", "$BASEDIR" };
    BUF_AUTO(text, 8192);
    signet_str rest = str_of(value);
    for (size_t i = 0; i < 2; i++)
        if (str_starts(rest, str_of(names[i]))) {
            buf_addz(&text, base);
            rest = str_skip(rest, strlen(names[i]));
            break;
        }
    if (str_has(rest, '$') || str_has(rest, '`'))
        return NULL;
    buf_add(&text, rest);
    return buf_take(&text);
}

static void take(char **to, const char *text, const char *key, const char *base)
{
    char *value = move_shell_value(text, key);
    if (!value)
        return;
    free(*to);
    *to = expand(value, base);
    free(value);
}

/* False: there is no such file. */
static bool read_settings(struct settings *s, const char *dir, const char *base)
{
    char *text = move_read(dir, "config", NULL);
    if (!text)
        return false;
    char *own = move_shell_value(text, "BASEDIR");
    const char *at = own && own[0] == '/' ? own : base;
    take(&s->type, text, "CHALLENGETYPE", at);
    take(&s->wellknown, text, "WELLKNOWN", at);
    take(&s->hook, text, "HOOK", at);
    free(own);
    free(text);
    return true;
}

/* In single quotes, for the shell; false: there is one in it. */
static bool add_quoted(struct buf *to, const char *word)
{
    buf_addf(to, "'%s'", word);
    return !strchr(word, '\'');
}

/* A folder that is served as .well-known/acme-challenge itself: no webroot, so the answers are put there by commands.
 */
static int into_folder(struct moved_cert *c, const char *folder, struct err *e)
{
    BUF_AUTO(put, 16384);
    BUF_AUTO(remove, 16384);
    buf_addz(&put, "printf %s \"$CERTBOT_VALIDATION\" > ");
    bool ok = add_quoted(&put, folder);
    buf_addz(&put, "/\"$CERTBOT_TOKEN\"");
    buf_addz(&remove, "rm -f ");
    ok &= add_quoted(&remove, folder);
    buf_addz(&remove, "/\"$CERTBOT_TOKEN\"");
    if (!ok)
        return 0;
    c->auth_hook = buf_take(&put);
    c->cleanup_hook = buf_take(&remove);
    return c->auth_hook && c->cleanup_hook ? 0 : err_nomem(e);
}

static int use_wellknown(struct moved_cert *c, const char *folder, struct err *e)
{
    signet_str f = str_of(folder);
    while (f.n > 1 && f.p[f.n - 1] == '/')
        f.n--;
    if (!str_starts(f, STR("/")))
        return 0;
    if (str_ends(f, STR(CHALLENGE_PATH)) && f.n > strlen(CHALLENGE_PATH)) {
        f.n -= strlen(CHALLENGE_PATH);
        c->webroot = str_dup(f);
        return c->webroot ? 0 : err_nomem(e);
    }
    char *clean = str_dup(f);
    int rc = clean ? into_folder(c, clean, e) : err_nomem(e);
    free(clean);
    return rc;
}

static int tell(struct moved_cert *c, const struct settings *s, struct err *e)
{
    BUF_AUTO(note, 4096);
    const char *type = s->type ? s->type : "http-01";
    if (strcmp(type, "http-01"))
        buf_addf(
            &note,
            "dehydrated proves its names by %.50s%s%.500s; the way that the command line says is stored in its place",
            type, s->hook ? " with the hook " : "", s->hook ? s->hook : "");
    else if (s->hook)
        buf_addf(&note,
                 "the hook %.500s of dehydrated is not carried over; what it does with a new certificate can be a "
                 "deploy hook",
                 s->hook);
    return note.n && !(c->note = str_dup(buf_str(&note))) ? err_nomem(e) : 0;
}

int move_dehydrated_settings(struct moved_cert *c, const char *top, const char *dir, struct err *e)
{
    struct settings s = { 0 };
    int rc = 0;
    bool there = read_settings(&s, top, top);
    there |= read_settings(&s, dir, top);
    if (there && (!s.type || !strcmp(s.type, "http-01")))
        rc = use_wellknown(c, s.wellknown ? s.wellknown : "/var/www/dehydrated", e);
    if (!rc && there)
        rc = tell(c, &s, e);
    settings_done(&s);
    return rc;
}
