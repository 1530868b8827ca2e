#include "base/clock.h"
#include "base/log.h"
#include "dns/program.h"
#include <stdio.h>
#include <stdlib.h>

#define LOOKS_PER_JOB (1u << 20)
#define GONE_MS       100000 /* for a removed value to be gone everywhere */

static struct job *find(struct program *p, uint32_t id)
{
    struct job *j = p->jobs;
    while (j && j->id != id)
        j = j->next;
    return j;
}

static void job_free(struct job *j)
{
    record_done(&j->given);
    record_done(&j->was);
    record_done(&j->work.saved);
    strlist_done(&j->ca);
    free(j);
}

void program_jobs_free(struct program *p)
{
    while (p->jobs) {
        struct job *j = p->jobs;
        p->jobs = j->next;
        job_free(j);
    }
}

static int line(int rc, struct err *e)
{
    return rc ? err_set(e, rc, "the line to the main process is full") : 0;
}

static int end(struct program *p, struct job *j, const struct err *why, struct err *e)
{
    j->state = JOB_OVER;
    return line(dns_frame_put_err(&p->wire, DNSF_DONE, j->id, why), e);
}

/* ---- where it goes ---- */

/* When the public DNS does not lead to the zone, the server that takes the updates knows it: 1, 0 not yet, negative. */
static int find_at(struct program *p, struct job *j, const char *server, struct err *e)
{
    struct dns_ask ask = lookups_ask(p->lookups);
    struct dns_question q = { .server = server, .type = DNS_SOA };
    struct dns_place place = { .direct = true, .n_servers = 1 };
    if (dns_name_clean(place.fqdn, str_of(j->name)))
        return e->code;
    q.name = place.fqdn;
    const struct dns_answer *a = ask.ask(ask.ctx, &q);
    if (!a)
        return 0;
    if (a->code || !a->authoritative || (!a->zone[0] && !a->values.n))
        return e->code;
    (void)snprintf(place.zone, sizeof(place.zone), "%s", a->values.n ? place.fqdn : a->zone);
    (void)snprintf(place.server[0].name, DNS_NAME_MAX, "%s", server);
    (void)snprintf(place.server[0].addr[0], DNS_SERVER_MAX, "%s", server);
    place.server[0].n_addrs = 1;
    place.server[0].listed = true;
    j->place = place;
    BUF_AUTO(text, 4096);
    buf_addf(&text, "%s Only the name server %s is asked.", e->text, server);
    program_tell(p, LOG_DEBUG, buf_z(&text));
    return 1;
}

/* A program of the user's needs no zone, and whoever says how long to wait wants nothing looked at. */
static bool goes_unseen(const struct program *p, struct job *j)
{
    struct dns_place place = { 0 };
    if (!j->profile->external || p->wait_s == DNS_SECONDS_NO || dns_name_clean(place.fqdn, str_of(j->name)))
        return false;
    j->place = place;
    return true;
}

static int find_place(struct program *p, struct job *j, struct err *why)
{
    struct dns_ask ask = lookups_ask(p->lookups);
    int rc = dns_find(&j->place, &ask, j->name, !p->no_cname, why);
    const char *server = j->profile->ops->server ? j->profile->ops->server(j->profile->backend) : NULL;
    if (rc < 0 && server)
        rc = find_at(p, j, server, why);
    return rc < 0 && goes_unseen(p, j) ? 1 : rc;
}

/* Does a server of the zone have the value? 1, 0 no, -1 not known yet. */
static int is_there(struct program *p, const struct job *j)
{
    struct dns_ask ask = lookups_ask(p->lookups);
    struct dns_question q = { .name = j->place.fqdn, .type = DNS_TXT };
    for (unsigned i = 0; i < j->place.n_servers; i++)
        for (unsigned k = 0; k < j->place.server[i].n_addrs; k++) {
            q.server = j->place.server[i].addr[k];
            const struct dns_answer *a = ask.ask(ask.ctx, &q);
            if (!a)
                return -1;
            if (!a->code)
                return dns_answer_has(a, str_of(record_get(&j->given, "value")));
        }
    return 0;
}

static int say_found(struct program *p, const struct job *j, bool there, struct err *e)
{
    RECORD_AUTO(r);
    char n[16];
    (void)snprintf(n, sizeof(n), "%u", j->place.n_servers);
    int rc = record_addz(&r, "fqdn", j->place.fqdn);
    if (!rc)
        rc = record_addz(&r, "zone", j->place.zone);
    if (!rc)
        rc = record_addz(&r, "servers", n);
    if (!rc && there)
        rc = record_addz(&r, "there", "1");
    return line(rc ? rc : dns_frame_put(&p->wire, DNSF_FOUND, j->id, &r), e);
}

static signet_str text_of(const struct job *j, const char *name)
{
    return str_of(record_get(&j->given, name));
}

