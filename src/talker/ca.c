#include "talker/ca.h"
#include "base/clock.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "net/role.h"
#include "net/role_guard.h"
#include "talker/ca_int.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLOSE_GRACE_MS 2000
#define LOST_GRACE_MS  200 /* the socket closes a moment before the process is gone */

/* ---- jobs ---- */

struct ca_run *ca_find(struct ca *c, ca_job id)
{
    struct ca_run *r = c->runs;
    while (r && r->id != id)
        r = r->next;
    return id ? r : NULL;
}

static void run_free(struct ca_run *r)
{
    if (!r)
        return;
    msg_free(&r->mem);
    msg_free(&r->chain_mem);
    free(r);
}

void ca_forget(struct ca *c, struct ca_run *run)
{
    struct ca_run **p = &c->runs;
    if (run->signs && !c->lost && signer_forget(c->signer, run->id))
        ca_lose(c, "the line to the signer is full");
    while (*p != run)
        p = &(*p)->next;
    *p = run->next;
    c->n_runs--;
    run_free(run);
}

/* On a system where no further process can be had the keys stay here; what may be signed is checked all the same. */
static int open_signer(struct ca *c, struct err *e)
{
    struct err why = { 0 };
    struct signer_config s = { .directory_url = buf_str(&c->directory),
                               .allow_http = c->allow_http,
                               .require_sandbox = c->require_sandbox,
                               .in_process = !c->separate_signer };
    int rc = signer_open(&c->signer, c->loop, &s, ca_signed, c, &why);
    if (rc && !s.in_process && !s.require_sandbox) {
        log_warn("talker", "The keys cannot be kept in a process of their own: %s.", why.text);
        s.in_process = true;
        rc = signer_open(&c->signer, c->loop, &s, ca_signed, c, &why);
    }
    if (rc && e)
        *e = why;
    return rc;
}

/* Only renewal information is asked for without a signature. Where it says that nothing is due, as it mostly does, the
 * key stays here and a process is not started. */
static int need_signer(struct ca *c, enum wire_type kind, struct err *e)
{
    if (c->signer || kind == WIRE_ARI)
        return 0;
    int rc = open_signer(c, e);
    if (rc || !(rc = signer_add_key(c->signer, 0, SIGN_ACCOUNT, c->account_key)))
        return rc;
    signer_close(c->signer);
    c->signer = NULL;
    return err_set(e, rc, "the account key cannot be handed to the signer");
}

/* NULL when there cannot be one more; *ret_rc says why. */
static struct ca_run *new_run(struct ca *c, enum wire_type kind, void *data, int *ret_rc, struct err *e)
{
    struct ca_run *r = NULL;
    *ret_rc = 0;
    if (c->lost)
        *ret_rc = err_set(e, SIGNET_ENET, "%s", buf_z(&c->why_lost));
    else if (c->n_runs == CA_JOBS_MAX)
        *ret_rc = err_set(e, SIGNET_ELIMIT, "more than %u jobs at once with one CA", CA_JOBS_MAX);
    else if (!(*ret_rc = need_signer(c, kind, e)) && !(r = calloc(1, sizeof(*r))))
        *ret_rc = err_nomem(e);
    if (!r)
        return NULL;
    do
        r->id = ++c->last_job;
    while (r->id == 0 || ca_find(c, r->id));
    r->kind = kind;
    r->data = data;
    return r;
}

static watch_fn on_line;

/* With too many events waiting the line is not watched at all: a talker that hangs up meanwhile would make poll return
 * for ever. */
static int update_watch(struct ca *c)
{
    if (c->queued >= CA_EVENTS_MAX) {
        loop_unwatch(c->watch);
        c->watch = NULL;
        return 0;
    }
    short events = (short)(POLLIN | (wire_queued(&c->wire) ? POLLOUT : 0));
    if (!c->watch)
        return loop_watch(c->loop, &c->watch, c->wire.fd, events, on_line, c);
    loop_watch_set(c->watch, events);
    return 0;
}

