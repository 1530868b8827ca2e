/* http-01 through nginx: answers that stand in its configuration for a while. All solvers of a run share one batch:
 * what is asked for while a batch is up waits for the next one, so that many orders cost few reloads. A batch ends when
 * the last of its answers is taken away; then the files are what they were before, to the byte and the time stamp. */
#ifndef DEPLOY_NGINX_ANSWERS_H
#define DEPLOY_NGINX_ANSWERS_H

#include "deploy/nginx/server.h"

struct ngx_answer;

enum ngx_answer_state { NGX_ANSWER_WAITS, NGX_ANSWER_UP, NGX_ANSWER_FAILED };

/* Takes note of one. Nothing is changed before the first ngx_answer_step. Strings are copied. */
int ngx_answer_add(struct ngx_answer **ret, struct loop *l, const struct request *req, const struct ngx_token *token,
                   struct err *e);
/* Moves everything on: begins a batch, looks whether nginx answers. */
enum ngx_answer_state ngx_answer_step(struct ngx_answer *a, struct err *e);
/* NULL is fine. The last one of a batch puts the files back and reloads; failures are logged. */
void ngx_answer_remove(struct ngx_answer *a);

#endif
