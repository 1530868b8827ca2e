/* DNS providers: one description (docs/dns-provider-format.md) per provider, one engine that reads it. The engine puts
 * TXT values there and takes them away again; it does no I/O. It says what to do next - send this request, find this
 * zone, come back at that time - and is told what came of it. Time, randomness and credentials are passed in.
 *
 *     provider_load(&desc, "cloudflare", NULL, &e);
 *     provider_open(&session, desc, &env, &e);
 *     provider_start(session, &job, &id, &e);               as many as there are, all at once
 *     for (;;) switch (provider_poll(session, now, &action), action.kind) …
 *     provider_finish(session);                             then poll on until PROVIDER_ENDED: logs out
 *     provider_close(session); provider_desc_free(desc);
 *
 * Answers of the provider are hostile: every size has a cap (provider/limits.h). A session is used by one thread. */
#ifndef PROVIDER_PROVIDER_H
#define PROVIDER_PROVIDER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"
#include "base/record.h"

/* ---- descriptions ---- */

struct provider_desc; /* opaque, read-only once loaded; may be shared by sessions */

/* The description called `code`, or that has it among its other names (`also`), or an alias of certbot
 * ("dns-cloudflare"). With `dir`, DIR/CODE.yaml comes before what is compiled in; this is the only thing here that
 * opens a file (load.c). SIGNET_ENOTFOUND: no such provider (the hint names similar ones); SIGNET_EFORMAT: the file is
 * wrong, and where. */
int provider_load(struct provider_desc **ret, const char *code, const char *dir, struct err *e);
/* From text. `name` is shown in errors ("FILE:12:3: …"). What it builds on (`like`) is taken from `dir` or compiled in.
 */
int provider_parse(struct provider_desc **ret, signet_str yaml, const char *name, const char *dir, struct err *e);
void provider_desc_free(struct provider_desc *d); /* NULL is fine */

/* Where descriptions of one's own are when nobody says another place. It need not be there. */
#define PROVIDER_DIR "/etc/signet/providers"

/* Codes of all providers, sorted, each once; adds to `ret`. */
int provider_codes(const char *dir, struct strlist *ret, struct err *e);

/* The checker behind `signet dns check`: everything that is wrong in a file, each with its place. */
struct provider_fault {
    const char *file;
    unsigned line, column; /* from 1 */
    const char *what;      /* one sentence: what is wrong, what was expected; control characters escaped */
};
/* Calls `tell` for each fault, in the order of the file; *ret_n: how many there were. 0, or a negative code when it
 * could not be read or memory was short (then e says so). `yaml` is the text; `dir` as in provider_parse. */
int provider_check(signet_str yaml, const char *name, const char *dir,
                   void (*tell)(void *ctx, const struct provider_fault *f), void *ctx, size_t *ret_n, struct err *e);

/* What people are told about a provider (dnshelp). All borrowed from the description. */
struct provider_var {
    const char *name;           /* the variable people should set */
    const struct strlist *also; /* other names it is known by: lego's, acme.sh's, certbot's INI keys */
    const char *def;            /* default as written, NULL: none, so it is required */
    bool required;
    bool secret; /* must not be shown or kept */
    int set;     /* alternative sets of credentials are numbered from 1; 0: belongs to all */
    const char
        *format; /* "" or json, yaml, ini, text, pem: the value is the path of such a file; pairs: "name:value,…" */
};
struct provider_help {
    const char *code, *name, *docs, *site; /* docs, site: a link or "" */
    const char *note;                      /* what is to be known before all else, a sentence; or "" */
    const struct strlist *also;
    int sets; /* alternative sets of credentials; 0: needs none */
    const struct provider_var *vars;
    size_t n_vars;
    struct strlist
        *times; /* names of the variables of times, "PREFIX_TTL=120": what is set when nothing else is said */
};
const struct provider_help *provider_help(const struct provider_desc *d);

/* ---- a session: one description with one set of credentials ---- */

/* What the engine asks of its owner while a session is opened (`get`, `read_file`), and later (`random`). */
struct provider_env {
    void *ctx;
    /* The value of a variable into `ret` (empty on entry): 0, SIGNET_ENOTFOUND when it is not set, another code with e
     * filled. Asked for DO_AUTH_TOKEN, then DO_AUTH_TOKEN_FILE (whose content is then read), then the same with each
     * alias. Names of INI keys look like dns_digitalocean_token. An empty value counts as not set. */
    int (*get)(void *ctx, const char *name, struct buf *ret, struct err *e);
    /* The content of a file that a variable named. "~/" at the start stands for the home folder. SIGNET_ENOTFOUND when
     * it is not there. */
    int (*read_file)(void *ctx, const char *path, struct buf *ret, struct err *e);
    int (*random)(void *ctx, void *out, size_t n); /* n random bytes; 0 or a negative code */
    /* May be NULL. One line on each request and answer, credentials blanked, control characters escaped. For debug
     * logs. */
    void (*trace)(void *ctx, const char *line);
};

struct provider_session;

/* `d` is borrowed until provider_close. SIGNET_EINVAL: credentials are missing (the text names the variables, of every
 * alternative) or cannot be used. */
int provider_open(struct provider_session **ret, const struct provider_desc *d, const struct provider_env *env,
                  struct err *e);
void provider_close(struct provider_session *s); /* wipes and frees, whatever is under way; NULL is fine */

