#include "client/lineages.h"
#include "base/clock.h"
#include "base/log.h"
#include "crypto/digest.h"
#include <stdlib.h>

#define ARI_SECTION       "acme_renewal_info"
#define ARI_AFTER_ERROR_S (6 * 3600) /* RFC 9773 section 4.3.3 */

static int repair(struct run *r, const char *name, struct err *e)
{
    STRLIST_AUTO(did);
    int rc = lineage_recover(r->tree, name, &did, e);
    if (did.n)
        log_warn("store", "Found a new certificate /archive/ that was not linked to in /live/; fixing...");
    for (size_t i = 0; i < did.n; i++)
        log_warn("store", "%s", did.v[i]);
    return rc;
}

int lineage_open_whole(struct run *r, const char *name, struct lineage **ret, struct err *e)
{
    struct lineage *l = NULL;
    struct err ignored = { 0 };
    int rc = lineage_open(&l, r->tree, name, e);
    if (rc == SIGNET_ENOTFOUND || (!rc && !l->unfinished)) {
        *ret = l;
        return rc;
    }
    lineage_free(l);
    /* A lineage that cannot be opened may be one that was killed half way; if not, the first error says more than the
     * repair's. */
    if (repair(r, name, rc ? &ignored : e))
        return rc ? rc : e->code;
    err_clear(e);
    return lineage_open(ret, r->tree, name, e);
}

int lineage_cert(const struct lineage *l, struct cert_info *ret, struct err *e)
{
    BUF_AUTO(pem, CHAIN_MAX_BYTES);
    int rc = lineage_read(l, KIND_CERT, l->newest, &pem, e);
    if (!rc && (rc = cert_read(ret, buf_str(&pem), e)))
        err_wrap(e, "the certificate of %s", l->name);
    return rc;
}

int lineage_names(const struct lineage *l, struct strlist *domains, struct strlist *ips, struct err *e)
{
    struct cert_info c = { 0 };
    int rc = lineage_cert(l, &c, e);
    if (!rc && (strlist_copy(domains, &c.dns) || strlist_copy(ips, &c.ips)))
        rc = err_nomem(e);
    cert_info_done(&c);
    return rc;
}

static bool stored_time(const struct lineage *l, const char *key, int64_t *ret)
{
    BUF_AUTO(text, 256);
    return conf_get(l->conf, ARI_SECTION, key, &text) && !clock_parse_local_naive(buf_str(&text), ret);
}

int due_gather(const struct lineage *l, const struct request *req, int64_t now, struct due_input *ret, struct err *e)
{
    BUF_AUTO(text, CHAIN_MAX_BYTES);
    *ret = (struct due_input){
        .now = now, .force = req->renew_by_default, .dry_run = req->dry_run, .autorenew = req->autorenew != TRI_NO
    };
    int rc = lineage_read(l, KIND_CERT, l->newest, &text, e);
    if (rc || (rc = cert_read_dates(buf_str(&text), &ret->not_before, &ret->not_after, e)))
        return rc;
    buf_clear(&text);
    if (conf_get(l->conf, "", "renew_before_expiry", &text)) {
        ret->have_before = true;
        if (due_parse_interval(buf_str(&text), &ret->before_s))
            return err_set(e, SIGNET_EFORMAT,
                           "%s: renew_before_expiry = %s is not a length of time such as \"30 days\".", l->conf_path,
                           buf_z(&text));
    }
    int64_t retry;
    if (stored_time(l, "ari_retry_after", &retry) && retry > now)
        ret->have_ari = stored_time(l, "ari_window_start", &ret->ari_start) &&
                        stored_time(l, "ari_window_end", &ret->ari_end) && ret->ari_end > ret->ari_start;
    if (random_bytes(&ret->random, sizeof ret->random))
        ret->random = (uint64_t)now;
    return 0;
}

