#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* what the header tells the analyzer */
#undef err_set
#undef err_sys
#undef err_nomem

#define DOTS "\xe2\x80\xa6"

/* Ends a text that vsnprintf cut to `size` bytes at a whole character, with dots. */
static void cut(char *text, size_t size)
{
    size_t n = size - sizeof(DOTS);
    while (n && ((unsigned char)text[n] & 0xc0) == 0x80)
        n--;
    memcpy(text + n, DOTS, sizeof(DOTS));
}

__attribute__((format(printf, 3, 0))) static void format(char *to, size_t size, const char *fmt, va_list ap)
{
    int n = vsnprintf(to, size, fmt, ap);
    if (n < 0)
        to[0] = '\0';
    else if ((size_t)n >= size)
        cut(to, size);
}

/* Makes e->text of the parts, which may lie in it. */
static void put(struct err *e, const char *head, const char *middle, const char *tail)
{
    char text[sizeof(e->text)];
    int n = snprintf(text, sizeof(text), "%s%s%s", head, middle, tail);
    if (n >= (int)sizeof(text))
        cut(text, sizeof(text));
    memcpy(e->text, text, strlen(text) + 1);
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
    if (!e)
        return code;
    char text[sizeof(e->text)];
    va_list ap;
    va_start(ap, fmt);
    format(text, sizeof(text), fmt, ap);
    va_end(ap);
    e->code = code;
    e->hint[0] = '\0';
    put(e, text, "", "");
    return code;
}

int err_sys(struct err *e, int errnum, const char *fmt, ...)
{
    int code = errnum == ENOMEM ? SIGNET_ENOMEM : SIGNET_ESYS;
    if (!e)
        return code;
    /* The words for errnum matter most: what comes before is cut to leave room for them. */
    char text[sizeof(e->text) - 128], why[126];
    va_list ap;
    va_start(ap, fmt);
    format(text, sizeof(text), fmt, ap);
    va_end(ap);
    snprintf(why, sizeof(why), "%s", strerror(errnum));
    e->code = code;
    e->hint[0] = '\0';
    put(e, text, ": ", why);
    return code;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
    if (!e)
        return SIGNET_ESYS;
    char text[sizeof(e->text)];
    va_list ap;
    va_start(ap, fmt);
    format(text, sizeof(text), fmt, ap);
    va_end(ap);
    put(e, text, e->text[0] ? ": " : "", e->text);
    return e->code;
}

void err_hint(struct err *e, const char *fmt, ...)
{
    if (!e)
        return;
    char text[sizeof(e->hint)];
    va_list ap;
    va_start(ap, fmt);
    format(text, sizeof(text), fmt, ap);
    va_end(ap);
    memcpy(e->hint, text, strlen(text) + 1);
}

void err_clear(struct err *e)
{
    if (!e)
        return;
    e->code = 0;
    e->text[0] = e->hint[0] = '\0';
}

int err_nomem(struct err *e)
{
    return err_set(e, SIGNET_ENOMEM, "out of memory");
}

static const struct {
    int code;
    const char *words;
} phrases[] = {
    { SIGNET_OK, "no error" },
    { SIGNET_EINVAL, "invalid argument or file" },
    { SIGNET_ESTATE, "this call does not fit what went before" },
    { SIGNET_ENOTFOUND, "not found" },
    { SIGNET_EEXIST, "exists already" },
    { SIGNET_ECANCELED, "cancelled" },
    { SIGNET_EUSAGE, "bad command line" },
    { SIGNET_ENOMEM, "out of memory" },
    { SIGNET_ESYS, "a system call failed" },
    { SIGNET_EFORMAT, "a local file cannot be understood" },
    { SIGNET_ECRYPTO, "the cryptography library refused" },
    { SIGNET_EBUSY, "in use by another process" },
    { SIGNET_ELIMIT, "a limit was reached" },
    { SIGNET_ENET, "network failure" },
    { SIGNET_ETIMEOUT, "no answer in time" },
    { SIGNET_ETLS, "the peer's certificate or TLS was refused" },
    { SIGNET_EPROTO, "the answer breaks the protocol" },
    { SIGNET_EPROBLEM, "the CA refused the request" },
    { SIGNET_EAUTHZ, "one or more identifiers could not be validated" },
    { SIGNET_ECERT, "the certificate is not the one asked for" },
    { SIGNET_ERATE, "rate limited by the CA" },
};

const char *signet_strerror(int err)
{
    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
        if (phrases[i].code == err)
            return phrases[i].words;
    return "unknown error";
}

const char *signet_version(void)
{
    return SIGNET_VERSION;
}
