#include "deploy/installation.h"

#include "base/clock.h"
#include "base/fs.h"
#include "crypto/cert.h"
#include "crypto/digest.h"
#include <fcntl.h>
#include <stdlib.h>

/* ---- names ---- */

static bool is_under(signet_str name, signet_str wild)
{
    signet_str label, rest;
    return str_cut(name, '.', &label, &rest) && label.n && !str_eq(label, STR("*")) && str_eq(rest, str_skip(wild, 2));
}

int installation_names(const struct strlist *wanted, const struct strlist *there,
                       bool (*has)(void *ctx, const char *name), void *ctx, struct strlist *to, struct err *e)
{
    for (size_t i = 0; i < wanted->n; i++) {
        signet_str name = str_of(wanted->v[i]);
        bool wild = str_starts(name, STR("*.")), any = !wild || has(ctx, wanted->v[i]);
        if (any && strlist_add_new(to, name))
            return err_nomem(e);
        for (size_t k = 0; wild && k < there->n; k++) {
            if (!is_under(str_of(there->v[k]), name))
                continue;
            any = true;
            if (strlist_add_new(to, str_of(there->v[k])))
                return err_nomem(e);
        }
        if (!any)
            return err_set(e, SIGNET_ENOTFOUND, "The web server has no name that %s covers.", wanted->v[i]);
    }
    return 0;
}

/* ---- files ---- */

bool installation_is_in(signet_str path, const struct strlist *folders)
{
    for (size_t i = 0; i < folders->n; i++) {
        signet_str folder = str_of(folders->v[i]);
        if (str_starts(path, folder) && path.n > folder.n && path.p[folder.n] == '/')
            return true;
    }
    return false;
}

/* ---- the proof ---- */

static int read_key(const char *cert, struct buf *pem, enum probe_key *ret, struct err *e)
{
    struct cert_info info = { 0 };
    int rc = fs_read(AT_FDCWD, cert, pem, e);
    if (!rc && (rc = cert_read(&info, buf_str(pem), e)) == 0) {
        *ret = info.key_type == KEY_RSA ? PROBE_RSA : PROBE_EC;
        cert_info_done(&info);
    }
    return rc;
}

enum probe_key installation_key(const char *cert)
{
    BUF_AUTO(pem, CHAIN_MAX_BYTES);
    enum probe_key key = PROBE_ANY_KEY;
    (void)read_key(cert, &pem, &key, NULL);
    return key;
}

static int read_proof(const char *cert, struct server_proof *ret, struct err *e)
{
    BUF_AUTO(pem, CHAIN_MAX_BYTES);
    BUF_AUTO(der, CHAIN_MAX_BYTES);
    int rc = read_key(cert, &pem, &ret->key, e);
    if (!rc)
        rc = cert_to_der(buf_str(&pem), &der, e);
    if (!rc && digest_sha256(buf_str(&der), ret->sha256))
        rc = err_set(e, SIGNET_ECRYPTO, "no SHA-256");
    return rc ? err_wrap(e, "%s", cert) : 0;
}

int installation_proofs(const char *cert, const struct strlist *names, struct server_proof **ret, struct err *e)
{
    struct server_proof one = { 0 };
    int rc = read_proof(cert, &one, e);
    if (rc)
        return rc;
    struct server_proof *v = calloc(names->n + 1, sizeof *v);
    if (!v)
        return err_nomem(e);
    for (size_t i = 0; i < names->n; i++) {
        v[i] = one;
        v[i].name = names->v[i];
    }
    *ret = v;
    return 0;
}

/* From the one that was not good last: those before it are served. */
static int prove_from(const struct installation_proof *p, size_t *from, struct err *e)
{
    int rc = 0;
    for (; !rc && *from < p->n; *from += !rc)
        rc = p->one(p->ctx, *from, e);
    return rc;
}

int installation_prove(const struct installation_proof *p, struct err *e)
{
    BUF_AUTO(words, 2 * SERVER_WORDS_MAX);
    int64_t until = clock_mono_ms() + p->wait_ms;
    const char *name = p->server->ops->name;
    size_t from = 0;
    unsigned good = 0;
    int rc = 0, stopped = 0;
    while (good < p->looks) {
        bool hopeless = false;
        buf_clear(&words);
        err_clear(e);
        rc = prove_from(p, &from, e);
        good = rc ? 0 : good + 1;
        if (!rc)
            from = 0;
        if (rc && p->complaints)
            hopeless = p->complaints(p->server, &words);
        /* time ends the wait for a good look, not a row of good ones: a round over many names takes long, too */
        if (rc == SIGNET_ESYS || rc == SIGNET_ENOMEM || hopeless || (rc && clock_mono_ms() >= until))
            break;
        if (good < p->looks && (stopped = server_pause(p->server, p->pause_ms)))
            break;
    }
    if (stopped)
        return err_set(
            e, stopped,
            "a signal came before it was seen that %s, which has been reloaded, does what its configuration says",
            name);
    if (!rc)
        return 0;
    if (words.n)
        return err_wrap(e, "%s has been reloaded but does not do what its configuration says.\n%s\n", name,
                        buf_z(&words));
    err_wrap(e, "%s has been reloaded but does not do what its configuration says", name);
    err_hint(e, "--no-verify-deploy leaves this check out, for a server that cannot be reached on this machine.");
    return rc;
}
