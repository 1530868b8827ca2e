/* A certificate with libsignet and a plain, blocking HTTP client:
 *
 *     embed DIRECTORY_URL CA_FILE WEBROOT DOMAIN OUT.pem
 *
 * http-01 is answered by a file in WEBROOT/.well-known/acme-challenge, which a web server serves for http://DOMAIN/.
 * OUT.pem receives the new key and the chain. A real program would keep the account key and the session's text. */
#include <curl/curl.h>
#include <signet/acme.h>
#include <signet/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAX_BODY (256u * 1024u) /* no action asks for more in u.http.max_body */

static signet_str str(const char *z)
{
    return (signet_str){ z, strlen(z) };
}

static int64_t now_ms(void)
{
    struct timespec t;
    return clock_gettime(CLOCK_REALTIME, &t) ? 0 : t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static size_t on_body(char *p, size_t one, size_t n, void *ctx)
{
    signet_buf *b = ctx;
    if (!b->p || n * one > MAX_BODY - b->n)
        return 0; /* too long: curl says CURLE_WRITE_ERROR */
    memcpy(b->p + b->n, p, n * one);
    b->n += n * one;
    return n * one;
}

static signet_str header(CURL *c, const char *name)
{
    struct curl_header *h;
    return str(curl_easy_header(c, name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK ? h->value : "");
}

static void do_http(CURL *c, signet_session *s, const signet_action *a, const char *ca_file)
{
    signet_buf ans = { malloc(MAX_BODY), 0 };
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/jose+json");
    curl_easy_reset(c);
    curl_easy_setopt(c, CURLOPT_URL, a->u.http.url.p); /* text in actions ends in a NUL */
    curl_easy_setopt(c, CURLOPT_CAINFO, ca_file);
    curl_easy_setopt(c, CURLOPT_USERAGENT, a->u.http.user_agent.p);
    curl_easy_setopt(c, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, &ans);
    curl_easy_setopt(c, CURLOPT_NOBODY, (long)(a->u.http.method.p[0] == 'H'));
    if (a->u.http.method.p[0] == 'P') {
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)a->u.http.body.n);
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, a->u.http.body.p);
        curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers); /* a->u.http.content_type, always this one */
    }
    CURLcode rc = curl_easy_perform(c);
    long status = 0;
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    signet_http_res r = { .size = sizeof(r), .status = (int)status, .body = signet_buf_str(&ans) };
    r.net_err = rc == CURLE_OK ? 0 : rc == CURLE_WRITE_ERROR ? SIGNET_ELIMIT : SIGNET_ENET;
    r.net_text = str(curl_easy_strerror(rc));
    r.location = header(c, "Location");
    r.nonce = header(c, "Replay-Nonce");
    r.retry_after = header(c, "Retry-After");
    signet_http_done(s, a->id, now_ms(), &r);
    curl_slist_free_all(headers);
    signet_buf_free(&ans);
}

static int write_file(const char *path, signet_str text, const char *mode)
{
    FILE *f = fopen(path, mode);
    int bad = !f || fwrite(text.p, 1, text.n, f) != text.n;
    return (f && fclose(f) != 0) || bad ? SIGNET_ESYS : 0;
}

/* The token's characters have been checked by the library: it cannot leave the folder. */
static void do_challenge(signet_session *s, const signet_action *a, const char *webroot)
{
    char path[4096];
    int rc = 0;
    snprintf(path, sizeof(path), "%s/.well-known", webroot);
    mkdir(path, 0755);
    snprintf(path, sizeof(path), "%s/.well-known/acme-challenge", webroot);
    mkdir(path, 0755);
    snprintf(path, sizeof(path), "%s/.well-known/acme-challenge/%s", webroot, a->u.chal.token.p);
    if (a->kind == SIGNET_ACT_PRESENT)
        rc = write_file(path, a->u.chal.value, "w");
    else
        unlink(path);
    signet_challenge_done(s, a->id, now_ms(), rc, str("cannot write the token's file"));
}

/* Carries out what the session asks for until the job has ended. */
static int run(CURL *c, signet_session *s, signet_job *j, char **argv)
{
    signet_action a;
    while (signet_job_status(j) == SIGNET_JOB_RUNNING) {
        if (signet_poll(s, now_ms(), &a) == 1) {
            if (a.kind == SIGNET_ACT_HTTP)
                do_http(c, s, &a, argv[2]);
            else if (a.kind == SIGNET_ACT_PRESENT || a.kind == SIGNET_ACT_CLEANUP)
                do_challenge(s, &a, argv[3]);
        } else if (signet_deadline(s) > now_ms())
            usleep((useconds_t)(signet_deadline(s) - now_ms()) * 1000);
    }
    const signet_problem *p = signet_job_problem(j);
    if (p)
        fprintf(stderr, "embed: %s: %s\n", p->doing.p, signet_strerror(p->code)); /* p->detail needs escaping */
    return p ? p->code : 0;
}

int main(int argc, char **argv)
{
    signet_key *account, *key;
    signet_signer signer;
    signet_session *s;
    signet_job *j;
    signet_buf csr, pem;
    signet_str chain;
    if (argc != 6 || signet_key_new(&account, SIGNET_ALG_ES256) || signet_key_new(&key, SIGNET_ALG_ES256))
        return 2;
    signet_config cfg = { .size = sizeof(cfg), .directory_url = str(argv[1]), .user_agent = str("signet-embed") };
    signet_order_ident id = { { SIGNET_IDENT_DNS, str(argv[4]) }, SIGNET_PREFS(SIGNET_CHAL_HTTP_01, 0, 0, 0) };
    if (signet_key_signer(account, &signer) || signet_csr_new(key, &id.ident, 1, &csr) ||
        signet_key_to_pem(key, &pem) || signet_session_new(&s, &cfg, &signer, str(""), now_ms()))
        return 2;
    CURL *c = curl_easy_init();
    signet_account_params ap = { .size = sizeof(ap), .op = SIGNET_ACCOUNT_NEW, .terms_agreed = 1 };
    signet_order_params op = { .size = sizeof(op), .idents = &id, .n_idents = 1, .csr_der = signet_buf_str(&csr) };
    int rc = signet_account_start(s, &ap, &j) || run(c, s, j, argv);
    rc = rc || signet_order_start(s, &op, &j) || run(c, s, j, argv);
    umask(077);
    if (rc == 0 && signet_job_chain(j, 0, &chain) == 0)
        rc = write_file(argv[5], signet_buf_str(&pem), "w") || write_file(argv[5], chain, "a");
    signet_session_free(s); /* its jobs go with it */
    signet_buf_free(&csr);
    signet_buf_free(&pem);
    signet_key_free(account);
    signet_key_free(key);
    curl_easy_cleanup(c);
    return rc ? 1 : 0;
}
