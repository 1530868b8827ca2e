/* http-01 through Apache: every virtual host on the http port that fits includes a file which leads the challenge's
 * path to a folder of ours. */
#ifndef DEPLOY_APACHE_ANSWERS_H
#define DEPLOY_APACHE_ANSWERS_H

#include "deploy/answers.h"

extern const struct web_answer_ops apa_answer_ops;

#endif
