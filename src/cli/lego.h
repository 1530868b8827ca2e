/* lego's face: its arguments in, its exit status out. */
#ifndef CLI_LEGO_H
#define CLI_LEGO_H

#include "base/buf.h"
#include "options/request.h"

/* Is it lego's command line: by the program's name, or by words that only lego has (contract.md D)? */
bool lego_is_meant(int argc, char *const argv[]);
int lego_main(int argc, char *argv[]);

enum lego_parsed {
    LEGO_PARSED_RUN,  /* carry out request.verb */
    LEGO_PARSED_HELP, /* show help; on request.help_topics[0] when there is one */
    LEGO_PARSED_VERSION,
    LEGO_PARSED_DNSHELP, /* request.lego.code: the provider, NULL all */
    LEGO_PARSED_BARE,    /* no command: what the configuration file says, else help */
    LEGO_PARSED_UNKNOWN, /* request.help_topics[0] is no command */
};
/* argv and LEGO_… variables into an initialised request. `shown` gets the arguments without secrets. SIGNET_EUSAGE:
 * what lego answers with "Incorrect Usage" and its help; other errors are told alone. */
int lego_parse(struct request *r, int argc, char *const argv[], enum lego_parsed *what, struct buf *shown,
               struct err *e);
/* Everything that follows (options/lego.h lego_finish), once the tree says which version it is. */
int lego_settle(struct request *r, bool tree_is_v5, struct err *e);

/* The overview, or the help on one command. False: there is no such command. */
bool lego_help(struct buf *to, const char *command);

#endif
