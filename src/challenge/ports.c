#include "challenge/ports.h"

#include "base/buf.h"
#include "base/log.h"
#include "net/listen.h"
#include "net/responder.h"
#include <stdlib.h>

struct port {
    struct port *next;
    struct port_spec spec; /* address is owned */
    char *address;
    /* one of the three */
    struct http_listener *http;
    struct alpn_listener *alpn;
    bool remote;
    unsigned remote_id, remote_port; /* remote: as the responder calls it */
    struct answer *answers;
};

struct answer {
    struct answer *next;
    struct port *port;
    signet_ident id; /* its value points to `text` */
    char *text, *key_auth;
    unsigned users;
};

/* There is one program in this process, so one list. */
static struct port *ports;
static struct responder *responder;
static struct err no_responder; /* it is required, and could not be started */

void ports_prepare(struct loop *l, bool require_sandbox, bool alpn)
{
    struct responder_config c = { .require_sandbox = require_sandbox, .alpn = alpn };
    struct err e = { 0 };
    if (responder || no_responder.code || responder_new(&responder, l, &c, &e) == 0)
        return;
    if (require_sandbox)
        no_responder = e;
    else
        log_warn("challenge", "Challenges are answered without a process of their own: %s.", e.text);
}

void ports_done(void)
{
    responder_free(responder);
    responder = NULL;
    err_clear(&no_responder);
}

static struct port *port_find(const struct port_spec *where)
{
    for (struct port *p = ports; p; p = p->next)
        if (p->spec.loop == where->loop && p->spec.kind == where->kind && p->spec.port == where->port &&
            str_eq(str_of(p->address), str_of(where->address)))
            return p;
    return NULL;
}

/* The sockets are bound here, where the right to do so is, and not kept. */
static int open_remote(struct port *p, struct err *e)
{
    struct listen_sockets s;
    int rc = listen_open(&s, p->address, p->spec.port, e);
    if (rc)
        return rc;
    p->remote_port = s.port;
    rc = responder_open(responder, p->spec.kind == PORT_HTTP ? RESPOND_HTTP : RESPOND_ALPN, &s, &p->remote_id, e);
    listen_close(&s);
    p->remote = rc == 0;
    return rc;
}

static int open_port(struct port *p, struct err *e)
{
    if (no_responder.code) {
        if (e)
            *e = no_responder;
        return no_responder.code;
    }
    if (responder)
        return open_remote(p, e);
    return p->spec.kind == PORT_HTTP ? http_listen(&p->http, p->spec.loop, p->address, p->spec.port, e)
                                     : alpn_listen(&p->alpn, p->spec.loop, p->address, p->spec.port, e);
}

static void port_free(struct port *p)
{
    if (p->remote && responder)
        responder_close(responder, p->remote_id);
    http_listener_free(p->http);
    if (p->alpn)
        alpn_listener_free(p->alpn);
    free(p->address);
    free(p);
}

static int port_get(struct port **ret, const struct port_spec *where, struct err *e)
{
    struct port *p = port_find(where);
    if (p) {
        *ret = p;
        return 0;
    }
    if (!(p = calloc(1, sizeof *p)))
        return err_nomem(e);
    p->spec = *where;
    p->address = str_dup(str_of(where->address ? where->address : ""));
    p->spec.address = p->address;
    int rc = p->address ? open_port(p, e) : err_nomem(e);
    if (rc) {
        port_free(p);
        return rc;
    }
    p->next = ports;
    ports = p;
    *ret = p;
    return 0;
}

static void port_close_idle(struct port *p)
{
    if (p->answers)
        return;
    for (struct port **at = &ports; *at; at = &(*at)->next)
        if (*at == p) {
            *at = p->next;
            break;
        }
    port_free(p);
}

unsigned port_open(const struct port_spec *where)
{
    const struct port *p = port_find(where);
    return !p ? 0 : p->remote ? p->remote_port : p->http ? http_listener_port(p->http) : alpn_listener_port(p->alpn);
}

