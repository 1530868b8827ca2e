#include "deploy/change.h"

#include <stdlib.h>

void changes_done(struct changes *c)
{
    for (size_t i = 0; i < c->n; i++) {
        free(c->v[i].path);
        free(c->v[i].link);
        buf_done(&c->v[i].before);
        buf_done(&c->v[i].after);
    }
    free(c->v);
    for (size_t i = 0; i < c->n_commands; i++) {
        strlist_done(&c->command[i].run);
        strlist_done(&c->command[i].undo);
    }
    free(c->command);
    buf_done(&c->notes);
    *c = CHANGES_INIT;
}

static struct change *more(struct changes *c)
{
    if (c->n == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : 8;
        struct change *v = reallocarray(c->v, cap, sizeof *v);
        if (!v)
            return NULL;
        c->v = v;
        c->cap = cap;
    }
    c->v[c->n] = (struct change){ .before = BUF_INIT(CHANGE_BYTES_MAX), .after = BUF_INIT(CHANGE_BYTES_MAX) };
    return &c->v[c->n];
}

static int finish(struct changes *c, struct change *v, struct err *e)
{
    if (v->path && !buf_err(&v->before) && !buf_err(&v->after)) {
        c->n++;
        return 0;
    }
    bool large = buf_err(&v->before) == SIGNET_ELIMIT || buf_err(&v->after) == SIGNET_ELIMIT;
    free(v->path);
    free(v->link);
    buf_done(&v->before);
    buf_done(&v->after);
    return large ? err_set(e, SIGNET_ELIMIT, "a file would have more than %u bytes", CHANGE_BYTES_MAX) : err_nomem(e);
}

int changes_add(struct changes *c, const char *path, signet_str before, signet_str after, struct err *e)
{
    struct change *v = more(c);
    if (!v)
        return err_nomem(e);
    v->path = str_dup(str_of(path));
    buf_add(&v->before, before);
    buf_add(&v->after, after);
    return finish(c, v, e);
}

int changes_add_new(struct changes *c, const char *path, signet_str after, mode_t mode, struct err *e)
{
    struct change *v = more(c);
    if (!v)
        return err_nomem(e);
    v->path = str_dup(str_of(path));
    v->is_new = true;
    v->mode = mode;
    buf_add(&v->after, after);
    return finish(c, v, e);
}

int changes_add_link(struct changes *c, const char *path, const char *target, struct err *e)
{
    struct change *v = more(c);
    if (!v)
        return err_nomem(e);
    v->path = str_dup(str_of(path));
    v->link = str_dup(str_of(target));
    v->is_new = true;
    if (!v->link)
        v->before.bad = SIGNET_ENOMEM;
    return finish(c, v, e);
}

static int add_words(struct strlist *to, const char *const *words)
{
    int rc = 0;
    for (; !rc && *words; words++)
        rc = strlist_addz(to, *words);
    return rc;
}

int changes_add_command(struct changes *c, const char *const *run, const char *const *undo, struct err *e)
{
    struct change_command one = { 0 };
    struct change_command *v = reallocarray(c->command, c->n_commands + 1, sizeof *v);
    if (!v)
        return err_nomem(e);
    c->command = v;
    if (add_words(&one.run, run) || add_words(&one.undo, undo)) {
        strlist_done(&one.run);
        strlist_done(&one.undo);
        return err_nomem(e);
    }
    v[c->n_commands++] = one;
    return 0;
}

bool changes_none(const struct changes *c)
{
    return !c->n && !c->n_commands;
}

void changes_note(struct changes *c, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    buf_addv(&c->notes, fmt, ap);
    va_end(ap);
    buf_addc(&c->notes, '\n');
}

void changes_diff(const struct changes *c, struct buf *to)
{
    for (size_t i = 0; i < c->n_commands; i++) {
        buf_addz(to, "run ");
        strlist_join(&c->command[i].run, " ", to);
        buf_addc(to, '\n');
    }
    for (size_t i = 0; i < c->n; i++)
        if (c->v[i].link)
            buf_addf(to, "new link %s -> %s\n", c->v[i].path, c->v[i].link);
    for (size_t i = 0; i < c->n; i++)
        if (!c->v[i].link)
            diff_unified(c->v[i].path, c->v[i].is_new, buf_str(&c->v[i].before), buf_str(&c->v[i].after), to);
}
