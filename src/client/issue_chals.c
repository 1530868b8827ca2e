#include "client/issue_chals.h"

#include "base/log.h"
#include "client/owe.h"
#include "client/present_tell.h"
#include "client/ui.h"
#include <stdlib.h>

/* One challenge of an order, with owned copies of what the talker's views said. */
struct chal_item {
    struct challenge c;
    char *text[6]; /* ident, token, key_auth, name, value + room */
    uint64_t chal_id, present_id, cleanup_id;
    bool answered, want_cleanup, cleaning, cleaned; /* cleaning: the solver has been told */
    unsigned noted;                                 /* c.news that the journal has */
    uint64_t note;                                  /* in the journal */
};

static void chal_item_done(struct chal_item *c)
{
    for (size_t i = 0; i < sizeof c->text / sizeof *c->text; i++)
        free(c->text[i]);
    free(c->c.auth_output);
}

void issue_forget_challenges(struct issue *i)
{
    if (i->solver)
        i->ops->close(i->solver);
    i->solver = NULL;
    for (size_t k = 0; k < i->n_chals; k++)
        chal_item_done(&i->chals[k]);
    free(i->chals);
    i->chals = NULL;
    i->n_chals = i->cap_chals = 0;
}

/* ---- putting them up ---- */

static int take_ca_names(struct issue *i)
{
    signet_meta meta;
    if (i->ca_names.n || !ca_meta(i->slot->ca, &meta))
        return 0;
    for (size_t k = 0; k < meta.n_caa_identities; k++)
        if (strlist_add(&i->ca_names, meta.caa_identities[k]))
            return SIGNET_ENOMEM;
    return 0;
}

static int item_fill(struct issue *i, struct chal_item *c, const struct ca_event *ev)
{
    const signet_str src[5] = { ev->u.chal.ident.value, ev->u.chal.token, ev->u.chal.key_auth, ev->u.chal.name,
                                ev->u.chal.value };
    signet_str *dst[5] = { &c->c.ident.value, &c->c.token, &c->c.key_auth, &c->c.name, &c->c.value };
    for (size_t k = 0; k < 5; k++) {
        if (!(c->text[k] = str_dup(src[k])))
            return SIGNET_ENOMEM;
        *dst[k] = str_of(c->text[k]);
    }
    c->c.type = ev->u.chal.type;
    c->c.ident.type = ev->u.chal.ident.type;
    c->c.left = ev->u.chal.left;
    c->c.total = ev->u.chal.total;
    c->c.all_names = &i->all_names;
    c->c.ca_names = &i->ca_names;
    c->c.account_url = ca_account_url(i->slot->ca);
    c->chal_id = ev->u.chal.chal_id;
    c->present_id = ev->u.chal.action_id;
    return 0;
}

/* Tells the CA's side about every challenge whose state is settled. */
static void answer_settled(struct issue *i)
{
    for (size_t k = 0; k < i->n_chals; k++) {
        struct chal_item *c = &i->chals[k];
        if (c->answered || c->want_cleanup || (c->c.state != CHAL_READY && c->c.state != CHAL_FAILED))
            continue;
        c->answered = true;
        bool failed = c->c.state == CHAL_FAILED;
        int code = failed ? (c->c.err.code ? c->c.err.code : SIGNET_ESYS) : 0;
        if (failed && !i->err.code)
            i->err = c->c.err; /* our own reason says more than the CA's echo of it */
        ca_challenge_done(i->slot->ca, c->present_id, code, str_of(failed ? c->c.err.text : ""));
    }
}

static struct challenge **due_list(struct issue *i, bool (*want)(const struct chal_item *), size_t *n)
{
    struct challenge **v = calloc(i->n_chals + 1, sizeof *v);
    *n = 0;
    for (size_t k = 0; v && k < i->n_chals; k++)
        if (want(&i->chals[k]))
            v[(*n)++] = &i->chals[k].c;
    return v;
}

static bool is_new(const struct chal_item *c)
{
    return c->c.state == CHAL_NEW && !c->answered;
}

static bool is_waiting(const struct chal_item *c)
{
    return c->c.state == CHAL_WAITING || c->c.state == CHAL_LEAVING;
}

static bool is_to_clean(const struct chal_item *c)
{
    return c->want_cleanup && !c->cleaning;
}

static bool is_leaving(const struct chal_item *c)
{
    return c->c.state == CHAL_LEAVING;
}

/* In the journal before they are put up, and again when more is known. */
static void note_challenges(struct run *r, struct issue *i)
{
    for (size_t k = 0; k < i->n_chals; k++)
        if (!i->chals[k].cleaned && i->chals[k].c.state != CHAL_FAILED)
            owe_challenge(r, i, &i->chals[k].c, &i->chals[k].note);
}

