#include "challenge/aws_profile.h"

#include "base/fs.h"
#include "base/ini_section.h"
#include <fcntl.h>
#include <stdlib.h>

#define FILE_MAX       (256u * 1024u)
#define NAME_MAX_BYTES 128

int aws_profile_parse(struct record *ret, signet_str text, const char *profile)
{
    struct ini_section s = ini_section_of(text, str_of(profile));
    signet_str key, value;
    int rc = 0;
    while (!rc && ini_section_next(&s, &key, &value)) {
        BUF_AUTO(name, NAME_MAX_BYTES);
        buf_add(&name, key);
        if (!buf_err(&name) && name.n && !str_has(key, '\0'))
            rc = record_set(ret, buf_z(&name), value);
    }
    return rc;
}

static const char *variable(const char *first, const char *second)
{
    const char *v = secure_getenv(first);
    if ((!v || !v[0]) && second)
        v = secure_getenv(second);
    return v && v[0] ? v : NULL;
}

/* ---- the files ---- */

static int read_file(struct record *ret, const char *path, const char *profile, struct err *e)
{
    BUF_AUTO(text, FILE_MAX);
    BUF_AUTO(full, 8192);
    int rc = fs_absolute(path, &full, e);
    if (!rc)
        rc = fs_read(AT_FDCWD, buf_z(&full), &text, e);
    if (rc == SIGNET_ENOTFOUND) {
        err_clear(e);
        return 0;
    }
    if (!rc && aws_profile_parse(ret, buf_str(&text), profile))
        rc = err_set(e, SIGNET_EFORMAT, "%s cannot be used: there is a NUL character in it", path);
    return rc;
}

static const char *profile_name(void)
{
    const char *name = variable("AWS_PROFILE", "AWS_DEFAULT_PROFILE");
    return name ? name : "default";
}

static const char *credentials_path(void)
{
    const char *path = variable("AWS_SHARED_CREDENTIALS_FILE", NULL);
    return path ? path : "~/.aws/credentials";
}

/* The file of credentials comes last, so that it wins. */
static int read_profile(struct record *ret, struct err *e)
{
    const char *config = variable("AWS_CONFIG_FILE", NULL);
    int rc = read_file(ret, config ? config : "~/.aws/config", profile_name(), e);
    return rc ? rc : read_file(ret, credentials_path(), profile_name(), e);
}

/* ---- together ---- */

void aws_done(struct aws *a)
{
    char *const all[] = { a->access, a->secret, a->session, a->region, a->endpoint };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i])
            explicit_bzero(all[i], strlen(all[i]));
        free(all[i]);
    }
    *a = (struct aws){ 0 };
}

/* The first of two that is there; false: no memory. */
static bool take(char **to, const char *first, const char *second)
{
    const char *v = first && first[0] ? first : second && second[0] ? second : NULL;
    *to = v ? str_dup(str_of(v)) : NULL;
    return !v || *to;
}

static int missing(const char *name, struct err *e)
{
    err_set(e, SIGNET_EINVAL, "s3: the environment variable %s is missing.", name);
    err_hint(e, "The profile \"%s\" in %s has no such value either.", profile_name(), credentials_path());
    return SIGNET_EINVAL;
}

int aws_find(struct aws *ret, struct err *e)
{
    RECORD_AUTO(p);
    struct aws a = { 0 };
    const char *access = variable("AWS_ACCESS_KEY_ID", NULL), *secret = variable("AWS_SECRET_ACCESS_KEY", NULL);
    bool given = access && secret;
    int rc = read_profile(&p, e);
    if (rc)
        return rc;
    /* a pair stays together: half of it from here and half from there is nobody's key */
    bool ok = take(&a.access, given ? access : NULL, given ? NULL : record_get(&p, "aws_access_key_id")) &&
              take(&a.secret, given ? secret : NULL, given ? NULL : record_get(&p, "aws_secret_access_key")) &&
              take(&a.session, given ? variable("AWS_SESSION_TOKEN", NULL) : NULL,
                   given ? NULL : record_get(&p, "aws_session_token")) &&
              take(&a.region, variable("AWS_REGION", "AWS_DEFAULT_REGION"), record_get(&p, "region")) &&
              take(&a.endpoint, variable("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"), record_get(&p, "endpoint_url"));
    if (!ok)
        rc = err_nomem(e);
    else if (!a.access || !a.secret)
        rc = missing(access || (a.access && !secret) ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID", e);
    else if (!a.region)
        rc = missing("AWS_REGION", e);
    if (rc)
        aws_done(&a);
    else
        *ret = a;
    return rc;
}
