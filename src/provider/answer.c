#include "provider/body.h"
#include "provider/engine.h"

#include <stdlib.h>

/* An answer becomes a tree; a refusal becomes words for people. */

void reply_done(struct reply *r)
{
    json_decref(r->root);
    json_decref(r->headers);
    json_decref(r->cookies);
    free((char *)(uintptr_t)r->text.p);
    *r = (struct reply){ 0 };
}

static int take_cookie(struct reply *r, signet_str line)
{
    signet_str pair, rest, name, value;
    BUF_AUTO(key, 256);
    str_cut(line, ';', &pair, &rest);
    if (!str_cut(pair, '=', &name, &value) || json_object_size(r->cookies) >= LIM_COOKIES)
        return 0;
    buf_add(&key, str_trim(name));
    return buf_err(&key) || !key.n ? 0 : value_set_str(r->cookies, buf_z(&key), str_trim(value));
}

static int take_headers(struct reply *r, const struct provider_answer *a)
{
    size_t n = a->n_headers < LIM_ANSWER_HEADERS ? a->n_headers : LIM_ANSWER_HEADERS;
    for (size_t i = 0; i < n; i++) {
        signet_str name = a->headers[i].name, value = a->headers[i].value;
        BUF_AUTO(key, 256);
        for (size_t k = 0; k < name.n; k++)
            buf_addc(&key, name.p[k] >= 'A' && name.p[k] <= 'Z' ? (char)(name.p[k] + 32) : name.p[k]);
        if (buf_err(&key) || value.n > LIM_HEADER || !key.n)
            continue;
        int rc = str_eq(buf_str(&key), STR("set-cookie"))   ? take_cookie(r, value)
                 : json_object_get(r->headers, buf_z(&key)) ? 0
                                                            : value_set_str(r->headers, buf_z(&key), str_trim(value));
        if (rc)
            return rc;
    }
    return 0;
}

/* JSON and XML are told by how they begin; what only looks like them is text. */
static int take_body(struct reply *r, bool xmlrpc, bool *fault)
{
    signet_str s = str_trim(r->text);
    const char *why;
    if (str_starts(s, STR("\xef\xbb\xbf")))
        s = str_skip(s, 3);
    if (s.n && (s.p[0] == '<' || xmlrpc)) {
        json_t *tree = NULL;
        if (xml_read(s, &tree, &why) == 0) {
            *fault = xmlrpc && xmlrpc_fault(tree);
            r->root = xmlrpc ? xmlrpc_value(tree) : json_incref(tree);
            json_decref(tree);
        }
    } else if (s.n && (str_has(STR("{[\""), s.p[0]) ||
                       strstr(value_str(json_object_get(r->headers, "content-type")).p, "json"))) {
        r->root = value_parse(s, &why);
    }
    if (!r->root)
        r->root = value_text(r->text);
    return r->root ? 0 : SIGNET_ENOMEM;
}

/* NUL-terminated; str_dup would refuse a NUL inside. */
static char *copy_of(signet_str s)
{
    char *z = malloc(s.n + 1);
    if (z && s.n)
        memcpy(z, s.p, s.n);
    if (z)
        z[s.n] = '\0';
    return z;
}

int reply_read(struct reply *r, const struct provider_answer *a, bool xmlrpc, bool *fault)
{
    reply_done(r);
    *fault = false;
    r->status = a->status;
    r->headers = json_object();
    r->cookies = json_object();
    r->text = (signet_str){ copy_of(a->body), a->body.n };
    if (!r->headers || !r->cookies || !r->text.p)
        return SIGNET_ENOMEM;
    int rc = take_headers(r, a);
    return rc ? rc : take_body(r, xmlrpc, fault);
}

/* ---- words ---- */

/* Where APIs put their words, when the description does not say. */
static const char *const usual[] = { "error_description", "message",         "msg",   "detail", "error.message",
                                     "errors[].message",  "errors[].detail", "error", "errors", "faultString",
                                     "*.message",         "*.*.Message" };

