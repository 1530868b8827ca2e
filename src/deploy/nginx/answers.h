/* http-01 through nginx: a location for each token in the servers that have the name, and servers of their own for
 * names that have none. */
#ifndef DEPLOY_NGINX_ANSWERS_H
#define DEPLOY_NGINX_ANSWERS_H

#include "deploy/answers.h"

extern const struct web_answer_ops ngx_answer_ops;

#endif
