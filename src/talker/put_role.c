/* The process at the other end of a put_line (put.h): it holds nothing, and parses what strangers say. */
#include "base/clock.h"
#include "net/https.h"
#include "sandbox/sandbox.h"
#include "talker/put_msg.h"
#include "talker/talker.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_MAX = 16 << 10, TCP_MS = 5000, HTTP_S = 30, LINES_MAX = 32 };

struct put_role {
    struct https *https;
    struct resolver *names;
};

static void fail(struct put_reply *a, int code, const char *why)
{
    a->code = code;
    (void)snprintf(a->text, sizeof a->text, "%.*s", (int)sizeof a->text - 1, why);
}

/* ---- HTTPS ---- */

static size_t split_headers(char *text, struct https_header v[LINES_MAX])
{
    size_t n = 0;
    signet_str rest = str_of(text), line;
    while (rest.n && n < LINES_MAX) {
        (void)str_cut(rest, '\n', &line, &rest);
        if (!line.n)
            continue;
        (void)str_cut(line, ':', &v[n].name, &v[n].value);
        v[n].value = str_trim(v[n].value);
        n++;
    }
    return n;
}

static void do_http(struct put_role *x, struct put_ask *q, struct put_reply *a)
{
    struct https_header headers[LINES_MAX];
    struct https_special special = { .headers = headers, .n_headers = split_headers(q->headers, headers) };
    struct https_answer got;
    short ignored;
    struct https_request req = { .id = q->seq,
                                 .method = str_of(q->method),
                                 .url = str_of(q->url),
                                 .special = &special,
                                 .body = { q->text, q->text_len },
                                 .max_body = ANSWER_MAX };
    int rc = https_send(x->https, &req);
    while (!rc && !https_next(x->https, &got))
        rc = https_wait(x->https, -1, 0, 1000, &ignored);
    if (rc) {
        fail(a, rc, signet_strerror(rc));
    } else if (got.net_err) {
        fail(a, got.net_err, got.why);
    } else {
        a->status = got.status;
        (void)snprintf(a->text, sizeof a->text, "%.*s", (int)(got.body.n < 400 ? got.body.n : 400),
                       got.body.p ? got.body.p : "");
    }
}

/* ---- TCP ---- */

static const struct lookup *look_up(struct put_role *x, const char *host)
{
    const struct lookup *l = NULL;
    if (resolver_lookup(x->names, str_of(host), &l))
        return NULL;
    while (l->state == LOOKUP_WAITING) {
        struct pollfd fds[RESOLVE_FDS_MAX];
        unsigned n = resolver_fds(x->names, fds);
        (void)poll(fds, n, resolver_timeout(x->names, 1000));
        resolver_run(x->names, fds, n);
    }
    return l;
}

static bool wait_for(int fd, short events, int64_t until)
{
    struct pollfd p = { .fd = fd, .events = events };
    int64_t left = until - clock_mono_ms();
    return left > 0 && poll(&p, 1, (int)left) == 1;
}

static int connect_to(const char *addr, unsigned port, int64_t until)
{
    struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
    struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    bool is_six = inet_pton(AF_INET6, addr, &six.sin6_addr) == 1;
    if (!is_six && inet_pton(AF_INET, addr, &four.sin_addr) != 1)
        return -1;
    int fd = socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), why = 0;
    socklen_t n = sizeof why;
    if (fd < 0)
        return -1;
    int rc =
        is_six ? connect(fd, (struct sockaddr *)&six, sizeof six) : connect(fd, (struct sockaddr *)&four, sizeof four);
    bool ok = rc == 0 || (errno == EINPROGRESS && wait_for(fd, POLLOUT, until) &&
                          !getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &n) && !why);
    if (ok)
        return fd;
    close(fd);
    return -1;
}

