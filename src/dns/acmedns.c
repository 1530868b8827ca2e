/* acme-dns: a small name server for challenges only. Each name has an account there, to which _acme-challenge is
 * delegated once by a CNAME. Accounts are kept in a JSON file as goacmedns keeps it, by the name they are for:
 * {"example.com": {"fulldomain", "subdomain", "username", "password", "server_url", "allowlist"}}; or on a storage
 * server: GET and POST of one such account at BASE/DOMAIN, as lego has it. */
#include "base/jsoncap.h"
#include "base/log.h"
#include "dns/backend.h"
#include "net/https.h"
#include <jansson.h>
#include <stdlib.h>

#define FILE_MAX   (4u << 20)
#define ANSWER_MAX (64u << 10)
#define DEPTH_MAX  8u
#define NODES_MAX  1000u
#define URL_MAX    1024u
#define TIMEOUT_MS 30000u

struct call {
    struct call *next;
    uint64_t id;
    struct work *work;
    enum call_kind { CALL_UPDATE, CALL_REGISTER, CALL_FETCH, CALL_KEEP } kind;
    struct buf body;
};

struct backend {
    struct backend_ctx ctx;
    struct backend_times times;
    char *base;    /* without a slash at its end */
    char *storage; /* the same of the storage server; NULL: a file */
    struct strlist allow;
    json_t *accounts;           /* null: the storage server has none */
    bool fixed;                 /* no account can be added: main keeps them only where its own environment says */
    struct work *first, **last; /* not sent yet */
    struct call *calls;
    uint64_t last_id;
};

/* ---- opening ---- */

static int read_storage(struct backend *b, const char *path, struct err *e)
{
    BUF_AUTO(text, FILE_MAX);
    json_error_t why;
    struct err first = { 0 };
    int rc = creds_read_file(b->ctx.creds, path, &text, &first);
    if (rc && rc != SIGNET_ENOTFOUND) {
        *e = first;
        return rc;
    }
    b->accounts = rc ? json_object() : json_loadb(buf_z(&text), text.n, JSON_REJECT_DUPLICATES, &why);
    if (!json_is_object(b->accounts))
        return err_set(e, SIGNET_EFORMAT, "%s, line %d: this is no file of acme-dns accounts", path, rc ? 0 : why.line);
    return 0;
}

static int take_url(char **ret, const char *variable, const char *text, struct err *e)
{
    size_t n = strlen(text);
    while (n && text[n - 1] == '/')
        n--;
    if (strncmp(text, "https://", 8) != 0 && strncmp(text, "http://", 7) != 0)
        return err_set(e, SIGNET_EINVAL, "%s is no URL (https://auth.example.org)", variable);
    *ret = str_dup((signet_str){ text, n });
    return *ret ? 0 : err_nomem(e);
}

static int open_storage(struct backend *b, struct err *e)
{
    BUF_AUTO(path, 4096);
    const char *env = getenv("ACME_DNS_STORAGE_PATH");
    if (creds_any(b->ctx.creds, "ACME_DNS_STORAGE_BASE_URL", &path, e) == 0) {
        b->accounts = json_object();
        return b->accounts ? take_url(&b->storage, "ACME_DNS_STORAGE_BASE_URL", buf_z(&path), e) : err_nomem(e);
    }
    if (creds_any(b->ctx.creds, "ACME_DNS_STORAGE_PATH", &path, e))
        return err_set(e, SIGNET_EINVAL,
                       "neither ACME_DNS_STORAGE_PATH, the file that keeps the accounts, nor ACME_DNS_STORAGE_BASE_URL "
                       "is set");
    b->fixed = !env || strcmp(env, buf_z(&path)) != 0;
    return read_storage(b, buf_z(&path), e);
}

static void acmedns_close(struct backend *b)
{
    while (b->calls) {
        struct call *c = b->calls;
        b->calls = c->next;
        buf_done(&c->body);
        free(c);
    }
    json_decref(b->accounts);
    strlist_done(&b->allow);
    free(b->base);
    free(b->storage);
    free(b);
}

static int acmedns_open(struct backend **ret, const struct backend_ctx *ctx, struct err *e)
{
    struct backend *b = calloc(1, sizeof(*b));
    BUF_AUTO(text, 4096);
    if (!b)
        return err_nomem(e);
    b->ctx = *ctx;
    b->last = &b->first;
    b->times = (struct backend_times){ .ttl = 1, .propagation_s = 60, .polling_s = 2 };
    int rc = creds_any(ctx->creds, "ACME_DNS_API_BASE ACMEDNS_BASE_URL", &text, e);
    if (rc == SIGNET_ENOTFOUND)
        err_set(e, SIGNET_EINVAL, "the variable ACME_DNS_API_BASE, the address of the acme-dns server, is not set");
    rc = rc ? e->code : take_url(&b->base, "ACME_DNS_API_BASE", buf_z(&text), e);
    if (!rc && creds_any(ctx->creds, "ACME_DNS_ALLOWLIST", &text, e) == 0)
        rc = strlist_split(&b->allow, buf_str(&text), ',') ? err_nomem(e) : 0;
    rc = rc ? rc : open_storage(b, e);
    if (rc) {
        acmedns_close(b);
        return rc;
    }
    *ret = b;
    return 0;
}

