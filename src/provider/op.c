#include "provider/engine.h"

#include <stdlib.h>

/* The course of a whole job: zone, turn, main steps, `after`. */

enum { OP_BEGIN, OP_ZONE, OP_TURN, OP_MAIN, OP_BARRIER, OP_AFTER, OP_DONE };

static int begin(struct job *j, struct frame *f)
{
    struct provider_session *s = j->s;
    if (j->op == OP_LOGIN || j->op == OP_LOGOUT) {
        f->state = OP_DONE;
        return push(j, FRAME_LIST, part(s, j->op == OP_LOGIN ? "login" : "logout"));
    }
    if (s->dead.code) {
        j->err = s->dead;
        return s->dead.code;
    }
    f->state = OP_ZONE;
    if (j->zone) /* known from the present of this value */
        return STEP_AGAIN;
    return push(j, FRAME_ZONE, part(s, "zone"));
}

/* Services that refuse a change of a zone while another one is under way, or count its versions: one job at a time. */
static int take_zone(struct job *j)
{
    const char *zone = j->zone ? j->zone : "";
    if (!part(j->s, "alone") || j->turn)
        return 0;
    for (const struct job *o = j->s->jobs; o; o = o->next)
        if (o != j && o->turn && strcmp(o->turn, zone) == 0) {
            j->state = JOB_BLOCKED;
            return STEP_WAIT;
        }
    j->turn = strdup(zone);
    return j->turn ? 0 : err_nomem(&j->err);
}

static void leave_zone(struct job *j)
{
    if (!j->turn)
        return;
    free(j->turn);
    j->turn = NULL;
    wake_blocked(j->s);
}

static int take_turn(struct job *j, struct frame *f)
{
    int64_t wait;
    if (j->s->times.serial && j->op == OP_PRESENT && !j->in_slot && !slot_take(j, &wait)) {
        j->state = wait >= 0 ? JOB_SLEEP : JOB_BLOCKED;
        j->wake_ms = wait;
        j->idle_block = true;
        return STEP_WAIT;
    }
    j->idle_block = false;
    int rc = take_zone(j);
    if (rc)
        return rc;
    f->state = OP_MAIN;
    return STEP_AGAIN;
}

/* Is everything known that the steps of `add` save? */
static bool all_saved(const struct job *j, const struct node *n)
{
    const struct node *save = node_get(n, "save");
    for (size_t i = 0; save && i < save->n; i++)
        if (save->kind == NODE_MAP && value_empty(json_object_get(j->vars, save->key[i]->text.p)))
            return false;
    for (size_t i = 0; n && n->kind == NODE_LIST && i < n->n; i++)
        if (!all_saved(j, n->item[i]))
            return false;
    return true;
}

/* The record's id is not known (or there may be two records): look for what is there, and remove each. */
static bool must_find(const struct job *j)
{
    return part(j->s, "find") && (j->lost || !all_saved(j, part(j->s, "add")));
}

static void count_value(struct job *j)
{
    json_t *n = json_object_get(j->s->counts, j->fqdn);
    value_set(j->s->counts, j->fqdn, json_integer(n ? json_integer_value(n) + 1 : 1));
}

static int begin_main(struct job *j, struct frame *f)
{
    struct provider_session *s = j->s;
    const struct node *steps = part(s, j->op == OP_PRESENT ? "add" : "remove"), *merge = part(s, "merge");
    f->state = OP_BARRIER;
    j->sent_main = true;
    wake_blocked(s); /* those that waited for what this one brings */
    if (j->op == OP_PRESENT)
        count_value(j);
    if (!steps && merge)
        return push(j, FRAME_MERGE, merge);
    if (!steps)
        return j->op == OP_CLEANUP
                   ? STEP_AGAIN
                   : err_set(&j->err, SIGNET_EINVAL, "%s: the description has neither add nor merge", shown_name(s));
    if (j->op == OP_PRESENT || !must_find(j))
        return push(j, FRAME_LIST, steps);
    int rc = push(j, FRAME_STEP, part(s, "find"));
    if (rc == STEP_AGAIN)
        top(j)->body = steps;
    return rc;
}

/* What `after` would send: jobs with the same need it only once. Unknown names are left out of the comparison. */
static int after_key(struct job *j, const struct node *after)
{
    BUF_AUTO(key, LIM_URL);
    for (size_t i = 0; i < (after->kind == NODE_LIST ? after->n : 1); i++) {
        int rc = request_key(j, after->kind == NODE_LIST ? after->item[i] : after, &key);
        if (rc)
            return rc;
    }
    free(j->after_key);
    j->after_key = strdup(buf_z(&key));
    return j->after_key ? 0 : err_nomem(&j->err);
}

/* Is a job on its way that will need the same? Jobs that have not begun count too: all of a run are started together.
 */
static bool more_to_come(const struct job *j)
{
    for (const struct job *o = j->s->jobs; o; o = o->next)
        if (o != j && o->op != OP_LOGIN && o->state != JOB_END && !o->at_barrier && !o->passed_barrier &&
            !o->idle_block)
            return true;
    return false;
}

/* The first job at the barrier sends for all that need the same; the others are done when it is. */
static int at_barrier(struct job *j, struct frame *f)
{
    const struct node *after = part(j->s, "after");
    f->state = OP_DONE;
    if (!after || !j->changed)
        return STEP_AGAIN;
    int rc = j->after_key ? 0 : after_key(j, after);
    if (rc)
        return rc;
    j->at_barrier = true;
    f->state = OP_BARRIER;
    if (j->ride) {
        f->state = OP_DONE;
        return j->ride > 0 ? STEP_AGAIN : j->err.code;
    }
    if (j->leader || more_to_come(j)) {
        j->state = JOB_BLOCKED;
        return STEP_WAIT;
    }
    for (struct job *o = j->s->jobs; o; o = o->next)
        if (o != j && o->at_barrier && !o->passed_barrier && !o->leader && o->after_key &&
            strcmp(o->after_key, j->after_key) == 0) {
            o->leader = j;
            o->ride = 0;
        }
    j->passed_barrier = true;
    wake_blocked(j->s);
    f->state = OP_DONE;
    return push(j, FRAME_LIST, after);
}

int run_op(struct job *j, struct frame *f)
{
    switch (f->state) {
    case OP_BEGIN:
        return begin(j, f);
    case OP_ZONE:
        f->state = OP_TURN;
        return STEP_AGAIN;
    case OP_TURN:
        return take_turn(j, f);
    case OP_MAIN:
        return begin_main(j, f);
    case OP_BARRIER:
        leave_zone(j);
        return at_barrier(j, f);
    default:
        return STEP_POP;
    }
}

int run_list(struct job *j, struct frame *f)
{
    const struct node *n = f->node;
    if (!n)
        return STEP_POP;
    if (n->kind != NODE_LIST)
        return f->index++ ? STEP_POP : push(j, FRAME_STEP, n);
    return f->index < n->n ? push(j, FRAME_STEP, n->item[f->index++]) : STEP_POP;
}
