/* Key files of named: the little of its grammar that a key clause needs. */
#include "dns/tsig.h"

struct scan {
    signet_str rest;
    unsigned line;
};

static void skip_until(struct scan *s, signet_str end)
{
    while (s->rest.n && !str_starts(s->rest, end)) {
        s->line += s->rest.p[0] == '\n';
        s->rest = str_skip(s->rest, 1);
    }
}

/* Blanks and the three kinds of comment. */
static void skip_blanks(struct scan *s)
{
    for (;;) {
        if (str_starts(s->rest, STR("#")) || str_starts(s->rest, STR("//"))) {
            skip_until(s, STR("\n"));
        } else if (str_starts(s->rest, STR("/*"))) {
            skip_until(s, STR("*/"));
            s->rest = str_skip(s->rest, 2);
        } else if (s->rest.n && strchr(" \t\r\n", s->rest.p[0])) {
            s->line += s->rest.p[0] == '\n';
            s->rest = str_skip(s->rest, 1);
        } else {
            return;
        }
    }
}

/* A word, a quoted text without its quotes, or one of { } ; — empty at the end. */
static signet_str token(struct scan *s)
{
    skip_blanks(s);
    if (!s->rest.n)
        return s->rest;
    size_t n = 0;
    if (s->rest.p[0] == '"') {
        s->rest = str_skip(s->rest, 1);
        while (n < s->rest.n && s->rest.p[n] != '"' && s->rest.p[n] != '\n')
            n++;
        signet_str word = { s->rest.p, n };
        s->rest = str_skip(s->rest, n + 1);
        return word;
    }
    while (n < s->rest.n && !strchr(" \t\r\n{};\"", s->rest.p[n]))
        n++;
    n = n ? n : 1;
    signet_str word = { s->rest.p, n };
    s->rest = str_skip(s->rest, n);
    return word;
}

static int bad(const struct scan *s, const char *file, const char *what, struct err *e)
{
    return err_set(e, SIGNET_EFORMAT, "%s, line %u: %s", file, s->line, what);
}

int tsig_key_read(struct tsig_key *k, signet_str text, const char *file, struct err *e)
{
    struct scan s = { text, 1 };
    signet_str alg = { 0 }, secret = { 0 }, word = token(&s);
    while (word.n && !str_eq(word, STR("key")))
        word = token(&s);
    if (!word.n)
        return bad(&s, file, "there is no key clause (key \"NAME\" { algorithm …; secret \"…\"; };)", e);
    signet_str name = token(&s);
    if (!str_eq(token(&s), STR("{")))
        return bad(&s, file, "\"{\" is missing after the key's name", e);
    while ((word = token(&s)).n && !str_eq(word, STR("}"))) {
        if (str_eq(word, STR(";")))
            continue;
        signet_str value = token(&s);
        if (str_eq(word, STR("algorithm")))
            alg = value;
        else if (str_eq(word, STR("secret")))
            secret = value;
        else
            return bad(&s, file, "only algorithm and secret may stand in a key clause", e);
    }
    if (!alg.n || !secret.n)
        return bad(&s, file, "the key clause lacks its algorithm or its secret", e);
    int rc = tsig_key_set(k, name, alg, secret, e);
    return rc ? err_wrap(e, "%s", file) : 0;
}
