#include "base/log.h"
#include "dns/natives.h"
#include "dns/program.h"
#include "net/https.h"
#include "provider/provider.h"
#include "sandbox/sandbox.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct backend_ops *ops_for(const struct profile *f)
{
    const struct native *n = native_find(f->code);
    if (f->external)
        return &backend_external;
    if (n && !strcmp(n->code, "acme-dns"))
        return &backend_acmedns;
    return n && !strcmp(n->code, "rfc2136") ? &backend_rfc2136 : &backend_engine;
}

static uint32_t seconds_of(const char *text)
{
    uint64_t n;
    return text && !str_u64(str_of(text), 7 * 86400, &n) ? (uint32_t)n : DNS_SECONDS_NO;
}

static int take_ini(struct profile *f, const char *path, struct err *e)
{
    int rc = creds_read_ini(&f->creds, path, e);
    if (rc == SIGNET_ENOTFOUND)
        return err_set(e, rc, "File not found: %s", path); /* certbot's words */
    if (rc)
        return rc;
    f->creds.no_env = true;
    return 0;
}

static int new_profile(struct program *p, const char *code, struct err *e)
{
    if (p->n_profiles == DNS_PROFILES)
        return err_set(e, SIGNET_ELIMIT, "more than %u sets of DNS credentials at once", DNS_PROFILES);
    struct profile *f = &p->profile[p->n_profiles++];
    f->code = str_dup(str_of(code));
    f->seconds = DNS_SECONDS_NO;
    return f->code ? 0 : err_nomem(e);
}

static int profile_setting(struct program *p, const char *name, const char *value, struct err *e)
{
    struct profile *f = p->n_profiles ? &p->profile[p->n_profiles - 1] : NULL;
    if (!strcmp(name, "profile"))
        return new_profile(p, value, e);
    if (!f)
        return 0;
    if (!strcmp(name, "ini"))
        return take_ini(f, value, e);
    if (!strcmp(name, "given"))
        return strlist_addz(&f->creds.given, value) ? err_nomem(e) : 0;
    if (!strcmp(name, "seconds"))
        f->seconds = seconds_of(value);
    else if (!strcmp(name, "external"))
        f->external = true;
    return 0;
}

static int open_profile(struct program *p, struct profile *f, struct err *e)
{
    f->ops = ops_for(f);
    p->ctx.code = f->code;
    p->ctx.creds = &f->creds;
    p->ctx.https = &p->https;
    p->ctx.id_base = (uint64_t)(f - p->profile + 1) << 48;
    int rc = f->ops->open(&f->backend, &p->ctx, e);
    for (size_t i = 0; i < f->creds.doubts.n; i++)
        program_tell(p, LOG_WARNING, f->creds.doubts.v[i]);
    return rc && !str_starts(str_of(e->text), str_of(f->code)) ? err_wrap(e, "%s", f->code) : rc;
}

static int open_lookups(struct program *p, const struct record *r, struct err *e)
{
    BUF_AUTO(servers, 16384);
    STRLIST_AUTO(list);
    if (record_get_list(r, "resolvers", &list))
        return err_nomem(e);
    strlist_join(&list, ",", &servers);
    uint64_t seconds = record_number(r, "timeout"), family = record_number(r, "ip-only");
    struct lookups_config c = { .resolvers = list.n ? buf_z(&servers) : NULL,
                                .direct_ms = seconds && seconds < 3600 ? (unsigned)seconds * 1000 : 0,
                                .only = family == 4   ? DNS_A
                                        : family == 6 ? DNS_AAAA
                                                      : 0 };
    int rc = lookups_new(&p->lookups, &c, e);
    return rc == SIGNET_EINVAL ? err_wrap(e, "--dns.resolvers wants addresses, such as 192.0.2.1:53") : rc;
}

static int read_roots(struct buf *to, struct err *e)
{
    for (;;) {
        if (buf_reserve(to, 64u << 10))
            return err_set(e, buf_err(to), "the bundle of CA certificates is too large");
        ssize_t n = pread(DNS_ROOTS_FD, to->p + to->n, 64u << 10, (off_t)to->n);
        if (n <= 0)
            break;
        to->n += (size_t)n;
        to->p[to->n] = '\0';
    }
    close(DNS_ROOTS_FD);
    return 0;
}

