/* The values of a run in the DNS: lines to signet-dns, shared by all solver instances with the same configuration, and
 * what is known of each value. Internal to challenge/. */
#ifndef CHALLENGE_DNS_RUN_H
#define CHALLENGE_DNS_RUN_H

#include "base/record.h"
#include "net/loop.h"

struct dns_shared; /* a line, with users */

/* A line with that configuration: one that is open, or a new one. As dns_line_open. */
int dns_shared_get(struct dns_shared **ret, struct loop *l, const struct record *config, struct err *e);
void dns_shared_put(struct dns_shared *s); /* NULL is fine; kept for others for a while */
void dns_shared_close_all(void);           /* before the loop goes */
const struct record *dns_shared_ready(const struct dns_shared *s);

enum value_state {
    VALUE_FINDING, /* or being written */
    VALUE_FOUND,   /* where it goes is known, and it is not there already */
    VALUE_SEEN,
    VALUE_FAILED,
    VALUE_GONE /* removed */
};

/* One value. The caller fills the first part; texts are borrowed until value_done. */
struct value {
    unsigned profile;
    const char *domain, *name; /* "example.com", "_acme-challenge.example.com" */
    const char *text;          /* what the record is to hold */
    const char *token, *key_auth;
    const struct strlist *ca_names;   /* for a look at CAA records while it is put up; NULL: none */
    const char *account_url, *method; /* for that, too; NULL: not known */
    bool wildcard;
    bool persist;   /* one that stays: nothing is written when it is there already */
    bool look_gone; /* removed only when no name server shows it any more */
    /* known by and by; fqdn and zone may be given for a removal */
    char *fqdn, *zone; /* owned */
    struct record saved;
    enum value_state state;
    unsigned news; /* how often something became known */
    struct err err;
    /* inside */
    struct value *next;
    struct dns_shared *shared;
    uint32_t job, present_job;
    bool removing;
};
int value_present(struct value *v, struct dns_shared *s, struct err *e);
int value_placed(struct value *v, struct err *e); /* a program of main's has put it there */
int value_remove(struct value *v, struct dns_shared *s, struct err *e);
void value_done(struct value *v);

/* Takes what came in; the states of the values change. */
void dns_shared_pump(struct dns_shared *s);
/* Waits until no value of `v` is being removed, at most `ms`. SIGNET_ECANCELED: a signal came, and some are left. */
int values_wait_gone(struct value *const *v, size_t n, struct loop *l, int64_t ms);

#endif
