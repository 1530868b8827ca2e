#include "challenge/dns_config.h"

#include "base/fs.h"
#include "net/child.h"
#include <stdio.h>
#include <stdlib.h>

#define SECRET_S   30
#define SECRET_MAX 65536u

const char *dns_config_provider(const struct request *req)
{
    const char *plugin = req->authenticator ? strrchr(req->authenticator, ':') : NULL;
    plugin = plugin ? plugin + 1 : req->authenticator;
    if (plugin && !strncmp(plugin, "dns-", 4))
        return plugin + 4;
    return req->dns_provider;
}

bool dns_config_external(const char *code)
{
    return !strcmp(code, "exec") || !strcmp(code, "manual") || !strncmp(code, DNS_HOOK_ACMESH, strlen(DNS_HOOK_ACMESH));
}

/* ---- one profile ---- */

static const char *plugin_value(const struct request *req, const char *code, const char *what)
{
    BUF_AUTO(key, 256);
    buf_addf(&key, "dns_%s_%s", code, what);
    for (size_t i = 0; i < key.n; i++)
        if (key.p[i] == '-')
            key.p[i] = '_';
    const char *v = request_plugin_option(req, buf_z(&key));
    return v && *v && strcmp(v, "None") != 0 ? v : NULL;
}

/* Google's file is one of theirs (JSON), not an INI file. */
static int add_google(struct record *r, const struct request *req)
{
    const char *file = plugin_value(req, "google", "credentials"), *project = plugin_value(req, "google", "project");
    BUF_AUTO(text, 8192);
    if (file) {
        buf_addf(&text, "dns_google_credentials=%s", file);
        if (record_add(r, "given", buf_str(&text)))
            return SIGNET_ENOMEM;
    }
    buf_clear(&text);
    buf_addf(&text, "dns_google_project=%s", project ? project : "");
    return project ? record_add(r, "given", buf_str(&text)) : 0;
}

static int add_secrets(struct record *r, const struct request *req)
{
    return record_add_list(r, "secret", &req->dns_secret);
}

static int add_profile(struct record *r, const struct request *req, const char *code, const char *ini)
{
    const char *seconds = plugin_value(req, code, "propagation_seconds");
    int rc = record_addz(r, "profile", code);
    if (!rc && dns_config_external(code))
        rc = record_addz(r, "external", "1");
    if (!rc && !strcmp(code, "google"))
        rc = add_google(r, req);
    else if (!rc)
        rc = record_addz(r, "ini", ini ? ini : plugin_value(req, code, "credentials"));
    if (!rc)
        rc = record_addz(r, "seconds", seconds);
    return rc ? rc : add_secrets(r, req);
}

/* PATTERN=PROVIDER[@PROFILE]: a profile is a path, or the name of a file in CONFIG_DIR/dns. */
static int add_named(struct record *r, const struct request *req, const char *rule, struct err *e)
{
    signet_str pattern, rest, code, name;
    BUF_AUTO(path, 8192);
    BUF_AUTO(plugin, 256);
    BUF_AUTO(profile, 4096);
    str_cut(str_of(rule), '=', &pattern, &rest);
    bool named = str_cut(rest, '@', &code, &name);
    buf_add(&plugin, str_trim(code));
    buf_add(&profile, str_trim(name));
    int rc = 0;
    if (!plugin.n || (named && !profile.n) || buf_err(&plugin) || buf_err(&profile))
        return err_set(e, SIGNET_EINVAL, "--dns-for %.500s names no provider", rule);
    if (named && !str_has(buf_str(&profile), '/'))
        buf_addf(&path, "%s/dns/%s.ini", req->config_dir, buf_z(&profile));
    else if (named)
        rc = fs_absolute(buf_z(&profile), &path, e);
    if (!rc && add_profile(r, req, buf_z(&plugin), named ? buf_z(&path) : NULL))
        rc = err_nomem(e);
    return rc;
}

/* ---- the whole ---- */

static int add_number(struct record *r, const char *name, unsigned v)
{
    char text[16];
    (void)snprintf(text, sizeof(text), "%u", v);
    return record_addz(r, name, text);
}

