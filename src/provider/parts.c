#include "provider/engine.h"

const struct node *part(const struct provider_session *s, const char *key)
{
    const struct node *n = node_get(s->set, key);
    return n ? n : node_get(s->d->root, key);
}

static void add_let(struct scope *sc, const struct node *let)
{
    if (let && let->kind == NODE_MAP && sc->n_let < SCOPE_LETS)
        sc->let[sc->n_let++] = let;
}

static void add_lets(const struct job *j, struct scope *sc)
{
    for (size_t i = j->depth; i-- > 0;)
        add_let(sc, node_get(j->frame[i].node, "let"));
    add_let(sc, node_get(j->s->set, "let"));
    add_let(sc, node_get(j->s->d->root, "let"));
}

static void set_dotted(json_t *map, const char *key, const char *key_dot, signet_str name)
{
    BUF_AUTO(dotted, 512);
    value_set_str(map, key, name);
    buf_add(&dotted, name);
    buf_addc(&dotted, '.');
    value_set_str(map, key_dot, buf_str(&dotted));
}

/* The name below its zone; empty at the apex. */
static signet_str sub_of(signet_str fqdn, signet_str zone)
{
    if (str_eq(fqdn, zone))
        return (signet_str){ "", 0 };
    if (fqdn.n > zone.n + 1 && str_ends(fqdn, zone))
        return (signet_str){ fqdn.p, fqdn.n - zone.n - 1 };
    return fqdn;
}

static uint32_t ttl_of(const struct provider_session *s)
{
    uint32_t ttl = s->times.ttl < s->min_ttl ? s->min_ttl : s->times.ttl;
    uint32_t best = 0;
    for (size_t i = 0; s->ttls && i < s->ttls->n; i++) {
        uint64_t v;
        if (str_u64(s->ttls->item[i]->text, UINT32_MAX, &v))
            continue;
        if (v >= ttl)
            return (uint32_t)v;
        best = (uint32_t)v;
    }
    return best ? best : ttl;
}

/* What the engine knows about the job, under the names of docs/dns-provider-format.md. */
static json_t *engine_vars(const struct job *j)
{
    json_t *map = json_object(), *acme = json_object();
    if (!map || !acme) {
        json_decref(map);
        json_decref(acme);
        return NULL;
    }
    if (j->fqdn) {
        signet_str fqdn = str_of(j->fqdn), owner, label;
        set_dotted(map, "fqdn", "fqdn.", fqdn);
        str_cut(fqdn, '.', &label, &owner);
        value_set_str(map, "owner", owner);
        value_set_str(map, "domain", str_of(j->domain));
        value_set_str(map, "value", str_of(j->value));
        value_set_str(acme, "token", str_of(j->token));
        value_set_str(acme, "keyauth", str_of(j->keyauth));
        json_t *n = json_object_get(j->s->counts, j->fqdn);
        value_set(map, "n", json_integer(n ? json_integer_value(n) : 1));
    }
    if (j->fqdn && j->zone) {
        set_dotted(map, "zone", "zone.", str_of(j->zone));
        value_set_str(map, "sub", sub_of(str_of(j->fqdn), str_of(j->zone)));
    }
    value_set(map, "acme", acme);
    value_set(map, "ttl", json_integer(ttl_of(j->s)));
    value_set(map, "now", json_integer(j->s->now.wall_s + j->s->clock_shift));
    return map;
}

void scope_of(struct job *j, struct scope *sc, struct err *e, json_t **ret_own)
{
    *sc = (struct scope){ .e = e };
    add_lets(j, sc);
    *ret_own = engine_vars(j);
    json_t *maps[] = { j->once, j->temp, *ret_own, j->vars, j->s->vars };
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        if (maps[i])
            sc->vars[sc->n_vars++] = maps[i];
}

bool node_mentions(const struct node *n, const char *what)
{
    if (!n)
        return false;
    if (n->kind == NODE_SCALAR)
        return str_find(n->text, str_of(what)) != NULL;
    for (size_t i = 0; i < n->n; i++)
        if (node_mentions(n->item[i], what) || (n->kind == NODE_MAP && node_mentions(n->key[i], what)))
            return true;
    return false;
}

bool when_holds(struct job *j, const struct node *step, int *ret_rc)
{
    const struct node *when = node_get(step, "when");
    bool yes = true;
    *ret_rc = 0;
    if (!when)
        return true;
    VALUE_AUTO json_t *own = NULL;
    struct scope sc;
    scope_of(j, &sc, &j->err, &own);
    *ret_rc = cond_holds(&sc, when->text, NULL, &yes);
    return yes;
}
