/* http-01 through an object store: a bucket of S3, or of whatever speaks its protocol, that is served under the name.
 * Credentials are found as AWS's own tools find them. main signs; the process at the other end of the put_line
 * sends. */
#include "base/clock.h"
#include "base/log.h"
#include "challenge/aws_profile.h"
#include "challenge/prefs.h"
#include "challenge/solvers.h"
#include "crypto/sigv4.h"
#include "talker/put.h"
#include <stdlib.h>

#define ROOM "challenge"
#define PATH ".well-known/acme-challenge/"

struct solver {
    struct solver_ctx ctx;
    struct put_line *line;
    const char *bucket;
    struct aws aws;
};

/* Three to 63 of a-z, 0-9, '.', '-': what S3 allows, and safe in a host and a path. */
static bool bucket_ok(const char *b)
{
    size_t n = b ? strlen(b) : 0;
    for (size_t i = 0; i < n; i++)
        if (!((b[i] >= 'a' && b[i] <= 'z') || (b[i] >= '0' && b[i] <= '9') || b[i] == '-' || b[i] == '.' ||
              b[i] == '_'))
            return false;
    return n >= 3 && n <= 63 && b[0] != '.' && b[0] != '-';
}

static int configure(struct solver *s, const char *bucket, struct err *e)
{
    s->bucket = bucket;
    if (!bucket_ok(bucket))
        return err_set(e, SIGNET_EINVAL, "--http.s3-bucket \"%.100s\": a bucket has 3 to 63 of a-z, 0-9, '.', '-'.",
                       bucket ? bucket : "");
    return aws_find(&s->aws, e);
}

static int s3_open(struct solver **ret, const struct solver_ctx *ctx, struct err *e)
{
    struct solver *s = calloc(1, sizeof *s);
    if (!s)
        return err_nomem(e);
    s->ctx = *ctx;
    int rc = configure(s, ctx->req->lego.http_s3_bucket, e);
    if (rc)
        free(s);
    else
        *ret = s;
    return rc;
}

static void s3_close(struct solver *s)
{
    put_close(s->line);
    aws_done(&s->aws);
    free(s);
}

static uint32_t s3_prefs(struct solver *s, const signet_ident *id, struct err *e)
{
    static const signet_chal usual[] = { SIGNET_CHAL_HTTP_01, SIGNET_CHAL_UNKNOWN };
    return prefs_for(s->ctx.req, PREFS_BIT(SIGNET_CHAL_HTTP_01), usual, id, e);
}

/* ---- one request ---- */

struct target {
    struct buf url, host, path;
};

/* An endpoint of one's own has the bucket in the path; so has S3 for buckets with a dot, which no certificate covers.
 */
static int aim(const struct solver *s, signet_str token, struct target *t, struct err *e)
{
    bool own = s->aws.endpoint != NULL, dotted = strchr(s->bucket, '.') != NULL;
    BUF_AUTO(base, 2048);
    if (own)
        buf_addz(&base, s->aws.endpoint);
    else
        buf_addf(&base, "https://%s%ss3.%s.amazonaws.com", dotted ? "" : s->bucket, dotted ? "" : ".", s->aws.region);
    while (base.n && base.p[base.n - 1] == '/')
        base.p[--base.n] = '\0';
    const char *host = strstr(buf_z(&base), "://");
    if (!host || strchr(host + 3, '/') || strchr(host + 3, '@'))
        return err_set(e, SIGNET_EINVAL, "s3: the endpoint \"%.200s\" is not of the form https://host[:port].",
                       buf_z(&base));
    buf_addz(&t->host, host + 3);
    if (own || dotted)
        buf_addf(&t->path, "/%s", s->bucket);
    buf_addf(&t->path, "/" PATH "%.*s", STR_ARG(token));
    buf_addf(&t->url, "%s%s", buf_z(&base), buf_z(&t->path));
    return buf_err(&t->url) || buf_err(&t->path) || buf_err(&t->host) ? err_nomem(e) : 0;
}

