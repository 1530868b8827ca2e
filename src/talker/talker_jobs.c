#include "base/clock.h"
#include "crypto/digest.h"
#include "sandbox/sandbox.h"
#include "talker/talker.h"
#include <stdlib.h>
#include <unistd.h>

static struct talker_job *find(struct talker *t, uint32_t id)
{
    struct talker_job *j = t->jobs;
    while (j && j->id != id)
        j = j->next;
    return j;
}

static int broken(struct err *e, const struct wire_frame *f)
{
    return err_set(e, SIGNET_EPROTO, "message %d from the main process cannot be understood", (int)f->type);
}

/* A job that cannot even be started still ends with a WIRE_DONE: main waits for one. */
static int report_unstarted(struct talker *t, uint32_t id, int code, struct err *e)
{
    struct msg_done d = { 0 };
    d.problem.code = code;
    d.problem.detail = str_of(signet_strerror(code));
    d.problem.doing = STR("starting the job");
    int rc = msg_put_done(&t->wire, id, &d);
    return rc ? err_set(e, rc, "the line to the main process is full") : 0;
}

static void add_job(struct talker *t, struct talker_job *tj)
{
    tj->next = t->jobs;
    t->jobs = tj;
    t->n_jobs++;
    signet_job_set_data(tj->job, tj);
}

static int start_account(struct talker *t, struct wire_reader *r, signet_job **ret)
{
    struct msg_mem m = { 0 };
    signet_account_params p;
    int rc = msg_get_account(r, &m, &p);
    if (!rc)
        rc = signet_account_start(t->session, &p, ret);
    msg_free(&m);
    return rc;
}

static int start_order(struct talker *t, struct wire_reader *r, signet_job **ret)
{
    struct msg_mem m = { 0 };
    signet_order_params p;
    int rc = msg_get_order(r, &m, &p);
    if (!rc)
        rc = signet_order_start(t->session, &p, ret);
    msg_free(&m);
    return rc;
}

static int start_revoke(struct talker *t, struct wire_reader *r, signet_job **ret)
{
    signet_revoke_params p = { .size = sizeof(p) };
    struct msg_key k;
    int rc = msg_get_revoke(r, &p.cert_der, &p.reason, &k);
    if (rc)
        return rc;
    signet_signer key = { .size = sizeof(key), .alg = k.alg, .jwk = k.jwk };
    if (k.alg)
        p.key = &key;
    return signet_revoke_start(t->session, &p, ret);
}

static int start_rollover(struct talker *t, struct wire_reader *r, signet_job **ret)
{
    struct msg_key k;
    int rc = msg_get_rollover(r, &k);
    if (rc)
        return rc;
    signet_signer key = { .size = sizeof(key), .alg = k.alg, .jwk = k.jwk };
    signet_rollover_params p = { .size = sizeof(p), .new_key = &key };
    return signet_rollover_start(t->session, &p, ret);
}

static int start_ari(struct talker *t, struct wire_reader *r, signet_job **ret)
{
    signet_str cert_id;
    int rc = msg_get_text(r, &cert_id);
    return rc ? rc : signet_ari_start(t->session, cert_id, ret);
}

static int start_directory(struct talker *t, struct wire_reader *r, signet_job **ret)
{
    int rc = wire_end_of(r);
    return rc ? rc : signet_directory_start(t->session, ret);
}

static int start_job(struct talker *t, struct wire_frame *f,
                     int (*start)(struct talker *, struct wire_reader *, signet_job **), struct err *e)
{
    if (!t->session || f->job == 0 || find(t, f->job))
        return broken(e, f);
    if (t->n_jobs == TALKER_JOBS_MAX)
        return report_unstarted(t, f->job, SIGNET_ELIMIT, e);
    struct talker_job *tj = calloc(1, sizeof(*tj));
    if (!tj)
        return report_unstarted(t, f->job, SIGNET_ENOMEM, e);
    tj->id = f->job;
    tj->kind = f->type;
    int rc = start(t, &f->body, &tj->job);
    if (rc == 0) {
        add_job(t, tj);
        return 0;
    }
    free(tj);
    return wire_end_of(&f->body) ? broken(e, f) : report_unstarted(t, f->job, rc, e);
}

static int take_csr(struct talker *t, struct wire_frame *f, struct err *e)
{
    signet_str csr;
    if (msg_get_text(&f->body, &csr))
        return broken(e, f);
    struct talker_job *tj = find(t, f->job);
    if (tj && tj->kind != WIRE_ORDER)
        return broken(e, f);
    /* An order may have ended while the CSR was on its way; one that refuses the CSR would wait for it for ever. */
    if (tj && signet_order_set_csr(tj->job, csr))
        signet_job_cancel(tj->job);
    return 0;
}

static int take_cancel(struct talker *t, struct wire_frame *f, struct err *e)
{
    if (wire_end_of(&f->body))
        return broken(e, f);
    struct talker_job *tj = find(t, f->job);
    if (tj)
        signet_job_cancel(tj->job);
    return 0;
}

static int take_signed(struct talker *t, struct wire_frame *f, struct err *e)
{
    uint64_t id;
    signet_str sig;
    if (!t->session || msg_get_signed(&f->body, &id, &sig))
        return broken(e, f);
    (void)signet_sign_done(t->session, id, sig); /* its job may have gone meanwhile */
    return 0;
}