static void present_new(struct run *r, struct issue *i)
{
    struct err e = { 0 };
    size_t n;
    struct challenge **v = due_list(i, is_new, &n);
    note_challenges(r, i);
    owe_sync(r);
    if (v && n && i->ops != solver_find("lego")) /* that one tells in its own words */
        present_tell(v, n);
    int rc = v ? i->ops->present(i->solver, v, n, &e) : err_nomem(&e);
    note_challenges(r, i);
    for (size_t k = 0; rc && v && k < n; k++) {
        v[k]->state = CHAL_FAILED;
        v[k]->err = e;
    }
    if (!rc && i->req.debug_challenges)
        present_pause(r->ui, v, n);
    free(v);
    answer_settled(i);
}

void chals_present(struct run *r, struct issue *i, const struct ca_event *ev)
{
    if (i->n_chals == i->cap_chals) {
        /* The solvers hold pointers to the challenges: they are all there before the first is presented, in one piece.
         */
        size_t cap = ev->u.chal.total > i->cap_chals ? ev->u.chal.total : 2 * i->cap_chals + 4;
        struct chal_item *v = realloc(i->chals, cap * sizeof *v);
        if (!v) {
            ca_challenge_done(i->slot->ca, ev->u.chal.action_id, SIGNET_ENOMEM, STR("out of memory"));
            return;
        }
        i->chals = v;
        i->cap_chals = cap;
    }
    struct chal_item *c = &i->chals[i->n_chals++];
    memset(c, 0, sizeof *c);
    if (take_ca_names(i) || item_fill(i, c, ev)) {
        c->c.state = CHAL_FAILED;
        err_nomem(&c->c.err);
    }
    if (ev->u.chal.left == 0)
        present_new(r, i);
}

/* ---- taking them away ---- */

/* Those that are away, or will have to wait for another run. */
static void note_cleaned(struct run *r, struct issue *i)
{
    for (size_t k = 0; k < i->n_chals; k++) {
        struct chal_item *c = &i->chals[k];
        if (!c->cleaning || c->cleaned || is_leaving(c))
            continue;
        c->cleaned = true;
        if (c->c.state == CHAL_CLEAN)
            journal_done(r->journal, &c->note);
        if (c->cleanup_id)
            ca_challenge_done(i->slot->ca, c->cleanup_id, 0, STR(""));
    }
}

static void clean_wanted(struct run *r, struct issue *i)
{
    size_t n;
    struct challenge **v = due_list(i, is_to_clean, &n);
    if (v && n) {
        log_info("client", "Cleaning up challenges");
        i->ops->cleanup(i->solver, v, n);
    }
    free(v);
    for (size_t k = 0; k < i->n_chals; k++)
        i->chals[k].cleaning |= is_to_clean(&i->chals[k]);
    note_cleaned(r, i);
}

void chals_cleanup(struct run *r, struct issue *i, const struct ca_event *ev)
{
    for (size_t k = 0; k < i->n_chals; k++) {
        struct chal_item *c = &i->chals[k];
        if (c->chal_id != ev->u.chal.chal_id)
            continue;
        c->want_cleanup = true;
        c->cleanup_id = ev->u.chal.action_id;
    }
    if (ev->u.chal.left == 0)
        clean_wanted(r, i);
}

bool chals_all_cleaned(const struct issue *i)
{
    for (size_t k = 0; k < i->n_chals; k++)
        if (!i->chals[k].cleaned)
            return false;
    return true;
}

void chals_end(struct run *r, struct issue *i)
{
    for (size_t k = 0; k < i->n_chals; k++)
        i->chals[k].want_cleanup = true;
    if (i->n_chals)
        clean_wanted(r, i);
}

void chals_leave(struct run *r, struct issue *i)
{
    size_t n;
    struct challenge **v = due_list(i, is_leaving, &n);
    if (v && n)
        i->ops->cleanup(i->solver, v, n);
    free(v);
    note_cleaned(r, i);
}

/* ---- waiting ---- */

static void note_news(struct run *r, struct issue *i)
{
    for (size_t k = 0; k < i->n_chals; k++) {
        struct chal_item *c = &i->chals[k];
        if (c->noted == c->c.news || c->cleaned)
            continue;
        c->noted = c->c.news;
        owe_challenge(r, i, &c->c, &c->note);
    }
}

bool chals_step(struct run *r, struct issue *i)
{
    size_t n;
    struct challenge **v = i->ops->step ? due_list(i, is_waiting, &n) : NULL;
    bool any = v && n;
    if (any) {
        i->ops->step(i->solver, v, n);
        note_news(r, i);
        answer_settled(i);
        note_cleaned(r, i);
    }
    free(v);
    return any;
}
