#include "client/ui.h"
#include "base/buf.h"
#include <stdarg.h>

#define UI_TEXT_MAX (1u << 20)

void ui_say(struct ui *u, const char *fmt, ...)
{
    BUF_AUTO(text, UI_TEXT_MAX);
    va_list ap;
    va_start(ap, fmt);
    buf_addv(&text, fmt, ap);
    va_end(ap);
    u->ops->notify(u, buf_z(&text));
}

void ui_alert(struct ui *u, const char *fmt, ...)
{
    BUF_AUTO(text, UI_TEXT_MAX);
    va_list ap;
    va_start(ap, fmt);
    buf_addv(&text, fmt, ap);
    va_end(ap);
    u->ops->alert(u, buf_z(&text));
}
