#include "base/b64.h"
#include "provider/engine.h"

/* What proves to the provider who asks. */

const struct node *auth_of(const struct job *j)
{
    const struct node *own = node_get(j->x.step, "auth");
    if (own)
        return own->kind == NODE_MAP ? own : NULL; /* auth: none */
    const struct node *zone = j->x.zone_step ? part(j->s, "zone_auth") : NULL;
    return zone ? zone : part(j->s, "auth");
}

static int failed(struct job *j, const char *what, int code)
{
    return err_set(&j->err, code, "%s: the %s cannot be sent: %s", shown_name(j->s), what, signet_strerror(code));
}

static int set_bearer(struct job *j, struct scope *sc, const struct node *n, struct exchange *x)
{
    BUF_AUTO(text, LIM_HEADER);
    buf_addz(&text, "Bearer ");
    int rc = expand_text(sc, n->text, &text);
    if (rc)
        return rc;
    rc = header_set(x, "Authorization", buf_str(&text), true);
    return rc ? failed(j, "token", rc) : 0;
}

static int set_basic(struct job *j, struct scope *sc, const struct node *n, struct exchange *x)
{
    BUF_AUTO(pair, LIM_HEADER);
    BUF_AUTO(text, LIM_HEADER);
    if (n->kind != NODE_LIST || n->n != 2)
        return err_set(&j->err, SIGNET_EINVAL, "%s:%u: basic is a list of user and password", n->file, n->line);
    int rc = expand_text(sc, n->item[0]->text, &pair);
    buf_addc(&pair, ':');
    rc = rc ? rc : expand_text(sc, n->item[1]->text, &pair);
    if (rc || pair.n == 1) /* neither name nor password: there is nothing to say */
        return rc;
    buf_addz(&text, "Basic ");
    b64_enc(&text, buf_str(&pair));
    rc = buf_err(&text) ? buf_err(&text) : header_set(x, "Authorization", buf_str(&text), true);
    return rc ? failed(j, "password", rc) : 0;
}

/* The recipe of a signature, read when it is first needed. */
static int recipe(struct job *j, signet_str name, const struct node **ret)
{
    struct provider_session *s = j->s;
    if (!s->sign) {
        const struct catalog_entry *c = catalog_find_sign(name);
        if (!c)
            return err_set(&j->err, SIGNET_EINVAL, "%s: there is no signature called \"%.*s\"", shown_name(s),
                           STR_ARG(name));
        int rc = node_parse(&s->sign_pool, (signet_str){ c->text, c->n }, c->code, &s->sign, &j->err);
        if (rc)
            return rc;
    }
    *ret = s->sign;
    return 0;
}

/* A recipe sees its inputs under its own names, and nothing of the description but what the inputs brought. */
static int set_signature(struct job *j, struct scope *sc, const struct node *auth, struct exchange *x)
{
    const struct node *r = NULL;
    VALUE_AUTO json_t *inputs = NULL;
    int rc = recipe(j, node_text(auth, "sign"), &r);
    if (rc)
        return rc;
    inputs = json_object();
    if (!inputs)
        return err_nomem(&j->err);
    for (size_t i = 0; i < auth->n; i++) {
        json_t *v = NULL;
        rc = expand_node(sc, auth->item[i], &v);
        if (!rc && value_set(inputs, auth->key[i]->text.p, v))
            rc = err_nomem(&j->err);
        if (rc)
            return rc;
    }
    struct scope own = { .let = { node_get(r, "let") }, .n_let = 1, .e = sc->e };
    own.vars[own.n_vars++] = inputs;
    for (size_t i = 0; i < sc->n_vars && own.n_vars < SCOPE_VARS; i++)
        own.vars[own.n_vars++] = sc->vars[i];
    const struct node *needs = node_get(r, "needs");
    for (size_t i = 0; needs && i < needs->n; i++)
        if (!json_object_get(inputs, needs->item[i]->text.p) && value_set_str(inputs, needs->item[i]->text.p, STR("")))
            return err_nomem(&j->err);
    return header_map(&own, x, node_get(r, "header"));
}

int auth_apply(struct job *j, struct scope *sc, const struct node *auth, struct exchange *x)
{
    const struct node *bearer = node_get(auth, "bearer"), *basic = node_get(auth, "basic");
    int rc = bearer ? set_bearer(j, sc, bearer, x) : 0;
    rc = rc ? rc : basic ? set_basic(j, sc, basic, x) : 0;
    rc = rc ? rc : header_map(sc, x, node_get(auth, "header"));
    return rc || !node_get(auth, "sign") ? rc : set_signature(j, sc, auth, x);
}