static bool say(int fd, const char *text, size_t n, int64_t until)
{
    while (n) {
        ssize_t k = send(fd, text, n, MSG_NOSIGNAL);
        if (k < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        if (k < 0 && !wait_for(fd, POLLOUT, until))
            return false;
        if (k > 0) {
            text += k;
            n -= (size_t)k;
        }
    }
    return true;
}

/* The first line, as far as it fits. */
static bool hear(int fd, char *to, size_t room, int64_t until)
{
    size_t n = 0;
    while (n + 1 < room && wait_for(fd, POLLIN, until)) {
        ssize_t k = recv(fd, to + n, 1, 0);
        if (k == 0 || (k < 0 && errno != EAGAIN && errno != EINTR))
            return false;
        if (k == 1 && to[n] == '\n') {
            to[n && to[n - 1] == '\r' ? n - 1 : n] = '\0';
            return true;
        }
        n += k == 1;
    }
    return false;
}

static void do_tcp(struct put_role *x, struct put_ask *q, struct put_reply *a)
{
    int64_t until = clock_mono_ms() + TCP_MS;
    const struct lookup *l = look_up(x, q->host);
    if (!l || l->state != LOOKUP_DONE) {
        fail(a, SIGNET_ENET, l ? l->why : "this is no host name");
        return;
    }
    int fd = -1;
    for (unsigned i = 0; fd < 0 && i < l->n_addrs; i++)
        fd = connect_to(l->addr[i], q->port, until);
    if (fd < 0) {
        fail(a, SIGNET_ENET, "no connection");
        return;
    }
    if (!say(fd, q->text, q->text_len, until) || !hear(fd, a->text, sizeof a->text, until))
        fail(a, SIGNET_ENET, "the connection ended, or was silent, before there was an answer");
    close(fd);
}

/* ---- the process ---- */

static bool is_sane(struct put_ask *q, ssize_t n)
{
    return n == (ssize_t)sizeof *q && q->text_len <= sizeof q->text && !q->method[sizeof q->method - 1] &&
           !q->url[sizeof q->url - 1] && !q->headers[sizeof q->headers - 1] && !q->host[sizeof q->host - 1] &&
           q->port <= 65535;
}

static int set_up(struct put_role *x, const struct put_ask *start, struct err *e)
{
    BUF_AUTO(roots, TALKER_ROOTS_MAX);
    struct sandbox_report report;
    const struct sandbox_profile *p = sandbox_profile(SANDBOX_TALKER);
    int rc = start->has_roots ? talker_read_roots(&roots, e) : 0;
    struct https_config c = {
        .user_agent = STR("Signet/" SIGNET_VERSION), .roots = buf_str(&roots), .allow_http = true, .timeout_s = HTTP_S
    };
    if (!rc)
        rc = https_new(&x->https, &c, e);
    if (!rc)
        rc = resolver_new(&x->names, &(struct resolver_config){ 0 }, e);
    if (!rc)
        rc = sandbox_enter(p, &report, e);
    return rc || !start->strict ? rc : sandbox_require(p, &report, e);
}

int put_main(void)
{
    static struct put_role x;
    static struct put_ask q;
    struct err e = { 0 };
    ssize_t n = recv(TALKER_FD, &q, sizeof q, MSG_TRUNC);
    if (!is_sane(&q, n) || q.kind != PUT_START)
        return EXIT_FAILURE;
    int rc = set_up(&x, &q, &e);
    while ((n = recv(TALKER_FD, &q, sizeof q, MSG_TRUNC)) > 0 && is_sane(&q, n)) {
        struct put_reply a = { .seq = q.seq };
        if (rc)
            fail(&a, rc, e.text);
        else if (q.kind == PUT_HTTP)
            do_http(&x, &q, &a);
        else
            do_tcp(&x, &q, &a);
        if (send(TALKER_FD, &a, sizeof a, MSG_NOSIGNAL) != (ssize_t)sizeof a)
            break;
    }
    https_free(x.https);
    resolver_free(x.names);
    return EXIT_SUCCESS;
}
