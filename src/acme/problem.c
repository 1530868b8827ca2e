#include "acme/core.h"
#include <stdlib.h>

#define ACME_ERROR "urn:ietf:params:acme:error:"

void prob_done(struct problem *p)
{
    arena_done(&p->mem);
    free(p->sub);
    *p = (struct problem){ 0 };
}

/* A copy in the problem's own memory, never cut inside a UTF-8 character; "" when memory is short. */
static signet_str prob_text(struct problem *p, signet_str s)
{
    if (s.n > LIM_TEXT) {
        s.n = LIM_TEXT;
        while (s.n && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
            s.n--;
    }
    signet_str copy = arena_str(&p->mem, s);
    return copy.p ? copy : STR("");
}

void prob_where(struct problem *p, const char *doing, signet_str url)
{
    p->pub.doing = prob_text(p, str_of(doing));
    p->pub.url = prob_text(p, url);
}

void prob_set(struct problem *p, int code, const char *doing, signet_str url, const char *fmt, ...)
{
    BUF_AUTO(b, LIM_TEXT);
    va_list ap;
    va_start(ap, fmt);
    buf_addv(&b, fmt, ap);
    va_end(ap);
    prob_done(p);
    p->pub.code = code;
    p->pub.detail = prob_text(p, buf_str(&b));
    if (!p->pub.detail.n)
        p->pub.detail = str_of(signet_strerror(code));
    prob_where(p, doing, url);
}

void prob_sub(struct problem *p, signet_str type, signet_str detail, signet_str ident, signet_chal chal)
{
    if (p->n >= LIM_SUBPROBLEMS)
        return;
    if (p->n == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : 4;
        signet_subproblem *more = reallocarray(p->sub, cap, sizeof(*more));
        if (!more)
            return;
        p->sub = more;
        p->cap = cap;
    }
    p->sub[p->n++] = (signet_subproblem){
        .type = prob_text(p, type), .detail = prob_text(p, detail), .ident = prob_text(p, ident), .chal = chal
    };
    p->pub.sub = p->sub;
    p->pub.n_sub = p->n;
}

void prob_decode(struct problem *p, json_t *doc)
{
    p->pub.type = prob_text(p, js_str(doc, "type"));
    p->pub.detail = prob_text(p, js_str(doc, "detail"));
    if (!p->pub.detail.n)
        p->pub.detail = prob_text(p, js_str(doc, "title"));
    json_t *subs = json_object_get(doc, "subproblems"), *s;
    size_t i;
    json_array_foreach(subs, i, s)
    {
        if (i >= LIM_SUBPROBLEMS)
            break;
        prob_sub(p, js_str(s, "type"), js_str(s, "detail"), js_str(json_object_get(s, "identifier"), "value"),
                 SIGNET_CHAL_UNKNOWN);
    }
}

void prob_copy(struct problem *to, const struct problem *from)
{
    prob_done(to);
    to->pub.code = from->pub.code;
    to->pub.http_status = from->pub.http_status;
    to->pub.retry_after_s = from->pub.retry_after_s;
    to->pub.type = prob_text(to, from->pub.type);
    to->pub.detail = prob_text(to, from->pub.detail);
    to->pub.doing = prob_text(to, from->pub.doing);
    to->pub.url = prob_text(to, from->pub.url);
    for (size_t i = 0; i < from->n; i++)
        prob_sub(to, from->sub[i].type, from->sub[i].detail, from->sub[i].ident, from->sub[i].chal);
}

void prob_move(struct problem *to, struct problem *from)
{
    prob_done(to);
    *to = *from;
    *from = (struct problem){ 0 };
}

bool prob_type_is(signet_str type, const char *acme_type)
{
    return str_starts(type, STR(ACME_ERROR)) && str_eq(str_skip(type, sizeof(ACME_ERROR) - 1), str_of(acme_type));
}

bool prob_is(const struct problem *p, const char *acme_type)
{
    return prob_type_is(p->pub.type, acme_type);
}
