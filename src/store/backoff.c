#include "store/backoff.h"

#include "base/fs.h"
#include "crypto/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FOLDER   "signet/backoff"
#define FILE_MAX (64u * 1024u)
#define VERSION  1

static const char *const kinds[] = {
    [BACKOFF_NONE] = "none", [BACKOFF_FAILED] = "failed", [BACKOFF_RATE] = "rate", [BACKOFF_PAUSED] = "paused"
};

/* ---- deciding ---- */

static int64_t ladder(unsigned failures)
{
    static const int64_t steps[] = { 60, 600, 6000 };
    return failures && failures <= 3 ? steps[failures - 1] : BACKOFF_LADDER_MAX_S;
}

static int64_t clamp(int64_t t, int64_t least, int64_t most)
{
    return t < least ? least : t > most ? most : t;
}

void backoff_fail(struct backoff *b, int64_t now, enum backoff_kind kind, int64_t retry_after_s, const char *why)
{
    int64_t pause = 0;
    switch (kind) {
    case BACKOFF_NONE:
        return;
    case BACKOFF_FAILED:
        if (b->failures < UINT_MAX)
            b->failures++;
        pause = ladder(b->failures);
        break;
    case BACKOFF_RATE:
        pause = clamp(retry_after_s ? retry_after_s : BACKOFF_CA_DEFAULT_S, 60, BACKOFF_CA_MAX_S);
        break;
    case BACKOFF_PAUSED:
        pause = clamp(retry_after_s, BACKOFF_LADDER_MAX_S, BACKOFF_CA_MAX_S);
        break;
    }
    b->kind = kind;
    b->failed_at = now;
    b->not_before = now + pause;
    signet_str s = str_of(why);
    size_t n = s.n < sizeof b->why - 1 ? s.n : sizeof b->why - 1;
    while (n && n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80) /* whole characters only */
        n--;
    if (n)
        memcpy(b->why, s.p, n);
    b->why[n] = '\0';
}

static void forget_old(struct backoff *b, int64_t now)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n_issued; i++)
        if (b->issued[i] <= now && b->issued[i] > now - BACKOFF_WEEK_S)
            b->issued[n++] = b->issued[i];
    b->n_issued = n;
}

void backoff_success(struct backoff *b, int64_t now, bool count)
{
    b->kind = BACKOFF_NONE;
    b->failures = 0;
    b->failed_at = b->not_before = 0;
    b->why[0] = '\0';
    forget_old(b, now);
    if (!count)
        return;
    if (b->n_issued == BACKOFF_ISSUED_MAX)
        memmove(b->issued, b->issued + 1, --b->n_issued * sizeof *b->issued);
    b->issued[b->n_issued++] = now;
}

int64_t backoff_until(const struct backoff *b, int64_t now)
{
    int64_t most = b->kind == BACKOFF_FAILED ? BACKOFF_LADDER_MAX_S : BACKOFF_CA_MAX_S;
    return b->kind != BACKOFF_NONE && b->not_before > now && b->not_before <= now + most ? b->not_before : 0;
}

size_t backoff_issued(const struct backoff *b, int64_t now)
{
    struct backoff copy = *b;
    forget_old(&copy, now);
    return copy.n_issued;
}

/* ---- the file ---- */

static int file_path(const struct tree *t, const char *server, const struct strlist *identifiers, struct buf *ret)
{
    STRLIST_AUTO(sorted);
    BUF_AUTO(text, 1u << 20);
    BUF_AUTO(dir, PATH_MAX);
    uint8_t hash[32];
    if (strlist_copy(&sorted, identifiers))
        return SIGNET_ENOMEM;
    strlist_sort(&sorted);
    buf_addf(&text, "%s\n", server ? server : "");
    strlist_join(&sorted, "\n", &text);
    fs_join(&dir, t->work_dir, FOLDER);
    buf_clear(ret);
    buf_add(ret, buf_str(&dir));
    buf_addc(ret, '/');
    if (buf_err(&text) || digest_sha256(buf_str(&text), hash))
        return SIGNET_ENOMEM;
    hex_enc(ret, (signet_str){ (const char *)hash, sizeof hash });
    buf_addz(ret, ".json");
    return buf_err(ret);
}

static void take(struct backoff *b, json_t *o)
{
    const char *kind = json_string_value(json_object_get(o, "kind"));
    const char *why = json_string_value(json_object_get(o, "why"));
    json_int_t failures = json_integer_value(json_object_get(o, "failures"));
    json_t *issued = json_object_get(o, "issued");
    if (json_integer_value(json_object_get(o, "version")) != VERSION)
        return;
    for (size_t i = 0; kind && i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(kind, kinds[i]))
            b->kind = (enum backoff_kind)i;
    b->failures = failures > 0 && failures < UINT_MAX ? (unsigned)failures : 0;
    b->failed_at = json_integer_value(json_object_get(o, "failed_at"));
    b->not_before = json_integer_value(json_object_get(o, "not_before"));
    if (why)
        snprintf(b->why, sizeof b->why, "%s", why);
    for (size_t i = 0; i < json_array_size(issued) && b->n_issued < BACKOFF_ISSUED_MAX; i++)
        b->issued[b->n_issued++] = json_integer_value(json_array_get(issued, i));
}

void backoff_load(const struct tree *t, const char *server, const struct strlist *identifiers, struct backoff *ret)
{
    BUF_AUTO(path, PATH_MAX);
    BUF_AUTO(text, FILE_MAX);
    *ret = (struct backoff){ 0 };
    if (!tree_keeps_notes(t) || file_path(t, server, identifiers, &path) ||
        fs_read(AT_FDCWD, buf_z(&path), &text, NULL))
        return;
    json_t *o = json_loadb(text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES, NULL);
    take(ret, o);
    json_decref(o);
}

static char *print(const char *server, const struct strlist *identifiers, const struct backoff *b)
{
    json_t *ids = json_array(), *issued = json_array();
    for (size_t i = 0; i < identifiers->n; i++)
        json_array_append_new(ids, json_string(identifiers->v[i]));
    for (size_t i = 0; i < b->n_issued; i++)
        json_array_append_new(issued, json_integer(b->issued[i]));
    json_t *o =
        json_pack("{s:i,s:s,s:o,s:s,s:I,s:I,s:I,s:s,s:o}", "version", VERSION, "server", server ? server : "",
                  "identifiers", ids, "kind", kinds[b->kind], "failures", (json_int_t)b->failures, "failed_at",
                  (json_int_t)b->failed_at, "not_before", (json_int_t)b->not_before, "why", b->why, "issued", issued);
    char *text = o ? json_dumps(o, JSON_INDENT(1) | JSON_PRESERVE_ORDER) : NULL;
    json_decref(o);
    return text;
}

int backoff_save(const struct tree *t, const char *server, const struct strlist *identifiers, const struct backoff *b,
                 struct err *e)
{
    BUF_AUTO(path, PATH_MAX);
    BUF_AUTO(dir, PATH_MAX);
    if (!tree_keeps_notes(t))
        return 0;
    if (file_path(t, server, identifiers, &path))
        return err_nomem(e);
    if (b->kind == BACKOFF_NONE && !b->n_issued)
        return fs_unlink(AT_FDCWD, buf_z(&path), e);
    fs_join(&dir, t->work_dir, FOLDER);
    char *text = print(server, identifiers, b);
    int rc = text ? tree_make_notes(t, buf_z(&dir), e) : err_nomem(e);
    if (!rc)
        rc = fs_replace(AT_FDCWD, buf_z(&path), str_of(text), 0600, false, e);
    free(text);
    return rc;
}
