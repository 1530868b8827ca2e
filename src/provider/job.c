#include "provider/engine.h"

#include <stdlib.h>

struct job *job_new(struct provider_session *s, enum job_op op)
{
    struct job *j = calloc(1, sizeof *j);
    if (!j)
        return NULL;
    j->s = s;
    j->op = op;
    j->id = ++s->next_id;
    j->vars = json_object();
    j->temp = json_object();
    j->x.method = BUF_INIT(16);
    j->x.url = BUF_INIT(LIM_URL);
    j->x.body = BUF_INIT(LIM_BODY);
    if (!j->vars || !j->temp) {
        job_free(j);
        return NULL;
    }
    *s->tail = j;
    s->tail = &j->next;
    s->n_jobs++;
    return j;
}

void frame_done(struct frame *f)
{
    json_decref(f->list);
    json_decref(f->pages);
    reply_done(&f->reply);
    free(f->next);
    *f = (struct frame){ 0 };
}

void job_free(struct job *j)
{
    if (!j)
        return;
    while (j->depth)
        frame_done(&j->frame[--j->depth]);
    char *texts[] = { j->fqdn, j->domain, j->value, j->token, j->keyauth, j->zone, j->turn, j->lock, j->after_key };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    json_decref(j->vars);
    json_decref(j->temp);
    json_decref(j->once);
    json_decref(j->pages);
    request_clear(&j->x);
    buf_done(&j->x.method);
    buf_done(&j->x.url);
    buf_done(&j->x.body);
    record_done(&j->saved);
    free(j);
}

struct frame *top(struct job *j)
{
    return &j->frame[j->depth - 1];
}

int push(struct job *j, enum frame_kind kind, const struct node *node)
{
    if (j->depth == LIM_FRAMES)
        return err_set(&j->err, SIGNET_ELIMIT, "steps stand inside steps more than %u deep", LIM_DEEP);
    j->frame[j->depth++] = (struct frame){ .kind = kind, .node = node };
    return STEP_AGAIN;
}

void wake_blocked(struct provider_session *s)
{
    for (struct job *j = s->jobs; j; j = j->next)
        if (j->state == JOB_BLOCKED)
            j->state = JOB_RUN;
}

static void end(struct job *j)
{
    if (!j->err.code)
        merge_end(j, 0);
    else
        merge_end(j, j->err.code);
    while (j->depth)
        frame_done(&j->frame[--j->depth]);
    request_clear(&j->x);
    free(j->turn);
    free(j->lock);
    j->turn = j->lock = NULL;
    j->holds = false;
    if ((j->op == OP_PRESENT && j->err.code && j->in_slot) || j->op == OP_CLEANUP)
        slot_leave(j);
    if (j->op == OP_PRESENT && saved_write(j))
        j->s->no_memory = true;
    j->state = JOB_END;
    wake_blocked(j->s);
}

void job_fail(struct job *j, int code)
{
    if (!j->err.code)
        err_set(&j->err, code, "%s: %s", shown_name(j->s), signet_strerror(code));
    err_blank(j->s, &j->err);
    end(j);
}

static int run_top(struct job *j)
{
    struct frame *f = top(j);
    switch (f->kind) {
    case FRAME_OP:
        return run_op(j, f);
    case FRAME_LIST:
        return run_list(j, f);
    case FRAME_STEP:
        return run_step(j, f);
    case FRAME_ZONE:
        return run_zone(j, f);
    case FRAME_MERGE:
        return run_merge(j, f);
    }
    return SIGNET_EINVAL;
}

void job_step(struct job *j)
{
    while (j->state == JOB_RUN) {
        if (!j->depth) {
            end(j);
            return;
        }
        int rc = run_top(j);
        if (rc == STEP_POP)
            frame_done(&j->frame[--j->depth]);
        else if (rc == SIGNET_ENOMEM)
            j->s->no_memory = true;
        if (rc < 0)
            job_fail(j, rc);
        if (j->s->no_memory)
            return;
    }
}