/* Only where some profile speaks HTTP: setting TLS up costs some milliseconds. */
static int open_https(struct program *p, const struct record *r, struct err *e)
{
    BUF_AUTO(roots, DNS_ROOTS_MAX);
    BUF_AUTO(servers, 16384);
    STRLIST_AUTO(list);
    bool needed = false;
    for (unsigned i = 0; i < p->n_profiles; i++)
        needed |= p->profile[i].ops->answer != NULL;
    if (!needed)
        return 0;
    int rc = read_roots(&roots, e);
    if (!rc && record_get_list(r, "resolvers", &list))
        rc = err_nomem(e);
    strlist_join(&list, ",", &servers);
    const char *agent = record_get(r, "user-agent");
    struct https_config c = { .user_agent = agent ? str_of(agent) : STR("signet/" SIGNET_VERSION),
                              .roots = buf_str(&roots),
                              .names.servers = list.n ? buf_z(&servers) : NULL };
    return rc ? rc : https_new(&p->https, &c, e);
}

static int say_ready(struct program *p, const struct sandbox_report *report, struct err *e)
{
    RECORD_AUTO(r);
    char words[800];
    int rc = record_addz(&r, "sandbox", sandbox_describe(report, words, sizeof(words)));
    for (unsigned i = 0; i < p->n_profiles && !rc; i++)
        rc = record_addz(&r, "serial", p->profile[i].ops->times(p->profile[i].backend)->serial ? "1" : "0");
    if (!rc)
        rc = dns_frame_put(&p->wire, DNSF_READY, 0, &r);
    return rc ? err_set(e, rc, "the line to the main process is full") : 0;
}

static int confine(struct program *p, bool required, struct err *e)
{
    const struct sandbox_profile *profile = sandbox_profile(SANDBOX_DNS);
    struct sandbox_report report;
    creds_wipe_environment();
    int rc = sandbox_enter(profile, &report, e);
    if (!rc && required)
        rc = sandbox_require(profile, &report, e);
    return rc ? rc : say_ready(p, &report, e);
}

static void take_rules(struct program *p, const struct record *r)
{
    p->no_cname = record_number(r, "no-cname");
    p->skip_direct = record_number(r, "skip-direct");
    p->recursive = record_number(r, "recursive");
    p->wait_s = seconds_of(record_get(r, "wait"));
    p->ctx.trace = record_number(r, "trace");
}

int program_configure(struct program *p, struct wire_frame *f, struct err *e)
{
    RECORD_AUTO(r);
    if (p->configured || dns_frame_get(&f->body, &r))
        return err_set(e, SIGNET_EPROTO, "the configuration from the main process cannot be understood");
    p->configured = true;
    take_rules(p, &r);
    const char *dir = record_get(&r, "provider-dir");
    p->dir = str_dup(str_of(dir ? dir : PROVIDER_DIR));
    p->ctx.dir = p->dir;
    int rc = p->dir ? open_lookups(p, &r, e) : err_nomem(e);
    for (size_t i = 0; i < r.names.n && !rc; i++)
        rc = profile_setting(p, r.names.v[i], r.values.v[i], e);
    for (unsigned i = 0; i < p->n_profiles && !rc; i++)
        rc = open_profile(p, &p->profile[i], e);
    if (!rc)
        rc = open_https(p, &r, e);
    return rc ? rc : confine(p, record_number(&r, "require-sandbox"), e);
}

void program_free(struct program *p)
{
    program_jobs_free(p);
    for (unsigned i = 0; i < p->n_profiles; i++) {
        struct profile *f = &p->profile[i];
        if (f->backend)
            f->ops->close(f->backend);
        creds_done(&f->creds);
        free(f->code);
    }
    https_free(p->https);
    lookups_free(p->lookups);
    free(p->dir);
    wire_done(&p->wire);
}