/* Resolved: what the user set, else what the description says, else lego's defaults. Seconds. */
struct provider_times {
    uint32_t ttl;
    uint32_t propagation; /* longest wait until the value is seen */
    uint32_t polling;     /* between two looks */
    uint32_t
        serial; /* not 0: values cannot stand beside each other; see provider_start. Seconds from one to the next */
    uint32_t timeout; /* of one request */
};
const struct provider_times *provider_times(const struct provider_session *s);
/* The variables that were used ("DO_AUTH_TOKEN"), for messages and for remembering; never their values. */
const struct strlist *provider_used(const struct provider_session *s);

/* ---- jobs ---- */

enum provider_op { PROVIDER_PRESENT, PROVIDER_CLEANUP };

struct provider_job {
    enum provider_op op;
    signet_str fqdn; /* where the record goes: "_acme-challenge.example.com", CNAMEs followed; no trailing dot needed */
    signet_str domain;          /* the name as in the certificate ("*." is cut off) */
    signet_str value;           /* of the TXT record, without quotes */
    signet_str token, keyauth;  /* of the challenge; only hooks in raw mode (httpreq) use them; may be empty */
    const struct record *saved; /* cleanup: what the present gave, from this process or an earlier one; may be NULL */
};
/* Takes a job (everything is copied). Its end comes as a PROVIDER_DONE action with the same id. All jobs of a session
 * may be started at once: the engine runs what can go together, joins changes of one record set into one write, and
 * keeps apart what cannot.
 *
 * When times.serial is not 0, a second present for the same zone is held until the first one's value was cleaned up (or
 * failed) and `serial` seconds have passed: its owner must validate and clean up each value when its present is done,
 * not wait for all presents. SIGNET_EINVAL (names no DNS knows), SIGNET_ENOMEM, SIGNET_ELIMIT (too many). */
int provider_start(struct provider_session *s, const struct provider_job *job, uint64_t *ret_id, struct err *e);
/* No more jobs will come: logs out when all are done. Then poll gives PROVIDER_ENDED. */
void provider_finish(struct provider_session *s);

/* ---- what to do next ---- */

struct provider_now {
    int64_t mono_ms; /* never jumps; for waiting */
    int64_t wall_s;  /* seconds since 1970, for signatures */
};

struct provider_header {
    signet_str name, value;
};

struct provider_tls {
    bool insecure;          /* the user asked for no check of the peer's certificate */
    const char *ca;         /* NULL or PEM text to trust instead of the system's */
    const char *cert, *key; /* NULL or PEM text: client certificate */
};

struct provider_request {
    signet_str method; /* GET, POST, PUT, PATCH, DELETE */
    signet_str url;    /* https:, or http: where the description or the user says so. At most LIM_URL */
    const struct provider_header
        *headers; /* all but Host, Content-Length, User-Agent, Accept-Encoding (ask for none, or decode) */
    size_t n_headers;
    signet_str body;     /* p NULL: none */
    uint32_t timeout_ms; /* from start to end */
    size_t max_body;     /* of the answer; beyond it the request has failed with SIGNET_ELIMIT */
    struct provider_tls tls;
};

struct provider_done {
    enum provider_op op;
    int code;              /* 0: the value is there (present) or gone (cleanup); else as in err */
    const struct err *err; /* what the provider said, which request failed; credentials blanked */
    const struct record
        *saved; /* present: keep it until the cleanup, and for a later process. No credential is in it. Present even
                 * when the job failed half-way (empty when there is nothing to clean up) */
};

enum provider_kind {
    PROVIDER_IDLE, /* nothing to do before until_ms, or before an answer comes */
    PROVIDER_HTTP, /* send `http`, then provider_http_done(id). Redirects are not followed */
    PROVIDER_ZONE, /* find the zone (SOA) that `fqdn` is in, then provider_zone_done(id) */
    PROVIDER_DONE, /* job `id` has ended */
    PROVIDER_ENDED /* after provider_finish: all done, logged out */
};

struct provider_action {
    enum provider_kind kind;
    uint64_t id;
    int64_t until_ms; /* PROVIDER_IDLE: on the mono clock; -1: only an answer or a new job changes anything */
    struct provider_request http;
    signet_str fqdn;
    struct provider_done done;
};
/* The next thing to do. Call it until it gives PROVIDER_IDLE or PROVIDER_ENDED, again after any …_done, and when
 * until_ms has come. What `ret` points to is valid until the next call with this session, a request's until its answer
 * is given. 0 or SIGNET_ENOMEM (the session is of no use then but to be closed). */
int provider_poll(struct provider_session *s, struct provider_now now, struct provider_action *ret);

struct provider_answer {
    int net_err;     /* 0, or SIGNET_ENET, SIGNET_ETIMEOUT, SIGNET_ETLS, SIGNET_ELIMIT, … : no answer came */
    const char *why; /* words for it; NULL: none */
    int status;      /* of HTTP */
    const struct provider_header *headers; /* of the answer, in order */
    size_t n_headers;
    signet_str body;
};
/* Everything is copied or used up before it returns. An id that nobody waits for is ignored. */
void provider_http_done(struct provider_session *s, uint64_t id, struct provider_now now,
                        const struct provider_answer *a);
/* `zone` without trailing dot, or `why` it could not be found (then zone is empty). */
void provider_zone_done(struct provider_session *s, uint64_t id, struct provider_now now, signet_str zone,
                        const char *why);

#endif