static void begin_writing(struct job *j)
{
    j->work.remove = j->remove;
    j->work.place = &j->place;
    j->work.domain = j->domain;
    j->work.value = text_of(j, "value");
    j->work.token = text_of(j, "token");
    j->work.key_auth = text_of(j, "key-auth");
    j->work.was = j->was.names.n ? &j->was : NULL;
    j->state = JOB_WRITING;
    j->profile->ops->begin(j->profile->backend, &j->work);
}

/* ---- until it is seen ---- */

static void say_blind(struct program *p, const struct job *j)
{
    BUF_AUTO(text, 4096);
    buf_addf(
        &text,
        "No name server of the zone %s can be asked from here: waiting %u s, as the propagation seconds say, without "
        "looking.",
        j->place.zone, j->profile->seconds);
    program_tell(p, LOG_WARNING, buf_z(&text));
}

static struct watch_rules rules_for(struct program *p, const struct job *j)
{
    const struct backend_times *t = j->profile->ops->times(j->profile->backend);
    struct watch_rules r = { .mode = WATCH_CHECK,
                             .time_ms = (int64_t)t->propagation_s * 1000,
                             .polling_ms = (int64_t)t->polling_s * 1000,
                             .skip_direct = p->skip_direct,
                             .recursive = p->recursive };
    if (r.polling_ms < WATCH_FIRST_MS)
        r.polling_ms = WATCH_FIRST_MS;
    if (p->wait_s != DNS_SECONDS_NO) {
        r.mode = WATCH_SLEEP;
        r.time_ms = (int64_t)p->wait_s * 1000;
    } else if (j->profile->seconds != DNS_SECONDS_NO) {
        bool blind = !j->place.direct && !p->recursive;
        r.mode = blind ? WATCH_SLEEP : WATCH_UPTO;
        r.time_ms = (int64_t)j->profile->seconds * 1000;
        if (blind)
            say_blind(p, j);
    }
    return r;
}

static void begin_watching(struct program *p, struct job *j, int64_t now_ms)
{
    j->watch = (struct watch_job){
        .place = &j->place, .value = text_of(j, "value"), .rules = rules_for(p, j), .look = p->looks, .start_ms = now_ms
    };
    if (j->remove) {
        j->watch.gone = true;
        j->watch.rules.mode = WATCH_CHECK;
        j->watch.rules.time_ms = GONE_MS;
    }
    p->looks += LOOKS_PER_JOB;
    j->state = JOB_WATCHING;
}

static int go_finding(struct program *p, struct job *j, int64_t now_ms, struct err *e)
{
    struct err why = { 0 };
    int rc = find_place(p, j, &why), there = 0;
    if (rc == 1 && record_number(&j->given, "persist"))
        there = is_there(p, j);
    if (rc == 0 || there < 0)
        return 0;
    if (rc < 0)
        return end(p, j, &why, e);
    rc = j->remove ? 0 : say_found(p, j, there, e);
    if (there)
        begin_watching(p, j, now_ms);
    else if (j->profile->external && !j->remove)
        j->state = JOB_AT_MAIN;
    else
        begin_writing(j);
    return rc;
}

static int go_watching(struct program *p, struct job *j, int64_t now_ms, struct err *e)
{
    struct dns_ask ask = lookups_ask(p->lookups);
    struct err why = { 0 };
    BUF_AUTO(say, 8192);
    uint64_t look = j->watch.look;
    enum watch_state s = dns_watch(&j->watch, &ask, now_ms, &j->wake_ms, &say, &why);
    if (look != j->watch.look)
        lookups_forget(p->lookups, look);
    if (say.n)
        program_tell(p, LOG_WARNING, buf_z(&say));
    if (s == WATCH_WAITING)
        return 0;
    lookups_forget(p->lookups, j->watch.look);
    return end(p, j, &why, e);
}

static int go_writing(struct program *p, struct job *j, int64_t now_ms, struct err *e)
{
    if (!j->work.done)
        return 0;
    int rc = 0;
    if (!j->remove && j->work.saved.names.n)
        rc = line(dns_frame_put(&p->wire, DNSF_NOTE, j->id, &j->work.saved), e);
    if (rc)
        return rc;
    bool look = !j->remove || record_number(&j->given, "look");
    if (j->work.err.code || !look)
        return end(p, j, &j->work.err, e);
    begin_watching(p, j, now_ms);
    return 0;
}

/* What the CA's own words would say at the end, after all the waiting. Nothing waits for it. */
static void look_at_caa(struct program *p, struct job *j)
{
    struct dns_ask ask = lookups_ask(p->lookups);
    BUF_AUTO(words, 4096);
    struct caa_question q = { .name = j->domain,
                              .wildcard = record_number(&j->given, "wildcard"),
                              .ca = &j->ca,
                              .account = record_get(&j->given, "account"),
                              .method = record_get(&j->given, "method") };
    j->caa_known = dns_caa(&ask, &q, &words);
    if (words.n)
        program_tell(p, LOG_WARNING, buf_z(&words));
}