bool due_ask_ari(const struct lineage *l, const struct due_input *in)
{
    int64_t retry;
    if (in->force || in->dry_run || !in->autorenew || in->now >= in->not_after)
        return false;
    return !stored_time(l, "ari_retry_after", &retry) || retry <= in->now;
}

static int store_time(struct lineage *l, const char *key, int64_t t)
{
    BUF_AUTO(text, 64);
    clock_fmt_local_naive(&text, t);
    return conf_set(l->conf, ARI_SECTION, key, buf_str(&text));
}

int due_store_ari(struct lineage *l, const signet_ari *a, int64_t now, struct err *e)
{
    int rc = store_time(l, "ari_retry_after", now + (a ? a->retry_after_s : ARI_AFTER_ERROR_S));
    if (!rc && a)
        rc = store_time(l, "ari_window_start", a->start_s) || store_time(l, "ari_window_end", a->end_s);
    else
        conf_unset(l->conf, ARI_SECTION, "ari_window_start");
    return rc ? err_nomem(e) : lineage_write_conf(l, e);
}

void due_fetch_ari(struct run *r, struct ca_slot *s, struct lineage *l, struct due_input *in)
{
    BUF_AUTO(pem, CHAIN_MAX_BYTES);
    BUF_AUTO(id, 1024);
    struct ca_event ev;
    struct err e = { 0 };
    ca_job job;
    if (lineage_read(l, KIND_CERT, l->newest, &pem, &e) || cert_ari_id(buf_str(&pem), &id, &e))
        return; /* no authority key identifier: nothing to ask by */
    int rc = ca_ari(s->ca, buf_str(&id), NULL, &job, &e);
    if (!rc)
        rc = cas_wait(r, s, job, &ev, &e);
    if (!rc) {
        in->have_ari = true;
        in->ari_start = ev.u.done.ari.start_s;
        in->ari_end = ev.u.done.ari.end_s;
    } else if (rc == SIGNET_ENOTFOUND) {
        return; /* the CA has no renewal information */
    } else {
        log_warn("client",
                 "An error occurred requesting ACME Renewal Information (ARI) for %s. The lifetime of the certificate "
                 "decides: %s",
                 l->name, e.text);
    }
    if (due_store_ari(l, rc ? NULL : &ev.u.done.ari, in->now, &e))
        log_warn("client", "%s", e.text);
}

static bool is_staging(const char *server)
{
    return server && strstr(server, "staging");
}

bool cert_is_test(const struct cert_info *c, const struct request *req)
{
    static const char *const words[] = { "fake", "staging", "pretend", "(test)" };
    char *lower = str_dup(buf_str(&c->issuer_cn));
    bool hit = false;
    for (char *p = lower; p && *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    for (size_t i = 0; lower && i < sizeof words / sizeof *words; i++)
        hit |= strstr(lower, words[i]) != NULL;
    free(lower);
    return hit || is_staging(req->server);
}

int lineage_keep_real(const struct lineage *l, const struct request *q, bool dry_run, struct err *e)
{
    struct cert_info c = { 0 };
    BUF_AUTO(server, 4096);
    int rc = 0;
    if (dry_run || q->break_my_certs || !is_staging(q->server) ||
        (conf_get(l->conf, "renewalparams", "server", &server) && is_staging(buf_z(&server))))
        return 0;
    if (!lineage_cert(l, &c, e) && !cert_is_test(&c, &(struct request){ 0 }))
        rc = err_set(
            e, SIGNET_EINVAL,
            "A test certificate would take the place of a good one (%s). If that is meant, --break-my-certs says so.",
            l->name);
    cert_info_done(&c);
    return rc;
}

int lineages_asked(const struct run *r, struct strlist *ret, struct err *e)
{
    int rc = r->req->certname ? strlist_addz(ret, r->req->certname) : strlist_copy(ret, &r->req->certnames);
    if (rc)
        return err_nomem(e);
    return ret->n ? 0 : lineage_list(r->tree, ret, e);
}
