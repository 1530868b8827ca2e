/* A whole certificate from main's side, against a real server: smoke TALKER DIRECTORY ROOTS NAMES REPEATS [trace].
 * Nothing is presented; the server is told to take every challenge for valid. Prints one line for each repeat: what it
 * took. */
#include "base/clock.h"
#include "base/log.h"
#include "crypto/csr.h"
#include "talker/ca_int.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#define NAMES_MAX 200

static struct key *account_key, *cert_key;
static struct loop *loop;

static void die(const char *what, const struct err *e)
{
    fprintf(stderr, "smoke: %s: %s\n%s\n", what, e ? e->text : "", e ? e->hint : "");
    exit(1);
}

static void print_log(void *ctx, enum log_level level, const char *room, const char *line)
{
    (void)ctx;
    fprintf(stderr, "%d %s: %s\n", (int)level, room, line);
}

static void make_order(struct ca *c, unsigned n, unsigned run, ca_job *job)
{
    static char text[NAMES_MAX][64];
    static signet_order_ident idents[NAMES_MAX];
    struct err e = { 0 };
    STRLIST_AUTO(dns);
    STRLIST_AUTO(ips);
    BUF_AUTO(der, 64u << 10);
    for (unsigned i = 0; i < n; i++) {
        snprintf(text[i], sizeof(text[i]), "n%u-%u.example.test", run, i);
        idents[i] =
            (signet_order_ident){ .ident = { SIGNET_IDENT_DNS, str_of(text[i]) }, .prefs = SIGNET_CHAL_HTTP_01 };
        if (strlist_addz(&dns, text[i]))
            die("names", NULL);
    }
    signet_order_params p = { .size = sizeof(p), .idents = idents, .n_idents = n };
    if (ca_order(c, &p, NULL, job, &e))
        die("ca_order", &e);
    struct csr_params cp = { .dns = &dns, .ips = &ips };
    if (csr_make(&der, cert_key, &cp, &e) || ca_order_csr(c, *job, buf_str(&der), &e))
        die("csr", &e);
}

/* Steps until the job has ended well. */
static void run_job(struct ca *c, const char *what, struct ca_event *ev)
{
    for (;;) {
        int rc = ca_next(c, 20000, ev);
        if (rc != 1)
            die(what, NULL);
        if (ev->kind == CA_LOST) {
            fprintf(stderr, "smoke: %s: lost: %s\n", what, ev->u.lost);
            exit(1);
        }
        if (ev->kind == CA_PRESENT || ev->kind == CA_CLEANUP) {
            if (ca_challenge_done(c, ev->u.chal.action_id, 0, (signet_str){ 0 }))
                die("ca_challenge_done", NULL);
            continue;
        }
        if (ev->kind != CA_DONE)
            continue;
        if (!ev->u.done.ok) {
            const struct ca_problem *p = ev->u.done.problem;
            fprintf(stderr, "smoke: %s failed: %d %s %s (%s, %s)\n", what, p->code, p->type, p->detail, p->doing,
                    p->url);
            exit(1);
        }
        return;
    }
}

static struct ca *open_ca(char **argv, signet_str saved, const char *account_url, bool trace)
{
    struct err e = { 0 };
    struct ca *c;
    struct ca_config cfg = {
        .directory_url = argv[2],
        .user_agent = "signet-smoke",
        .account_url = account_url,
        .account_key = account_key,
        .saved = saved,
        .ca_file = argv[3],
        .trace = trace,
    };
    if (ca_open_program(&c, loop, &cfg, argv[1], &e))
        die("ca_open", &e);
    return c;
}

static void first_account(char **argv, bool trace, struct buf *url, struct buf *saved)
{
    struct err e = { 0 };
    struct ca_event ev;
    ca_job job;
    struct ca *c = open_ca(argv, (signet_str){ 0 }, "", trace);
    if (ca_directory(c, NULL, &job, &e))
        die("ca_directory", &e);
    run_job(c, "directory", &ev);
    printf("terms: %.*s\n", STR_ARG(ev.u.done.meta.terms_of_service));
    signet_account_params p = { .size = sizeof(p), .op = SIGNET_ACCOUNT_NEW, .terms_agreed = 1 };
    if (ca_account(c, &p, NULL, &job, &e))
        die("ca_account", &e);
    run_job(c, "account", &ev);
    buf_add(url, ev.u.done.account.url);
    buf_add(saved, ca_saved(c));
    printf("account: %s (%s), saved %zu bytes\n", buf_z(url), ev.u.done.account.created ? "new" : "known", saved->n);
    ca_close(c);
}

static void one_order(char **argv, unsigned names, unsigned run, bool trace, const struct buf *url,
                      const struct buf *saved)
{
    struct err e = { 0 };
    struct ca_event ev;
    ca_job job;
    int64_t t0 = clock_mono_ms();
    struct ca *c = open_ca(argv, buf_str(saved), buf_z(url), trace);
    key_free(cert_key);
    if (key_new(&cert_key, KEY_EC, 256, &e))
        die("key", &e);
    make_order(c, names, run, &job);
    run_job(c, "order", &ev);
    int64_t t1 = clock_mono_ms();
    size_t chain = ev.u.done.chains[0].n;
    ca_close(c);
    int64_t t2 = clock_mono_ms();
    struct rusage me, child;
    getrusage(RUSAGE_SELF, &me);
    getrusage(RUSAGE_CHILDREN, &child);
    printf("order of %u: %lld ms, close %lld ms, chain %zu bytes; peak main %ld KiB, talker %ld KiB\n", names,
           (long long)(t1 - t0), (long long)(t2 - t1), chain, me.ru_maxrss, child.ru_maxrss);
}

int main(int argc, char **argv)
{
    struct err e = { 0 };
    uint64_t names = 1, repeats = 1;
    BUF_AUTO(url, 4096);
    BUF_AUTO(saved, 64u << 10);
    if (argc < 6 || str_u64(str_of(argv[4]), NAMES_MAX, &names) || str_u64(str_of(argv[5]), 1000, &repeats))
        die("usage: smoke TALKER DIRECTORY ROOTS NAMES REPEATS [trace]", NULL);
    bool trace = argc > 6;
    if (trace)
        (void)log_add_sink(print_log, NULL);
    if (loop_new(&loop, &e) || key_new(&account_key, KEY_EC, 256, &e))
        die("start", &e);
    first_account(argv, trace, &url, &saved);
    for (unsigned i = 0; i < repeats; i++)
        one_order(argv, (unsigned)names, i, trace, &url, &saved);
    key_free(cert_key);
    key_free(account_key);
    loop_free(loop);
    return 0;
}
