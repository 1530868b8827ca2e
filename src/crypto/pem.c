#include "crypto/pem.h"
#include "base/b64.h"

#define LABEL_MAX  64
#define LINE_WIDTH 64

static bool is_space(char c)
{
    return c == '\n' || c == '\r' || c == ' ' || c == '\t';
}

static bool is_label_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ';
}

/* The label of "-----BEGIN label-----", `text` starting behind "-----BEGIN". */
static int read_label(signet_str *text, signet_str *label)
{
    if (text->n == 0 || text->p[0] != ' ')
        return SIGNET_EFORMAT;
    *text = str_skip(*text, 1);
    signet_str head = { text->p, text->n < LABEL_MAX ? text->n : LABEL_MAX };
    const char *end = str_find(head, STR("-----"));
    if (!end)
        return SIGNET_EFORMAT;
    *label = (signet_str){ text->p, (size_t)(end - text->p) };
    for (size_t i = 0; i < label->n; i++)
        if (!is_label_char(label->p[i]))
            return SIGNET_EFORMAT;
    *text = str_skip(*text, label->n + 5);
    return label->n > 0 && text->n > 0 && is_space(text->p[0]) ? 0 : SIGNET_EFORMAT;
}

int pem_next(signet_str *text, struct pem_block *ret)
{
    const signet_str begin = STR("-----BEGIN"), end = STR("-----END ");
    const char *at = str_find(*text, begin);
    if (!at)
        return 0;
    struct pem_block b = { .before = { text->p, (size_t)(at - text->p) } };
    signet_str rest = str_skip(*text, b.before.n + begin.n);
    if (read_label(&rest, &b.label))
        return SIGNET_EFORMAT;
    at = str_find(rest, end);
    if (!at || !is_space(at[-1]))
        return SIGNET_EFORMAT;
    b.body = (signet_str){ rest.p, (size_t)(at - rest.p) };
    rest = str_skip(rest, b.body.n + end.n);
    if (!str_starts(rest, b.label) || !str_starts(str_skip(rest, b.label.n), STR("-----")))
        return SIGNET_EFORMAT;
    *text = str_skip(rest, b.label.n + 5);
    *ret = b;
    return 1;
}

int pem_decode(struct buf *to, const struct pem_block *b)
{
    size_t had = to->n;
    int r = b64_dec(to, b->body);
    if (r)
        return r == SIGNET_EINVAL ? SIGNET_EFORMAT : r;
    return to->n > had ? 0 : SIGNET_EFORMAT;
}

int pem_find(struct buf *to, signet_str text, signet_str label)
{
    struct pem_block b;
    int r;
    while ((r = pem_next(&text, &b)) == 1)
        if (str_eq(b.label, label))
            return pem_decode(to, &b);
    return r ? r : SIGNET_ENOTFOUND;
}

void pem_add(struct buf *to, const char *label, signet_str der)
{
    BUF_AUTO(line, der.n / 3 * 4 + 8);
    b64_enc(&line, der);
    if (buf_err(&line)) {
        to->bad = to->bad ? to->bad : buf_err(&line);
        return;
    }
    buf_addf(to, "-----BEGIN %s-----\n", label);
    for (signet_str rest = buf_str(&line); rest.n > 0; rest = str_skip(rest, LINE_WIDTH)) {
        buf_add(to, (signet_str){ rest.p, rest.n < LINE_WIDTH ? rest.n : LINE_WIDTH });
        buf_addc(to, '\n');
    }
    buf_addf(to, "-----END %s-----\n", label);
}
