#include "provider/body.h"
#include "provider/limits.h"

#include <expat.h>
#include <stdlib.h>

/* ---- writing ---- */

void xml_escape(struct buf *to, signet_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '&':
            buf_addz(to, "&amp;");
            break;
        case '<':
            buf_addz(to, "&lt;");
            break;
        case '>':
            buf_addz(to, "&gt;");
            break;
        case '"':
            buf_addz(to, "&quot;");
            break;
        default:
            buf_addc(to, s.p[i]);
        }
    }
}

static void add_value(struct buf *to, const json_t *v)
{
    BUF_AUTO(text, LIM_TEXT);
    value_add(&text, v);
    xml_escape(to, buf_str(&text));
}

static bool name_ok(const char *name)
{
    for (const char *p = name; *p; p++)
        if ((unsigned char)*p <= ' ' || strchr("<>&\"'/=@$", *p))
            return false;
    return *name != '\0';
}

static int write_element(struct buf *to, const char *name, const json_t *v, unsigned depth);

static int write_content(struct buf *to, const json_t *v, unsigned depth)
{
    const char *name;
    json_t *m;
    int rc = 0;
    if (!json_is_object(v)) {
        add_value(to, v);
        return 0;
    }
    json_object_foreach((json_t *)(uintptr_t)v, name, m)
    {
        if (strcmp(name, "$") == 0)
            add_value(to, m);
        else if (*name != '@')
            rc = rc ? rc : write_element(to, name, m, depth + 1);
    }
    return rc;
}

static int write_element(struct buf *to, const char *name, const json_t *v, unsigned depth)
{
    const char *attr;
    json_t *m;
    int rc = 0;
    if (!name_ok(name) || depth > LIM_XML_DEPTH)
        return SIGNET_EINVAL;
    if (json_is_array(v)) {
        for (size_t i = 0; !rc && i < json_array_size(v); i++)
            rc = write_element(to, name, json_array_get(v, i), depth + 1);
        return rc;
    }
    buf_addf(to, "<%s", name);
    json_object_foreach((json_t *)(uintptr_t)v, attr, m)
    {
        if (*attr != '@')
            continue;
        if (!name_ok(attr + 1))
            return SIGNET_EINVAL;
        buf_addf(to, " %s=\"", attr + 1);
        add_value(to, m);
        buf_addc(to, '"');
    }
    buf_addc(to, '>');
    rc = write_content(to, v, depth);
    buf_addf(to, "</%s>", name);
    return rc;
}