/* A line that is broken shows when it is read; what was to be written then no longer matters. */
void ca_flush(struct ca *c)
{
    if (c->lost)
        return;
    (void)wire_flush(&c->wire);
    if (update_watch(c))
        ca_lose(c, "out of memory for the line to signet-talker");
}

/* After the message was put: the job runs, or it never was. */
static int launch(struct ca *c, struct ca_run *r, int rc, ca_job *ret_job, struct err *e)
{
    if (rc) {
        run_free(r);
        return err_set(e, rc, "the request does not fit into a message: %s", signet_strerror(rc));
    }
    r->next = c->runs;
    c->runs = r;
    c->n_runs++;
    *ret_job = r->id;
    ca_flush(c);
    return 0;
}

int ca_directory(struct ca *c, void *data, ca_job *ret_job, struct err *e)
{
    int rc;
    struct ca_run *r = new_run(c, WIRE_DIRECTORY, data, &rc, e);
    return r ? launch(c, r, msg_put_empty(&c->wire, r->kind, r->id), ret_job, e) : rc;
}

/* ---- what the signer must know of a job before the talker does ---- */

/* The digest is of `what` as it is: a CSR, a certificate, a public key. */
static int allow(struct ca *c, struct ca_run *r, enum sign_permit kind, signet_str what)
{
    uint8_t digest[32] = { 0 };
    int rc = what.n ? digest_sha256(what, digest) : 0;
    r->signs = true;
    return rc ? rc : signer_allow(c->signer, r->id, kind, digest);
}

static int keep_binding(struct ca *c, struct ca_run *r, const signet_account_params *p)
{
    struct sign_mac m = { .alg = p->eab_alg ? p->eab_alg : SIGNET_ALG_HS256,
                          .kid = p->eab_kid,
                          .key = p->eab_hmac_key };
    r->signs = true;
    return signer_add_mac(c->signer, r->id, &m);
}

int ca_account(struct ca *c, const signet_account_params *p, void *data, ca_job *ret_job, struct err *e)
{
    int rc;
    struct ca_run *r = new_run(c, WIRE_ACCOUNT, data, &rc, e);
    if (!r)
        return rc;
    if (p->op == SIGNET_ACCOUNT_DEACTIVATE)
        rc = allow(c, r, SIGN_MAY_DEACTIVATE, (signet_str){ 0 });
    else if (p->op == SIGNET_ACCOUNT_NEW && p->eab_kid.n)
        rc = keep_binding(c, r, p);
    return launch(c, r, rc ? rc : msg_put_account(&c->wire, r->id, p), ret_job, e);
}

static int keep_idents(struct ca_run *r, const signet_order_params *p)
{
    signet_ident *v = msg_alloc(&r->mem, p->n_idents, sizeof(*v));
    for (size_t i = 0; v && i < p->n_idents; i++) {
        signet_str s = p->idents[i].ident.value;
        char *copy = msg_alloc(&r->mem, s.n + 1, 1);
        if (!copy)
            return SIGNET_ENOMEM;
        if (s.n)
            memcpy(copy, s.p, s.n);
        v[i] = (signet_ident){ p->idents[i].ident.type, { copy, s.n } };
    }
    r->idents = v;
    r->n_idents = p->n_idents;
    return v ? 0 : SIGNET_ENOMEM;
}

int ca_order(struct ca *c, const signet_order_params *p, void *data, ca_job *ret_job, struct err *e)
{
    int rc;
    struct ca_run *r = new_run(c, WIRE_ORDER, data, &rc, e);
    if (!r)
        return rc;
    rc = keep_idents(r, p);
    if (!rc && p->csr_der.n)
        rc = allow(c, r, SIGN_MAY_FINALIZE, p->csr_der);
    return launch(c, r, rc ? rc : msg_put_order(&c->wire, r->id, p), ret_job, e);
}

int ca_order_csr(struct ca *c, ca_job job, signet_str csr_der, struct err *e)
{
    struct ca_run *r = ca_find(c, job);
    if (!r || r->kind != WIRE_ORDER)
        return err_set(e, SIGNET_ENOTFOUND, "the order has ended already");
    int rc = allow(c, r, SIGN_MAY_FINALIZE, csr_der);
    if (!rc)
        rc = msg_put_text(&c->wire, WIRE_CSR, job, csr_der);
    if (rc)
        return err_set(e, rc, "the certificate signing request does not fit into a message");
    ca_flush(c);
    return 0;
}

