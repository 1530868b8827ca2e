#include "store/runs.h"

#include "base/fs.h"
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>

#define FOLDER   "signet"
#define FILE     "renewals"
#define FILE_MAX (64u * 1024u)

/* ---- deciding ---- */

static int64_t median(int64_t *v, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t k = i; k > 0 && v[k - 1] > v[k]; k--) {
            int64_t t = v[k];
            v[k] = v[k - 1];
            v[k - 1] = t;
        }
    return v[n / 2];
}

static int64_t usual_distance(const struct renew_run *v, size_t n)
{
    int64_t gaps[RUNS_KEPT];
    if (n < 3 || n > RUNS_KEPT)
        return 0;
    for (size_t i = 1; i < n; i++)
        gaps[i - 1] = v[i].at > v[i - 1].at ? v[i].at - v[i - 1].at : 0;
    return median(gaps, n - 1);
}

struct runs_verdict runs_judge(const struct renew_run *v, size_t n, int64_t now, int64_t window_s, int64_t since)
{
    struct runs_verdict r = { .apart_s = usual_distance(v, n) };
    for (size_t i = 0; i < n; i++) {
        int64_t at = v[i].at < now ? v[i].at : now;
        r.last = at > r.last ? at : r.last;
        if (v[i].well && at > r.last_well)
            r.last_well = at;
    }
    if (!window_s)
        return r;
    if (!n)
        r.state = now - since > RUNS_QUIET_S ? RUNS_NONE : RUNS_WELL;
    else if (now - r.last > RUNS_QUIET_S)
        r.state = RUNS_STOPPED;
    else if (now - (r.last_well ? r.last_well : v[0].at) > RUNS_QUIET_S)
        r.state = RUNS_FAILING;
    else if (r.apart_s > window_s / 2)
        r.state = RUNS_RARE;
    return r;
}

/* ---- the file ---- */

static bool take(signet_str line, struct renew_run *ret)
{
    signet_str at, word;
    uint64_t t;
    if (!str_cut(line, ' ', &at, &word) || str_u64(at, INT64_MAX / 2, &t))
        return false;
    *ret = (struct renew_run){ .at = (int64_t)t, .well = str_eq(word, STR("well")) };
    return ret->well || str_eq(word, STR("failed"));
}

/* The newest of those in the text. */
static size_t take_all(signet_str text, struct renew_run ret[RUNS_KEPT])
{
    signet_str line;
    size_t n = 0;
    while (text.n) {
        struct renew_run one;
        str_cut(text, '\n', &line, &text);
        if (!take(line, &one))
            continue;
        if (n == RUNS_KEPT)
            memmove(ret, ret + 1, --n * sizeof *ret);
        ret[n++] = one;
    }
    return n;
}

static void path_of(const struct tree *t, struct buf *dir, struct buf *path)
{
    fs_join(dir, t->work_dir, FOLDER);
    fs_join(path, buf_z(dir), FILE);
}

size_t runs_load(const struct tree *t, struct renew_run ret[RUNS_KEPT])
{
    BUF_AUTO(dir, PATH_MAX);
    BUF_AUTO(path, PATH_MAX);
    BUF_AUTO(text, FILE_MAX);
    path_of(t, &dir, &path);
    if (!tree_keeps_notes(t) || buf_err(&path) || fs_read(AT_FDCWD, buf_z(&path), &text, NULL))
        return 0;
    return take_all(buf_str(&text), ret);
}

int runs_note(const struct tree *t, struct renew_run run, struct err *e)
{
    struct renew_run v[RUNS_KEPT];
    BUF_AUTO(dir, PATH_MAX);
    BUF_AUTO(path, PATH_MAX);
    BUF_AUTO(text, FILE_MAX);
    if (!tree_keeps_notes(t))
        return 0;
    size_t n = runs_load(t, v);
    for (size_t i = n == RUNS_KEPT ? 1 : 0; i < n; i++)
        buf_addf(&text, "%" PRId64 " %s\n", v[i].at, v[i].well ? "well" : "failed");
    buf_addf(&text, "%" PRId64 " %s\n", run.at, run.well ? "well" : "failed");
    path_of(t, &dir, &path);
    if (buf_err(&text) || buf_err(&path))
        return err_nomem(e);
    int rc = tree_make_notes(t, buf_z(&dir), e);
    return rc ? rc : fs_replace(AT_FDCWD, buf_z(&path), buf_str(&text), 0600, false, e);
}
