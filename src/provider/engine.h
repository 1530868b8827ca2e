/* The inside of the engine: what its files share.
 *
 * A job is a stack of frames, each a place in the description: the whole job, a list of steps, one step, the search for
 * the zone, a merge. job_run moves the top frame on until the job waits for something: an answer, a zone, a point in
 * time, or another job (a lock, the login, the barrier before `after`). A step that wants to send something starts its
 * job's one exchange, which signs, sends, repeats and is judged in one place. */
#ifndef PROVIDER_ENGINE_H
#define PROVIDER_ENGINE_H

#include "provider/desc.h"
#include "provider/scope.h"

enum frame_kind { FRAME_OP, FRAME_LIST, FRAME_STEP, FRAME_ZONE, FRAME_MERGE };

struct frame {
    enum frame_kind kind;
    unsigned state; /* of that kind; 0 at first */
    const struct node *node;
    const struct node *body;  /* FRAME_STEP: runs instead of its `do` */
    bool zone_step, tolerant; /* a 404 (tolerant: any refusal but 401) means "not there" */
    size_t index, count;
    json_t *list;       /* owned: elements of `each`, items of a merge */
    json_t *pages;      /* owned: the trees of a step's answers */
    struct reply reply; /* the last of them */
    unsigned page;
    char *next; /* owned: URL of the next page */
    int64_t deadline, pause, asked;
};

enum exchange_state { X_IDLE, X_BUILD, X_READY, X_OUT, X_ANSWERED };

struct exchange {
    enum exchange_state state;
    const struct node *step;   /* what is sent: the step, or its `wait` */
    const struct frame *frame; /* whose pages it fetches; NULL: none */
    bool zone_step, relogged;
    uint64_t id;
    unsigned tries;
    int64_t at_ms, sent_ms; /* at_ms: not before */
    struct buf method, url, body;
    struct provider_header header[LIM_HEADERS]; /* owned strings */
    size_t n_headers;
    bool has_body, is_xmlrpc;
    struct reply reply;
    int net_err;
    char why[256]; /* words for net_err */
};

enum job_op { OP_PRESENT, OP_CLEANUP, OP_LOGIN, OP_LOGOUT };
enum job_state {
    JOB_NEW,     /* waits for its turn */
    JOB_RUN,     /* can move on */
    JOB_HTTP,    /* its exchange is under way */
    JOB_ZONE,    /* waits for the owner to find a zone */
    JOB_SLEEP,   /* until `wake_ms` */
    JOB_BLOCKED, /* until another job moves */
    JOB_END      /* to be told, then freed */
};

struct job {
    struct job *next;
    struct provider_session *s;
    uint64_t id;
    enum job_op op;
    enum job_state state;
    int64_t wake_ms;
    char *fqdn, *domain, *value, *token, *keyauth, *zone; /* owned; zone NULL: not known */
    json_t *vars;                                         /* saved by steps; goes into the record for the cleanup */
    json_t *temp;                                         /* saved inside a merge, items, old */
    json_t *once;                                         /* one value per request: now, nonce … */
    bool in_merge, lost, sent_main, started, idle_block;
    unsigned requests;
    struct frame frame[LIM_FRAMES];
    size_t depth;
    struct exchange x;
    bool absent;        /* the last step found nothing (404) */
    struct err refused; /* what a tolerated refusal said */
    int refused_status;
    bool changed;                     /* something was written */
    json_t *pages;                    /* owned: of the last step */
    uint64_t zone_id;                 /* not 0: asked for */
    bool zone_out, conflict, skipped; /* skipped: the last step's `when` did not hold */
    char *turn;                       /* owned: the zone that it has for itself (`alone`); NULL: none */
    char *lock;                       /* owned: the object or the request that it holds, or waits for */
    bool holds;
    struct job *leader; /* whose write carries this job's item */
    int ride;           /* what came of it: 0 under way, 1 done, -1 failed */
    bool at_barrier, passed_barrier, in_slot;
    char *after_key; /* owned */
    struct err err;
    struct record saved;
};

enum login_state { LOGIN_NONE, LOGIN_RUNNING, LOGIN_OK, LOGIN_FAILED };

/* One value at a time in a zone: who is there, and when the next may come. */
struct slot {
    struct slot *next;
    char *zone, *fqdn, *value; /* value NULL: free from free_ms on */
    int64_t free_ms;
};

