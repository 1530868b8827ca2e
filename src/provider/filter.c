#include "provider/filter.h"

#include "provider/expr.h"

static const struct filter *const tables[] = { filters_text, filters_list, filters_bytes, filters_keys };

static const struct filter *filter_find(signet_str word)
{
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const struct filter *f = tables[t]; f->name.n; f++)
            if (str_eq(f->name, word))
                return f;
    return NULL;
}

size_t filter_most_args(signet_str word)
{
    const struct filter *f = filter_find(word);
    return f ? f->max : 0;
}

const char *filter_wrong(signet_str word, size_t n)
{
    const struct filter *f = filter_find(word);
    if (!f)
        return "there is no such filter";
    if (n < f->min)
        return "this filter wants more arguments";
    return n > f->max ? "this filter takes no such argument" : NULL;
}

int filter_bad(struct filter_call *c, const char *why)
{
    return err_set(c->sc->e, SIGNET_EINVAL, "%s", why);
}

static int run_one(struct scope *sc, const struct expr_filter *use, json_t **v, bool *encoded)
{
    const char *wrong = filter_wrong(use->word, use->n);
    if (wrong)
        return err_set(sc->e, SIGNET_EINVAL, "\"|%.*s\": %s", STR_ARG(use->word), wrong);
    BUF_AUTO(in, LIM_TEXT);
    BUF_AUTO(out, LIM_TEXT);
    struct buf arg[EXPR_ARGS] = { BUF_INIT(LIM_TEXT), BUF_INIT(LIM_TEXT), BUF_INIT(LIM_TEXT) };
    struct filter_call c = { .sc = sc, .v = *v, .out = &out, .n_arg = use->n };
    int rc = 0;
    for (size_t i = 0; !rc && i < use->n; i++) {
        rc = expand_arg(sc, use->arg[i], &arg[i]);
        c.arg[i] = (signet_str){ buf_z(&arg[i]), arg[i].n };
    }
    value_add(&in, *v);
    c.in = (signet_str){ buf_z(&in), in.n };
    if (!rc)
        rc = buf_err(&in) ? buf_err(&in) : filter_find(use->word)->run(&c);
    if (!rc && !c.ret) {
        rc = buf_err(&out);
        c.ret = rc ? NULL : value_text(buf_str(&out));
        if (!rc && !c.ret)
            rc = SIGNET_ENOMEM;
    }
    for (size_t i = 0; i < EXPR_ARGS; i++)
        buf_done(&arg[i]);
    if (rc) {
        json_decref(c.ret);
        if (sc->e && !sc->e->code)
            err_set(sc->e, rc, "the filter \"%.*s\" failed: %s", STR_ARG(use->word), signet_strerror(rc));
        return rc;
    }
    json_decref(*v);
    *v = c.ret;
    *encoded = *encoded || c.encoded;
    return 0;
}

int filter_apply(struct scope *sc, signet_str filters, json_t **v, bool *encoded)
{
    struct expr_filter use;
    int rc = 0;
    while (!rc && expr_filter_next(&filters, filter_most_args, &use) == 1) {
        if (++sc->steps > LIM_EXPAND_STEPS)
            return err_set(sc->e, SIGNET_ELIMIT, "a template takes too long");
        rc = run_one(sc, &use, v, encoded);
    }
    return rc;
}
