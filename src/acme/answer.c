#include "acme/core.h"
#include "base/clock.h"
#include <stdlib.h>

/* What an answer means, in one place for all requests: whether it is final, and if not, why it may be repeated. */

int64_t retry_after_of(signet_session *s, const signet_http_res *h)
{
    int64_t sec;
    if (!h->retry_after.n || h->retry_after.n > 128)
        return -1;
    return clock_parse_retry_after(h->retry_after, s->now_ms / 1000, LIM_RETRY_AFTER_MAX_S, &sec) == 0 ? sec : -1;
}

static enum verdict judge_net(struct req *r, const signet_http_res *h, struct reply *rp)
{
    int code = h->net_err < 0 && h->net_err > -60 ? h->net_err : SIGNET_ENET;
    signet_str text = h->net_text.n ? h->net_text : str_of(signet_strerror(code));
    rp->code = code;
    rp->lost = true;
    prob_set(rp->problem, code, r->doing, str_of(r->url), "%.*s", STR_ARG(text));
    return code == SIGNET_ELIMIT || code == SIGNET_ECANCELED || code == SIGNET_ENOMEM ? FINAL : LOST;
}

static enum verdict judge_2xx(struct req *r, const signet_http_res *h, struct reply *rp)
{
    const char *why;
    if (h->body.n > r->max_body) {
        rp->code = SIGNET_ELIMIT;
        rp->lost = true;
        prob_set(rp->problem, SIGNET_ELIMIT, r->doing, str_of(r->url), "the answer is longer than %zu bytes",
                 r->max_body);
        return FINAL;
    }
    if (!(r->flags & REQ_JSON))
        return FINAL;
    rp->json = js_load(h->body, &why);
    if (rp->json)
        return FINAL;
    rp->code = SIGNET_EPROTO;
    rp->lost = true;
    prob_set(rp->problem, SIGNET_EPROTO, r->doing, str_of(r->url), "the answer (HTTP %d) cannot be understood: %s",
             h->status, why);
    return LOST;
}

/* Redirects are followed for unsigned GETs only, to the same origin (reliability.md NET-04). */
static enum verdict judge_3xx(struct req *r, const signet_http_res *h, struct reply *rp)
{
    rp->code = SIGNET_EPROTO;
    prob_set(rp->problem, SIGNET_EPROTO, r->doing, str_of(r->url), "the CA redirects (HTTP %d) where it must not",
             h->status);
    if (r->payload || (r->flags & REQ_HEAD) || r->redirects >= LIM_REDIRECTS || h->location.n > LIM_URL)
        return FINAL;
    BUF_AUTO(to, LIM_URL);
    if (str_starts(h->location, STR("/")) && !str_starts(h->location, STR("//"))) {
        signet_str base = str_of(r->url);
        size_t n = str_ieq((signet_str){ base.p, base.n < 8 ? base.n : 8 }, STR("https://")) ? 8 : 7;
        while (n < base.n && base.p[n] != '/' && base.p[n] != '?')
            n++;
        buf_add(&to, (signet_str){ base.p, n });
    }
    buf_add(&to, h->location);
    if (buf_err(&to) || !url_ok(buf_str(&to), r->s->allow_http) || !url_same_origin(buf_str(&to), r->url))
        return FINAL;
    char *url = buf_take(&to);
    if (!url)
        return FINAL;
    free(r->url);
    r->url = url;
    r->redirects++;
    return MOVED;
}

static enum verdict judge_rate(struct req *r, struct reply *rp)
{
    rp->code = rp->problem->pub.code = SIGNET_ERATE;
    if ((r->flags & REQ_NO_RATE) || rp->retry_after_s > LIM_RETRY_AFTER_S)
        return FINAL;
    return BUSY;
}

static enum verdict judge_refusal(struct req *r, const signet_http_res *h, struct reply *rp)
{
    const char *why;
    json_t *doc = h->body.n <= LIM_BODY ? js_load(h->body, &why) : NULL;
    struct problem *p = rp->problem;
    bool acme;
    prob_set(p, SIGNET_EPROBLEM, r->doing, str_of(r->url), "the CA answered HTTP %d without saying why", h->status);
    if (doc) {
        signet_str fallback = p->pub.detail;
        prob_decode(p, doc);
        if (!p->pub.detail.n)
            p->pub.detail = fallback;
        json_decref(doc);
    }
    rp->code = SIGNET_EPROBLEM;
    acme = str_starts(p->pub.type, STR("urn:ietf:params:acme:error:"));
    if (prob_is(p, "badNonce") && r->payload)
        return NONCE;
    if (h->status == 429 || prob_is(p, "rateLimited"))
        return judge_rate(r, rp);
    if (h->status == 503)
        return rp->retry_after_s > LIM_RETRY_AFTER_S ? FINAL : BUSY;
    if (h->status == 500 && (r->flags & REQ_500_FINAL))
        return FINAL;
    if (h->status >= 500 || h->status == 408) {
        rp->lost = true;
        return LOST;
    }
    bool stale = h->status == 404 || h->status == 405 || h->status == 410 || h->status == 400 || h->status == 403;
    return stale && !acme ? STALE : FINAL;
}

enum verdict answer_judge(struct req *r, const signet_http_res *h, struct reply *rp)
{
    if (h->net_err)
        return judge_net(r, h, rp);
    rp->status = h->status;
    rp->retry_after_s = retry_after_of(r->s, h);
    enum verdict v;
    if (h->status >= 200 && h->status <= 299)
        v = judge_2xx(r, h, rp);
    else if (h->status >= 300 && h->status <= 399)
        v = judge_3xx(r, h, rp);
    else if (h->status >= 400 && h->status <= 599) {
        v = judge_refusal(r, h, rp);
    } else {
        rp->code = SIGNET_EPROTO;
        rp->lost = true;
        prob_set(rp->problem, SIGNET_EPROTO, r->doing, str_of(r->url), "HTTP status %d makes no sense here", h->status);
        v = LOST;
    }
    rp->problem->pub.http_status = h->status;
    rp->problem->pub.retry_after_s = rp->retry_after_s > 0 ? rp->retry_after_s : 0;
    return v;
}
