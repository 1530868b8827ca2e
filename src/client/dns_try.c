#include "client/dns_try.h"

#include "base/b64.h"
#include "base/clock.h"
#include "challenge/solver.h"
#include "crypto/digest.h"
#include <stdlib.h>

#define STEP_MS 100

/* One name as a challenge that no CA has asked for. */
struct trial {
    struct challenge c;
    struct buf name, value;
};

static int make(struct trial *t, const char *domain, struct err *e)
{
    uint8_t chance[32];
    t->name = BUF_INIT(512);
    t->value = BUF_INIT(64);
    signet_str bare = str_of(domain);
    if (str_starts(bare, STR("*.")))
        bare = str_skip(bare, 2);
    if (random_bytes(chance, sizeof chance))
        return err_set(e, SIGNET_ECRYPTO, "the system has no random bytes");
    b64url_enc(&t->value, (signet_str){ (const char *)chance, sizeof chance });
    buf_addz(&t->name, "_acme-challenge.");
    buf_add(&t->name, bare);
    if (buf_err(&t->name) || buf_err(&t->value))
        return err_nomem(e);
    t->c = (struct challenge){ .type = SIGNET_CHAL_DNS_01,
                               .ident = { SIGNET_IDENT_DNS, str_of(domain) },
                               .token = buf_str(&t->value),
                               .key_auth = buf_str(&t->value),
                               .name = buf_str(&t->name),
                               .value = buf_str(&t->value),
                               .total = 1,
                               .look_gone = true };
    return 0;
}

static bool any_is(struct challenge *const *c, size_t n, enum chal_state state)
{
    for (size_t i = 0; i < n; i++)
        if (c[i]->state == state)
            return true;
    return false;
}

/* Until none of them is in that state any more. */
static int wait_while(const struct solver_ops *ops, struct solver *s, struct loop *l, struct challenge **c, size_t n,
                      enum chal_state state, struct err *e)
{
    while (any_is(c, n, state)) {
        if (loop_step(l, STEP_MS) == SIGNET_ECANCELED) {
            loop_signal_clear(l);
            return err_set(e, SIGNET_ECANCELED, "Exiting due to user request.");
        }
        ops->step(s, c, n);
    }
    return 0;
}

static int present(const struct solver_ops *ops, struct solver *s, struct loop *l, struct challenge **c, size_t n,
                   struct err *e)
{
    int rc = ops->present(s, c, n, e);
    return rc ? rc : wait_while(ops, s, l, c, n, CHAL_WAITING, e);
}

static int tell(struct ui *ui, struct challenge *const *c, size_t n, int64_t ms, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; i < n; i++) {
        if (c[i]->state == CHAL_READY)
            ui_say(ui, "%.*s: written, and seen on the zone's name servers after %lld.%lld s", STR_ARG(c[i]->name),
                   (long long)(ms / 1000), (long long)(ms % 1000 / 100));
        else if (c[i]->err.code && !rc) {
            *e = c[i]->err;
            rc = e->code;
        }
    }
    return rc;
}

/* `ui` NULL: nothing was there. */
static int take_away(const struct solver_ops *ops, struct solver *s, struct loop *l, struct ui *ui,
                     struct challenge **c, size_t n, struct err *e)
{
    ops->cleanup(s, c, n);
    int rc = wait_while(ops, s, l, c, n, CHAL_LEAVING, e);
    if (rc)
        ops->cleanup(s, c, n); /* not waited for any longer */
    for (size_t i = 0; i < n && !rc; i++) {
        if (c[i]->state != CHAL_CLEAN && c[i]->err.code) {
            *e = c[i]->err;
            rc = err_wrap(e, "%.*s: the record could not be removed", STR_ARG(c[i]->name));
        } else if (c[i]->state != CHAL_CLEAN)
            rc = err_set(e, SIGNET_ESYS, "%.*s: the record could not be removed", STR_ARG(c[i]->name));
        else if (ui)
            ui_say(ui, "%.*s: removed, and seen to be gone", STR_ARG(c[i]->name));
    }
    return rc;
}

static int run(const struct solver_ops *ops, struct solver *s, struct loop *l, struct ui *ui, struct trial *t, size_t n,
               struct err *e)
{
    struct challenge **c = calloc(n + 1, sizeof(struct challenge *));
    struct err after = { 0 };
    if (!c)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++)
        c[i] = &t[i].c;
    int64_t begin = clock_mono_ms();
    int rc = present(ops, s, l, c, n, e);
    if (!rc)
        rc = tell(ui, c, n, clock_mono_ms() - begin, e);
    int left = take_away(ops, s, l, rc ? NULL : ui, c, n, &after);
    if (!rc && left) {
        *e = after;
        rc = left;
    }
    free(c);
    return rc;
}

static int try_all(const struct request *req, struct ui *ui, struct trial *t, size_t n, struct err *e)
{
    const struct solver_ops *ops = solver_find("dns");
    struct loop *l = NULL;
    struct solver *s = NULL;
    int rc = loop_new(&l, e);
    struct solver_ctx ctx = { .loop = l, .req = req, .ui = ui };
    for (size_t i = 0; i < n && !rc; i++)
        rc = make(&t[i], req->domains.v[i], e);
    if (!rc)
        rc = ops->open(&s, &ctx, e);
    if (!rc)
        rc = run(ops, s, l, ui, t, n, e);
    ops->close(s);
    solvers_done();
    loop_free(l);
    return rc;
}

int dns_try(const struct request *req, struct ui *ui, struct err *e)
{
    size_t n = req->domains.n;
    if (!n)
        return err_set(e, SIGNET_EUSAGE, "which name? dns try CODE -d NAME");
    struct trial *t = calloc(n, sizeof *t);
    if (!t)
        return err_nomem(e);
    int rc = try_all(req, ui, t, n, e);
    for (size_t i = 0; i < n; i++) {
        buf_done(&t[i].name);
        buf_done(&t[i].value);
    }
    free(t);
    return rc;
}
