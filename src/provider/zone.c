#include "provider/engine.h"

#include <idn2.h>
#include <stdlib.h>

/* Which zone a name is in: by DNS, by rule, or by asking the provider. */

enum { Z_BEGIN, Z_SOA, Z_STEP, Z_PICK, Z_PROBE, Z_PROBED };

/* Lower case, in the form of DNS, without a dot at the end. */
static char *plain_name(signet_str s)
{
    char *ascii = NULL, *z;
    if (str_ends(s, STR(".")))
        s.n--;
    if (s.n > 253 || !(z = str_dup(s)))
        return NULL;
    if (idn2_to_ascii_8z(z, &ascii, IDN2_NONTRANSITIONAL) == IDN2_OK) {
        free(z);
        z = strdup(ascii);
    }
    idn2_free(ascii);
    for (size_t i = 0; z && z[i]; i++)
        if (z[i] >= 'A' && z[i] <= 'Z')
            z[i] = (char)(z[i] + 32);
    return z;
}

int zone_set(struct job *j, signet_str name)
{
    char *z = plain_name(name);
    if (!z)
        return err_set(&j->err, SIGNET_EPROTO, "%s: it names a zone that is no name", shown_name(j->s));
    free(j->zone);
    j->zone = z;
    return 0;
}

/* The last n labels; 0 is all of it. */
static signet_str suffix(signet_str fqdn, size_t labels)
{
    size_t seen = 0;
    for (size_t i = fqdn.n; labels && i-- > 0;)
        if (fqdn.p[i] == '.' && ++seen == labels)
            return str_skip(fqdn, i + 1);
    return fqdn;
}

static bool is_step(const struct node *n)
{
    static const char *const verbs[] = { "get", "post", "put", "patch", "delete" };
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (node_get(n, verbs[i]))
            return true;
    return false;
}

static int fixed(struct job *j, struct frame *f, const struct node *tmpl)
{
    VALUE_AUTO json_t *own = NULL;
    struct scope sc;
    BUF_AUTO(text, 512);
    scope_of(j, &sc, &j->err, &own);
    int rc = expand_text(&sc, tmpl->text, &text);
    f->state = Z_SOA;
    if (rc || !text.n)
        return rc ? rc : STEP_AGAIN;
    rc = zone_set(j, buf_str(&text));
    return rc ? rc : STEP_POP;
}

static const struct node *step_at(const struct frame *f)
{
    const struct node *n = f->node;
    if (n->kind != NODE_LIST)
        return f->index == 0 ? n : NULL;
    return f->index < n->n ? n->item[f->index] : NULL;
}

static bool asks_zone(const struct node *n, const struct node *let, unsigned depth)
{
    if (node_mentions(n, "{zone") || node_mentions(n, "{sub"))
        return true;
    for (size_t i = 0; depth < 4 && let && let->kind == NODE_MAP && i < let->n; i++) {
        BUF_AUTO(name, 128);
        buf_addf(&name, "{%s", let->key[i]->text.p);
        if (let->item[i] != n && node_mentions(n, buf_z(&name)) && asks_zone(let->item[i], let, depth + 1))
            return true;
    }
    return false;
}

static int begin(struct job *j, struct frame *f)
{
    const struct node *n = f->node;
    if (!n || (n->kind == NODE_SCALAR && str_eq(n->text, STR("soa")))) {
        f->state = Z_SOA;
        return STEP_AGAIN;
    }
    if (n->kind == NODE_SCALAR)
        return STEP_POP;
    if (node_get(n, "labels") && !is_step(n)) {
        int rc = zone_set(j, suffix(str_of(j->fqdn), node_u32(n, "labels", 2)));
        return rc ? rc : STEP_POP;
    }
    if (node_get(n, "fixed") && !is_step(n))
        return fixed(j, f, node_get(n, "fixed"));
    const struct node *first = step_at(f);
    bool asks = asks_zone(n, node_get(j->s->set, "let"), 0) || asks_zone(n, node_get(j->s->d->root, "let"), 0);
    f->state = asks && !node_get(first, "probe") ? Z_SOA : Z_STEP;
    return STEP_AGAIN;
}

/* One lookup serves all jobs of the same name. */
static int soa(struct job *j, struct frame *f)
{
    struct provider_session *s = j->s;
    signet_str known = value_str(json_object_get(s->zones, j->fqdn));
    if (known.n) {
        j->zone_id = 0;
        int rc = zone_set(j, known);
        f->state = Z_STEP;
        const struct node *n = f->node;
        return rc ? rc : n && n->kind != NODE_SCALAR && (n->kind == NODE_LIST || is_step(n)) ? STEP_AGAIN : STEP_POP;
    }
    for (const struct job *o = s->jobs; o; o = o->next)
        if (o != j && o->state == JOB_ZONE && strcmp(o->fqdn, j->fqdn) == 0) {
            j->state = JOB_BLOCKED;
            return STEP_WAIT;
        }
    j->zone_id = ++s->next_id;
    j->zone_out = false;
    j->state = JOB_ZONE;
    return STEP_WAIT;
}

/* ---- choosing from what the provider lists ---- */

/* Cuts "domains[].name" into where the elements are and what their name is called. */
static void split_pick(signet_str pick, signet_str *elements, signet_str *name)
{
    unsigned depth = 0;
    size_t cut = pick.n;
    for (size_t i = pick.n; i-- > 0;) {
        char c = pick.p[i];
        depth += c == ']';
        depth -= c == '[' && depth;
        if (c == '.' && !depth) {
            cut = i;
            break;
        }
    }
    *elements = cut < pick.n ? (signet_str){ pick.p, cut } : STR(".");
    *name = cut < pick.n ? str_skip(pick, cut + 1) : pick;
    if (str_ends(*name, STR("]"))) { /* the elements are names themselves */
        *elements = pick;
        *name = STR(".");
    }
}

