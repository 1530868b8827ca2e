#include "challenge/dns_run.h"

#include "base/clock.h"
#include "challenge/dns_config.h"
#include "dns/line.h"
#include <stdio.h>
#include <stdlib.h>

#define IDLE_MAX 8u

struct dns_shared {
    struct dns_shared *next;
    struct record config;
    struct dns_line *line;
    struct loop *loop;
    unsigned users;
    struct value *values;
    bool lost;
    struct err why;
};

/* There is one program in this process, so one list. */
static struct dns_shared *all;

static void shared_free(struct dns_shared *s)
{
    dns_line_close(s->line);
    record_done(&s->config);
    free(s);
}

static struct dns_shared *find(const struct loop *l, const struct record *config)
{
    struct dns_shared *s = all;
    while (s && (s->loop != l || s->lost || !record_same(&s->config, config)))
        s = s->next;
    return s;
}

static int open_new(struct dns_shared *s, struct err *e)
{
    RECORD_AUTO(full);
    int rc = dns_config_resolve(&full, &s->config, s->loop, e);
    return rc ? rc : dns_line_open(&s->line, s->loop, &full, e);
}

int dns_shared_get(struct dns_shared **ret, struct loop *l, const struct record *config, struct err *e)
{
    struct dns_shared *s = find(l, config);
    if (!s) {
        s = calloc(1, sizeof(*s));
        if (!s)
            return err_nomem(e);
        s->loop = l;
        int rc = record_copy(&s->config, config) ? err_nomem(e) : open_new(s, e);
        if (rc) {
            shared_free(s);
            return rc;
        }
        s->next = all;
        all = s;
    }
    s->users++;
    *ret = s;
    return 0;
}

static void close_idle(unsigned keep)
{
    for (struct dns_shared **at = &all; *at;) {
        struct dns_shared *s = *at;
        if (s->users || (keep && keep--)) {
            at = &s->next;
            continue;
        }
        *at = s->next;
        shared_free(s);
    }
}

void dns_shared_put(struct dns_shared *s)
{
    if (!s)
        return;
    s->users--;
    close_idle(IDLE_MAX);
}

void dns_shared_close_all(void)
{
    close_idle(0);
}

const struct record *dns_shared_ready(const struct dns_shared *s)
{
    return dns_line_ready(s->line);
}

/* ---- values ---- */

static int add_common(struct record *r, const struct value *v)
{
    char profile[16];
    (void)snprintf(profile, sizeof(profile), "%u", v->profile);
    int rc = record_addz(r, "profile", profile);
    if (!rc)
        rc = record_addz(r, "domain", v->domain);
    if (!rc)
        rc = record_addz(r, "name", v->name);
    if (!rc)
        rc = record_addz(r, "value", v->text);
    if (!rc)
        rc = record_addz(r, "token", v->token);
    if (!rc && v->persist)
        rc = record_addz(r, "persist", "1");
    return rc ? rc : record_addz(r, "key-auth", v->key_auth);
}

static int add_caa(struct record *r, const struct value *v)
{
    int rc = v->ca_names ? record_add_list(r, "ca", v->ca_names) : 0;
    if (!rc && v->wildcard)
        rc = record_addz(r, "wildcard", "1");
    if (!rc)
        rc = record_addz(r, "account", v->account_url);
    return rc ? rc : record_addz(r, "method", v->method);
}

static void list_add(struct value *v, struct dns_shared *s)
{
    for (struct value *x = s->values; x; x = x->next)
        if (x == v)
            return;
    v->shared = s;
    v->next = s->values;
    s->values = v;
}

int value_present(struct value *v, struct dns_shared *s, struct err *e)
{
    RECORD_AUTO(r);
    if (add_common(&r, v) || add_caa(&r, v))
        return err_nomem(e);
    v->job = v->present_job = dns_line_new_job(s->line);
    v->state = VALUE_FINDING;
    list_add(v, s);
    return dns_line_send(s->line, DNSF_PRESENT, v->job, &r, e);
}

