/* What packages need, made from the table of options so that it cannot disagree with the program: `signet dev man`,
 * `signet dev completion bash|zsh|fish`. */
#ifndef CLI_GEN_H
#define CLI_GEN_H

#include "base/buf.h"
#include "base/err.h"
#include "base/list.h"

/* SIGNET_EUSAGE when `what` is nothing that can be made. */
int gen_print(struct buf *to, const char *prog, const struct strlist *what, struct err *e);

void gen_man(struct buf *to, const char *prog);
void gen_bash(struct buf *to, const char *prog);
void gen_zsh(struct buf *to, const char *prog);
void gen_fish(struct buf *to, const char *prog);

#endif
