#include "provider/engine.h"

#include <stdlib.h>

/* Read, change, write: for objects that hold the values of other people too. Jobs that change the same object at the
 * same time go into one write: the one that holds the lock carries the others. */

enum { M_BEGIN, M_READ, M_COMBINE, M_WRITTEN };

void merge_end(struct job *j, int rc)
{
    for (struct job *o = j->s->jobs; o; o = o->next) {
        if (o->leader != j)
            continue;
        o->leader = NULL;
        o->changed = j->changed;
        o->ride = rc ? -1 : 1;
        if (rc)
            o->err = j->err;
        o->state = JOB_RUN;
    }
}

/* Is a job still looking for its zone? It may bring more for the same object, so reading waits for it: all jobs of a
 * run are started together, and one write is to carry them. */
static bool more_to_come(const struct job *j)
{
    for (const struct job *o = j->s->jobs; o; o = o->next)
        if (o != j && o->op < OP_LOGIN && !o->sent_main && !o->idle_block && o->state != JOB_END)
            return true;
    return false;
}

/* Jobs with the same key read and write the very same object. */
static int begin(struct job *j, struct frame *f)
{
    if (j->ride) {
        int ride = j->ride;
        j->ride = 0;
        j->in_merge = false;
        return ride > 0 ? STEP_POP : j->err.code;
    }
    if (j->leader) {
        j->state = JOB_BLOCKED;
        return STEP_WAIT;
    }
    if (!j->lock) {
        BUF_AUTO(key, LIM_TEXT);
        buf_addz(&key, "merge ");
        int rc = request_key(j, node_get(f->node, "read"), &key);
        buf_addc(&key, '\n');
        rc = rc ? rc : request_key(j, node_get(f->node, "write"), &key);
        if (rc)
            return rc;
        j->lock = buf_take(&key);
        if (!j->lock)
            return err_nomem(&j->err);
    }
    /* who holds the zone (`alone`) would wait for those who wait for the zone */
    bool wait = !j->turn && more_to_come(j);
    for (const struct job *o = j->s->jobs; o && !wait; o = o->next)
        wait = o != j && o->holds && strcmp(o->lock, j->lock) == 0;
    if (wait) {
        j->state = JOB_BLOCKED;
        return STEP_WAIT;
    }
    wake_blocked(j->s); /* those that waited for the last one, too, and change other objects */
    j->holds = j->in_merge = true;
    f->state = M_READ;
    return STEP_AGAIN;
}

static int read_object(struct job *j, struct frame *f)
{
    f->state = M_COMBINE;
    return push(j, FRAME_STEP, node_get(f->node, "read"));
}

/* ---- changing the list ---- */

static int is_same(struct job *j, const struct node *merge, json_t *element, const json_t *item, bool *ret)
{
    const struct node *same = node_get(merge, "same");
    if (!same) {
        BUF_AUTO(a, LIM_TEXT);
        BUF_AUTO(b, LIM_TEXT);
        value_add(&a, element);
        value_add(&b, item);
        *ret = value_same_text(buf_str(&a), buf_str(&b));
        return buf_err(&a) ? buf_err(&a) : buf_err(&b);
    }
    VALUE_AUTO json_t *own = NULL;
    struct scope sc;
    scope_of(j, &sc, &j->err, &own);
    return cond_holds(&sc, same->text, element, ret);
}

/* Adds the job's item unless it is there, or removes every one that is the same. */
static int change(struct job *j, const struct node *merge, json_t *items, bool *changed)
{
    VALUE_AUTO json_t *own = NULL;
    VALUE_AUTO json_t *item = NULL;
    struct scope sc;
    scope_of(j, &sc, &j->err, &own);
    const struct node *tmpl = node_get(merge, "item");
    int rc = tmpl ? expand_node(&sc, tmpl, &item) : 0;
    bool there = false;
    for (size_t i = json_array_size(items); !rc && i-- > 0;) {
        bool same = false;
        rc = is_same(j, merge, json_array_get(items, i), item, &same);
        if (rc || !same)
            continue;
        there = true;
        if (j->op == OP_CLEANUP) {
            json_array_remove(items, i);
            *changed = true;
        }
    }
    if (!rc && !there && j->op == OP_PRESENT) {
        *changed = true;
        rc = json_array_append(items, item) ? err_nomem(&j->err) : 0;
    }
    return rc;
}

