#include "acme/core.h"
#include <stdlib.h>

static void job_late(struct tmr *t)
{
    signet_job *j = LINK_OF(t, signet_job, deadline);
    if (j->ops->late)
        j->ops->late(j);
}

signet_job *job_new(signet_session *s, const struct job_ops *ops, size_t size, bool signs)
{
    signet_job *j = calloc(1, size);
    if (!j || item_init(s, &j->done, ITEM_DONE) != 0) {
        free(j);
        return NULL;
    }
    j->s = s;
    j->ops = ops;
    j->signs = signs;
    j->deadline.fire = job_late;
    link_init(&j->reqs);
    link_init(&j->wait);
    link_init(&j->own);
    link_push(&s->jobs, &j->own);
    if (signs)
        s->n_signing_jobs++;
    if (s->dir_state == DIR_READY && !dir_fresh(s))
        dir_forget(s);
    s->bad_nonces = 0;
    s->dirty = true;
    return j;
}

void job_destroy(signet_job *j)
{
    signet_session *s = j->s;
    req_cancel_all(j);
    tmr_clear(&s->timers, &j->deadline);
    link_drop(&j->own);
    link_drop(&j->wait);
    item_done(s, &j->done);
    if (j->signs)
        s->n_signing_jobs--;
    if (j->ops->free)
        j->ops->free(j);
    signer_done(&j->key);
    prob_done(&j->problem);
    arena_done(&j->mem);
    free(j);
}

void job_end(signet_job *j)
{
    if (j->state != SIGNET_JOB_RUNNING)
        return;
    req_cancel_all(j);
    tmr_clear(&j->s->timers, &j->deadline);
    link_drop(&j->wait);
    j->state = j->failing ? SIGNET_JOB_FAILED : SIGNET_JOB_DONE;
    if (!j->orphan)
        item_queue(j->s, &j->done, SIGNET_ACT_DONE);
}

void job_fail(signet_job *j, struct problem *p)
{
    if (j->failing || j->state != SIGNET_JOB_RUNNING)
        return;
    j->failing = true;
    prob_move(&j->problem, p);
    if (j->problem.pub.code >= 0)
        j->problem.pub.code = SIGNET_EPROTO;
    req_cancel_all(j);
    if (j->ops->wind)
        j->ops->wind(j);
    else
        job_end(j);
}

void job_fail_own(signet_job *j, int code, const char *doing, signet_str url, const char *fmt, ...)
{
    struct problem p = { 0 };
    BUF_AUTO(b, LIM_TEXT);
    va_list ap;
    va_start(ap, fmt);
    buf_addv(&b, fmt, ap);
    va_end(ap);
    prob_set(&p, code, doing, url, "%.*s", STR_ARG(buf_str(&b)));
    job_fail(j, &p);
    prob_done(&p);
}

void job_nomem(signet_job *j)
{
    job_fail_own(j, SIGNET_ENOMEM, "", STR(""), "%s", signet_strerror(SIGNET_ENOMEM));
}

signet_job_state signet_job_status(const signet_job *j)
{
    return j->state;
}

int signet_job_error(const signet_job *j)
{
    return j->state == SIGNET_JOB_FAILED ? j->problem.pub.code : 0;
}

const signet_problem *signet_job_problem(const signet_job *j)
{
    return j->state == SIGNET_JOB_FAILED ? &j->problem.pub : NULL;
}

void signet_job_set_data(signet_job *j, void *data)
{
    j->data = data;
}

void *signet_job_data(const signet_job *j)
{
    return j->data;
}

void signet_job_cancel(signet_job *j)
{
    job_fail_own(j, SIGNET_ECANCELED, "", STR(""), "%s", signet_strerror(SIGNET_ECANCELED));
}

/* What the embedder has put up must be taken down, and the views in that CLEANUP live in the job: so the job stays, out
 * of the embedder's sight, until its last challenge is gone. */
void signet_job_free(signet_job *j)
{
    if (!j)
        return;
    signet_session *s = j->s;
    req_cancel_all(j);
    link_drop(&j->wait);
    if (j->state == SIGNET_JOB_RUNNING && j->ops->leave)
        j->ops->leave(j);
    if (!j->ops->busy || !j->ops->busy(j)) {
        job_destroy(j);
        return;
    }
    j->orphan = true;
    j->failing = true;
    item_idle(&j->done);
    link_drop(&j->own);
    link_push(&s->orphans, &j->own);
}
