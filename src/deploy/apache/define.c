/* What ${NAME} stands for: files are gone through in Apache's order, for a Define is in force from its line on. */
#include "deploy/apache/conf.h"

#include <stdlib.h>

#define TEXT_MAX_ 65536u

struct define {
    char *name, *value; /* value NULL: it has none */
    uint32_t by;        /* index + 1 of the file that says so; 0: Apache was started with it */
};

struct walk {
    struct apa_conf *c;
    struct define *v;
    size_t n;
    unsigned *visits;       /* of each file */
    bool *seen;             /* each file, this time */
    struct strlist by_file; /* names that some file sets */
    struct strlist once;    /* those that are set, or taken away, when all is gone through */
    struct strlist again;   /* … more than once */
    bool dry;               /* only to learn this */
};

static struct define *find(const struct walk *w, signet_str name)
{
    for (size_t i = 0; i < w->n; i++)
        if (str_eq(str_of(w->v[i].name), name))
            return &w->v[i];
    return NULL;
}

static void define_done(struct define *d)
{
    free(d->name);
    free(d->value);
    *d = (struct define){ 0 };
}

static void unset_all(struct walk *w)
{
    while (w->n)
        define_done(&w->v[--w->n]);
    strlist_done(&w->c->defines);
}

static void unset(struct walk *w, signet_str name)
{
    struct define *d = find(w, name);
    for (size_t i = 0; i < w->c->defines.n; i++)
        if (str_eq(str_of(w->c->defines.v[i]), name))
            strlist_remove(&w->c->defines, i--);
    if (!d || !w->v)
        return;
    define_done(d);
    *d = w->v[--w->n];
}

static int set(struct walk *w, signet_str name, const char *value, uint32_t by)
{
    unset(w, name);
    struct define *v = reallocarray(w->v, w->n + 1, sizeof *v);
    if (!v)
        return SIGNET_ENOMEM;
    w->v = v;
    v = &v[w->n++];
    *v = (struct define){ .name = str_dup(name), .value = value ? str_dup(str_of(value)) : NULL, .by = by };
    return !v->name || (value && !v->value) ? SIGNET_ENOMEM : strlist_add_new(&w->c->defines, name);
}

/* ---- values in text ---- */

static const struct define *known(const struct walk *w, uint32_t file, signet_str name)
{
    const struct define *d = find(w, name);
    bool varies = !w->dry && w->visits[file] > 1 && strlist_has(&w->again, name); /* each time it is included */
    return d && d->value && !varies ? d : NULL;
}

/* The next ${NAME} that is known, from *at on. */
static const struct define *next(const struct walk *w, uint32_t file, signet_str text, size_t *at, size_t *len)
{
    for (; *at + 3 < text.n; ++*at) {
        signet_str name, rest;
        if (text.p[*at] != '$' || text.p[*at + 1] != '{' || !str_cut(str_skip(text, *at + 2), '}', &name, &rest))
            continue;
        const struct define *d = known(w, file, name);
        *len = name.n + 3;
        if (d)
            return d;
    }
    return NULL;
}

static int expand(const struct walk *w, uint32_t file, const struct strlist *args, struct strlist *to)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < args->n; i++) {
        BUF_AUTO(text, TEXT_MAX_);
        signet_str arg = str_of(args->v[i]);
        size_t at = 0, from = 0, len = 0;
        for (const struct define *d; (d = next(w, file, arg, &at, &len)); at = from) {
            buf_add(&text, (signet_str){ arg.p + from, at - from });
            buf_addz(&text, d->value);
            from = at + len;
        }
        buf_add(&text, str_skip(arg, from));
        rc = buf_err(&text) ? buf_err(&text) : strlist_add(to, buf_str(&text));
    }
    return rc;
}

static int note_value(struct apa_file *f, const struct apa_value *v)
{
    struct apa_value *all = reallocarray(f->value, f->n_values + 1u, sizeof *all);
    if (!all)
        return SIGNET_ENOMEM;
    f->value = all;
    all[f->n_values++] = *v;
    return v->text ? 0 : SIGNET_ENOMEM;
}

static int note_values(const struct walk *w, uint32_t file, const struct apa_node *n, uint32_t end)
{
    struct apa_file *f = &w->c->file[file];
    signet_str text = { f->text.p, end };
    int rc = 0;
    size_t at = n->start, len = 0;
    for (const struct define *d; !rc && (d = next(w, file, text, &at, &len)); at += len) {
        const struct apa_value v = { .at = (uint32_t)at,
                                     .n = (uint32_t)len,
                                     .by = d->by,
                                     .again = strlist_has(&w->again, str_of(d->name)),
                                     .text = str_dup(str_of(d->value)) };
        rc = note_value(f, &v);
    }
    return rc;
}

/* ---- files ---- */

