#include "provider/engine.h"

/* Cookies of the session, by host: some APIs log in with one. */

static signet_str host_of(const struct exchange *x)
{
    signet_str url = buf_str(&x->url);
    const char *at = str_find(url, STR("://"));
    if (!at)
        return (signet_str){ "", 0 };
    url = str_skip(url, (size_t)(at - url.p) + 3);
    size_t n = 0;
    while (n < url.n && !str_has(STR("/?#"), url.p[n]))
        n++;
    return (signet_str){ url.p, n };
}

void cookies_take(struct provider_session *s, const struct exchange *x)
{
    BUF_AUTO(host, 300);
    buf_add(&host, host_of(x));
    if (!json_object_size(x->reply.cookies) || buf_err(&host))
        return;
    json_t *jar = json_object_get(s->cookies, buf_z(&host));
    if (!jar && (!(jar = json_object()) || json_object_set_new(s->cookies, buf_z(&host), jar))) {
        s->no_memory = true;
        return;
    }
    if (json_object_size(jar) + json_object_size(x->reply.cookies) <= LIM_COOKIES &&
        json_object_update(jar, x->reply.cookies))
        s->no_memory = true;
}

int cookies_add(struct provider_session *s, struct exchange *x)
{
    BUF_AUTO(host, 300);
    BUF_AUTO(line, LIM_HEADER);
    buf_add(&host, host_of(x));
    const char *name;
    json_t *v, *jar = buf_err(&host) ? NULL : json_object_get(s->cookies, buf_z(&host));
    json_object_foreach(jar, name, v)
    {
        if (line.n)
            buf_addz(&line, "; ");
        buf_addf(&line, "%s=", name);
        value_add(&line, v);
    }
    return line.n && !buf_err(&line) ? header_set(x, "Cookie", buf_str(&line), true) : 0;
}
