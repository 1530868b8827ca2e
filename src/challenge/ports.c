#include "challenge/ports.h"

#include "base/buf.h"
#include "net/listen.h"
#include <stdlib.h>

struct port {
    struct port *next;
    struct port_spec spec; /* address is owned */
    char *address;
    struct http_listener *http;
    struct alpn_listener *alpn;
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

static struct port *port_find(const struct port_spec *where)
{
    for (struct port *p = ports; p; p = p->next)
        if (p->spec.loop == where->loop && p->spec.kind == where->kind && p->spec.port == where->port &&
            str_eq(str_of(p->address), str_of(where->address)))
            return p;
    return NULL;
}

static void port_free(struct port *p)
{
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
    int rc = !p->address                ? err_nomem(e)
             : where->kind == PORT_HTTP ? http_listen(&p->http, where->loop, p->address, where->port, e)
                                        : alpn_listen(&p->alpn, where->loop, p->address, where->port, e);
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
    return !p ? 0 : p->http ? http_listener_port(p->http) : alpn_listener_port(p->alpn);
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

static int answer_new(struct answer **ret, struct port *p, const signet_ident *id, signet_str key_auth, struct err *e)
{
    struct answer *a = calloc(1, sizeof *a);
    if (!a)
        return err_nomem(e);
    a->text = str_dup(id->value);
    a->key_auth = str_dup(key_auth);
    a->port = p;
    a->users = 1;
    a->id = (signet_ident){ id->type, str_of(a->text) };
    int rc = !a->text || !a->key_auth ? err_nomem(e) : 0;
    if (!rc && p->http && (rc = http_listener_add(p->http, a->id.value, key_auth)))
        err_set(e, rc, "cannot answer on port %u: %s", http_listener_port(p->http), signet_strerror(rc));
    else if (!rc && p->alpn)
        rc = alpn_listener_add(p->alpn, &a->id, key_auth, e);
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
    rc = answer_new(ret, p, id, key_auth, e);
    if (rc)
        port_close_idle(p);
    return rc;
}

unsigned answer_hits(const struct answer *a)
{
    return a->port->http ? http_listener_hits(a->port->http) : 0;
}

void answer_remove(struct answer *a)
{
    if (!a || --a->users)
        return;
    struct port *p = a->port;
    if (p->http)
        http_listener_remove(p->http, a->id.value);
    else
        alpn_listener_remove(p->alpn, &a->id);
    for (struct answer **at = &p->answers; *at; at = &(*at)->next)
        if (*at == a) {
            *at = a->next;
            break;
        }
    answer_free(a);
    port_close_idle(p);
}
