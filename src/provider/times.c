#include "provider/engine.h"

/* PREFIX_TTL and its sisters, over what the description says, over lego's defaults. */

struct time_row {
    const char *suffix, *key;
    uint32_t def, max;
    uint32_t *to;
};

static int seconds(signet_str s, uint32_t max, uint32_t *ret)
{
    uint64_t v;
    if (str_ends(s, STR("s")))
        s.n--;
    if (str_u64(s, max, &v))
        return SIGNET_EINVAL;
    *ret = (uint32_t)v;
    return 0;
}

static int one(struct provider_session *s, signet_str prefixes, const struct time_row *row, struct err *e)
{
    bool more = prefixes.n != 0;
    while (more) {
        signet_str prefix;
        BUF_AUTO(name, 160);
        BUF_AUTO(value, 64);
        more = str_cut(prefixes, '|', &prefix, &prefixes);
        buf_addf(&name, "%.*s_%s", STR_ARG(str_trim(prefix)), row->suffix);
        int rc = buf_err(&name) ? SIGNET_ENOTFOUND : s->env.get(s->env.ctx, buf_z(&name), &value, e);
        if (rc == SIGNET_ENOTFOUND || (!rc && !value.n))
            continue;
        if (rc)
            return rc;
        if (seconds(str_trim(buf_str(&value)), row->max, row->to))
            return err_set(e, SIGNET_EINVAL, "%s: a number of seconds is wanted, at most %u", buf_z(&name), row->max);
        return 0;
    }
    return 0;
}

int times_resolve(struct provider_session *s, struct err *e)
{
    const struct node *t = part(s, "times");
    signet_str prefix = node_text(t, "prefix");
    const struct time_row rows[] = {
        { "TTL", "ttl", 120, INT32_MAX, &s->times.ttl },
        { "PROPAGATION_TIMEOUT", "propagation", 60, 86400, &s->times.propagation },
        { "POLLING_INTERVAL", "polling", 2, 3600, &s->times.polling },
        { "SEQUENCE_INTERVAL", "serial", 0, 3600, &s->times.serial },
        { "HTTP_TIMEOUT", "timeout", 30, 3600, &s->times.timeout },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        *rows[i].to = node_u32(t, rows[i].key, rows[i].def);
        if (strcmp(rows[i].key, "serial") == 0 && !node_get(t, "serial"))
            continue;
        int rc = one(s, prefix, &rows[i], e);
        if (rc)
            return rc;
    }
    if (!s->times.polling)
        s->times.polling = 1;
    if (!s->times.timeout)
        s->times.timeout = 30;
    s->min_ttl = node_u32(t, "min_ttl", 0);
    s->pace = node_u32(t, "pace", 0);
    s->ttls = node_get(t, "ttls");
    if (s->ttls && s->ttls->kind != NODE_LIST)
        s->ttls = NULL;
    return 0;
}