static int take_outcome(struct talker *t, struct wire_frame *f, struct err *e)
{
    uint64_t id;
    int code;
    signet_str why;
    if (!t->session || msg_get_outcome(&f->body, &id, &code, &why))
        return broken(e, f);
    (void)signet_challenge_done(t->session, id, talker_now(t), code, why);
    return 0;
}

/* The bundle comes as an open file, so that no path is ever needed here. */
int talker_read_roots(struct buf *to, struct err *e)
{
    for (;;) {
        if (buf_reserve(to, 64u << 10))
            return err_set(e, buf_err(to), "the bundle of CA certificates is too large");
        ssize_t n = pread(TALKER_ROOTS_FD, to->p + to->n, 64u << 10, (off_t)to->n);
        if (n < 0)
            return err_set(e, SIGNET_ESYS, "the bundle of CA certificates cannot be read");
        if (n == 0)
            break;
        to->n += (size_t)n;
        to->p[to->n] = '\0';
    }
    close(TALKER_ROOTS_FD);
    return 0;
}

static int open_session(struct talker *t, const struct msg_config *c, struct err *e)
{
    signet_config sc = {
        .size = sizeof(sc),
        .directory_url = c->directory_url,
        .user_agent = c->user_agent,
        .account_url = c->account_url,
        .max_nonces = c->max_nonces,
        .order_timeout_s = c->order_timeout_s,
        .finalize_timeout_s = c->finalize_timeout_s,
        .allow_http = c->allow_http,
    };
    (void)random_bytes(&sc.seed, sizeof(sc.seed)); /* jitter only: any value will do */
    signet_signer key = { .size = sizeof(key), .alg = c->alg, .jwk = c->jwk };
    int rc = signet_session_new(&t->session, &sc, &key, c->saved, talker_now(t));
    return rc ? err_set(e, rc, "the session with the CA cannot be set up: %s", signet_strerror(rc)) : 0;
}

/* From here on no file can be opened: all that the libraries want to read they must have read. */
static int confine(struct talker *t, bool required, struct err *e)
{
    const struct sandbox_profile *p = sandbox_profile(SANDBOX_TALKER);
    struct sandbox_report report;
    char words[800];
    int rc = sandbox_enter(p, &report, e);
    if (!rc && required)
        rc = sandbox_require(p, &report, e);
    if (rc)
        return rc;
    rc = msg_put_text(&t->wire, WIRE_SANDBOX, 0, str_of(sandbox_describe(&report, words, sizeof(words))));
    return rc ? err_set(e, rc, "the line to the main process is full") : 0;
}

static int take_config(struct talker *t, struct wire_frame *f, struct err *e)
{
    struct msg_config c;
    if (t->session || msg_get_config(&f->body, &c))
        return broken(e, f);
    BUF_AUTO(roots, TALKER_ROOTS_MAX);
    int rc = c.has_roots ? talker_read_roots(&roots, e) : 0;
    if (rc)
        return rc;
    struct https_config hc = {
        .user_agent = c.user_agent,
        .roots = buf_str(&roots),
        .no_verify = c.no_verify,
        .allow_http = c.allow_http,
        .timeout_s = c.http_timeout_s,
        .server_name = c.server_name,
    };
    rc = https_new(&t->https, &hc, e);
    t->trace = c.trace;
    t->limit = c.request_limit <= TALKER_LIMIT_MAX ? c.request_limit : 0;
    /* before the session: what was saved of the directory is a CA's text, too */
    if (!rc)
        rc = confine(t, c.require_sandbox, e);
    return rc ? rc : open_session(t, &c, e);
}

int talker_take(struct talker *t, struct wire_frame *f, struct err *e)
{
    switch (f->type) {
    case WIRE_CONFIG:
        return take_config(t, f, e);
    case WIRE_DIRECTORY:
        return start_job(t, f, start_directory, e);
    case WIRE_ACCOUNT:
        return start_job(t, f, start_account, e);
    case WIRE_ORDER:
        return start_job(t, f, start_order, e);
    case WIRE_REVOKE:
        return start_job(t, f, start_revoke, e);
    case WIRE_ROLLOVER:
        return start_job(t, f, start_rollover, e);
    case WIRE_ARI:
        return start_job(t, f, start_ari, e);
    case WIRE_CSR:
        return take_csr(t, f, e);
    case WIRE_CANCEL:
        return take_cancel(t, f, e);
    case WIRE_SIGNED:
        return take_signed(t, f, e);
    case WIRE_CHAL_DONE:
        return take_outcome(t, f, e);
    case WIRE_SIGN:
    case WIRE_PRESENT:
    case WIRE_CLEANUP:
    case WIRE_ORDER_URL:
    case WIRE_CHAIN:
    case WIRE_DONE:
    case WIRE_META:
    case WIRE_SAVED:
    case WIRE_ACCOUNT_URL:
    case WIRE_TRACE:
    case WIRE_SANDBOX:
    case WIRE_FATAL:
        break;
    }
    return broken(e, f);
}

void talker_jobs_free(struct talker *t)
{
    while (t->jobs) {
        struct talker_job *tj = t->jobs;
        t->jobs = tj->next;
        free(tj);
    }
    t->n_jobs = 0;
}
