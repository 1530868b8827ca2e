#include "dns/frames.h"

#include <stdio.h>

#define TEXT_MAX 8192u

int dns_frame_put(struct wire *w, enum dns_frame type, uint32_t job, const struct record *r)
{
    wire_begin(w, (enum wire_type)(int)type, job);
    wire_put_u32(w, (uint32_t)r->names.n);
    for (size_t i = 0; i < r->names.n; i++) {
        wire_put_str(w, str_of(r->names.v[i]));
        wire_put_str(w, str_of(r->values.v[i]));
    }
    return wire_commit(w);
}

int dns_frame_get(struct wire_reader *body, struct record *ret)
{
    size_t n = wire_count(body);
    for (size_t i = 0; i < n; i++) {
        signet_str name = wire_str(body), value = wire_str(body);
        char key[64];
        if (body->bad || !name.n || name.n >= sizeof(key) || memchr(name.p, '\0', name.n))
            return SIGNET_EPROTO;
        memcpy(key, name.p, name.n);
        key[name.n] = '\0';
        int rc = record_add(ret, key, value);
        if (rc)
            return rc == SIGNET_EINVAL ? SIGNET_EPROTO : rc;
    }
    return wire_end_of(body);
}

int dns_frame_put_err(struct wire *w, enum dns_frame type, uint32_t job, const struct err *e)
{
    RECORD_AUTO(r);
    char code[16];
    (void)snprintf(code, sizeof(code), "%d", -e->code);
    if (record_addz(&r, "code", code) || record_addz(&r, "text", e->text) || record_addz(&r, "hint", e->hint))
        return SIGNET_ENOMEM;
    return dns_frame_put(w, type, job, &r);
}

static void add_lines(struct buf *to, const char *text)
{
    signet_str rest = str_of(text), line;
    bool more = rest.n > 0;
    while (more) {
        more = str_cut(rest, '\n', &line, &rest);
        buf_add_escaped(to, line, TEXT_MAX);
        if (more)
            buf_addc(to, '\n');
    }
}

void dns_frame_get_err(const struct record *r, struct err *e)
{
    BUF_AUTO(text, 4 * TEXT_MAX);
    BUF_AUTO(hint, 4 * TEXT_MAX);
    uint64_t code = record_number(r, "code");
    err_clear(e);
    if (!code)
        return;
    add_lines(&text, record_get(r, "text"));
    add_lines(&hint, record_get(r, "hint"));
    err_set(e, code < 100 ? -(int)code : SIGNET_EPROTO, "%s", buf_z(&text));
    if (hint.n)
        err_hint(e, "%s", buf_z(&hint));
}

int dns_record_pack(struct record *to, const char *prefix, const struct record *in)
{
    for (size_t i = 0; i < in->names.n; i++) {
        BUF_AUTO(text, WIRE_FRAME_MAX);
        buf_addf(&text, "%s=%s", in->names.v[i], in->values.v[i]);
        if (buf_err(&text) || record_add(to, prefix, buf_str(&text)))
            return SIGNET_ENOMEM;
    }
    return 0;
}

int dns_record_unpack(const struct record *from, const char *prefix, struct record *ret)
{
    for (size_t i = 0; i < from->names.n; i++) {
        signet_str name, value;
        char key[64];
        if (strcmp(from->names.v[i], prefix) != 0)
            continue;
        str_cut(str_of(from->values.v[i]), '=', &name, &value);
        if (!name.n || name.n >= sizeof(key))
            return SIGNET_EPROTO;
        memcpy(key, name.p, name.n);
        key[name.n] = '\0';
        if (record_add(ret, key, value))
            return SIGNET_ENOMEM;
    }
    return 0;
}
