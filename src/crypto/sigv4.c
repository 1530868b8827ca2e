#include "crypto/sigv4.h"
#include "crypto/digest.h"
#include <time.h>

enum { TEXT_MAX = 16 << 10 };

static int hex_of(signet_str s, struct buf *to)
{
    uint8_t hash[32];
    int rc = digest_sha256(s, hash);
    if (!rc)
        hex_enc(to, (signet_str){ (const char *)hash, sizeof hash });
    return rc ? rc : buf_err(to);
}

static int mac(uint8_t key[64], size_t *n, const char *text)
{
    uint8_t out[64];
    size_t len = 0;
    int rc = digest_hmac(SIGNET_ALG_HS256, (signet_str){ (const char *)key, *n }, str_of(text), out, &len);
    memcpy(key, out, len);
    *n = len;
    explicit_bzero(out, sizeof out);
    return rc;
}

/* The names alone of "name:value\n" lines, each with ';' behind it. */
static void add_names(struct buf *to, const char *lines)
{
    signet_str rest = str_of(lines), line, name, value;
    while (rest.n) {
        (void)str_cut(rest, '\n', &line, &rest);
        if (str_cut(line, ':', &name, &value)) {
            buf_add(to, name);
            buf_addc(to, ';');
        }
    }
}

static void signed_names(const struct sigv4 *s, struct buf *to)
{
    buf_addz(to, "host;");
    add_names(to, s->before);
    buf_addz(to, "x-amz-content-sha256;x-amz-date");
    if (s->after && s->after[0]) {
        BUF_AUTO(more, TEXT_MAX);
        add_names(&more, s->after);
        buf_addf(to, ";%.*s", (int)more.n - 1, buf_z(&more));
    }
}

static int canonical(const struct sigv4 *s, const char *date, const char *body_hash, struct buf *ret)
{
    BUF_AUTO(text, TEXT_MAX);
    buf_addf(&text, "%s\n%s\n\nhost:%s\n%sx-amz-content-sha256:%s\nx-amz-date:%s\n%s\n", s->method, s->path, s->host,
             s->before ? s->before : "", body_hash, date, s->after ? s->after : "");
    signed_names(s, &text);
    buf_addf(&text, "\n%s", body_hash);
    return buf_err(&text) ? buf_err(&text) : hex_of(buf_str(&text), ret);
}

/* The key of the day, region and service, then the signature itself. */
static int signature(const struct sigv4 *s, const char *day, const char *to_sign, struct buf *ret)
{
    BUF_AUTO(first, 512);
    uint8_t key[64];
    size_t n = 0;
    buf_addf(&first, "AWS4%s", s->secret_key);
    int rc = digest_hmac(SIGNET_ALG_HS256, buf_str(&first), str_of(day), key, &n);
    const char *const steps[] = { s->region, s->service, "aws4_request", to_sign };
    for (size_t i = 0; !rc && i < sizeof steps / sizeof *steps; i++)
        rc = mac(key, &n, steps[i]);
    if (!rc && !(rc = buf_err(&first)))
        hex_enc(ret, (signet_str){ (const char *)key, n });
    explicit_bzero(key, sizeof key);
    return rc ? rc : buf_err(ret);
}

int sigv4_sign(const struct sigv4 *s, struct buf *ret_lines, struct err *e)
{
    BUF_AUTO(hash, 128);
    BUF_AUTO(request, 128);
    BUF_AUTO(scope, 512);
    BUF_AUTO(text, TEXT_MAX);
    BUF_AUTO(sig, 256);
    BUF_AUTO(names, TEXT_MAX);
    char date[32], day[16];
    time_t now = (time_t)s->now;
    struct tm tm;
    if (!gmtime_r(&now, &tm) || !strftime(date, sizeof date, "%Y%m%dT%H%M%SZ", &tm) ||
        !strftime(day, sizeof day, "%Y%m%d", &tm))
        return err_set(e, SIGNET_EINVAL, "this machine's clock is out of range");
    buf_addf(&scope, "%s/%s/%s/aws4_request", day, s->region, s->service);
    int rc = hex_of(s->body, &hash);
    if (!rc)
        rc = canonical(s, date, buf_z(&hash), &request);
    buf_addf(&text, "AWS4-HMAC-SHA256\n%s\n%s\n%s", date, buf_z(&scope), buf_z(&request));
    if (!rc)
        rc = signature(s, day, buf_z(&text), &sig);
    if (rc)
        return err_set(e, rc, "the request cannot be signed");
    signed_names(s, &names);
    buf_addf(ret_lines,
             "Authorization: AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s\nX-Amz-Date: "
             "%s\nX-Amz-Content-Sha256: %s\n",
             s->access_key, buf_z(&scope), buf_z(&names), buf_z(&sig), date, buf_z(&hash));
    return buf_err(ret_lines) ? err_nomem(e) : 0;
}
