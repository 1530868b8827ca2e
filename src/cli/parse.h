/* argv and the cli.ini files → a request (contract.md A15). Pure but for reading those files. */
#ifndef CLI_PARSE_H
#define CLI_PARSE_H

#include "base/buf.h"
#include "options/request.h"

enum parsed {
    PARSED_RUN,     /* carry out request.verb */
    PARSED_HELP,    /* show help on request.help_topics (at most one; none: the overview) */
    PARSED_VERSION, /* show the version */
    PARSED_DEV,     /* request.certnames: what to generate ("man"; "completion", "bash") */
};

/* `r` is an initialised request. `system_ini` and `user_ini` name the two usual files (NULL: none); they may be
 * missing, a -c file may not. `shown` gets the arguments as a log may have them, without secrets (NULL: nobody wants
 * them). Errors: SIGNET_EUSAGE for what ends with exit status 2 and a usage line, anything else with 1. */
int parse_command_line(struct request *r, int argc, char *const argv[], const char *system_ini, const char *user_ini,
                       enum parsed *what, struct buf *shown, struct err *e);
/* $XDG_CONFIG_HOME/letsencrypt/cli.ini or ~/.config/letsencrypt/cli.ini; empty when there is no home. */
void parse_user_ini(struct buf *path);

#endif
