/* renew: asking the CAs when they would like each certificate to be renewed (RFC 9773), many questions at a time. */
#include "base/log.h"
#include "client/renew_in.h"

#define ARI_IN_FLIGHT 64

static int open_ca(struct run *r, const struct request *req, struct ca_slot **ret, struct err *e)
{
    struct account *a;
    if ((*ret = cas_find(r, req->server, req->account)))
        return 0;
    int rc = account_pick(r, req, &a, e);
    return rc ? rc : cas_open(r, req, req->server, a, ret, e);
}

static int start_ari(struct renewal *w, struct candidate *c, struct err *e)
{
    BUF_AUTO(pem, CHAIN_MAX_BYTES);
    BUF_AUTO(id, 1024);
    struct lineage *l = NULL;
    struct request req = { 0 };
    struct ca_slot *slot;
    ca_job job;
    int rc;
    if (!(rc = lineage_open_whole(w->r, c->name, &l, e)) && !(rc = lineage_request(l, w->r->req, &req, e)) &&
        !(rc = lineage_read(l, KIND_CERT, l->newest, &pem, e)) && !(rc = cert_ari_id(buf_str(&pem), &id, e)) &&
        !(rc = open_ca(w->r, &req, &slot, e)))
        rc = ca_ari(slot->ca, buf_str(&id), c, &job, e);
    request_done(&req);
    lineage_free(l);
    return rc;
}

static void keep_ari(struct renewal *w, struct candidate *c, const signet_ari *a)
{
    struct lineage *l = NULL;
    struct err e = { 0 };
    if (lineage_open_whole(w->r, c->name, &l, &e) || due_store_ari(l, a, c->in.now, &e))
        log_warn("client", "%s", e.text);
    lineage_free(l);
}

static void take_ari(struct renewal *w, struct candidate *c, const struct ca_event *ev)
{
    if (ev->u.done.ok) {
        c->in.have_ari = true;
        c->in.ari_start = ev->u.done.ari.start_s;
        c->in.ari_end = ev->u.done.ari.end_s;
        if (ev->u.done.ari.explanation_url.n) {
            BUF_AUTO(url, 4096);
            buf_add_escaped(&url, ev->u.done.ari.explanation_url, 2048);
            ui_say(w->r->ui, "The CA explains its renewal window for %s at %s", c->name, buf_z(&url));
        }
        keep_ari(w, c, &ev->u.done.ari);
    } else if (ev->u.done.problem && ev->u.done.problem->code != SIGNET_ENOTFOUND) {
        log_warn("client",
                 "An error occurred requesting ACME Renewal Information (ARI) for %s; its lifetime decides: %s",
                 c->name, ev->u.done.problem->detail);
        keep_ari(w, c, NULL);
    }
}

/* Takes answers until fewer than `most` questions are open. */
static int drain_ari(struct renewal *w, size_t *open, size_t most, struct err *e)
{
    struct ca_event ev;
    while (*open > most) {
        bool any = false;
        for (size_t k = 0; k < w->r->n_slots; k++) {
            int rc = ca_next(w->r->slots[k]->ca, w->r->n_slots == 1 ? -1 : 0, &ev);
            if (rc == SIGNET_ECANCELED)
                return err_set(e, rc, "Exiting due to user request.");
            if (rc < 0 || (rc == 1 && ev.kind == CA_LOST)) {
                *open = 0; /* renewal goes on without the CA's advice */
                return 0;
            }
            if (rc != 1 || ev.kind != CA_DONE || !ev.data)
                continue;
            take_ari(w, ev.data, &ev);
            any = true;
            --*open;
        }
        if (!any && w->r->n_slots > 1 && loop_step(w->r->loop, 1000) == SIGNET_ECANCELED)
            return err_set(e, SIGNET_ECANCELED, "Exiting due to user request.");
    }
    return 0;
}

int renew_ask_ari(struct renewal *w, struct err *e)
{
    size_t open = 0;
    for (size_t i = 0; i < w->n; i++) {
        struct candidate *c = &w->v[i];
        struct err why = { 0 };
        int rc;
        if (c->why_broken || !c->ask_ari)
            continue;
        if ((rc = start_ari(w, c, &why)))
            log_debug("client", "%s: no renewal information asked for: %s", c->name, why.text);
        else
            open++;
        if ((rc = drain_ari(w, &open, ARI_IN_FLIGHT - 1, e)))
            return rc;
    }
    return drain_ari(w, &open, 0, e);
}