static int public_part(const struct key *key, struct buf *jwk, struct msg_key *ret, struct err *e)
{
    int rc = key_public_jwk(key, jwk);
    if (!rc)
        rc = buf_err(jwk);
    if (rc)
        return err_set(e, rc, "the public part of a key cannot be written");
    *ret = (struct msg_key){ .alg = key_alg(key), .jwk = buf_str(jwk) };
    return 0;
}

int ca_revoke(struct ca *c, signet_str cert_der, int reason, const struct key *key, void *data, ca_job *ret_job,
              struct err *e)
{
    BUF_AUTO(jwk, 8192);
    struct msg_key k = { 0 };
    int rc = key ? public_part(key, &jwk, &k, e) : 0;
    struct ca_run *r = rc ? NULL : new_run(c, WIRE_REVOKE, data, &rc, e);
    if (!r)
        return rc;
    rc = allow(c, r, SIGN_MAY_REVOKE, cert_der);
    if (!rc && key)
        rc = signer_add_key(c->signer, r->id, SIGN_REVOKE, key);
    return launch(c, r, rc ? rc : msg_put_revoke(&c->wire, r->id, cert_der, reason, &k), ret_job, e);
}

int ca_rollover(struct ca *c, const struct key *new_key, void *data, ca_job *ret_job, struct err *e)
{
    BUF_AUTO(jwk, 8192);
    struct msg_key k = { 0 };
    int rc = public_part(new_key, &jwk, &k, e);
    struct ca_run *r = rc ? NULL : new_run(c, WIRE_ROLLOVER, data, &rc, e);
    if (!r)
        return rc;
    rc = allow(c, r, SIGN_MAY_ROLL_OVER, k.jwk); /* in canonical form, so this is the thumbprint */
    if (!rc)
        rc = signer_add_key(c->signer, r->id, SIGN_ROLLOVER, new_key);
    return launch(c, r, rc ? rc : msg_put_rollover(&c->wire, r->id, &k), ret_job, e);
}

int ca_ari(struct ca *c, signet_str cert_id, void *data, ca_job *ret_job, struct err *e)
{
    int rc;
    struct ca_run *r = new_run(c, WIRE_ARI, data, &rc, e);
    return r ? launch(c, r, msg_put_text(&c->wire, r->kind, r->id, cert_id), ret_job, e) : rc;
}

void ca_cancel(struct ca *c, ca_job job)
{
    if (!ca_find(c, job))
        return;
    int rc = msg_put_empty(&c->wire, WIRE_CANCEL, job);
    if (rc)
        ca_lose(c, "the line to signet-talker is full");
    ca_flush(c);
}

int ca_challenge_done(struct ca *c, uint64_t action_id, int err, signet_str why)
{
    why.n = why.n < CA_TEXT_MAX ? why.n : CA_TEXT_MAX;
    int rc = c->lost ? SIGNET_ENET : msg_put_outcome(&c->wire, WIRE_CHAL_DONE, action_id, err, why);
    ca_flush(c);
    return rc;
}

int ca_set_key(struct ca *c, const struct key *account_key)
{
    buf_clear(&c->thumbprint);
    int rc = key_thumbprint(account_key, &c->thumbprint);
    if (!rc)
        rc = buf_err(&c->thumbprint);
    c->account_key = account_key;
    return rc || !c->signer ? rc : signer_add_key(c->signer, 0, SIGN_ACCOUNT, account_key);
}

/* ---- the line ---- */

static void drop_runs(struct ca *c)
{
    while (c->runs)
        ca_forget(c, c->runs);
}

static void hang_up(struct ca *c)
{
    role_guard_end(c->guard);
    c->guard = NULL;
    loop_unwatch(c->watch);
    c->watch = NULL;
    wire_done(&c->wire);
}

