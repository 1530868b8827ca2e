#include "provider/engine.h"

#include <stdlib.h>

/* The values of a description's variables, from whoever opened the session. */

struct resolver {
    struct provider_session *s;
    const struct provider_desc *d;
    struct err *e;
};

static int expand_default(struct resolver *r, signet_str tmpl, struct buf *to)
{
    struct scope sc = { .vars = { r->s->vars }, .n_vars = 1, .e = r->e, .lenient = true };
    return expand_text(&sc, tmpl, to);
}

/* One name: its value, or the content of the file that NAME_FILE names (without the newline at its end). */
static int look_up(struct resolver *r, const char *name, struct buf *to, bool *is_content)
{
    const struct provider_env *env = &r->s->env;
    *is_content = false;
    int rc = env->get(env->ctx, name, to, r->e);
    if (!rc && to->n)
        return 0;
    if (rc && rc != SIGNET_ENOTFOUND)
        return rc;
    BUF_AUTO(key, 160);
    BUF_AUTO(path, LIM_CRED);
    buf_addf(&key, "%s_FILE", name);
    buf_clear(to);
    rc = env->get(env->ctx, buf_z(&key), &path, r->e);
    if (rc || !path.n)
        return rc ? rc : SIGNET_ENOTFOUND;
    rc = env->read_file(env->ctx, buf_z(&path), to, r->e);
    if (rc == SIGNET_ENOTFOUND)
        return err_set(r->e, SIGNET_EINVAL, "%s: the file %s is not there", buf_z(&key), buf_z(&path));
    while (!rc && to->n && (to->p[to->n - 1] == '\n' || to->p[to->n - 1] == '\r'))
        to->p[--to->n] = '\0';
    *is_content = true;
    return rc ? rc : to->n ? 0 : SIGNET_ENOTFOUND;
}

static int find_value(struct resolver *r, const struct var_def *v, struct buf *to, const char **used, bool *is_content)
{
    for (size_t i = 0; i < v->names.n; i++) {
        buf_clear(to);
        int rc = look_up(r, v->names.v[i], to, is_content);
        if (rc != SIGNET_ENOTFOUND) {
            *used = v->names.v[i];
            return rc;
        }
    }
    return SIGNET_ENOTFOUND;
}

/* A value that names a document is read; one that is the document itself is taken as it is. */
static int open_document(struct resolver *r, const struct var_def *v, const char *used, bool is_content,
                         bool by_default, struct buf *text, json_t **ret)
{
    signet_str s = buf_str(text);
    bool here = is_content || str_eq(v->format, STR("pairs")) || str_starts(str_trim(s), STR("{")) ||
                str_starts(str_trim(s), STR("-----BEGIN"));
    BUF_AUTO(content, LIM_CRED);
    BUF_AUTO(arg, 200);
    int rc = expand_default(r, v->format_arg, &arg);
    if (!rc && !here) {
        rc = r->s->env.read_file(r->s->env.ctx, buf_z(text), &content, r->e);
        if (rc == SIGNET_ENOTFOUND && by_default) {
            err_clear(r->e);
            return rc;
        }
        if (rc == SIGNET_ENOTFOUND)
            return err_set(r->e, SIGNET_EINVAL, "%s: the file %s is not there", used, buf_z(text));
        s = buf_str(&content);
    }
    return rc ? rc : document_read(s, v->format, buf_str(&arg), used, ret, r->e);
}

int add_secret(struct provider_session *s, const json_t *v)
{
    const char *key;
    json_t *m;
    int rc = 0;
    if (json_is_object(v)) {
        json_object_foreach((json_t *)(uintptr_t)v, key, m) rc = rc ? rc : add_secret(s, m);
        return rc;
    }
    signet_str text = value_str(v);
    if (text.n < 5 || str_starts(text, STR("http")) || str_has(text, '\0'))
        return 0;
    return keep_secret(s, text);
}

/* An address may have a password in it, also one whose variable is no secret. */
static int add_url_password(struct provider_session *s, const json_t *v)
{
    signet_str user, password;
    str_cut(url_userinfo(value_str(v)), ':', &user, &password);
    VALUE_AUTO json_t *plain = value_text(password);
    return plain ? add_secret(s, plain) : SIGNET_ENOMEM;
}

static char *id_of(const struct var_def *v)
{
    return str_dup(v->id);
}

static int keep(struct resolver *r, const struct var_def *v, const char *used, json_t *taken)
{
    char *id = id_of(v);
    if (!id || (v->secret && add_secret(r->s, taken)) || add_url_password(r->s, taken) ||
        (used && strlist_addz(&r->s->used, used))) {
        free(id);
        json_decref(taken);
        return err_nomem(r->e);
    }
    int rc = value_set(r->s->vars, id, taken);
    free(id);
    return rc ? err_nomem(r->e) : 0;
}

/* 0: it has a value now; SIGNET_ENOTFOUND: it has none. */
static int resolve_one(struct resolver *r, const struct var_def *v, bool defaults_only_plain)
{
    BUF_AUTO(text, LIM_CRED);
    const char *used = NULL;
    bool is_content = false, by_default = false;
    int rc = find_value(r, v, &text, &used, &is_content);
    if (rc == SIGNET_ENOTFOUND) {
        if (!v->has_def || (defaults_only_plain && str_has(v->def, '{')))
            return rc;
        buf_clear(&text);
        by_default = true;
        rc = expand_default(r, v->def, &text);
    }
    if (rc)
        return rc;
    json_t *value = NULL;
    if (v->format.n && text.n)
        rc = open_document(r, v, used ? used : v->names.v[0], is_content, by_default, &text, &value);
    else if (!(value = value_text(buf_str(&text))))
        rc = err_nomem(r->e);
    return rc ? rc : keep(r, v, used, value);
}

