#include "provider/syntax.h"

#include "provider/expr.h"

void path_cut(signet_str path, signet_str *parts, signet_str *filters)
{
    expr_cut(path, '|', parts, filters);
    *parts = str_trim(*parts);
    *filters = str_trim(*filters);
}

int path_next(signet_str *rest, struct path_part *ret)
{
    signet_str s = *rest, head, tail;
    if (!s.n)
        return 0;
    bool more = expr_cut(s, '.', &head, &tail);
    *ret = (struct path_part){ .name = head };
    for (size_t i = 0; i < head.n; i++) {
        if (head.p[i] == '\\') {
            i++;
        } else if (head.p[i] == '[') {
            if (head.p[head.n - 1] != ']')
                return SIGNET_EFORMAT;
            ret->bracket = true;
            ret->name = (signet_str){ head.p, i };
            ret->inside = str_trim((signet_str){ head.p + i + 1, head.n - i - 2 });
            break;
        }
    }
    if (!ret->name.n && !ret->bracket)
        return SIGNET_EFORMAT;
    if (more && !tail.n)
        return SIGNET_EFORMAT;
    *rest = tail;
    return 1;
}

/* Where the operator of a condition begins: not inside brackets, braces or behind a backslash. */
static bool find_op(signet_str s, size_t *at)
{
    signet_str before, after;
    if (!expr_cut(s, '=', &before, &after))
        return false;
    *at = before.n;
    return true;
}

int cond_next(signet_str *rest, struct cond *ret)
{
    signet_str one;
    if (!str_trim(*rest).n)
        return 0;
    expr_cut(*rest, ',', &one, rest);
    size_t at, end;
    if (!find_op(one, &at))
        return SIGNET_EFORMAT;
    end = at;
    ret->op = COND_IS;
    if (at && str_has(STR("!^*"), one.p[at - 1])) {
        ret->op = one.p[at - 1] == '!' ? COND_IS_NOT : one.p[at - 1] == '^' ? COND_BEGINS : COND_HAS;
        end--;
    }
    ret->path = str_trim((signet_str){ one.p, end });
    ret->values = str_trim(str_skip(one, at + 1));
    return ret->path.n ? 1 : SIGNET_EFORMAT;
}