static int sign(const struct solver *s, const struct target *t, const char *method, signet_str body,
                struct buf *headers, struct err *e)
{
    bool put = !strcmp(method, "PUT");
    BUF_AUTO(after, 8192);
    if (s->aws.session)
        buf_addf(&after, "x-amz-security-token:%s\n", s->aws.session);
    struct sigv4 v = { .access_key = s->aws.access,
                       .secret_key = s->aws.secret,
                       .region = s->aws.region,
                       .service = "s3",
                       .method = method,
                       .host = buf_z(&t->host),
                       .path = buf_z(&t->path),
                       .before = put ? "x-amz-acl:public-read\n" : "",
                       .after = buf_z(&after),
                       .body = body,
                       .now = clock_wall_s() };
    int rc = sigv4_sign(&v, headers, e);
    if (put)
        buf_addz(headers, "X-Amz-Acl: public-read\nContent-Type: text/plain\n");
    if (s->aws.session)
        buf_addf(headers, "X-Amz-Security-Token: %s\n", s->aws.session);
    return rc ? rc : buf_err(headers) ? err_nomem(e) : 0;
}

static int request(struct solver *s, const char *method, signet_str token, signet_str body, struct err *e)
{
    struct target t = { BUF_INIT(2048), BUF_INIT(512), BUF_INIT(1024) };
    BUF_AUTO(headers, 4096);
    BUF_AUTO(text, 4096);
    int status = 0;
    int rc = aim(s, token, &t, e);
    if (!rc)
        rc = sign(s, &t, method, body, &headers, e);
    if (!rc && !s->line)
        rc = put_open(&s->line, s->ctx.loop, s->ctx.req->require_sandbox, e);
    struct put_request q = { str_of(method), buf_str(&t.url), buf_str(&headers), body };
    if (!rc && (rc = put_http(s->line, &q, &status, &text, e)))
        err_wrap(e, "s3: %s %s", method, buf_z(&t.url));
    if (!rc && status / 100 != 2 && !(status == 404 && !strcmp(method, "DELETE")))
        rc = err_set(e, SIGNET_EPROTO, "s3: %s %s: HTTP %d %s", method, buf_z(&t.url), status, buf_z(&text));
    buf_done(&t.url);
    buf_done(&t.host);
    buf_done(&t.path);
    return rc;
}

/* ---- the solver ---- */

static int s3_present(struct solver *s, struct challenge **c, size_t n, struct err *e)
{
    (void)e;
    for (size_t i = 0; i < n; i++) {
        int rc = request(s, "PUT", c[i]->token, c[i]->key_auth, &c[i]->err);
        c[i]->state = rc ? CHAL_FAILED : CHAL_READY;
        c[i]->priv = rc ? NULL : s;
    }
    return 0;
}

static void s3_cleanup(struct solver *s, struct challenge **c, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct err e = { 0 };
        if (c[i]->priv && request(s, "DELETE", c[i]->token, STR(""), &e))
            log_warn(ROOM, "The answer for %.*s stays in the bucket: %s", STR_ARG(c[i]->ident.value), e.text);
        c[i]->priv = NULL;
        c[i]->state = CHAL_CLEAN;
    }
}

static void s3_hint(struct solver *s, const struct challenge *failed, struct buf *to)
{
    buf_addf(to,
             "The answer lay in the bucket %s as " PATH
             "%.*s. Check that %.*s is served from that bucket, and that everybody may read there.",
             s->bucket, STR_ARG(failed->token), STR_ARG(failed->ident.value));
}

/* Where it lies; whoever takes it away has credentials of its own. */
static int s3_describe(struct solver *s, const struct challenge *c, struct record *ret)
{
    int rc = record_addz(ret, "bucket", s->bucket);
    return rc ? rc : record_add(ret, "token", c->token);
}

static int s3_undo(const struct solver_ctx *ctx, const struct record *r, struct strlist *did, struct err *e)
{
    const char *bucket = record_get(r, "bucket"), *token = record_get(r, "token");
    struct solver s = { .ctx = *ctx };
    BUF_AUTO(text, 1024);
    if (!token)
        return err_set(e, SIGNET_EFORMAT, "the note of it is incomplete");
    int rc = configure(&s, bucket, e);
    if (!rc)
        rc = request(&s, "DELETE", str_of(token), STR(""), e);
    put_close(s.line);
    aws_done(&s.aws);
    if (rc)
        return rc;
    buf_addf(&text, "removed the answer that an interrupted run had left in the bucket %s", bucket);
    return strlist_addz(did, buf_z(&text)) ? err_nomem(e) : 0;
}

const struct solver_ops solver_s3 = {
    .name = "s3",
    .description = "Put the CA's answer into a bucket of an object store",
    .types = PREFS_BIT(SIGNET_CHAL_HTTP_01),
    .open = s3_open,
    .prefs = s3_prefs,
    .present = s3_present,
    .cleanup = s3_cleanup,
    .hint = s3_hint,
    .describe = s3_describe,
    .undo = s3_undo,
    .close = s3_close,
};
