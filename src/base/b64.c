#include "base/b64.h"

static const char url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char std_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void encode(struct buf *to, signet_str in, const char *alphabet, bool pad)
{
    if (in.n > SIZE_MAX / 2 || buf_reserve(to, in.n / 3 * 4 + (in.n % 3 ? (pad ? 4 : in.n % 3 + 1) : 0))) {
        to->bad = to->bad ? to->bad : SIGNET_ELIMIT;
        return;
    }
    char *o = to->p + to->n;
    for (size_t i = 0; i < in.n; i += 3) {
        size_t have = in.n - i < 3 ? in.n - i : 3;
        uint32_t v = 0;
        for (size_t k = 0; k < 3; k++)
            v = v << 8 | (k < have ? (unsigned char)in.p[i + k] : 0u);
        for (size_t k = 0; k < 4; k++) {
            if (k <= have)
                *o++ = alphabet[v >> (18 - 6 * k) & 63];
            else if (pad)
                *o++ = '=';
        }
    }
    to->n = (size_t)(o - to->p);
    *o = '\0';
}

/* One more than the value of a letter or digit, 0 for all else. A table, since comparing mispredicts at every character
 * of a bundle of roots. */
static const uint8_t alnum[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,  ['I'] = 9,
    ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18,
    ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27,
    ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36,
    ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45,
    ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54,
    ['2'] = 55, ['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62,
};

/* 0 … 63, or -1 */
static int value(char c, bool url)
{
    uint8_t v = alnum[(unsigned char)c];
    if (v)
        return v - 1;
    if (c == (url ? '-' : '+'))
        return 62;
    return c == (url ? '_' : '/') ? 63 : -1;
}

/* Decodes characters (without padding) into room that is there already. */
struct decoder {
    char *o;
    uint32_t bits;
    size_t n; /* characters so far */
};

static void feed(struct decoder *d, int v)
{
    static const unsigned left_over[] = { 6, 4, 2, 0 }; /* bits of this character that belong to the next byte */
    d->bits = d->bits << 6 | (uint32_t)v;
    if (d->n % 4)
        *d->o++ = (char)(d->bits >> left_over[d->n % 4] & 0xff);
    d->n++;
}

/* No lone last character, and no bits set that mean nothing. */
static bool ended_well(const struct decoder *d)
{
    switch (d->n % 4) {
    case 0:
        return true;
    case 2:
        return (d->bits & 15) == 0;
    case 3:
        return (d->bits & 3) == 0;
    }
    return false;
}

static int finish(struct buf *to, const struct decoder *d, bool ok)
{
    if (ok)
        to->n = (size_t)(d->o - to->p);
    to->p[to->n] = '\0';
    return ok ? 0 : SIGNET_EINVAL;
}

int b64url_dec(struct buf *to, signet_str in)
{
    int r = buf_reserve(to, in.n / 4 * 3 + (in.n % 4 ? in.n % 4 - 1 : 0));
    if (r)
        return r;
    if (in.n % 4 == 1)
        return SIGNET_EINVAL;
    struct decoder d = { .o = to->p + to->n };
    for (size_t i = 0; i < in.n; i++) {
        int v = value(in.p[i], true);
        if (v < 0)
            return finish(to, &d, false);
        feed(&d, v);
    }
    return finish(to, &d, ended_well(&d));
}

static bool skipped(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* How many bytes the text decodes to if it is right; white space is not counted. */
static size_t std_size(signet_str in, size_t *ret_pad)
{
    size_t chars = 0, pad = 0;
    for (size_t i = 0; i < in.n; i++) {
        chars += !skipped(in.p[i]) && in.p[i] != '=';
        pad += in.p[i] == '=';
    }
    *ret_pad = pad;
    return chars / 4 * 3 + (chars % 4 ? chars % 4 - 1 : 0);
}

int b64_dec(struct buf *to, signet_str in)
{
    size_t pads, seen = 0;
    int r = buf_reserve(to, std_size(in, &pads));
    if (r)
        return r;
    struct decoder d = { .o = to->p + to->n };
    for (size_t i = 0; i < in.n; i++) {
        int v = value(in.p[i], false);
        if (in.p[i] == '=')
            seen++;
        else if (v >= 0 && !seen)
            feed(&d, v);
        else if (!skipped(in.p[i]))
            return finish(to, &d, false);
    }
    return finish(to, &d, ended_well(&d) && pads == (4 - d.n % 4) % 4);
}

void b64url_enc(struct buf *to, signet_str in)
{
    encode(to, in, url_alphabet, false);
}

void b64_enc(struct buf *to, signet_str in)
{
    encode(to, in, std_alphabet, true);
}

bool b64url_ok(signet_str in)
{
    for (size_t i = 0; i < in.n; i++)
        if (value(in.p[i], true) < 0)
            return false;
    return in.n > 0;
}
