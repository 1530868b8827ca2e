/* A CA whose answers are made of the input: an order job is driven by them. Each answer takes a few bytes: either what
 * a good CA would say, or that with some bytes changed, or other headers, or text from the input alone, or a broken
 * connection. */
#include "base/str.h"
#include <signet/acme.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct input {
    const uint8_t *p;
    size_t n;
};

static unsigned take(struct input *in)
{
    if (!in->n)
        return 0;
    in->n--;
    return *in->p++;
}

static signet_str take_text(struct input *in, size_t n)
{
    if (n > in->n)
        n = in->n;
    signet_str s = { (const char *)in->p, n };
    in->p += n;
    in->n -= n;
    return s;
}

#define U "https://ca/"

static const struct {
    const char *path, *body;
    int status;
} GOOD[] = {
    { "dir",
      "{\"newNonce\":\"" U "n\",\"newAccount\":\"" U "a\",\"newOrder\":\"" U "order\",\"renewalInfo\":\"" U
      "ari\",\"meta\":{\"profiles\":{\"x\":\"y\"},\"caaIdentities\":[\"ca\"]}}",
      200 },
    { "n", "", 200 },
    { "a", "{\"status\":\"valid\"}", 200 },
    { "order", "{\"status\":\"pending\",\"authorizations\":[\"" U "z1\",\"" U "z2\"],\"finalize\":\"" U "fin\"}", 201 },
    { "z1",
      "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":\"a.b\"},\"challenges\":[{\"type\":\"http-"
      "01\",\"url\":\"" U "c1\",\"token\":\"tok\"}]}",
      200 },
    { "z2",
      "{\"status\":\"pending\",\"wildcard\":true,\"identifier\":{\"type\":\"dns\",\"value\":\"a.b\"},\"challenges\":[{"
      "\"type\":\"dns-persist-01\",\"url\":\"" U "c2\","
      "\"issuer-domain-names\":[\"ca\"]},{\"type\":\"dns-01\",\"url\":\"" U "c2\",\"token\":\"tok\"}]}",
      200 },
    { "c1", "{}", 200 },
    { "c2", "{}", 200 },
    { "fin", "{\"status\":\"processing\"}", 200 },
    { "o",
      "{\"status\":\"ready\",\"authorizations\":[\"" U "z1\",\"" U "z2\"],\"finalize\":\"" U
      "fin\",\"certificate\":\"" U "cert\"}",
      200 },
    { "cert", "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n", 200 },
    { "ari/a.b", "{\"suggestedWindow\":{\"start\":\"2027-01-01T00:00:00Z\",\"end\":\"2027-01-02T00:00:00Z\"}}", 200 },
};

static size_t good_for(signet_str url)
{
    signet_str path = str_skip(url, sizeof(U) - 1);
    for (size_t i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++)
        if (str_eq(path, str_of(GOOD[i].path)))
            return i;
    return 0;
}

/* Told that the directory's answer was tampered with: then its origins are whatever they are. */
static bool answer(signet_session *s, const signet_action *a, struct input *in, int64_t now, bool finalized)
{
    static const int codes[] = { 200, 201, 204, 302, 400, 403, 404, 409, 429, 500, 503, 0 };
    char body[1024];
    size_t g = good_for(a->u.http.url);
    signet_str links[2] = { STR("<" U "cert>;rel=\"alternate\""), STR("") };
    signet_http_res h = { .size = sizeof(h),
                          .status = GOOD[g].status,
                          .nonce = STR("nonce"),
                          .location = STR(U "o"),
                          .links = links,
                          .n_links = 1 };
    snprintf(body, sizeof(body), "%s", GOOD[g].body);
    h.body = str_of(body);
    if (finalized && strcmp(GOOD[g].path, "o") == 0)
        memcpy(strstr(body, "ready"), "valid", 5);
    unsigned kind = take(in) % 6;
    switch (kind) {
    case 1:
        for (unsigned k = take(in) % 4; k > 0 && h.body.n; k--)
            body[(take(in) << 8 | take(in)) % h.body.n] = (char)take(in);
        break;
    case 2:
        h.status = codes[take(in) % 12];
        h.body = take_text(in, take(in));
        break;
    case 3:
        h.location = take_text(in, take(in) % 64);
        h.retry_after = take_text(in, take(in) % 32);
        h.nonce = take_text(in, take(in) % 16);
        links[1] = take_text(in, take(in) % 64);
        h.n_links = 2;
        break;
    case 4:
        h.net_err = -40 - (int)(take(in) % 3);
        break;
    case 5:
        h.body.n = h.body.n * take(in) / 256;
        break;
    default:
        break;
    }
    signet_http_done(s, a->id, now, &h);
    return g == 0 && (kind == 1 || kind == 2);
}