void ca_lose(struct ca *c, const char *fmt, ...)
{
    if (c->lost)
        return;
    va_list ap;
    va_start(ap, fmt);
    buf_addv(&c->why_lost, fmt, ap);
    va_end(ap);
    c->lost = true;
    hang_up(c);
    BUF_AUTO(words, 256);
    role_reap(c->pid, LOST_GRACE_MS, &words);
    c->pid = -1;
    if (words.n)
        buf_addf(&c->why_lost, " (%s)", buf_z(&words));
    drop_runs(c);
}

static void on_stopped(void *ctx)
{
    struct ca *c = ctx;
    ca_lose(c, "signet-talker, the program that speaks to the CA, was stopped and did not go on");
    loop_poke(c->loop);
}

static void take_frames(struct ca *c)
{
    struct wire_frame f;
    int rc = 0;
    while (!c->lost && c->queued < CA_EVENTS_MAX && (rc = wire_next(&c->wire, &f)) == 1) {
        rc = ca_take(c, &f);
        if (rc)
            break;
    }
    if (c->lost || rc >= 0)
        return;
    if (rc == SIGNET_ENOMEM)
        ca_lose(c, "out of memory for what signet-talker reports");
    else
        ca_lose(c, "signet-talker said what it may not say, and was ended");
}

static void on_line(void *ctx, short revents)
{
    struct ca *c = ctx;
    if (revents & (POLLIN | POLLHUP | POLLERR)) {
        int rc = wire_fill(&c->wire);
        if (rc == SIGNET_ENET)
            ca_lose(c, "signet-talker, the program that speaks to the CA, is gone");
        else if (rc < 0)
            ca_lose(c, "the line from signet-talker cannot be read: %s", signet_strerror(rc));
        take_frames(c);
    }
    ca_flush(c);
}

/* ---- events ---- */

static void pop(struct ca *c, struct ca_event *ret)
{
    struct ca_item *i = c->first;
    c->first = i->next;
    if (!c->first)
        c->last = &c->first;
    c->queued -= i->size;
    c->current = i;
    *ret = i->ev;
}

int ca_next(struct ca *c, int timeout_ms, struct ca_event *ret)
{
    int64_t until = clock_mono_ms() + timeout_ms;
    int left = timeout_ms < 0 ? -1 : timeout_ms;
    ca_item_free(c->current);
    c->current = NULL;
    for (;;) {
        if (c->first) {
            bool was_full = c->queued >= CA_EVENTS_MAX;
            pop(c, ret);
            if (was_full) {
                take_frames(c);
                ca_flush(c);
            }
            return 1;
        }
        if (c->lost) {
            *ret = (struct ca_event){ .kind = CA_LOST, .u.lost = buf_z(&c->why_lost) };
            return 1;
        }
        int rc = loop_step(c->loop, left);
        if (rc)
            return rc;
        if (c->first || c->lost)
            continue;
        int64_t now = timeout_ms < 0 ? 0 : clock_mono_ms();
        if (timeout_ms >= 0 && (now >= until || loop_poked(c->loop)))
            return 0;
        left = timeout_ms < 0 ? -1 : (int)(until - now);
    }
}

signet_str ca_saved(const struct ca *c)
{
    return buf_str(&c->saved);
}

bool ca_meta(const struct ca *c, signet_meta *ret)
{
    if (c->have_meta)
        *ret = c->meta;
    return c->have_meta;
}

signet_str ca_account_url(const struct ca *c)
{
    return buf_str(&c->account);
}

/* ---- life ---- */

static int send_config(struct ca *c, const struct ca_config *cfg, bool has_roots, struct err *e)
{
    BUF_AUTO(jwk, 8192);
    struct msg_key k = { 0 };
    int rc = public_part(cfg->account_key, &jwk, &k, e);
    if (!rc && ca_set_key(c, cfg->account_key))
        rc = err_set(e, SIGNET_ECRYPTO, "the account key's thumbprint cannot be computed");
    if (rc)
        return rc;
    struct msg_config m = {
        .directory_url = str_of(cfg->directory_url),
        .user_agent = str_of(cfg->user_agent),
        .account_url = str_of(cfg->account_url),
        .saved = cfg->saved,
        .alg = k.alg,
        .jwk = k.jwk,
        .no_verify = cfg->no_verify,
        .allow_http = cfg->allow_http,
        .trace = cfg->trace,
        .require_sandbox = cfg->require_sandbox,
        .has_roots = has_roots,
        .http_timeout_s = cfg->http_timeout_s,
        .order_timeout_s = cfg->order_timeout_s,
        .finalize_timeout_s = cfg->finalize_timeout_s,
        .max_nonces = cfg->max_nonces,
        .request_limit = cfg->request_limit,
        .server_name = str_of(cfg->server_name),
    };
    rc = msg_put_config(&c->wire, &m);
    return rc ? err_set(e, rc, "the settings for the CA do not fit into a message") : 0;
}