static struct answer *answer_find(const struct port *p, const signet_ident *id)
{
    for (struct answer *a = p ? p->answers : NULL; a; a = a->next)
        if (str_ieq(a->id.value, id->value) &&
            (p->spec.kind == PORT_HTTP ? str_eq(a->id.value, id->value) : a->id.type == id->type))
            return a;
    return NULL;
}

bool answer_busy(const struct port_spec *where, const signet_ident *id, signet_str key_auth)
{
    const struct answer *a = answer_find(port_find(where), id);
    return a && !str_eq(str_of(a->key_auth), key_auth);
}

static void answer_free(struct answer *a)
{
    free(a->text);
    free(a->key_auth);
    free(a);
}

struct answer_wish {
    const struct port_spec *where;
    const signet_ident *id;
    signet_str key_auth;
};

/* Where the answer is put up: in the responder, or in this process. */
static int serve(struct port *p, const struct answer *a, const struct port_spec *where, struct err *e)
{
    struct responder_answer r = { a->id, str_of(a->key_auth), where->header, where->host };
    if (p->remote)
        return responder_put(responder, p->remote_id, &r, e);
    if (p->alpn)
        return alpn_listener_add(p->alpn, &a->id, r.key_auth, e);
    int rc = http_listener_add(p->http, a->id.value, r.key_auth);
    if (!rc && r.host.n)
        rc = http_listener_guard(p->http, a->id.value, r.header, r.host);
    return rc ? err_set(e, rc, "cannot answer on port %u: %s", http_listener_port(p->http), signet_strerror(rc)) : 0;
}

static int answer_new(struct answer **ret, struct port *p, const struct answer_wish *w, struct err *e)
{
    struct answer *a = calloc(1, sizeof *a);
    if (!a)
        return err_nomem(e);
    a->text = str_dup(w->id->value);
    a->key_auth = str_dup(w->key_auth);
    a->port = p;
    a->users = 1;
    a->id = (signet_ident){ w->id->type, str_of(a->text) };
    int rc = !a->text || !a->key_auth ? err_nomem(e) : serve(p, a, w->where, e);
    if (rc) {
        answer_free(a);
        return rc;
    }
    a->next = p->answers;
    p->answers = a;
    *ret = a;
    return 0;
}

int answer_add(struct answer **ret, const struct port_spec *where, const signet_ident *id, signet_str key_auth,
               struct err *e)
{
    struct port *p = NULL;
    int rc = port_get(&p, where, e);
    if (!p)
        return rc;
    struct answer *a = answer_find(p, id);
    if (a && !str_eq(str_of(a->key_auth), key_auth))
        return err_set(e, SIGNET_EEXIST, "%.*s is being validated for another order", STR_ARG(id->value));
    if (a) {
        a->users++;
        *ret = a;
        return 0;
    }
    rc = answer_new(ret, p, &(struct answer_wish){ where, id, key_auth }, e);
    if (rc)
        port_close_idle(p);
    return rc;
}

unsigned answer_hits(const struct answer *a)
{
    if (a->port->remote)
        return a->port->spec.kind == PORT_HTTP && responder ? responder_hits(responder, a->port->remote_id) : 0;
    return a->port->http ? http_listener_hits(a->port->http) : 0;
}

void answer_remove(struct answer *a)
{
    if (!a || --a->users)
        return;
    struct port *p = a->port;
    if (p->remote && responder)
        responder_remove(responder, p->remote_id, &a->id);
    else if (p->http)
        http_listener_remove(p->http, a->id.value);
    else if (p->alpn)
        alpn_listener_remove(p->alpn, &a->id);
    for (struct answer **at = &p->answers; *at; at = &(*at)->next)
        if (*at == a) {
            *at = a->next;
            break;
        }
    answer_free(a);
    port_close_idle(p);
}