static const struct backend_times *acmedns_times(const struct backend *b)
{
    return &b->times;
}

/* ---- requests ---- */

static void end(struct work *w)
{
    w->done = true;
}

static const char *text_of(const json_t *o, const char *key)
{
    const char *z = json_string_value(json_object_get(o, key));
    return z ? z : "";
}

static int cname_wanted(const struct work *w, const char *target, const char *first, struct err *e)
{
    err_set(e, SIGNET_ENOTFOUND, "%s_acme-challenge.%s is not delegated to the acme-dns server yet", first, w->domain);
    err_hint(e, "Add this record to the zone of %s, once, then run this again:\n_acme-challenge.%s. CNAME %s.",
             w->domain, w->domain, target);
    return SIGNET_ENOTFOUND;
}

/* Takes over the body (NULL: a GET); the account is who asks. */
static int send_call(struct backend *b, struct work *w, enum call_kind kind, json_t *body, const json_t *account)
{
    BUF_AUTO(url, URL_MAX);
    struct call *c = calloc(1, sizeof(*c));
    char *text = json_dumps(body, JSON_COMPACT);
    bool get = kind == CALL_FETCH;
    json_decref(body);
    if (!c || (!text && !get)) {
        free(c);
        free(text);
        return err_nomem(&w->err);
    }
    c->body = BUF_INIT(ANSWER_MAX);
    buf_addz(&c->body, text ? text : "");
    free(text);
    if (kind == CALL_FETCH || kind == CALL_KEEP)
        buf_addf(&url, "%s/%s", b->storage, w->domain);
    else
        buf_addf(&url, "%s/%s", account && *text_of(account, "server_url") ? text_of(account, "server_url") : b->base,
                 kind == CALL_REGISTER ? "register" : "update");
    struct https_header headers[3] = { { STR("Content-Type"), STR("application/json") } };
    size_t n = 1;
    if (account) {
        headers[n++] = (struct https_header){ STR("X-Api-User"), str_of(text_of(account, "username")) };
        headers[n++] = (struct https_header){ STR("X-Api-Key"), str_of(text_of(account, "password")) };
    }
    struct https_special special = {
        .headers = headers, .n_headers = n, .timeout_ms = TIMEOUT_MS, .http = str_starts(buf_str(&url), STR("http://"))
    };
    *c = (struct call){ b->calls, ++b->last_id, w, kind, c->body };
    b->calls = c;
    struct https_request q = { .id = b->ctx.id_base | c->id,
                               .method = get ? STR("GET") : STR("POST"),
                               .url = buf_str(&url),
                               .body = get ? (signet_str){ 0 } : buf_str(&c->body),
                               .max_body = ANSWER_MAX,
                               .special = &special };
    return https_send(*b->ctx.https, &q) ? err_nomem(&w->err) : 0;
}

static int cannot_register(struct work *w)
{
    err_set(&w->err, SIGNET_ENOTFOUND, "the file of acme-dns accounts has none for %s, and none is made", w->domain);
    err_hint(&w->err, "A new one is only kept where ACME_DNS_STORAGE_PATH of the environment says, not a profile. Make "
                      "it with that variable in the environment, once; or add it to the file.");
    return SIGNET_ENOTFOUND;
}

static int start_work(struct backend *b, struct work *w)
{
    json_t *account = json_object_get(b->accounts, w->domain);
    if (!account && b->storage)
        return send_call(b, w, CALL_FETCH, NULL, NULL);
    if (!account && b->fixed)
        return cannot_register(w);
    if (!json_is_object(account)) {
        json_t *allow = json_array();
        for (size_t i = 0; i < b->allow.n; i++)
            (void)json_array_append_new(allow, json_string(b->allow.v[i]));
        return send_call(b, w, CALL_REGISTER, b->allow.n ? json_pack("{s:o}", "allowfrom", allow) : json_object(),
                         NULL);
    }
    const char *full = text_of(account, "fulldomain");
    if (!*full || !*text_of(account, "subdomain"))
        return err_set(&w->err, SIGNET_EFORMAT, "the acme-dns account of %s is incomplete where accounts are kept",
                       w->domain);
    if (strcmp(w->place->fqdn, full) != 0)
        return cname_wanted(w, full, "", &w->err);
    return send_call(
        b, w, CALL_UPDATE,
        json_pack("{s:s, s:s%}", "subdomain", text_of(account, "subdomain"), "txt", w->value.p, w->value.n), account);
}

/* The server keeps the last two values and nothing has to be taken away; it has no call for that either. */
static void acmedns_begin(struct backend *b, struct work *w)
{
    if (w->remove) {
        end(w);
        return;
    }
    w->next = NULL;
    *b->last = w;
    b->last = &w->next;
}

