#include "base/b64.h"
#include "talker/talker.h"
#include <jansson.h>
#include <stdlib.h>

#define BODY_MAX  (4u << 10)         /* bytes of one text */
#define TRACE_MAX (64u << 10)        /* of one exchange's half */
#define QUEUE_MAX (TALKER_QUEUE / 2) /* a log that is not taken away is dropped, not waited for */

static void add_cut(struct buf *to, signet_str s)
{
    bool cut = s.n > BODY_MAX;
    if (cut)
        s.n = BODY_MAX;
    buf_add(to, s);
    if (cut)
        buf_addz(to, "…");
}

static void add_json(struct buf *to, const json_t *j)
{
    char *text = json_dumps(j, JSON_COMPACT);
    add_cut(to, str_of(text));
    free(text);
}

/* "protected" or "payload" of a JWS as JSON. NULL when it is not. */
static json_t *part(const json_t *jws, const char *name)
{
    BUF_AUTO(raw, 256u << 10);
    const char *b64 = json_string_value(json_object_get(jws, name));
    if (!b64 || b64url_dec(&raw, str_of(b64)) || raw.n == 0)
        return NULL;
    return json_loadb(raw.p, raw.n, 0, NULL);
}

/* An inner JWS (key change, external account binding) is signed, too. */
static void drop_signatures(json_t *payload)
{
    json_object_del(payload, "signature");
    json_object_del(json_object_get(payload, "externalAccountBinding"), "signature");
}

static void add_request_body(struct buf *to, signet_str body)
{
    json_t *jws = body.n ? json_loadb(body.p, body.n, 0, NULL) : NULL;
    json_t *prot = part(jws, "protected"), *payload = part(jws, "payload");
    if (prot) {
        buf_addz(to, "\nprotected: ");
        add_json(to, prot);
    }
    if (payload) {
        drop_signatures(payload);
        buf_addz(to, "\npayload: ");
        add_json(to, payload);
    }
    json_decref(payload);
    json_decref(prot);
    json_decref(jws);
}

static void send_trace(struct talker *t, struct buf *text)
{
    if (buf_err(text) == 0 && wire_queued(&t->wire) < QUEUE_MAX)
        (void)msg_put_text(&t->wire, WIRE_TRACE, 0, buf_str(text));
}

void talker_trace_request(struct talker *t, const signet_action *a)
{
    BUF_AUTO(text, TRACE_MAX);
    buf_addz(&text, "request: ");
    buf_add(&text, a->u.http.method);
    buf_addc(&text, ' ');
    buf_add(&text, a->u.http.url);
    add_request_body(&text, a->u.http.body);
    send_trace(t, &text);
}

static void add_field(struct buf *to, const char *name, signet_str value)
{
    if (value.n == 0)
        return;
    buf_addf(to, "\n%s: ", name);
    add_cut(to, value);
}

void talker_trace_answer(struct talker *t, const struct https_answer *a)
{
    BUF_AUTO(text, TRACE_MAX);
    buf_addz(&text, "answer: ");
    buf_add(&text, a->method);
    buf_addc(&text, ' ');
    buf_add(&text, a->url);
    if (a->net_err)
        buf_addf(&text, "\nfailed: %s: %s", signet_strerror(a->net_err), a->why);
    else
        buf_addf(&text, "\nHTTP status %d", a->status);
    add_field(&text, "Content-Type", a->content_type);
    add_field(&text, "Location", a->location);
    add_field(&text, "Retry-After", a->retry_after);
    add_field(&text, "Replay-Nonce", a->nonce);
    for (size_t i = 0; i < a->n_links && i < 4; i++)
        add_field(&text, "Link", a->links[i]);
    if (a->body.n) {
        buf_addc(&text, '\n');
        add_cut(&text, a->body);
    }
    send_trace(t, &text);
}
