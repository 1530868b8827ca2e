#include "acme/core.h"
#include "base/clock.h"
#include <stdlib.h>

/* RFC 9773. */

struct ari_job {
    signet_job j;
    signet_ari out;
};

#define ARI_YEAR_MAX 4102444800 /* 2100-01-01: no window that makes sense is beyond it */

static int ari_time(json_t *window, const char *key, int64_t *ret)
{
    signet_str s = js_str(window, key);
    if (s.n > 64 || clock_parse_rfc3339(s, ret) != 0 || *ret < 0 || *ret > ARI_YEAR_MAX)
        return SIGNET_EPROTO;
    return 0;
}

/* An explanation is shown to people, so it must at least be a URL; it is never fetched and may be anywhere. */
static signet_str ari_explanation(struct ari_job *a, json_t *doc)
{
    signet_str url = js_str(doc, "explanationURL");
    signet_str copy = url_ok(url, a->j.s->allow_http) ? arena_str(&a->j.mem, url) : STR("");
    return copy.p ? copy : STR("");
}

static void ari_done(struct req *r, struct reply *rp)
{
    struct ari_job *a = (struct ari_job *)r->job;
    if (rp->code != 0) {
        job_fail(&a->j, rp->problem);
        return;
    }
    json_t *window = json_object_get(rp->json, "suggestedWindow");
    if (ari_time(window, "start", &a->out.start_s) != 0 || ari_time(window, "end", &a->out.end_s) != 0 ||
        a->out.end_s <= a->out.start_s) {
        job_fail_own(&a->j, SIGNET_EPROTO, r->doing, str_of(r->url), "the CA suggests no window that makes sense");
        return;
    }
    int64_t sec = rp->retry_after_s < 0 ? LIM_ARI_DEFAULT_S : rp->retry_after_s;
    a->out.retry_after_s = sec < LIM_ARI_MIN_S ? LIM_ARI_MIN_S : sec > LIM_ARI_MAX_S ? LIM_ARI_MAX_S : sec;
    a->out.explanation_url = ari_explanation(a, rp->json);
    job_end(&a->j);
}

static const struct job_ops ARI_OPS = { 0 };

/* base64url(AKI) "." base64url(serial), section 4.1. */
static bool ari_id_ok(signet_str id)
{
    signet_str aki, serial;
    return id.n <= 256 && str_cut(id, '.', &aki, &serial) && b64url_ok(aki) && b64url_ok(serial);
}

int signet_ari_start(signet_session *s, signet_str cert_id, signet_job **ret)
{
    if (!ari_id_ok(cert_id))
        return SIGNET_EINVAL;
    signet_job *j = job_new(s, &ARI_OPS, sizeof(struct ari_job), false);
    if (!j)
        return SIGNET_ENOMEM;
    struct req *r = NULL;
    struct req_spec spec = { .res = RES_ARI,
                             .flags = REQ_JSON,
                             .accept = "application/json",
                             .doing = "asking for renewal information",
                             .done = ari_done };
    int rc = req_start(s, j, &spec, &r);
    if (rc == 0 && !(r->suffix = str_dup(cert_id)))
        rc = SIGNET_ENOMEM;
    if (rc != 0) {
        job_destroy(j);
        return rc;
    }
    *ret = j;
    return 0;
}

int signet_job_ari(const signet_job *j, signet_ari *ret)
{
    if (j->ops != &ARI_OPS)
        return SIGNET_EINVAL;
    if (j->state != SIGNET_JOB_DONE)
        return SIGNET_ENOTFOUND;
    *ret = ((const struct ari_job *)j)->out;
    return 0;
}
