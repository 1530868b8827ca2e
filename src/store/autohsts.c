#include "store/autohsts.h"

#include "base/fs.h"
#include "base/jsoncap.h"
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>

#define FILE_NAME      ".pluginstorage.json"
#define KEY            "autohsts"
#define FILE_MODE      0600
#define FILE_BYTES_MAX (4u << 20)
#define DEPTH_MAX      16u
#define NODES_MAX      200000u

/* ---- steps ---- */

static const unsigned steps[AUTOHSTS_STEPS] = { 60, 300, 900, 3600, 21600, 43200, 86400 };

unsigned autohsts_value(unsigned step)
{
    return steps[step < AUTOHSTS_STEPS ? step : AUTOHSTS_STEPS - 1];
}

bool autohsts_last(const struct autohsts_entry *x)
{
    return x->step + 1 >= AUTOHSTS_STEPS;
}

bool autohsts_due(const struct autohsts_entry *x, int64_t now)
{
    return !autohsts_last(x) && x->raised + AUTOHSTS_PAUSE_S <= (double)now;
}

/* ---- in memory ---- */

void autohsts_done(struct autohsts *a)
{
    for (size_t i = 0; i < a->n; i++)
        free(a->v[i].id);
    free(a->v);
    *a = (struct autohsts){ 0 };
}

static int add(struct autohsts *a, const char *id, unsigned step, double raised)
{
    if (a->n == AUTOHSTS_ENTRIES_MAX)
        return SIGNET_ELIMIT;
    struct autohsts_entry *v = reallocarray(a->v, a->n + 1, sizeof *v);
    if (!v)
        return SIGNET_ENOMEM;
    a->v = v;
    v[a->n] = (struct autohsts_entry){ .id = str_dup(str_of(id)), .step = step, .raised = raised };
    if (!v[a->n].id)
        return SIGNET_ENOMEM;
    a->n++;
    return 0;
}

int autohsts_add(struct autohsts *a, const char *id, unsigned step, int64_t now)
{
    autohsts_remove(a, id);
    return add(a, id, step, (double)now);
}

void autohsts_remove(struct autohsts *a, const char *id)
{
    for (size_t i = a->n; i-- > 0;)
        if (!strcmp(a->v[i].id, id)) {
            free(a->v[i].id);
            memmove(&a->v[i], &a->v[i + 1], (--a->n - i) * sizeof *a->v);
        }
}

/* ---- the file ---- */

static int refuse(const char *path, const char *why, struct err *e)
{
    err_set(e, SIGNET_EFORMAT, "%s cannot be understood: %s", path, why);
    err_hint(e, "It holds how far --auto-hsts has come. Mend it, or remove it: values then stay as they are.");
    return SIGNET_EFORMAT;
}

static int load(const struct tree *t, struct buf *path, json_t **ret, struct err *e)
{
    BUF_AUTO(text, FILE_BYTES_MAX);
    struct err why = { 0 };
    fs_join(path, t->config_dir, FILE_NAME);
    int rc = buf_err(path) ? err_nomem(e) : fs_read(AT_FDCWD, buf_z(path), &text, &why);
    if (rc == SIGNET_ENOTFOUND || (!rc && !str_trim(buf_str(&text)).n)) {
        *ret = json_object();
        return *ret ? 0 : err_nomem(e);
    }
    if (rc) {
        if (e && why.code)
            *e = why;
        return rc;
    }
    const char *beyond = json_beyond(buf_str(&text), DEPTH_MAX, NODES_MAX);
    if (beyond)
        return refuse(buf_z(path), beyond, e);
    json_t *o = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(o)) {
        *ret = o;
        return 0;
    }
    json_decref(o);
    return refuse(buf_z(path), "it is no JSON object", e);
}

static int take(const char *path, json_t *entries, struct autohsts *ret, struct err *e)
{
    const char *id;
    json_t *one;
    json_object_foreach(entries, id, one)
    {
        json_t *step = json_object_get(one, "laststep"), *time = json_object_get(one, "timestamp");
        if (!json_is_integer(step) || !json_is_number(time) || json_integer_value(step) < 0 ||
            json_integer_value(step) > 1000)
            return refuse(path, "an entry of autohsts has no step or no time", e);
        int rc = add(ret, id, (unsigned)json_integer_value(step), json_number_value(time));
        if (rc)
            return rc == SIGNET_ELIMIT ? refuse(path, "it has too many entries", e) : err_nomem(e);
    }
    return 0;
}

int autohsts_read(const struct tree *t, const char *plugin, struct autohsts *ret, struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    json_t *o = NULL;
    struct autohsts a = { 0 };
    int rc = load(t, &path, &o, e);
    if (!rc)
        rc = take(buf_z(&path), json_object_get(json_object_get(o, plugin), KEY), &a, e);
    json_decref(o);
    if (rc)
        autohsts_done(&a);
    else
        *ret = a;
    return rc;
}

static json_t *to_json(const struct autohsts *a)
{
    json_t *o = json_object();
    for (size_t i = 0; o && i < a->n; i++)
        if (json_object_set_new(o, a->v[i].id,
                                json_pack("{s:i,s:f}", "laststep", (int)a->v[i].step, "timestamp", a->v[i].raised))) {
            json_decref(o);
            return NULL;
        }
    return o;
}

int autohsts_write(const struct tree *t, const char *plugin, const struct autohsts *a, struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    json_t *o = NULL;
    int rc = load(t, &path, &o, e);
    if (rc)
        return rc;
    json_t *own = json_object_get(o, plugin), *entries = to_json(a);
    if (!json_is_object(own) && !json_object_set_new(o, plugin, json_object()))
        own = json_object_get(o, plugin);
    bool set = entries && own && !json_object_set(own, KEY, entries);
    json_decref(entries);
    char *text = set ? json_dumps(o, JSON_PRESERVE_ORDER) : NULL;
    json_decref(o);
    rc = text ? fs_replace(AT_FDCWD, buf_z(&path), str_of(text), FILE_MODE, true, e) : err_nomem(e);
    free(text);
    return rc;
}
