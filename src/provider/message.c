#include "provider/body.h"
#include "provider/engine.h"

#include <stdarg.h>
#include <stdio.h>

/* What people read: never a credential in it. */

const char *shown_name(const struct provider_session *s)
{
    return s->d->help.name;
}

static int keep_form(struct provider_session *s, struct buf *form)
{
    int rc =
        buf_err(form) ? 0 : strlist_add_new(&s->secrets, value_unquoted(buf_str(form))); /* not text: not sent so */
    buf_clear(form);
    return rc;
}

static void form_encode(struct buf *to, signet_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == ' ')
            buf_addc(to, '+');
        else
            url_encode(to, (signet_str){ text.p + i, 1 });
}

/* A trace shows a request as it is sent, and a provider may repeat it so. */
int keep_secret(struct provider_session *s, signet_str text)
{
    BUF_AUTO(form, 8 * LIM_CRED);
    VALUE_AUTO json_t *v = value_text(text);
    if (!v)
        return SIGNET_ENOMEM;
    int rc = strlist_add_new(&s->secrets, text);
    url_encode(&form, text);
    rc = rc ? rc : keep_form(s, &form);
    form_encode(&form, text);
    rc = rc ? rc : keep_form(s, &form);
    xml_escape(&form, text);
    rc = rc ? rc : keep_form(s, &form);
    value_dump(&form, v);
    return rc ? rc : keep_form(s, &form);
}

static size_t secret_at(const struct provider_session *s, signet_str text, size_t at)
{
    size_t longest = 0;
    for (size_t i = 0; i < s->secrets.n; i++) {
        signet_str secret = str_of(s->secrets.v[i]);
        if (secret.n > longest && str_starts(str_skip(text, at), secret))
            longest = secret.n;
    }
    return longest;
}

void blank_secrets(const struct provider_session *s, struct buf *to, signet_str text)
{
    for (size_t i = 0; i < text.n;) {
        size_t n = secret_at(s, text, i);
        if (n)
            buf_addz(to, "****");
        else
            buf_addc(to, text.p[i]);
        i += n ? n : 1;
    }
}

static int blank_array(const struct provider_session *s, char *text, size_t size)
{
    BUF_AUTO(b, size * 2);
    blank_secrets(s, &b, str_of(text));
    if (buf_err(&b))
        return buf_err(&b);
    snprintf(text, size, "%s", buf_z(&b));
    return 0;
}

int err_blank(const struct provider_session *s, struct err *e)
{
    int rc = blank_array(s, e->text, sizeof e->text);
    return rc ? rc : blank_array(s, e->hint, sizeof e->hint);
}

signet_str url_userinfo(signet_str url)
{
    const char *at = str_find(url, STR("://"));
    if (!at)
        return (signet_str){ url.p, 0 };
    signet_str host = str_skip(url, (size_t)(at - url.p) + 3);
    size_t n = 0;
    for (size_t i = 0; i < host.n && !str_has(STR("/?#"), host.p[i]); i++)
        if (host.p[i] == '@')
            n = i;
    return (signet_str){ host.p, n };
}

void add_url_shown(struct buf *to, signet_str url)
{
    signet_str base, query, user = url_userinfo(url);
    if (user.n) {
        buf_add(to, (signet_str){ url.p, (size_t)(user.p - url.p) });
        url = str_skip(url, (size_t)(user.p - url.p) + user.n + 1);
    }
    bool more = str_cut(url, '?', &base, &query);
    buf_add(to, (signet_str){ base.p, base.n < 400 ? base.n : 400 });
    if (more)
        buf_addz(to, "?…");
}

void trace(const struct provider_session *s, const char *fmt, ...)
{
    if (!s->env.trace)
        return;
    BUF_AUTO(line, LIM_TEXT);
    BUF_AUTO(blank, LIM_TEXT);
    BUF_AUTO(shown, 4096);
    va_list ap;
    va_start(ap, fmt);
    buf_addv(&line, fmt, ap);
    va_end(ap);
    blank_secrets(s, &blank, buf_str(&line));
    buf_add_escaped(&shown, buf_str(&blank), 2000);
    s->env.trace(s->env.ctx, buf_z(&shown));
}