static int by_path(struct scope *sc, const char *path, json_t *root, struct buf *to)
{
    VALUE_AUTO json_t *v = NULL;
    int rc = path_get(sc, str_of(path), root, &v);
    if (!rc && v && !json_is_object(v))
        value_add(to, v);
    return rc;
}

static bool has_word(signet_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'A' && s.p[i] <= 'Z') || (s.p[i] >= 'a' && s.p[i] <= 'z') ||
            (unsigned char)s.p[i] >= 0x80)
            return true;
    return false;
}

/* What the provider says, as it is written. */
static void provider_words(struct job *j, struct buf *to)
{
    VALUE_AUTO json_t *own = NULL;
    struct scope sc;
    struct err ignored = { 0 };
    struct reply *r = &j->x.reply;
    scope_of(j, &sc, &ignored, &own);
    sc.reply = r;
    sc.names = r->root;
    sc.lenient = true;
    const struct node *error = part(j->s, "error");
    if (error && (expand_text(&sc, error->text, to) || !has_word(buf_str(to))))
        buf_clear(to);
    if (json_is_object(r->root))
        for (size_t i = 0; !to->n && i < sizeof usual / sizeof *usual; i++)
            by_path(&sc, usual[i], r->root, to);
    if (!to->n) {
        signet_str text = str_trim(r->text);
        buf_add(to, (signet_str){ text.p, text.n > 200 ? 200 : text.n });
    }
}

static int code_of(const struct exchange *x)
{
    return x->net_err ? x->net_err : x->reply.status == 429 ? SIGNET_ERATE : SIGNET_EPROBLEM;
}

static void hint(struct job *j, int status)
{
    BUF_AUTO(names, 600);
    strlist_join(&j->s->used, ", ", &names);
    if (status == 401 || status == 403 || j->op == OP_LOGIN)
        err_hint(&j->err, "Check %s: is it right, has it not expired, may it change DNS records of this zone?",
                 names.n ? buf_z(&names) : "the credentials");
    else if (status == 429)
        err_hint(&j->err, "The provider limits how often it may be asked; try again later.");
    else if (status >= 500)
        err_hint(&j->err, "The provider has a problem; try again later.");
}

/* What the description says of the service itself, such as its end, stands before all advice. */
static void add_note(struct job *j)
{
    const char *note = j->s->d->help.note;
    struct err before = j->err;
    if (*note)
        err_hint(&j->err, "%s%s%s", note, before.hint[0] ? " " : "", before.hint);
}

/* "DigitalOcean: Unable to authenticate you (HTTP 401 to POST https://…)" */
int answer_fail(struct job *j, const struct node *step)
{
    struct exchange *x = &j->x;
    int code = code_of(x);
    (void)step;
    BUF_AUTO(words, LIM_TEXT);
    BUF_AUTO(shown, 8 * LIM_MESSAGE);
    BUF_AUTO(url, 600);
    BUF_AUTO(blank, LIM_TEXT);
    add_url_shown(&url, buf_str(&x->url));
    if (x->net_err) {
        err_set(&j->err, code, "%s: no answer to %s %s: %s", shown_name(j->s), buf_z(&x->method), buf_z(&url),
                x->why[0] ? x->why : signet_strerror(x->net_err));
    } else {
        provider_words(j, &words);
        blank_secrets(j->s, &blank, str_trim(buf_str(&words)));
        buf_add_escaped(&shown, buf_str(&blank), LIM_MESSAGE);
        err_set(&j->err, code, "%s: %s (HTTP %d to %s %s)", shown_name(j->s),
                shown.n ? buf_z(&shown) : "the request was refused without a word", x->reply.status, buf_z(&x->method),
                buf_z(&url));
        hint(j, x->reply.status);
    }
    add_note(j);
    err_blank(j->s, &j->err);
    return code;
}
