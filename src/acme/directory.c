#include "acme/core.h"
#include "base/clock.h"
#include <stdlib.h>

/* RFC 8555 section 7.1.1. */

static const char *const RES_KEYS[RES_COUNT] = {
    [RES_NEW_NONCE] = "newNonce", [RES_NEW_ACCOUNT] = "newAccount", [RES_NEW_ORDER] = "newOrder",
    [RES_REVOKE] = "revokeCert",  [RES_KEY_CHANGE] = "keyChange",   [RES_ARI] = "renewalInfo",
};

static void dir_free(struct directory *d)
{
    for (size_t i = 0; i < RES_COUNT; i++)
        free(d->origin[i]);
    json_decref(d->doc);
    free(d->saved);
    free(d->caa);
    free(d->profiles);
    free(d->profile_texts);
    free(d);
}

void dir_free_all(signet_session *s)
{
    while (s->dir) {
        struct directory *older = s->dir->older;
        dir_free(s->dir);
        s->dir = older;
    }
}

bool dir_allows(const signet_session *s, signet_str url)
{
    if (!s->dir || !url_ok(url, s->allow_http))
        return false;
    for (size_t i = 0; i < RES_COUNT; i++)
        if (s->dir->origin[i] && url_same_origin(url, s->dir->origin[i]))
            return true;
    return false;
}

bool dir_fresh(const signet_session *s)
{
    int64_t age = s->now_ms / 1000 - s->dir->fetched_s;
    return age <= LIM_DIRECTORY_AGE_S && age >= -LIM_DIRECTORY_AGE_S;
}

void dir_forget(signet_session *s)
{
    if (s->dir_state != DIR_READY)
        return;
    s->dir_state = DIR_NONE;
    /* No nonce can be fetched until there is a directory again, and URLs from the old one are not to be used. */
    req_move_all(&s->wait_nonce, &s->incoming);
}

/* newNonce, newAccount and newOrder must be there; what else is missing is noticed when it is wanted. */
static int dir_urls(const signet_session *s, struct directory *d, struct problem *p)
{
    for (int i = 1; i < RES_COUNT; i++) {
        const char *key = RES_KEYS[i];
        if (!key)
            continue;
        json_t *v = json_object_get(d->doc, key);
        bool needed = i == RES_NEW_NONCE || i == RES_NEW_ACCOUNT || i == RES_NEW_ORDER;
        if (!v && !needed)
            continue;
        if (!json_is_string(v) || !url_ok(js_str(d->doc, key), s->allow_http)) {
            if (!needed)
                continue;
            prob_set(p, SIGNET_EPROTO, "reading the directory", str_of(s->directory_url),
                     "this is no ACME directory: it has no usable %s", key);
            return SIGNET_EPROTO;
        }
        d->url[i] = json_string_value(v);
        d->origin[i] = url_origin(str_of(d->url[i]));
        if (!d->origin[i])
            return SIGNET_ENOMEM;
    }
    d->origin[RES_DIRECTORY] = url_origin(str_of(s->directory_url));
    return d->origin[RES_DIRECTORY] ? 0 : SIGNET_ENOMEM;
}

static int dir_profiles(struct directory *d, json_t *profiles)
{
    size_t n = json_object_size(profiles);
    const char *key;
    json_t *v;
    if (!n)
        return 0;
    n = n < LIM_META ? n : LIM_META;
    d->profiles = calloc(n, sizeof(*d->profiles));
    d->profile_texts = calloc(n, sizeof(*d->profile_texts));
    if (!d->profiles || !d->profile_texts)
        return SIGNET_ENOMEM;
    size_t i = 0;
    json_object_foreach(profiles, key, v)
    {
        if (i == n)
            break;
        d->profiles[i] = str_of(key);
        d->profile_texts[i++] = str_of(json_is_string(v) ? json_string_value(v) : "");
    }
    d->meta.profiles = d->profiles;
    d->meta.profile_texts = d->profile_texts;
    d->meta.n_profiles = i;
    return 0;
}

static int dir_meta(struct directory *d)
{
    json_t *m = json_object_get(d->doc, "meta"), *caa = json_object_get(m, "caaIdentities"), *v;
    size_t i, n = json_array_size(caa);
    d->meta.terms_of_service = js_str(m, "termsOfService");
    d->meta.website = js_str(m, "website");
    d->meta.external_account_required = json_is_true(json_object_get(m, "externalAccountRequired"));
    d->meta.has_renewal_info = d->url[RES_ARI] != NULL;
    if (n) {
        n = n < LIM_META ? n : LIM_META;
        d->caa = calloc(n, sizeof(*d->caa));
        if (!d->caa)
            return SIGNET_ENOMEM;
        json_array_foreach(caa, i, v)
        {
            if (json_is_string(v) && d->meta.n_caa_identities < n)
                d->caa[d->meta.n_caa_identities++] = str_of(json_string_value(v));
        }
        d->meta.caa_identities = d->caa;
    }
    return dir_profiles(d, json_object_get(m, "profiles"));
}