/* `when` of a set: a mode that the user chose decides which credentials are asked for. */
static int set_applies(struct resolver *r, size_t i, bool *ret)
{
    signet_str cond = node_text(r->d->set[i], "when");
    *ret = true;
    if (!cond.n)
        return 0;
    struct scope sc = { .vars = { r->s->vars }, .n_vars = 1, .e = r->e, .lenient = true };
    return cond_holds(&sc, cond, NULL, ret);
}

/* Is a set complete? *missing: the required variables that have no value, with commas. */
static int try_set(struct resolver *r, int set, struct buf *missing, size_t *found)
{
    *found = 0;
    for (size_t i = 0; i < r->d->n_vars; i++) {
        const struct var_def *v = &r->d->vars[i];
        if (v->set != set)
            continue;
        int rc = resolve_one(r, v, false);
        if (rc && rc != SIGNET_ENOTFOUND)
            return rc;
        if (rc) /* without a default, or the file that it names is not there */
            buf_addf(missing, "%s%s", missing->n ? "," : "", v->names.v[0]);
        else if (!v->has_def)
            (*found)++;
    }
    return 0;
}

static int resolve_options(struct resolver *r, bool plain_only)
{
    for (size_t i = 0; i < r->d->n_vars; i++) {
        const struct var_def *v = &r->d->vars[i];
        char id[64];
        if (v->set || v->id.n >= sizeof id)
            continue;
        memcpy(id, v->id.p, v->id.n);
        id[v->id.n] = '\0';
        if (!plain_only && json_object_get(r->s->vars, id))
            continue;
        int rc = resolve_one(r, v, plain_only);
        if (rc && rc != SIGNET_ENOTFOUND)
            return rc;
        if (rc && !plain_only && !v->has_def)
            return err_set(r->e, SIGNET_EINVAL, "%s: some credentials information are missing: %s", r->d->help.code,
                           v->names.v[0]);
        if (rc && !plain_only)
            return err_set(r->e, SIGNET_EINVAL, "%s: what %s names is not there", r->d->help.code, v->names.v[0]);
    }
    return 0;
}

static int take_set(struct resolver *r, size_t i)
{
    r->s->set = r->d->set[i];
    if (!r->d->set_like[i])
        return 0;
    struct resolver other = { r->s, r->d->set_like[i], r->e };
    r->s->d = r->d->set_like[i];
    int rc = resolve_options(&other, true);
    return rc ? rc : resolve_options(&other, false);
}

static int choose_set(struct resolver *r)
{
    BUF_AUTO(all, 1500);
    BUF_AUTO(best, 500);
    size_t most = 0;
    for (size_t i = 0; i < r->d->n_sets; i++) {
        BUF_AUTO(missing, 500);
        size_t found;
        bool applies;
        int rc = set_applies(r, i, &applies);
        if (rc)
            return rc;
        if (!applies)
            continue;
        rc = try_set(r, (int)i + 1, &missing, &found);
        if (rc)
            return rc;
        if (!missing.n)
            return take_set(r, i);
        buf_addf(&all, "%s%s", all.n ? " or " : "", buf_z(&missing));
        if (found > most) {
            most = found;
            buf_clear(&best);
            buf_add(&best, buf_str(&missing));
        }
    }
    if (!r->d->n_sets)
        return 0;
    if (!all.n) {
        err_set(r->e, SIGNET_EINVAL, "%s: no way to log in is known for what is set", r->d->help.code);
        err_hint(r->e, "\"dnshelp -c %s\" lists the ways; a setting chooses one that is not among them.",
                 r->d->help.code);
        return SIGNET_EINVAL;
    }
    err_set(r->e, SIGNET_EINVAL, "%s: some credentials information are missing: %s", r->d->help.code,
            best.n ? buf_z(&best) : buf_z(&all));
    err_hint(r->e, "\"dnshelp -c %s\" tells what each of them is; each may also be given as NAME_FILE.",
             r->d->help.code);
    return SIGNET_EINVAL;
}

int creds_resolve(struct provider_session *s, const struct provider_desc *d, struct err *e)
{
    struct resolver r = { s, d, e };
    s->d = d;
    int rc = resolve_options(&r, true);
    rc = rc ? rc : choose_set(&r);
    return rc ? rc : resolve_options(&r, false);
}

static int tls_text(struct provider_session *s, signet_str tmpl, char **ret, struct err *e)
{
    if (!tmpl.n)
        return 0;
    struct resolver r = { s, s->d, e };
    BUF_AUTO(text, LIM_CRED);
    int rc = expand_default(&r, tmpl, &text);
    if (!rc && text.n && !(*ret = buf_take(&text)))
        rc = err_nomem(e);
    return rc;
}

int session_tls(struct provider_session *s, struct err *e)
{
    const struct node *tls = part(s, "tls");
    if (!tls)
        return 0;
    int rc = tls_text(s, node_text(tls, "ca"), &s->ca, e);
    rc = rc ? rc : tls_text(s, node_text(tls, "cert"), &s->cert, e);
    rc = rc ? rc : tls_text(s, node_text(tls, "key"), &s->key, e);
    signet_str cond = node_text(tls, "insecure");
    if (rc || !cond.n)
        return rc;
    struct scope sc = { .vars = { s->vars }, .n_vars = 1, .e = e, .lenient = true };
    return cond_holds(&sc, cond, NULL, &s->insecure);
}