static int add_rules(struct record *r, const struct request *req)
{
    unsigned wait = 0;
    const char *no_cname = getenv("LEGO_DISABLE_CNAME_SUPPORT");
    bool follow = !no_cname || !*no_cname || !strcmp(no_cname, "false") || !strcmp(no_cname, "0");
    int rc = record_add_list(r, "resolvers", &req->dns_resolvers);
    if (!rc && req->dns_timeout)
        rc = add_number(r, "timeout", req->dns_timeout);
    if (!rc && req->ip_only)
        rc = add_number(r, "ip-only", req->ip_only);
    if (!rc && !follow)
        rc = add_number(r, "no-cname", 1);
    if (!rc)
        rc = record_addz(r, "provider-dir", req->dns_provider_dir);
    if (!rc && req->require_sandbox)
        rc = add_number(r, "require-sandbox", 1);
    if (!rc && req->verbose_count > 1)
        rc = add_number(r, "trace", 1);
    if (!rc && req->dns_propagation_wait && !duration_parse(str_of(req->dns_propagation_wait), &wait))
        rc = add_number(r, "wait", wait);
    if (!rc && req->dns_skip_authoritative)
        rc = add_number(r, "skip-direct", 1);
    if (!rc && req->dns_ask_recursive)
        rc = add_number(r, "recursive", 1);
    return rc;
}

int dns_config_make(struct record *ret, const struct request *req, struct err *e)
{
    const char *main_code = dns_config_provider(req);
    if (add_rules(ret, req))
        return err_nomem(e);
    for (size_t i = 0; i < req->dns_for.n; i++) {
        int rc = add_named(ret, req, req->dns_for.v[i], e);
        if (rc)
            return rc;
    }
    if (!main_code && !req->dns_for.n) {
        err_set(e, SIGNET_EINVAL, "no DNS provider is named");
        err_hint(e, "Name one with --dns CODE, or with --dns-for for some of the names.");
        return SIGNET_EINVAL;
    }
    return main_code && add_profile(ret, req, main_code, NULL) ? err_nomem(e) : 0;
}

static int run_secret(struct record *ret, const char *rule, struct loop *l, struct err *e)
{
    signet_str name, command;
    struct child_result out = { 0 };
    BUF_AUTO(text, SECRET_MAX);
    str_cut(str_of(rule), '=', &name, &command);
    struct child_spec spec = { .shell = command.p, .timeout_ms = SECRET_S * 1000 };
    int rc = child_run(l, &spec, &out, e);
    if (rc)
        return rc;
    buf_addf(&text, "%.*s=", STR_ARG(name));
    buf_add(&text, str_trim(buf_str(&out.out)));
    if (out.exit_code || out.timed_out)
        rc = err_set(e, SIGNET_EINVAL, "the command that --dns-secret names for %.*s failed (exit status %d)",
                     STR_ARG(name), out.exit_code);
    else if (buf_err(&text) || record_add(ret, "given", buf_str(&text)))
        rc = err_set(e, SIGNET_EINVAL, "what the command for %.*s prints is no credential", STR_ARG(name));
    child_result_done(&out);
    return rc;
}

int dns_config_resolve(struct record *ret, const struct record *config, struct loop *l, struct err *e)
{
    for (size_t i = 0; i < config->names.n; i++) {
        int rc = !strcmp(config->names.v[i], "secret") ? run_secret(ret, config->values.v[i], l, e)
                 : record_addz(ret, config->names.v[i], config->values.v[i]) ? err_nomem(e)
                                                                             : 0;
        if (rc)
            return rc;
    }
    return 0;
}

/* ---- which for a name ---- */

/* "example.com": it, its wildcard and all below it; "*.example.com": its wildcard and all below it. */
static bool fits(signet_str pattern, signet_str name)
{
    if (str_eq(pattern, STR("*")) || str_ieq(pattern, name))
        return true;
    if (str_starts(name, STR("*.")))
        name = str_skip(name, 2);
    if (str_starts(pattern, STR("*.")))
        pattern = str_skip(pattern, 2);
    else if (str_ieq(pattern, name))
        return true;
    return name.n > pattern.n && name.p[name.n - pattern.n - 1] == '.' &&
           str_ieq(str_skip(name, name.n - pattern.n), pattern);
}

const char *dns_config_code(const struct record *config, unsigned profile)
{
    for (size_t i = 0; i < config->names.n; i++)
        if (!strcmp(config->names.v[i], "profile") && profile-- == 0)
            return config->values.v[i];
    return "";
}

int dns_config_profile(const struct record *config, const struct request *req, signet_str name, const char **ret_code)
{
    int index = -1;
    for (size_t i = 0; i < req->dns_for.n && index < 0; i++) {
        signet_str pattern, rest;
        str_cut(str_of(req->dns_for.v[i]), '=', &pattern, &rest);
        if (fits(str_trim(pattern), name))
            index = (int)i;
    }
    if (index < 0 && dns_config_provider(req))
        index = (int)req->dns_for.n;
    if (index >= 0)
        *ret_code = dns_config_code(config, (unsigned)index);
    return index;
}
