#include "provider/expr.h"

/* Length of the expression that begins behind a "{", up to its "}". */
static bool closing(signet_str s, size_t *ret)
{
    unsigned depth = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\\') {
            i++;
        } else if (s.p[i] == '{') {
            depth++;
        } else if (s.p[i] == '}') {
            if (!depth) {
                *ret = i;
                return true;
            }
            depth--;
        }
    }
    return false;
}

int expr_next(signet_str *rest, struct expr_part *ret)
{
    signet_str s = *rest;
    if (!s.n)
        return 0;
    if (s.p[0] != '{' && s.p[0] != '}') {
        size_t n = 0;
        while (n < s.n && s.p[n] != '{' && s.p[n] != '}')
            n++;
        *ret = (struct expr_part){ false, { s.p, n } };
        *rest = str_skip(s, n);
        return 1;
    }
    if (s.n > 1 && s.p[1] == s.p[0]) {
        *ret = (struct expr_part){ false, { s.p, 1 } };
        *rest = str_skip(s, 2);
        return 1;
    }
    size_t n;
    s = str_skip(s, 1);
    if (s.p[-1] == '}' || !closing(s, &n))
        return SIGNET_EFORMAT;
    *ret = (struct expr_part){ true, { s.p, n } };
    *rest = str_skip(s, n + 1);
    return 1;
}

bool expr_cut(signet_str s, char sep, signet_str *head, signet_str *tail)
{
    unsigned depth = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '\\') {
            i++;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if ((c == '}' || c == ']') && depth) {
            depth--;
        } else if (c == sep && !depth) {
            *head = (signet_str){ s.p, i };
            *tail = str_skip(s, i + 1);
            return true;
        }
    }
    *head = s;
    *tail = (signet_str){ "", 0 };
    return false;
}

int expr_filter_next(signet_str *rest, size_t (*most)(signet_str word), struct expr_filter *ret)
{
    if (!rest->n)
        return 0;
    signet_str one, args;
    expr_cut(*rest, '|', &one, rest);
    *ret = (struct expr_filter){ 0 };
    bool more = expr_cut(one, ':', &ret->word, &args);
    ret->word = str_trim(ret->word);
    size_t max = most(ret->word);
    while (more && ret->n < EXPR_ARGS) {
        if (ret->n + 1 >= max) {
            ret->arg[ret->n++] = args;
            break;
        }
        more = expr_cut(args, ':', &ret->arg[ret->n++], &args);
    }
    return 1;
}

void expr_unescape(struct buf *to, signet_str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '\\' && i + 1 < s.n) {
            c = s.p[++i];
            c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
        }
        buf_addc(to, c);
    }
}