int ca_open_fd(struct ca **ret, struct loop *l, const struct ca_config *cfg, int fd, pid_t pid, bool has_roots,
               struct err *e)
{
    struct ca *c = calloc(1, sizeof(*c));
    if (!c) {
        close(fd);
        role_reap(pid, 0, NULL);
        return err_nomem(e);
    }
    wire_init(&c->wire, fd, WIRE_TALKER);
    c->loop = l;
    c->pid = pid;
    c->last = &c->first;
    c->why_lost = BUF_INIT(CA_WORDS_MAX);
    c->saved = BUF_INIT(64u << 10);
    c->directory = BUF_INIT(CA_URL_MAX);
    c->account = BUF_INIT(CA_URL_MAX);
    c->thumbprint = BUF_INIT(128);
    buf_addz(&c->directory, cfg->directory_url);
    buf_addz(&c->account, cfg->account_url);
    c->separate_signer = cfg->separate_signer;
    c->allow_http = cfg->allow_http;
    c->require_sandbox = cfg->require_sandbox;
    c->placed = cfg->placed;
    c->placed_ctx = cfg->placed_ctx;
    int rc = role_guard_start(&c->guard, l, pid, on_stopped, c);
    if (rc)
        err_nomem(e);
    else if ((rc = buf_err(&c->directory)))
        err_set(e, rc, "the address of the CA's directory is too long");
    if (!rc)
        rc = send_config(c, cfg, has_roots, e);
    ca_flush(c);
    if (!rc && c->lost)
        rc = err_nomem(e);
    if (rc)
        ca_close(c);
    else
        *ret = c;
    return rc;
}

int ca_open_program(struct ca **ret, struct loop *l, const struct ca_config *c, const char *program, struct err *e)
{
    int pair[2], roots = -1;
    pid_t pid = -1;
    int rc = c->no_verify ? 0
             : c->ca_list ? ca_gather_roots(c->ca_list, c->ca_list_adds, &roots, e)
                          : ca_open_roots(c->ca_file, &roots, e);
    if (rc)
        return rc;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        rc = err_sys(e, errno, "no socket to signet-talker");
    if (!rc) {
        rc = ca_spawn(program, pair[1], roots, &pid, e);
        close(pair[1]);
        if (rc)
            close(pair[0]);
    }
    if (roots >= 0)
        close(roots);
    return rc ? rc : ca_open_fd(ret, l, c, pair[0], pid, roots >= 0, e);
}

int ca_open(struct ca **ret, struct loop *l, const struct ca_config *c, struct err *e)
{
    BUF_AUTO(program, 4096);
    int rc = ca_find_program(&program, e);
    return rc ? rc : ca_open_program(ret, l, c, buf_z(&program), e);
}

void ca_close(struct ca *c)
{
    if (!c)
        return;
    hang_up(c);
    c->lost = true; /* nobody is told any more */
    drop_runs(c);
    signer_close(c->signer); /* while the talker winds up */
    role_reap(c->pid, CLOSE_GRACE_MS, NULL);
    ca_item_free(c->current);
    while (c->first) {
        struct ca_item *i = c->first;
        c->first = i->next;
        ca_item_free(i);
    }
    msg_free(&c->meta_mem);
    buf_done(&c->why_lost);
    buf_done(&c->saved);
    buf_done(&c->directory);
    buf_done(&c->account);
    buf_done(&c->thumbprint);
    free(c);
}