static int name_of(struct job *j, json_t *element, signet_str path, char **ret)
{
    VALUE_AUTO json_t *own = NULL;
    VALUE_AUTO json_t *v = NULL;
    struct scope sc;
    BUF_AUTO(text, LIM_TEXT);
    scope_of(j, &sc, &j->err, &own);
    int rc = path_get(&sc, path, element, &v);
    if (rc)
        return rc;
    value_add(&text, v);
    *ret = plain_name(buf_str(&text)); /* NULL: no name; it cannot be ours */
    return 0;
}

static bool within(const char *fqdn, const char *zone)
{
    size_t n = strlen(fqdn), z = strlen(zone);
    return z && z <= n && strcmp(fqdn + n - z, zone) == 0 && (z == n || fqdn[n - z - 1] == '.');
}

/* *ret: the element whose name is the longest that the challenge's name ends in; NULL: none. The zone is set to it. */
static int best_of(struct job *j, json_t *list, signet_str name, json_t **ret)
{
    char *best = NULL;
    *ret = NULL;
    for (size_t i = 0; i < json_array_size(list); i++) {
        char *zone = NULL;
        int rc = name_of(j, json_array_get(list, i), name, &zone);
        if (rc) {
            free(best);
            return rc;
        }
        if (zone && within(j->fqdn, zone) && (!best || strlen(zone) > strlen(best))) {
            free(best);
            best = zone;
            *ret = json_array_get(list, i);
        } else {
            free(zone);
        }
    }
    int rc = best ? zone_set(j, str_of(best)) : 0;
    free(best);
    return rc;
}

static int pick(struct job *j, const struct node *step, bool *ret_found)
{
    const struct node *path = node_get(step, "pick");
    signet_str elements, name;
    VALUE_AUTO json_t *list = NULL;
    json_t *element = NULL;
    *ret_found = true;
    if (!path)
        return 0;
    split_pick(path->text, &elements, &name);
    int rc = pages_find(j, NULL, j->pages, elements, &list);
    rc = rc ? rc : best_of(j, list, name, &element);
    *ret_found = element != NULL;
    return rc || !element ? rc : save_all(j, node_get(step, "save"), element, NULL);
}

static int no_zone(struct job *j)
{
    if (j->refused_status == 403) { /* not "it is not there", but "you may not ask" */
        j->err = j->refused;
        return j->err.code;
    }
    err_set(&j->err, SIGNET_ENOTFOUND, "%s: no zone of this account has %s in it%s%s", shown_name(j->s), j->fqdn,
            j->refused.code ? "; it said: " : "", j->refused.code ? j->refused.text : "");
    err_hint(&j->err, "Is the domain in this account, and may these credentials see it?");
    return SIGNET_ENOTFOUND;
}

static int next_step(struct job *j, struct frame *f)
{
    const struct node *step = step_at(f);
    if (!step)
        return j->zone ? STEP_POP : no_zone(j);
    if (node_get(step, "probe")) {
        f->state = Z_PROBE;
        return STEP_AGAIN;
    }
    f->state = Z_PICK;
    int rc = push(j, FRAME_STEP, step);
    if (rc == STEP_AGAIN)
        top(j)->zone_step = true;
    return rc;
}

static int picked(struct job *j, struct frame *f)
{
    bool found = false;
    const struct node *step = step_at(f);
    int rc = j->absent || j->skipped ? 0 : pick(j, step, &found);
    if (rc || (!found && !j->skipped))
        return rc ? rc : no_zone(j);
    f->index++;
    f->state = Z_STEP;
    return STEP_AGAIN;
}

static int probe(struct job *j, struct frame *f)
{
    signet_str fqdn = str_of(j->fqdn);
    if (f->count == 0)
        for (size_t i = 0; i < fqdn.n; i++)
            f->count += fqdn.p[i] == '.';
    size_t labels = f->count + 1 - f->page; /* from the whole name down to two labels */
    if (labels < 2)
        return no_zone(j);
    int rc = zone_set(j, suffix(fqdn, labels));
    f->state = Z_PROBED;
    rc = rc ? rc : push(j, FRAME_STEP, step_at(f));
    if (rc == STEP_AGAIN)
        top(j)->zone_step = top(j)->tolerant = true;
    return rc;
}

static bool saves_empty(const struct job *j, const struct node *step)
{
    const struct node *save = node_get(step, "save");
    for (size_t i = 0; save && save->kind == NODE_MAP && i < save->n; i++)
        if (value_empty(json_object_get(j->vars, save->key[i]->text.p)))
            return true;
    return false;
}

static int probed(struct job *j, struct frame *f)
{
    const struct node *step = step_at(f);
    bool found = false;
    int rc = j->absent ? 0 : pick(j, step, &found);
    if (rc)
        return rc;
    if (!found || saves_empty(j, step)) {
        f->page++;
        f->state = Z_PROBE;
        return STEP_AGAIN;
    }
    f->index++;
    f->page = 0;
    f->state = Z_STEP;
    return STEP_AGAIN;
}

int run_zone(struct job *j, struct frame *f)
{
    switch (f->state) {
    case Z_BEGIN:
        return begin(j, f);
    case Z_SOA:
        return soa(j, f);
    case Z_STEP:
        return next_step(j, f);
    case Z_PICK:
        return picked(j, f);
    case Z_PROBE:
        return probe(j, f);
    default:
        return probed(j, f);
    }
}