struct provider_session {
    const struct provider_desc *d; /* whose parts are used */
    const struct node *set;        /* chosen credentials; NULL: none */
    struct provider_env env;
    struct provider_times times;
    const struct node *ttls;
    uint32_t min_ttl, pace;
    json_t *vars; /* credentials, options, what the login saved */
    struct strlist secrets, used;
    char *ca, *cert, *key; /* owned PEM, or NULL */
    bool insecure, foreign;
    void *charset; /* iconv_t; when `foreign` */
    struct pool sign_pool;
    const struct node *sign; /* the recipe; NULL: none */
    enum login_state login;
    int64_t login_until;
    struct err login_err, dead; /* dead: refused once for all (401 while finding zones) */
    int64_t clock_shift;
    json_t *cookies; /* host: {name: value} */
    json_t *zones;   /* fqdn: zone, from SOA lookups */
    json_t *cache;   /* of zone steps: request: pages */
    json_t *counts;  /* fqdn: values put there */
    struct slot *slots;
    struct job *jobs, **tail;
    size_t n_jobs;
    uint64_t next_id;
    int64_t next_send_ms;
    int64_t wait_until_ms;              /* as a rate limit was met */
    unsigned window, widened, refusals; /* requests at once, 0: any number; answers since it grew; refused in a row */
    struct provider_now now;
    bool finishing, out_started, no_memory;
    struct job *told; /* its end was handed out: freed at the next poll */
};

/* What a frame did. */
enum { STEP_AGAIN = 1, STEP_WAIT = 2, STEP_POP = 3 };

/* parts.c: the session's view of the description */
const struct node *part(const struct provider_session *s, const char *key);
void scope_of(struct job *j, struct scope *sc, struct err *e, json_t **ret_own); /* *ret_own: dropped by the caller */
bool node_mentions(const struct node *n, const char *what);                      /* some template in it has "{what" */
bool when_holds(struct job *j, const struct node *step, int *ret_rc);            /* no `when`: true */

/* creds.c, times.c, document.c */
int creds_resolve(struct provider_session *s, const struct provider_desc *d, struct err *e);
int session_tls(struct provider_session *s, struct err *e);
int times_resolve(struct provider_session *s, struct err *e);
int document_read(signet_str text, signet_str format, signet_str arg, const char *name, json_t **ret, struct err *e);
int add_secret(struct provider_session *s, const json_t *v);

/* job.c */
struct job *job_new(struct provider_session *s, enum job_op op);
void job_free(struct job *j);
void job_step(struct job *j); /* runs until it waits or has ended */
int push(struct job *j, enum frame_kind kind, const struct node *node);
struct frame *top(struct job *j);
void frame_done(struct frame *f);
void wake_blocked(struct provider_session *s);
void job_fail(struct job *j, int code);

/* frames: each returns STEP_… or a negative code with j->err filled */
int run_op(struct job *j, struct frame *f);
int run_list(struct job *j, struct frame *f);
int run_step(struct job *j, struct frame *f);
int run_zone(struct job *j, struct frame *f);
int run_merge(struct job *j, struct frame *f);
int zone_set(struct job *j, signet_str name);
int pages_find(struct job *j, struct reply *meta, json_t *pages, signet_str path,
               json_t **ret); /* a list over all pages */
int save_all(struct job *j, const struct node *save, json_t *root, const struct reply *meta);
void merge_end(struct job *j, int rc); /* tells those that ride with it */

/* request.c, auth.c, exchange.c, answer.c */
int request_build(struct job *j);
void request_clear(struct exchange *x);
int request_key(struct job *j, const struct node *step, struct buf *to); /* method, URL and body, without credentials */
int auth_apply(struct job *j, struct scope *sc, const struct node *auth, struct exchange *x);
const struct node *auth_of(const struct job *j);
int header_set(struct exchange *x, const char *name, signet_str value, bool replace);
int header_map(struct scope *sc, struct exchange *x, const struct node *map);
void exchange_begin(struct job *j, const struct node *step, const struct frame *f);
int exchange_move(struct job *j); /* 0: answered; STEP_WAIT; negative: j->err filled */
enum verdict { IS_OK, IS_ABSENT, IS_REFUSED };
int answer_judge(struct job *j, const struct node *step,
                 enum verdict *ret);                     /* also the retry of the description: STEP_AGAIN */
int answer_fail(struct job *j, const struct node *step); /* fills j->err from the answer */
void reply_done(struct reply *r);
int reply_read(struct reply *r, const struct provider_answer *a, bool xmlrpc, bool *fault);
void cookies_take(struct provider_session *s, const struct exchange *x);
int cookies_add(struct provider_session *s, struct exchange *x);

/* message.c */
void blank_secrets(const struct provider_session *s, struct buf *to, signet_str text);
void trace(const struct provider_session *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *shown_name(const struct provider_session *s);
void add_url_shown(struct buf *to, signet_str url);           /* without user, password and query */
signet_str url_userinfo(signet_str url);                      /* "user:password"; length 0: none */
int keep_secret(struct provider_session *s, signet_str text); /* and the forms that it is sent in */
int err_blank(const struct provider_session *s, struct err *e);

/* charset.c */
void charset_open(struct provider_session *s);
void charset_close(struct provider_session *s);
int charset_read(struct provider_session *s, signet_str in, struct buf *to); /* UTF-8; only when s->foreign */

/* saved.c */
int saved_write(struct job *j);
int saved_read(struct job *j, const struct record *r);

/* slots.c */
bool slot_take(struct job *j, int64_t *ret_wait_ms); /* false: not yet; *ret_wait_ms -1: until somebody leaves */
void slot_leave(struct job *j);

#endif