static int obey(struct walk *w, uint32_t file, const struct apa_node *n, const struct strlist *args)
{
    bool define = !strcmp(n->name, "define");
    if ((!define && strcmp(n->name, "undefine")) || !args->n)
        return 0;
    signet_str name = str_of(args->v[0]);
    int rc = w->dry ? strlist_add_new(strlist_has(&w->once, name) ? &w->again : &w->once, name) : 0;
    if (!rc && define)
        return set(w, name, args->n > 1 ? args->v[1] : NULL, file + 1);
    unset(w, name);
    return rc;
}

static int go_through(struct walk *w, uint32_t file, unsigned depth);

static int one_node(struct walk *w, uint32_t file, uint32_t node, bool first, unsigned depth)
{
    STRLIST_AUTO(args);
    struct apa_file *f = &w->c->file[file];
    struct apa_node *n = &f->node[node];
    const struct strlist before = n->args;
    int rc = expand(w, file, &before, &args);
    if (first && !strcmp(n->name, "ifdefine"))
        apa_judge(w->c, n);
    if (!rc && !w->dry && first)
        rc = note_values(w, file, n, n->section ? apa_inside(f, node) : n->end);
    if (!rc)
        rc = obey(w, file, n, &args);
    n->args = args;
    for (uint32_t k = 0; !rc && apa_includes(w->c, n, &k); k++)
        rc = go_through(w, k, depth + 1);
    if (w->dry || !first)
        n->args = before;
    else
        args = before;
    return rc;
}

static int go_through(struct walk *w, uint32_t file, unsigned depth)
{
    const struct apa_file *f = &w->c->file[file];
    bool first = !w->seen[file];
    int rc = depth > APA_DEPTH_MAX ? SIGNET_ELIMIT : 0;
    w->seen[file] = true;
    w->visits[file] += w->dry;
    for (uint32_t i = 0; !rc && i < f->n; i++)
        if (!apa_in_macro(f, i) && apa_in_force(w->c, f, i, NULL))
            rc = one_node(w, file, i, first, depth);
    return rc;
}

/* ---- all of it ---- */

/* Those that Apache was started with: no file sets them, or none did so when all was gone through. */
static int begin(struct walk *w, const struct strlist *said, const struct strlist *names, const struct strlist *missing)
{
    int rc = 0;
    unset_all(w);
    memset(w->seen, 0, w->c->n_files * sizeof *w->seen);
    for (size_t i = 0; !rc && i < said->n; i++) {
        const char *equals = strchr(said->v[i], '=');
        signet_str name = str_of(names->v[i]);
        if (!strlist_has(&w->by_file, name) || strlist_has(missing, name))
            rc = set(w, name, equals ? equals + 1 : NULL, 0);
    }
    return rc;
}

static int go_through_all(struct walk *w)
{
    int rc = 0;
    for (uint32_t i = 0; !rc && i < w->c->n_files; i++)
        if (!w->seen[i])
            rc = go_through(w, i, 0);
    return rc;
}

static int names_by_file(struct walk *w)
{
    int rc = 0;
    for (uint32_t i = 0; i < w->c->n_files; i++)
        for (uint32_t k = 0; !rc && k < w->c->file[i].n; k++) {
            const struct apa_node *n = &w->c->file[i].node[k];
            if (!strcmp(n->name, "define") && n->args.n)
                rc = strlist_add_new(&w->by_file, str_of(n->args.v[0]));
        }
    return rc;
}

/* Twice: the first time tells which of those that Apache names come from a file. */
static int run(struct walk *w, const struct strlist *said, const struct strlist *names)
{
    STRLIST_AUTO(missing);
    int rc = names_by_file(w);
    if (!w->by_file.n && !rc) /* all that is known is known from the start */
        w->dry = false;
    for (; !rc && w->dry; w->dry = false) {
        rc = begin(w, said, names, &missing);
        if (!rc)
            rc = go_through_all(w);
        for (size_t i = 0; !rc && i < names->n; i++)
            if (!find(w, str_of(names->v[i])))
                rc = strlist_addz(&missing, names->v[i]);
    }
    if (!rc)
        rc = begin(w, said, names, &missing);
    return rc ? rc : go_through_all(w);
}

int apa_expand(struct apa_conf *c, const struct strlist *said)
{
    struct walk w = { .c = c, .dry = true };
    struct strlist names = c->defines;
    c->defines = (struct strlist){ 0 };
    w.visits = calloc(c->n_files + 1u, sizeof *w.visits);
    w.seen = calloc(c->n_files + 1u, sizeof *w.seen);
    int rc = w.visits && w.seen ? run(&w, said, &names) : SIGNET_ENOMEM;
    unset_all(&w);
    c->defines = names;
    free(w.v);
    free(w.visits);
    free(w.seen);
    strlist_done(&w.by_file);
    strlist_done(&w.once);
    strlist_done(&w.again);
    return rc;
}