int value_placed(struct value *v, struct err *e)
{
    RECORD_AUTO(r);
    return dns_line_send(v->shared->line, DNSF_PLACED, v->job, &r, e);
}

int value_remove(struct value *v, struct dns_shared *s, struct err *e)
{
    RECORD_AUTO(r);
    char after[16];
    (void)snprintf(after, sizeof(after), "%u", v->present_job);
    int rc = add_common(&r, v);
    if (!rc)
        rc = record_addz(&r, "fqdn", v->fqdn);
    if (!rc)
        rc = record_addz(&r, "zone", v->zone);
    if (!rc && v->present_job)
        rc = record_addz(&r, "after", after);
    if (!rc && v->look_gone)
        rc = record_addz(&r, "look", "1");
    if (!rc)
        rc = dns_record_pack(&r, "was", &v->saved);
    if (rc)
        return err_nomem(e);
    v->job = dns_line_new_job(s->line);
    v->removing = true;
    list_add(v, s);
    rc = dns_line_send(s->line, DNSF_REMOVE, v->job, &r, e);
    if (rc)
        v->removing = false;
    return rc;
}

void value_done(struct value *v)
{
    struct value **at = v->shared ? &v->shared->values : NULL;
    while (at && *at && *at != v)
        at = &(*at)->next;
    if (at && *at)
        *at = v->next;
    free(v->fqdn);
    free(v->zone);
    record_done(&v->saved);
    v->shared = NULL;
    v->fqdn = v->zone = NULL;
}

static void put(char **to, const char *text)
{
    char *copy = text ? str_dup(str_of(text)) : NULL;
    if (!copy)
        return;
    free(*to);
    *to = copy;
}

static void ended(struct value *v, const struct record *r)
{
    dns_frame_get_err(r, &v->err);
    if (v->removing)
        v->state = v->err.code ? VALUE_FAILED : VALUE_GONE;
    else
        v->state = v->err.code ? VALUE_FAILED : VALUE_SEEN;
    v->removing = false;
}

static void take(struct dns_shared *s, const struct dns_event *ev)
{
    struct value *v = s->values;
    while (v && v->job != ev->job && v->present_job != ev->job)
        v = v->next;
    if (!v)
        return;
    v->news += ev->type != DNSF_DONE;
    if (ev->type == DNSF_NOTE)
        (void)record_copy(&v->saved, ev->r);
    if (ev->type == DNSF_FOUND) {
        put(&v->fqdn, record_get(ev->r, "fqdn"));
        put(&v->zone, record_get(ev->r, "zone"));
        if (v->state == VALUE_FINDING && !record_get(ev->r, "there"))
            v->state = VALUE_FOUND;
    }
    if (ev->type == DNSF_DONE && v->job == ev->job)
        ended(v, ev->r);
}

void dns_shared_pump(struct dns_shared *s)
{
    struct dns_event ev;
    int rc;
    while (!s->lost && (rc = dns_line_next(s->line, &ev, &s->why)) != 0) {
        if (rc == 1) {
            take(s, &ev);
            continue;
        }
        s->lost = true;
        for (struct value *v = s->values; v; v = v->next)
            if (v->removing || v->state == VALUE_FINDING || v->state == VALUE_FOUND) {
                v->state = VALUE_FAILED;
                v->removing = false;
                v->err = s->why;
            }
    }
}

int values_wait_gone(struct value *const *v, size_t n, struct loop *l, int64_t ms)
{
    int64_t until = clock_mono_ms() + ms;
    for (;;) {
        bool left = false;
        for (size_t i = 0; i < n; i++) {
            if (v[i]->shared)
                dns_shared_pump(v[i]->shared);
            left |= v[i]->removing;
        }
        int64_t now = clock_mono_ms();
        if (!left)
            return 0;
        if (now >= until)
            return SIGNET_ETIMEOUT;
        if (loop_step(l, (int)(until - now)) == SIGNET_ECANCELED)
            return SIGNET_ECANCELED;
    }
}