static int dir_saved_text(const signet_session *s, struct directory *d)
{
    json_t *o = json_object();
    int bad = !o || json_object_set_new(o, "directory", json_string(s->directory_url)) != 0 ||
              json_object_set_new(o, "fetched", json_integer(d->fetched_s)) != 0 ||
              json_object_set(o, "document", d->doc) != 0;
    if (bad) {
        json_decref(o);
        return SIGNET_ENOMEM;
    }
    d->saved = js_dump(o);
    return d->saved ? 0 : SIGNET_ENOMEM;
}

/* Takes a document (its own reference) into use. Documents replaced by it stay: views into them may be out. */
static int dir_take(signet_session *s, json_t *doc, int64_t fetched_s, bool from_saved, struct problem *p)
{
    struct directory *d = calloc(1, sizeof(*d));
    if (!d)
        return SIGNET_ENOMEM;
    d->doc = json_incref(doc);
    d->fetched_s = fetched_s;
    d->from_saved = from_saved;
    int rc = dir_urls(s, d, p);
    if (rc == 0)
        rc = dir_meta(d);
    if (rc == 0)
        rc = dir_saved_text(s, d);
    if (rc != 0) {
        dir_free(d);
        return rc;
    }
    d->older = s->dir;
    s->dir = d;
    s->dir_state = DIR_READY;
    return 0;
}

int dir_load_saved(signet_session *s, signet_str saved)
{
    const char *why;
    struct problem p = { 0 };
    if (saved.n > LIM_SAVED)
        return SIGNET_EFORMAT;
    json_t *o = js_load(saved, &why);
    json_t *doc = json_object_get(o, "document"), *when = json_object_get(o, "fetched");
    int64_t fetched = json_integer_value(when), now = s->now_ms / 1000;
    int rc = SIGNET_EFORMAT;
    if (json_is_object(doc) && json_is_integer(when) && str_eq(js_str(o, "directory"), str_of(s->directory_url)) &&
        fetched <= now + LIM_DIRECTORY_AGE_S && fetched >= now - LIM_DIRECTORY_AGE_S)
        rc = dir_take(s, doc, fetched, true, &p);
    json_decref(o);
    prob_done(&p);
    return rc;
}

static void dir_failed(signet_session *s, struct problem *p)
{
    s->dir_state = DIR_NONE;
    req_fail_all(&s->wait_dir, p);
    req_fail_all(&s->wait_nonce, p);
    while (!link_empty(&s->dir_jobs)) {
        struct problem mine = { 0 };
        prob_copy(&mine, p);
        job_fail(LINK_OF(s->dir_jobs.next, signet_job, wait), &mine);
        prob_done(&mine);
    }
}

static void dir_ready(signet_job *j)
{
    link_drop(&j->wait);
    if (j->ops->ready)
        j->ops->ready(j);
    else
        job_end(j);
}

void dir_wait(signet_job *j)
{
    link_push(&j->s->dir_jobs, &j->wait);
    if (j->s->dir_state == DIR_READY)
        dir_ready(j);
}

static void dir_done(struct req *r, struct reply *rp)
{
    signet_session *s = r->s;
    int rc = rp->code;
    if (rc == 0) {
        rc = dir_take(s, rp->json, s->now_ms / 1000, false, rp->problem);
        if (rc == SIGNET_EPROTO && req_again(r, rp)) /* a captive portal, a proxy's error page in JSON */
            return;
        if (rc != 0 && !rp->problem->pub.code)
            prob_set(rp->problem, rc, r->doing, str_of(r->url), "%s", signet_strerror(rc));
    }
    if (rc != 0) {
        s->prefetched = true;
        dir_failed(s, rp->problem);
        return;
    }
    req_move_all(&s->wait_dir, &s->incoming);
    while (!link_empty(&s->dir_jobs))
        dir_ready(LINK_OF(s->dir_jobs.next, signet_job, wait));
}

void dir_fetch(signet_session *s)
{
    struct req_spec spec = { .url = str_of(s->directory_url),
                             .flags = REQ_JSON,
                             .accept = "application/json",
                             .doing = "fetching the directory",
                             .done = dir_done };
    s->dir_state = DIR_FETCHING;
    if (req_start(s, NULL, &spec, NULL) == 0)
        return;
    struct problem p = { 0 };
    prob_set(&p, SIGNET_ENOMEM, spec.doing, spec.url, "%s", signet_strerror(SIGNET_ENOMEM));
    s->prefetched = true;
    dir_failed(s, &p);
    prob_done(&p);
}

static const struct job_ops DIR_OPS = { 0 };

int signet_directory_start(signet_session *s, signet_job **ret)
{
    signet_job *j = job_new(s, &DIR_OPS, sizeof(*j), false);
    if (!j)
        return SIGNET_ENOMEM;
    dir_forget(s); /* a fetch that is under way already serves as well */
    dir_wait(j);
    *ret = j;
    return 0;
}

int signet_session_save(signet_session *s, signet_str *ret)
{
    if (!s->dir)
        return SIGNET_ENOTFOUND;
    *ret = str_of(s->dir->saved);
    return 0;
}

int signet_session_meta(const signet_session *s, signet_meta *ret)
{
    if (!s->dir)
        return SIGNET_ENOTFOUND;
    *ret = s->dir->meta;
    return 0;
}
