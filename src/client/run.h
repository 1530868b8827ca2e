/* One run of the program: the verbs, and what they share. The front end parses, opens tree, locks and log, calls
 * client_run, and turns its result into an exit status. */
#ifndef CLIENT_RUN_H
#define CLIENT_RUN_H

#include "client/ui.h"
#include "options/request.h"
#include "store/tree.h"

/* Does the verb change anything on disk or at the CA? Then the front end makes the folders, takes certbot's locks and
 * keeps a log file. The others (certificates, explain, show_account, plugins, help …) take no locks and write nothing.
 */
bool verb_changes(enum verb v);

/* Carries out req->verb. 0, or an error: e says what to tell the user (its text is empty when everything has been said
 * already, as after `renew` with failures: then only the exit status is left). With req->json the report is appended to
 * `json` (one JSON document). */
int client_run(const struct request *req, struct tree *tree, struct ui *ui, struct buf *json, struct err *e);

#endif
