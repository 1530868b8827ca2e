/* --help, made from the table of options. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "base/buf.h"
#include "options/table.h"

enum { HELP_WIDTH = 79 };

/* A topic of the help: a section of options, a verb, or a plug-in. */
struct help_topic {
    const char *name;  /* "renew" */
    const char *brief; /* verbs: one line; NULL for the others */
    const char *usage; /* verbs: what follows the program's name on a command line; NULL otherwise */
    const char *text;  /* the head of its section */
    bool hidden;       /* not in lists and not in --help all, but known */
};
const struct help_topic *help_topic_at(size_t i); /* in the order of --help all; NULL past the last */
const struct help_topic *help_topic_find(const char *name);
bool help_topic_known(const char *name);                      /* also "all", "commands" … */
bool help_has_topic(const struct opt *o, const char *topic);  /* is the option shown there? */
bool help_is_section(const struct opt *o, const char *topic); /* is that its place in --help all? */

/* The lines above "prog: error: …". */
void help_usage(struct buf *to, const char *prog);
/* topic NULL: the overview. */
void help_print(struct buf *to, const char *prog, const char *topic);
/* `text` broken at blanks into lines of at most HELP_WIDTH columns, each after `indent` blanks; the first line
 * continues at `column`. */
void help_wrap(struct buf *to, const char *text, size_t indent, size_t column);

#endif