static int sign(void *ctx, signet_str tbs, uint8_t *out, size_t *len)
{
    (void)ctx;
    (void)tbs;
    memset(out, 1, 64);
    *len = 64;
    return 0;
}

static bool at_home(signet_str url)
{
    signet_str rest = str_skip(url, sizeof(U) - 2);
    return str_ieq((signet_str){ url.p, url.n - rest.n }, STR("https://ca")) && (!rest.n || strchr("/?:", rest.p[0]));
}

static void drive(signet_session *s, signet_job *j, struct input *in, bool honest)
{
    int64_t now = 1800000000000;
    bool finalized = false;
    for (unsigned i = 0; i < 400 && signet_job_status(j) == SIGNET_JOB_RUNNING; i++) {
        signet_action a;
        if (signet_poll(s, now, &a) != 1) {
            int64_t d = signet_deadline(s);
            if (d == INT64_MAX)
                abort(); /* nothing would ever happen again */
            now = d > now ? d : now + 1;
            continue;
        }
        if (a.kind == SIGNET_ACT_HTTP) {
            if (honest && !at_home(a.u.http.url))
                abort();
            finalized |= str_ends(a.u.http.url, STR("/fin"));
            if (answer(s, &a, in, now, finalized))
                honest = false;
        } else if (a.kind == SIGNET_ACT_PRESENT || a.kind == SIGNET_ACT_CLEANUP) {
            signet_challenge_done(s, a.id, now, take(in) == 255 ? SIGNET_ESYS : 0, STR("why"));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct input in = { data, n };
    signet_session *s;
    signet_job *j;
    signet_signer k = { .size = sizeof(k), .alg = SIGNET_ALG_ES256, .jwk = STR("{\"kty\":\"EC\"}"), .sign = sign };
    unsigned opt = take(&in);
    signet_config c = {
        .size = sizeof(c), .directory_url = STR(U "dir"), .account_url = opt & 1 ? STR("") : STR(U "acct"), .seed = opt
    };
    if (signet_session_new(&s, &c, &k, opt & 2 ? take_text(&in, take(&in)) : STR(""), 1800000000000) != 0)
        return 0;
    signet_order_ident id[] = { { { SIGNET_IDENT_DNS, STR("a.b") }, 0 },
                                { { SIGNET_IDENT_DNS, STR("*.a.b") },
                                  opt & 4 ? SIGNET_PREFS(SIGNET_CHAL_DNS_PERSIST_01, SIGNET_CHAL_DNS_01, 0, 0) : 0 } };
    signet_order_params p = { .size = sizeof(p),
                              .idents = id,
                              .n_idents = 2,
                              .csr_der = STR("csr"),
                              .fetch_alternates = opt >> 3 & 1,
                              .revalidate = opt >> 4 & 1,
                              .replaces = opt & 32 ? STR("a.b") : STR(""),
                              .preferred_chain = opt & 64 ? STR("X") : STR("") };
    int rc = opt & 128 ? signet_ari_start(s, STR("a.b"), &j) : signet_order_start(s, &p, &j);
    if (rc == 0)
        drive(s, j, &in, !(opt & 2));
    signet_session_free(s);
    return 0;
}
