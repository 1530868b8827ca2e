/* Unified diffs, by the method of Myers ("An O(ND) Difference Algorithm", 1986): the shortest way from one text to the
 * other, found by how far each diagonal can be followed with D changes. */
#include "deploy/change.h"
#include <stdlib.h>

#define CONTEXT   3u
#define STEPS_MAX 2000 /* changes looked for; beyond, the files are shown as wholly different */
#define LINES_MAX 1000000u

struct lines {
    signet_str *v;
    size_t n;
};

struct differ {
    struct lines a, b;
    bool *gone, *come; /* lines of a that go, of b that come */
    struct buf *to;
};

static int split(signet_str s, struct lines *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += s.p[i] == '\n' || i + 1 == s.n;
    ret->v = n > LINES_MAX ? NULL : calloc(n + 1, sizeof *ret->v);
    if (!ret->v)
        return SIGNET_ENOMEM;
    for (size_t i = 0, from = 0; i < s.n; i++)
        if (s.p[i] == '\n' || i + 1 == s.n) {
            ret->v[ret->n++] = (signet_str){ s.p + from, i + 1 - from };
            from = i + 1;
        }
    return 0;
}

static void all_different(struct differ *d, size_t head, size_t tail)
{
    for (size_t i = head; i + tail < d->a.n; i++)
        d->gone[i] = true;
    for (size_t i = head; i + tail < d->b.n; i++)
        d->come[i] = true;
}

/* Walks back from the end through the remembered furthest points. */
static void trace_back(struct differ *d, int *const *seen, int steps, int x, int y, size_t head)
{
    for (int s = steps; s > 0; s--) {
        int k = x - y;
        const int *v = seen[s - 1] + s; /* of diagonals -(s - 1) … s - 1, with a border */
        bool down = k == -s || (k != s && v[k - 1] < v[k + 1]);
        int from = down ? k + 1 : k - 1, fx = v[from], fy = fx - from;
        if (down)
            d->come[head + (size_t)fy] = true;
        else
            d->gone[head + (size_t)fx] = true;
        x = fx;
        y = fy;
    }
}

/* One more step: the furthest x on each diagonal. True when the end was reached. */
static bool step(const struct differ *d, int s, const int *before, int *now, size_t head, int n, int m, int *ret_x)
{
    for (int k = -s; k <= s; k += 2) {
        int x = !s ? 0 : k == -s || (k != s && before[k - 1] < before[k + 1]) ? before[k + 1] : before[k - 1] + 1;
        while (x < n && x - k < m && x - k >= 0 && str_eq(d->a.v[head + (size_t)x], d->b.v[head + (size_t)(x - k)]))
            x++;
        now[k] = x;
        if (x >= n && x - k >= m) {
            *ret_x = x;
            return true;
        }
    }
    return false;
}

static void compare(struct differ *d)
{
    size_t head = 0, tail = 0;
    while (head < d->a.n && head < d->b.n && str_eq(d->a.v[head], d->b.v[head]))
        head++;
    while (tail < d->a.n - head && tail < d->b.n - head && str_eq(d->a.v[d->a.n - 1 - tail], d->b.v[d->b.n - 1 - tail]))
        tail++;
    int n = (int)(d->a.n - head - tail), m = (int)(d->b.n - head - tail), s = 0, x = 0;
    int **seen = calloc(STEPS_MAX + 1, sizeof *seen);
    bool found = false;
    for (; seen && s <= STEPS_MAX && !found; s++) {
        seen[s] = calloc((size_t)s * 2 + 3, sizeof **seen); /* seen[s] + s + 1 is diagonal 0 */
        if (!seen[s])
            break;
        found = step(d, s, s ? seen[s - 1] + s : NULL, seen[s] + s + 1, head, n, m, &x);
    }
    if (found)
        trace_back(d, seen, s - 1, n, m, head);
    else
        all_different(d, head, tail);
    for (int i = 0; seen && i <= STEPS_MAX; i++)
        free(seen[i]);
    free(seen);
}

static void put_line(struct differ *d, char mark, signet_str line)
{
    buf_addc(d->to, mark);
    buf_add(d->to, line);
    if (!str_ends(line, STR("\n")))
        buf_addz(d->to, "\n\\ No newline at end of file\n");
}

static void put_range(struct buf *to, size_t at, size_t n)
{
    buf_addf(to, "%zu", n ? at + 1 : at);
    if (n != 1)
        buf_addf(to, ",%zu", n);
}

/* Both positions just behind the changes of a hunk that begins at *i, *k; as long as less than twice the context is
 * equal in between, it is one hunk. */
static void hunk_end(const struct differ *d, size_t *i, size_t *k)
{
    size_t equal = 0;
    while (*i < d->a.n || *k < d->b.n) {
        if (*i < d->a.n && d->gone[*i]) {
            ++*i;
            equal = 0;
        } else if (*k < d->b.n && d->come[*k]) {
            ++*k;
            equal = 0;
        } else if (++equal > CONTEXT * 2) {
            break;
        } else {
            ++*i;
            ++*k;
        }
    }
    size_t back = equal > CONTEXT * 2 ? CONTEXT * 2 : equal;
    size_t keep = back < CONTEXT ? back : CONTEXT;
    *i -= back - keep;
    *k -= back - keep;
}

static void put_hunk(struct differ *d, size_t i, size_t k, size_t i_end, size_t k_end)
{
    buf_addz(d->to, "@@ -");
    put_range(d->to, i, i_end - i);
    buf_addz(d->to, " +");
    put_range(d->to, k, k_end - k);
    buf_addz(d->to, " @@\n");
    while (i < i_end || k < k_end) {
        if (i < i_end && d->gone[i])
            put_line(d, '-', d->a.v[i++]);
        else if (k < k_end && d->come[k])
            put_line(d, '+', d->b.v[k++]);
        else {
            put_line(d, ' ', d->a.v[i++]);
            k++;
        }
    }
}

static void put_hunks(struct differ *d)
{
    size_t i = 0, k = 0;
    while (i < d->a.n || k < d->b.n) {
        bool changed = (i < d->a.n && d->gone[i]) || (k < d->b.n && d->come[k]);
        if (!changed) {
            i++;
            k++;
            continue;
        }
        size_t back = i < CONTEXT ? i : CONTEXT;
        size_t from_i = i - back, from_k = k - back;
        hunk_end(d, &i, &k);
        put_hunk(d, from_i, from_k, i, k);
    }
}

void diff_unified(const char *path, bool is_new, signet_str before, signet_str after, struct buf *to)
{
    struct differ d = { .to = to };
    if (!split(before, &d.a) && !split(after, &d.b)) {
        d.gone = calloc(d.a.n + 1, sizeof *d.gone);
        d.come = calloc(d.b.n + 1, sizeof *d.come);
        if (d.gone && d.come) {
            compare(&d);
            buf_addf(to, "--- %s\n+++ %s\n", is_new ? "/dev/null" : path, path);
            put_hunks(&d);
        }
    }
    free(d.gone);
    free(d.come);
    free(d.a.v);
    free(d.b.v);
}