static bool can_ride(const struct job *o, const struct job *j)
{
    return o != j && o->state == JOB_BLOCKED && o->lock && !o->holds && !o->leader && o->depth &&
           o->frame[o->depth - 1].kind == FRAME_MERGE && strcmp(o->lock, j->lock) == 0;
}

static int change_riders(struct job *j, const struct node *merge, json_t *items, bool *changed)
{
    for (struct job *o = j->s->jobs; o; o = o->next) {
        if (!can_ride(o, j))
            continue;
        if (json_object_update_missing(o->temp, j->temp))
            return err_nomem(&j->err);
        o->in_merge = true;
        int rc = change(o, merge, items, changed);
        if (rc == SIGNET_ENOMEM)
            return rc;
        if (rc) {
            o->ride = -1;
            o->state = JOB_RUN;
            continue;
        }
        o->leader = j;
        o->sent_main = true;
    }
    return 0;
}

static const struct node *which_write(const struct job *j, const struct node *merge, json_t *old, json_t *items)
{
    const struct node *create = node_get(merge, "create"), *remove = node_get(merge, "remove");
    if (!json_array_size(items) && remove)
        return remove;
    if ((j->absent || !json_array_size(old)) && create)
        return create;
    return node_get(merge, "write");
}

static int combine(struct job *j, struct frame *f)
{
    const struct node *merge = f->node, *read = node_get(merge, "read");
    VALUE_AUTO json_t *old = NULL;
    VALUE_AUTO json_t *items = NULL;
    bool changed = false;
    int rc = pages_find(j, NULL, j->pages, node_text(read, "items"), &old);
    if (rc)
        return rc;
    items = json_copy(old);
    if (!items)
        return err_nomem(&j->err);
    rc = change(j, merge, items, &changed);
    rc = rc ? rc : change_riders(j, merge, items, &changed);
    if (rc)
        return rc;
    f->state = M_WRITTEN;
    j->conflict = false;
    if (!changed)
        return STEP_AGAIN;
    if (value_set(j->temp, "items", json_incref(items)) || value_set(j->temp, "old", json_incref(old)))
        return err_nomem(&j->err);
    const struct node *write = which_write(j, merge, old, items);
    return write ? push(j, FRAME_LIST, write)
                 : err_set(&j->err, SIGNET_EINVAL, "%s: the merge of its description has no write", shown_name(j->s));
}

/* Somebody else wrote between our reading and writing: once more from the start, with those that ride along. */
static int again(struct job *j, struct frame *f)
{
    if (++f->count > LIM_MERGE_AGAIN) {
        j->err = j->refused;
        return j->err.code;
    }
    for (struct job *o = j->s->jobs; o; o = o->next)
        if (o->leader == j)
            o->leader = NULL; /* still blocked: taken along again */
    json_object_clear(j->temp);
    j->conflict = false;
    f->state = M_READ;
    j->state = JOB_SLEEP;
    j->wake_ms = j->s->now.mono_ms + 500 * (int64_t)f->count;
    return STEP_WAIT;
}

static int written(struct job *j, struct frame *f)
{
    if (j->conflict)
        return again(j, f);
    merge_end(j, 0);
    j->in_merge = false;
    free(j->lock);
    j->lock = NULL;
    j->holds = false;
    json_object_clear(j->temp);
    wake_blocked(j->s);
    return STEP_POP;
}

int run_merge(struct job *j, struct frame *f)
{
    switch (f->state) {
    case M_BEGIN:
        return begin(j, f);
    case M_READ:
        return read_object(j, f);
    case M_COMBINE:
        return combine(j, f);
    default:
        return written(j, f);
    }
}
