/* The only file of this room that opens files: a folder of descriptions before those that are compiled in. */
#include "base/fs.h"
#include "provider/desc.h"

#include <fcntl.h>
#include <stdlib.h>

static const struct catalog_entry *entry_in(const struct catalog_entry *v, size_t n, const char *code)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(code, v[mid].code);
        if (!order)
            return &v[mid];
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

const struct catalog_entry *catalog_find(const char *code)
{
    const struct catalog_entry *hit = entry_in(catalog, catalog_n, code);
    for (size_t i = 0; !hit && i < catalog_alias_n; i++)
        if (strcmp(catalog_alias[i].alias, code) == 0)
            hit = entry_in(catalog, catalog_n, catalog_alias[i].code);
    if (!hit && strncmp(code, "dns-", 4) == 0) /* as certbot calls its plugins */
        hit = catalog_find(code + 4);
    return hit;
}

const struct catalog_entry *catalog_find_sign(signet_str name)
{
    for (size_t i = 0; i < catalog_sign_n; i++)
        if (str_eq(name, str_of(catalog_sign[i].code)))
            return &catalog_sign[i];
    return NULL;
}

static bool code_ok(const char *code)
{
    size_t n = strspn(code, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
    return n && n < 64 && !code[n];
}

static void suggest(const char *code, struct err *e)
{
    BUF_AUTO(names, 300);
    for (size_t i = 0; i < catalog_n && names.n < 200; i++)
        if (strncmp(catalog[i].code, code, strlen(code) < 3 ? strlen(code) : 3) == 0)
            buf_addf(&names, "%s%s", names.n ? ", " : "", catalog[i].code);
    if (names.n)
        err_hint(e, "There are: %s.", buf_z(&names));
    else
        err_hint(e, "\"dnshelp\" lists all providers.");
}

/* The text of CODE, from the folder or compiled in; *builtin tells which. */
static int find_text(const char *dir, const char *code, struct buf *own, signet_str *ret, bool *builtin, struct err *e)
{
    if (!code_ok(code)) {
        BUF_AUTO(shown, 200);
        buf_add_escaped(&shown, str_of(code), 80);
        return err_set(e, SIGNET_ENOTFOUND, "\"%s\" is no name of a DNS provider", buf_z(&shown));
    }
    *builtin = false;
    if (dir) {
        BUF_AUTO(path, 4096);
        struct err why = { 0 };
        fs_join(&path, dir, code);
        buf_addz(&path, ".yaml");
        int rc = buf_err(&path) ? SIGNET_ENOTFOUND : fs_read(AT_FDCWD, buf_z(&path), own, &why);
        *ret = buf_str(own);
        if (!rc)
            return 0;
        if (rc != SIGNET_ENOTFOUND) {
            *e = why;
            return rc;
        }
    }
    const struct catalog_entry *c = catalog_find(code);
    if (!c) {
        err_set(e, SIGNET_ENOTFOUND, "there is no DNS provider \"%s\"", code);
        suggest(code, e);
        return SIGNET_ENOTFOUND;
    }
    *builtin = true;
    *ret = (signet_str){ c->text, c->n };
    return 0;
}

static int source_text(const struct desc_source *src, const char *code, struct buf *own, signet_str *ret, struct err *e)
{
    bool builtin = false;
    return find_text(src->dir, code, own, ret, &builtin, e);
}

static void keep_first(void *ctx, const struct provider_fault *f)
{
    struct err *e = ctx;
    if (!e->code)
        err_set(e, SIGNET_EFORMAT, "%s:%u:%u: %s", f->file, f->line, f->column, f->what);
}

int provider_parse(struct provider_desc **ret, signet_str yaml, const char *name, const char *dir, struct err *e)
{
    struct desc_source src = { .dir = dir, .text = source_text };
    struct provider_desc *d = NULL;
    struct err first = { 0 };
    int rc = desc_parse(&d, yaml, name, &src, 0, e);
    if (rc)
        return rc;
    struct desc_tell t = { keep_first, &first, 0 };
    desc_check(d, &t);
    if (t.n) {
        provider_desc_free(d);
        if (e)
            *e = first;
        err_hint(e, "\"signet dns check %s\" shows all that is wrong in it.", name);
        return first.code;
    }
    *ret = d;
    return 0;
}

int provider_load(struct provider_desc **ret, const char *code, const char *dir, struct err *e)
{
    BUF_AUTO(own, LIM_YAML);
    struct desc_source src = { .dir = dir, .text = source_text };
    signet_str text = { NULL, 0 };
    bool builtin = false;
    struct err why = { 0 };
    int rc = find_text(dir, code, &own, &text, &builtin, &why);
    if (rc) {
        if (e)
            *e = why;
        return rc;
    }
    if (builtin)
        return desc_parse(ret, text, code, &src, 0, e);
    BUF_AUTO(path, 4200);
    fs_join(&path, dir, code);
    buf_addz(&path, ".yaml");
    return provider_parse(ret, text, buf_z(&path), dir, e);
}

int provider_codes(const char *dir, struct strlist *ret, struct err *e)
{
    for (size_t i = 0; i < catalog_n; i++)
        if (strlist_addz(ret, catalog[i].code))
            return err_nomem(e);
    STRLIST_AUTO(names);
    int rc = dir ? fs_list(AT_FDCWD, dir, &names, e) : 0;
    if (rc == SIGNET_ENOTFOUND) {
        err_clear(e);
        rc = 0;
    }
    for (size_t i = 0; !rc && i < names.n; i++) {
        signet_str n = str_of(names.v[i]);
        if (n.n > 5 && str_ends(n, STR(".yaml")) && strlist_add_new(ret, (signet_str){ n.p, n.n - 5 }))
            rc = err_nomem(e);
    }
    strlist_sort(ret);
    return rc;
}

/* "FILE:LINE:COLUMN: what" of a description that could not even be parsed. */
static void tell_parse_error(struct desc_tell *t, const char *name, const char *text)
{
    struct provider_fault f = { .file = name, .line = 1, .column = 1, .what = text };
    size_t n = strlen(name);
    if (strncmp(text, name, n) == 0 && text[n] == ':') {
        char *end = NULL;
        unsigned long line = strtoul(text + n + 1, &end, 10), column = *end == ':' ? strtoul(end + 1, &end, 10) : 1;
        if (*end == ':' && end[1] == ' ') {
            f.line = (unsigned)line;
            f.column = (unsigned)column;
            f.what = end + 2;
        }
    }
    t->n++;
    t->tell(t->ctx, &f);
}

int provider_check(signet_str yaml, const char *name, const char *dir,
                   void (*tell)(void *ctx, const struct provider_fault *f), void *ctx, size_t *ret_n, struct err *e)
{
    struct desc_source src = { .dir = dir, .text = source_text };
    struct desc_tell t = { tell, ctx, 0 };
    struct provider_desc *d = NULL;
    struct err why = { 0 };
    int rc = desc_parse(&d, yaml, name, &src, 0, &why);
    if (rc == SIGNET_EFORMAT || rc == SIGNET_ENOTFOUND) {
        tell_parse_error(&t, name, why.text);
        rc = 0;
    } else if (rc) {
        if (e)
            *e = why;
    } else {
        desc_check(d, &t);
    }
    provider_desc_free(d);
    *ret_n = t.n;
    return rc;
}