int xml_write(struct buf *to, const json_t *map)
{
    buf_addz(to, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    int rc = json_is_object(map) ? write_content(to, map, 0) : SIGNET_EINVAL;
    return rc ? rc : buf_err(to);
}

/* ---- reading ---- */

struct xml_open {
    json_t *map;
    struct buf text;
};

struct xml_reader {
    XML_Parser parser;
    struct xml_open open[LIM_XML_DEPTH]; /* 0 stands for the document */
    size_t depth, nodes;
    const char *why;
};

static void stop(struct xml_reader *r, const char *why)
{
    if (!r->why)
        r->why = why;
    XML_StopParser(r->parser, XML_FALSE);
}

static const char *local(const char *name)
{
    const char *colon = strrchr(name, ':');
    return colon && colon[1] ? colon + 1 : name;
}

static void XMLCALL on_start(void *ctx, const XML_Char *name, const XML_Char **atts)
{
    struct xml_reader *r = ctx;
    (void)name;
    if (r->depth + 1 >= LIM_XML_DEPTH || ++r->nodes > LIM_JSON_NODES) {
        stop(r, "too deep or too much of it");
        return;
    }
    struct xml_open *o = &r->open[++r->depth];
    *o = (struct xml_open){ json_object(), BUF_INIT(LIM_ANSWER) };
    for (; o->map && *atts; atts += 2)
        if (strncmp(*atts, "xmlns", 5) != 0 && value_set_str(o->map, local(*atts), str_of(atts[1])))
            stop(r, "out of memory");
    if (!o->map)
        stop(r, "out of memory");
}

static void XMLCALL on_text(void *ctx, const XML_Char *s, int n)
{
    struct xml_reader *r = ctx;
    if (r->depth)
        buf_add(&r->open[r->depth].text, (signet_str){ s, (size_t)n });
}

/* A second element of one name makes a list of both. */
static int add_member(json_t *to, const char *key, json_t *taken)
{
    json_t *old = json_object_get(to, key);
    if (!old || !taken)
        return value_set(to, key, taken);
    if (json_is_array(old))
        return json_array_append_new(old, taken) ? SIGNET_ENOMEM : 0;
    json_t *list = json_array();
    if (!list || json_array_append(list, old) || json_array_append_new(list, taken)) {
        json_decref(list);
        return SIGNET_ENOMEM;
    }
    return value_set(to, key, list);
}

static void XMLCALL on_end(void *ctx, const XML_Char *name)
{
    struct xml_reader *r = ctx;
    if (!r->depth || r->why)
        return;
    struct xml_open *o = &r->open[r->depth--];
    bool blank = str_trim(buf_str(&o->text)).n == 0;
    int rc = buf_err(&o->text);
    json_t *v = o->map;
    if (!json_object_size(v)) {
        json_decref(v);
        v = value_text(blank ? (signet_str){ "", 0 } : buf_str(&o->text));
    } else if (!blank) {
        rc = rc ? rc : value_set_str(v, "$", str_trim(buf_str(&o->text)));
    }
    buf_done(&o->text);
    o->map = NULL;
    if (rc || add_member(r->open[r->depth].map, local(name), v))
        stop(r, "out of memory");
}

static void XMLCALL on_doctype(void *ctx, const XML_Char *name, const XML_Char *sys, const XML_Char *pub, int internal)
{
    (void)name;
    if (sys || pub || !internal)
        stop(ctx, "it has a DTD");
}

/* Some APIs declare the names that HTML has for characters (RimuHosting's nbsp, copy). Nothing that can grow is let in:
 * no entity may be more than one character beyond ASCII, so none has another one in it. */
static void XMLCALL on_entity(void *ctx, const XML_Char *name, int is_param, const XML_Char *value, int n,
                              const XML_Char *base, const XML_Char *sys, const XML_Char *pub, const XML_Char *notation)
{
    (void)name, (void)base, (void)sys, (void)pub, (void)notation;
    bool ok = !is_param && value && n > 0 && n <= 4;
    for (int i = 0; ok && i < n; i++)
        ok = (unsigned char)value[i] >= 0x80;
    if (!ok)
        stop(ctx, "it has a DTD that declares more than characters");
}

int xml_read(signet_str text, json_t **ret, const char **why)
{
    struct xml_reader *r = calloc(1, sizeof *r);
    *why = "out of memory";
    if (!r)
        return SIGNET_ENOMEM;
    r->parser = XML_ParserCreate(NULL);
    r->open[0].map = json_object();
    if (r->parser && r->open[0].map) {
        XML_SetUserData(r->parser, r);
        XML_SetElementHandler(r->parser, on_start, on_end);
        XML_SetCharacterDataHandler(r->parser, on_text);
        XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
        XML_SetEntityDeclHandler(r->parser, on_entity);
        bool ok = text.n <= LIM_ANSWER && XML_Parse(r->parser, text.p, (int)text.n, 1) == XML_STATUS_OK;
        if (ok && !r->why)
            *ret = json_incref(r->open[0].map);
        *why = r->why ? r->why : ok ? NULL : "not XML, or cut short";
    }
    for (size_t i = 0; i <= r->depth; i++) {
        json_decref(r->open[i].map);
        buf_done(&r->open[i].text);
    }
    if (r->parser)
        XML_ParserFree(r->parser);
    free(r);
    return *why ? SIGNET_EPROTO : 0;
}