/* One account for a name, however many values it gets. */
static bool is_registering(const struct backend *b, const char *domain)
{
    for (const struct call *c = b->calls; c; c = c->next)
        if (c->kind != CALL_UPDATE && !strcmp(c->work->domain, domain))
            return true;
    return false;
}

static void acmedns_run(struct backend *b)
{
    for (struct work **at = &b->first; *at;) {
        struct work *w = *at;
        if (is_registering(b, w->domain)) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        if (start_work(b, w))
            end(w);
    }
    b->last = &b->first;
    while (*b->last)
        b->last = &(*b->last)->next;
}

/* ---- answers ---- */

static int take_account(struct backend *b, struct work *w, json_t *answer, struct err *e)
{
    json_t *a = json_pack("{s:s, s:s, s:s, s:s, s:s}", "fulldomain", text_of(answer, "fulldomain"), "subdomain",
                          text_of(answer, "subdomain"), "username", text_of(answer, "username"), "password",
                          text_of(answer, "password"), "server_url", b->base);
    if (!a || !*text_of(a, "fulldomain") || !*text_of(a, "username") || !*text_of(a, "password") ||
        json_object_set_new(b->accounts, w->domain, a))
        return err_set(e, SIGNET_EPROTO, "the answer of the acme-dns server to the registration cannot be understood");
    if (b->storage)
        return send_call(b, w, CALL_KEEP, json_incref(a), NULL);
    char *text = json_dumps(b->accounts, JSON_INDENT(2) | JSON_SORT_KEYS);
    if (!text)
        return err_nomem(e);
    b->ctx.store(b->ctx.log_ctx, "acme-dns", text);
    free(text);
    return cname_wanted(w, text_of(a, "fulldomain"), "an acme-dns account was made; ", e);
}

static int take_fetched(struct backend *b, const struct work *w, json_t *answer, struct err *e)
{
    if (!json_is_object(answer) || json_object_set(b->accounts, w->domain, answer))
        return err_set(e, SIGNET_EPROTO, "what the storage server says of %s is no acme-dns account", w->domain);
    return 0;
}

/* Is there something more to do for the work? */
static bool goes_on(const struct backend *b, const struct call *c)
{
    return !c->work->err.code && (c->kind == CALL_FETCH || (c->kind == CALL_REGISTER && b->storage));
}

static int judge(struct backend *b, const struct call *c, const struct https_answer *a, struct err *e)
{
    static const char *const whats[] = { "the update", "the registration", "the question for an account",
                                         "the account that it is to keep" };
    bool stores = c->kind == CALL_FETCH || c->kind == CALL_KEEP;
    json_error_t why;
    BUF_AUTO(said, 800);
    if (a->net_err)
        return err_set(e, a->net_err, "the %s server %s: %s", stores ? "storage" : "acme-dns",
                       stores ? b->storage : b->base, a->why);
    if (c->kind == CALL_FETCH && a->status == 404)
        return json_object_set_new(b->accounts, c->work->domain, json_null()) ? err_nomem(e) : 0;
    json_t *body =
        json_beyond(a->body, DEPTH_MAX, NODES_MAX) ? NULL : json_loadb(a->body.n ? a->body.p : "", a->body.n, 0, &why);
    int rc = 0;
    if (a->status < 200 || a->status > 299) {
        buf_add_escaped(&said, str_of(text_of(body, "error")), 200);
        rc = err_set(e, SIGNET_EPROBLEM, "the %s server %s answered %d to %s: %s", stores ? "storage" : "acme-dns",
                     stores ? b->storage : b->base, a->status, whats[c->kind], buf_z(&said));
    } else if (c->kind == CALL_REGISTER) {
        rc = take_account(b, c->work, body, e);
    } else if (c->kind == CALL_FETCH) {
        rc = take_fetched(b, c->work, body, e);
    } else if (c->kind == CALL_KEEP) {
        const json_t *account = json_object_get(b->accounts, c->work->domain);
        rc = cname_wanted(c->work, text_of(account, "fulldomain"), "an acme-dns account was made; ", e);
    }
    json_decref(body);
    return rc;
}

static void acmedns_answer(struct backend *b, const struct https_answer *a)
{
    struct call **at = &b->calls;
    while (*at && (*at)->id != (a->id & BACKEND_ID_MASK))
        at = &(*at)->next;
    struct call *c = *at;
    if (!c)
        return;
    *at = c->next;
    (void)judge(b, c, a, &c->work->err);
    if (!goes_on(b, c))
        end(c->work);
    else if (c->kind == CALL_FETCH)
        acmedns_begin(b, c->work);
    buf_done(&c->body);
    free(c);
}

const struct backend_ops backend_acmedns = {
    .open = acmedns_open,
    .times = acmedns_times,
    .begin = acmedns_begin,
    .run = acmedns_run,
    .answer = acmedns_answer,
    .close = acmedns_close,
};
