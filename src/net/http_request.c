#include "net/http_request.h"

#include "base/b64.h"

#define CHALLENGE_PATH "/.well-known/acme-challenge/"
enum { TOKEN_MAX = 256 };

static bool is_tchar(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_name(signet_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!is_tchar(s.p[i]))
            return false;
    return s.n > 0;
}

/* Cuts off one line. False: its end has not arrived yet, and *line is what there is of it. */
static bool next_line(signet_str *in, signet_str *line)
{
    bool whole = str_cut(*in, '\n', line, in);
    if (line->n && line->p[line->n - 1] == '\r')
        line->n--;
    return whole;
}

/* Seen in time: a TLS hello, or binary noise, will never have a line's end. */
static bool is_text(signet_str line)
{
    for (size_t i = 0; i < line.n; i++)
        if (line.p[i] < 0x20 || line.p[i] > 0x7e)
            return false;
    return true;
}

/* Takes "http://authority" off an absolute-form target (RFC 9112 section 3.2.2), which a proxy's client sends. */
static bool path_of(signet_str target, signet_str *ret)
{
    static const signet_str schemes[] = { { "http://", 7 }, { "https://", 8 } };
    for (size_t i = 0; i < 2; i++) {
        signet_str scheme = { target.p, schemes[i].n };
        if (target.n <= scheme.n || !str_ieq(scheme, schemes[i]))
            continue;
        signet_str rest = str_skip(target, scheme.n), authority, path;
        bool has_path = str_cut(rest, '/', &authority, &path);
        *ret = has_path ? str_skip(rest, authority.n) : STR("/");
        return authority.n > 0;
    }
    *ret = target;
    return target.n && target.p[0] == '/';
}

/* "GET /path HTTP/1.1". Nothing in it is decoded: a token has no character that needs it. */
static int parse_line(signet_str line, struct http_request *ret)
{
    signet_str method, target, version, path;
    if (!str_cut(line, ' ', &method, &line) || !str_cut(line, ' ', &target, &version) || !is_name(method) ||
        !path_of(target, &path))
        return 400;
    if (version.n != 8 || !str_starts(version, STR("HTTP/1.")) || version.p[7] < '0' || version.p[7] > '9')
        return 400;
    ret->head = str_eq(method, STR("HEAD"));
    if (!ret->head && !str_eq(method, STR("GET")))
        return 405;
    if (!str_starts(path, STR(CHALLENGE_PATH)))
        return 404;
    ret->token = str_skip(path, sizeof(CHALLENGE_PATH) - 1);
    return b64url_ok(ret->token) && ret->token.n <= TOKEN_MAX ? 200 : 404;
}

/* A field's name ends right at its colon; a line that starts with a blank would continue the one before (obs-fold). */
static bool field_ok(signet_str line)
{
    signet_str name, value;
    if (!str_cut(line, ':', &name, &value) || !is_name(name))
        return false;
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

int http_request_parse(signet_str in, struct http_request *ret)
{
    struct http_request got = { 0 };
    signet_str line;
    /* One empty line before the request is to be overlooked (RFC 9112 section 2.2). */
    if (str_starts(in, STR("\r\n")))
        in = str_skip(in, 2);
    else if (str_starts(in, STR("\n")))
        in = str_skip(in, 1);
    else if (str_eq(in, STR("\r")))
        return 0;
    bool whole = next_line(&in, &line);
    if (!is_text(line))
        return 400;
    if (line.n > HTTP_LINE_MAX)
        return 431;
    if (!whole)
        return 0;
    int status = parse_line(line, &got);
    if (status == 400)
        return 400;
    const char *start = in.p;
    for (;;) {
        signet_str rest = in;
        whole = next_line(&in, &line);
        size_t used = (size_t)(rest.p - start) + (whole ? (size_t)(in.p - rest.p) : rest.n);
        if (used > HTTP_HEADERS_MAX)
            return 431;
        if (!whole)
            return 0;
        if (line.n == 0)
            break;
        if (!field_ok(line))
            return 400;
    }
    if (status == 200)
        *ret = got;
    return status;
}