/* Adding and removing the same value must not overtake each other. */
static int go_held(struct program *p, struct job *j, struct err *e)
{
    struct job *adding = j->after ? find(p, j->after) : NULL;
    struct err why = { 0 };
    int rc = 0;
    if (adding && adding->state == JOB_WRITING)
        return 0;
    if (adding && adding->state != JOB_OVER) {
        err_set(&why, SIGNET_ECANCELED, "the value is not needed any more");
        rc = end(p, adding, &why, e);
    }
    j->state = JOB_FINDING;
    return rc;
}

static int go(struct program *p, struct job *j, int64_t now_ms, struct err *e)
{
    int rc = 0;
    j->wake_ms = INT64_MAX;
    if (!j->caa_known)
        look_at_caa(p, j);
    if (j->state == JOB_HELD)
        rc = go_held(p, j, e);
    if (j->state == JOB_FINDING)
        rc = go_finding(p, j, now_ms, e);
    if (!rc && j->state == JOB_WRITING)
        rc = go_writing(p, j, now_ms, e);
    if (!rc && j->state == JOB_WATCHING)
        rc = go_watching(p, j, now_ms, e);
    return rc;
}

static void drop_ended(struct program *p)
{
    for (struct job **at = &p->jobs; *at;) {
        struct job *j = *at;
        if (j->state != JOB_OVER) {
            at = &j->next;
            continue;
        }
        *at = j->next;
        p->n_jobs--;
        job_free(j);
    }
}

int program_advance(struct program *p, int64_t now_ms, int64_t *ret_wake_ms, struct err *e)
{
    int rc = 0;
    *ret_wake_ms = INT64_MAX;
    for (int again = 0; again < 2 && !rc;
         again++) { /* what was found is written at once, so the backends run between */
        for (struct job *j = p->jobs; j && !rc; j = j->next)
            rc = go(p, j, now_ms, e);
        for (unsigned i = 0; i < p->n_profiles && !again; i++)
            p->profile[i].ops->run(p->profile[i].backend);
    }
    for (struct job *j = p->jobs; j; j = j->next)
        if (j->wake_ms < *ret_wake_ms)
            *ret_wake_ms = j->wake_ms;
    drop_ended(p);
    return rc;
}

/* ---- what main says ---- */

static int new_job(struct program *p, struct wire_frame *f, struct err *e)
{
    struct job *j = calloc(1, sizeof(*j));
    if (!j)
        return err_nomem(e);
    uint64_t profile = 0;
    int rc = dns_frame_get(&f->body, &j->given);
    if (!rc)
        rc = dns_record_unpack(&j->given, "was", &j->was);
    j->remove = (enum dns_frame)(int)f->type == DNSF_REMOVE;
    j->id = f->job;
    j->domain = record_get(&j->given, "domain");
    j->name = record_get(&j->given, "fqdn");
    if (!j->name)
        j->name = record_get(&j->given, "name");
    const char *value = record_get(&j->given, "value");
    if (!rc)
        rc = str_u64(text_of(j, "profile"), DNS_PROFILES, &profile);
    if (rc || profile >= p->n_profiles || !j->name || !j->domain || !value || find(p, j->id) ||
        p->n_jobs == DNS_JOBS_MAX) {
        job_free(j);
        return err_set(e, SIGNET_EPROTO, "a message from the main process cannot be understood");
    }
    j->profile = &p->profile[profile];
    j->after = (uint32_t)record_number(&j->given, "after");
    for (size_t i = 0; i < j->given.names.n && !j->remove; i++)
        if (!strcmp(j->given.names.v[i], "ca") && strlist_addz(&j->ca, j->given.values.v[i]))
            rc = SIGNET_ENOMEM;
    j->caa_known = !j->ca.n || !record_get(&j->given, "method");
    j->state = j->remove ? JOB_HELD : JOB_FINDING;
    j->work.saved = (struct record){ 0 };
    j->next = p->jobs;
    p->jobs = j;
    p->n_jobs++;
    return rc ? err_nomem(e) : 0;
}

int program_take(struct program *p, struct wire_frame *f, struct err *e)
{
    RECORD_AUTO(r);
    struct job *j;
    switch ((enum dns_frame)(int)f->type) {
    case DNSF_CONFIG:
        return program_configure(p, f, e);
    case DNSF_PRESENT:
    case DNSF_REMOVE:
        return new_job(p, f, e);
    case DNSF_PLACED:
        j = find(p, f->job);
        if (dns_frame_get(&f->body, &r))
            break;
        if (j && j->state == JOB_AT_MAIN)
            begin_watching(p, j, clock_mono_ms());
        return 0;
    case DNSF_READY:
    case DNSF_FOUND:
    case DNSF_NOTE:
    case DNSF_DONE:
    case DNSF_TELL:
    case DNSF_STORE:
    case DNSF_FATAL:
        break;
    }
    return err_set(e, SIGNET_EPROTO, "a message from the main process cannot be understood");
}
