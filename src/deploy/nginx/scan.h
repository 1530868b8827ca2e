/* Inside deploy/nginx: the words of a configuration file, one after another. */
#ifndef DEPLOY_NGINX_SCAN_H
#define DEPLOY_NGINX_SCAN_H

#include "deploy/nginx/tree.h"

enum ngx_token { NGX_T_WORD, NGX_T_SEMICOLON, NGX_T_OPEN, NGX_T_CLOSE, NGX_T_END, NGX_T_BAD };

struct ngx_scan {
    signet_str text;
    size_t at;    /* the next byte to look at */
    size_t start; /* of the last token */
    size_t len;
    const char *why; /* NGX_T_BAD: in words; `start` is the place */
};

/* The next token; blanks and comments in front of it are passed over. */
enum ngx_token ngx_scan_next(struct ngx_scan *s);
/* Just behind the '{' of a Lua block: moves to its '}' (s->start) and past it. False, with `why`, when it has none. */
bool ngx_scan_lua(struct ngx_scan *s);

#endif
