/* A DNS of tables for find and watch: what each server says about each name, and what was asked. */
#ifndef TESTS_FAKEDNS_H
#define TESTS_FAKEDNS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/find.h"
#include <cmocka.h>
#include <stdio.h>

struct fake_row {
    const char *server, *name; /* server "": the recursive ones */
    unsigned type;
    int code;
    unsigned rcode;
    bool aa, referral, silent;         /* silent: no answer comes (yet) */
    const char *alias, *zone, *values; /* values: separated by spaces */
    uint32_t negative;
};

struct fake {
    const struct fake_row *rows;
    size_t n;
    unsigned asked;
    struct dns_answer answers[256];
    uint64_t last_look;
    bool asked_recursive; /* for the TXT or CNAME of a name */
};

static void fake_done(struct fake *f)
{
    for (unsigned i = 0; i < f->asked && i < 256; i++)
        dns_answer_done(&f->answers[i]);
}

static const struct dns_answer *fake_ask(void *ctx, const struct dns_question *q)
{
    struct fake *f = ctx;
    f->last_look = q->look;
    if (!*q->server && (q->type == DNS_TXT || q->type == DNS_CNAME))
        f->asked_recursive = true;
    struct dns_answer *a = &f->answers[f->asked++ % 256];
    dns_answer_done(a);
    for (size_t i = 0; i < f->n; i++) {
        const struct fake_row *r = &f->rows[i];
        if (strcmp(r->server, q->server) != 0 || strcmp(r->name, q->name) != 0 || r->type != q->type)
            continue;
        if (r->silent)
            return NULL;
        a->code = r->code;
        a->rcode = r->rcode;
        a->authoritative = r->aa;
        a->referral = r->referral;
        a->negative_ttl = r->negative;
        (void)snprintf(a->alias, sizeof(a->alias), "%s", r->alias ? r->alias : "");
        (void)snprintf(a->zone, sizeof(a->zone), "%s", r->zone ? r->zone : "");
        (void)snprintf(a->why, sizeof(a->why), "%s", r->code ? "no answer came in time" : "");
        assert_int_equal(strlist_split(&a->values, str_of(r->values), ' '), 0);
        return a;
    }
    a->rcode = DNS_NXDOMAIN; /* what no row knows */
    a->authoritative = *q->server != '\0';
    return a;
}

#define FAKE(name, table) struct fake name = { .rows = (table), .n = sizeof(table) / sizeof((table)[0]) }
#define ASK(fake)                                                                                                      \
    {                                                                                                                  \
        .ctx = &(fake), .ask = fake_ask                                                                                \
    }

#endif
