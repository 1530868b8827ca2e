/* The prober's end: one question after another, each with a connection of its own. */
#include "base/buf.h"
#include "crypto/tlsprobe.h"
#include "net/prober_msg.h"
#include "net/role.h"
#include "sandbox/sandbox.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_MAX 16384u

static struct sandbox_report sandbox;

static int connect_to(const struct prober_ask *q, struct err *e)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)q->at.port) };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)q->at.port) };
    bool is_v6 = inet_pton(AF_INET6, q->at.ip, &v6.sin6_addr) == 1;
    if (!is_v6 && inet_pton(AF_INET, q->at.ip, &v4.sin_addr) != 1)
        return err_set(e, SIGNET_EINVAL, "%s is no address", q->at.ip);
    int fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_sys(e, errno, "no socket");
    const struct timeval most = { PROBER_WAIT_MS / 1000, PROBER_WAIT_MS % 1000 * 1000 };
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most); /* holds for connect, too */
    if (connect(fd, is_v6 ? (const struct sockaddr *)&v6 : (const struct sockaddr *)&v4,
                is_v6 ? sizeof v6 : sizeof v4) == 0)
        return fd;
    (void)err_sys(e, errno, "no connection to %s port %u", q->at.ip, q->at.port);
    close(fd);
    return SIGNET_ENET;
}

static int say(int fd, const struct buf *text)
{
    return send(fd, text->p, text->n, MSG_NOSIGNAL) == (ssize_t)text->n ? 0 : SIGNET_ENET;
}

static void add_proxy_line(const struct prober_ask *q, struct buf *to)
{
    if (q->at.proxy_protocol)
        buf_addf(to, "PROXY %s %s %s 1 %u\r\n", strchr(q->at.ip, ':') ? "TCP6" : "TCP4", q->at.ip, q->at.ip,
                 q->at.port);
}

static int look_tls(int fd, const struct prober_ask *q, struct prober_reply *a, struct err *e)
{
    BUF_AUTO(first, 256);
    struct in6_addr any;
    bool is_ip = inet_pton(AF_INET, q->name, &any) == 1 || inet_pton(AF_INET6, q->name, &any) == 1;
    struct tlsprobe p = {
        .fd = fd, .sni = is_ip ? NULL : q->name, .rsa = q->key == PROBE_RSA, .any_key = q->key == PROBE_ANY_KEY
    };
    add_proxy_line(q, &first);
    if (first.n && say(fd, &first))
        return err_set(e, SIGNET_ENET, "the connection was closed");
    return tlsprobe_leaf(&p, a->sha256, e);
}

static void read_answer(int fd, struct buf *to)
{
    char part[2048];
    ssize_t n;
    while ((n = recv(fd, part, sizeof part, 0)) > 0 && !buf_err(to))
        buf_add(to, (signet_str){ part, (size_t)n });
}

static int look_http(int fd, const struct prober_ask *q, struct err *e)
{
    BUF_AUTO(text, 4096);
    BUF_AUTO(answer, ANSWER_MAX);
    BUF_AUTO(shown, 512);
    signet_str head, status, rest;
    add_proxy_line(q, &text);
    buf_addf(&text, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: signet\r\nConnection: close\r\n\r\n", q->path, q->name);
    if (say(fd, &text))
        return err_set(e, SIGNET_ENET, "the connection was closed");
    read_answer(fd, &answer);
    (void)str_cut(buf_str(&answer), '\r', &status, &rest);
    const char *end = str_find(buf_str(&answer), STR("\r\n\r\n"));
    head = end ? (signet_str){ end + 4, answer.n - (size_t)(end + 4 - answer.p) } : (signet_str){ 0 };
    if (str_starts(status, STR("HTTP/1.1 200")) && str_eq(head, (signet_str){ q->body, q->body_len }))
        return 0;
    buf_add_escaped(&shown, status, 100);
    return err_set(e, SIGNET_EPROTO, "the answer is %s", !answer.n ? "empty" : buf_z(&shown));
}

static int look(struct prober_ask *q, struct prober_reply *a, struct err *e)
{
    int rc = q->strict ? sandbox_require(sandbox_profile(SANDBOX_PROBER), &sandbox, e) : 0;
    if (rc)
        return rc;
    q->at.ip[sizeof q->at.ip - 1] = q->name[sizeof q->name - 1] = q->path[sizeof q->path - 1] = '\0';
    if (q->body_len > sizeof q->body)
        return err_set(e, SIGNET_EPROTO, "garbled");
    int fd = connect_to(q, e);
    if (fd < 0)
        return fd;
    rc = q->type == PROBER_TLS ? look_tls(fd, q, a, e) : look_http(fd, q, e);
    close(fd);
    return rc;
}

int prober_main(void)
{
    static struct prober_ask q;
    struct err e = { 0 };
    role_settle();
    if (tlsprobe_prepare(&e) || sandbox_enter(sandbox_profile(SANDBOX_PROBER), &sandbox, &e))
        return EXIT_FAILURE;
    for (;;) {
        struct prober_reply a = { 0 };
        ssize_t n = recv(ROLE_FD, &q, sizeof q, MSG_TRUNC);
        if (n < 0 && errno == EINTR)
            continue;
        if (n != (ssize_t)sizeof q)
            return n == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
        err_clear(&e);
        a.seq = q.seq;
        a.code = look(&q, &a, &e);
        size_t len = strlen(e.text) < sizeof a.text - 1 ? strlen(e.text) : sizeof a.text - 1;
        memcpy(a.text, e.text, len);
        if (send(ROLE_FD, &a, sizeof a, MSG_NOSIGNAL) != (ssize_t)sizeof a)
            return EXIT_FAILURE;
    }
}
