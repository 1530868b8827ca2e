/* http-01 through Apache: while an answer is up, every virtual host on the http port that fits includes a file which
 * leads the challenge's path to a folder of ours. All answers of a batch share the change. */
#ifndef DEPLOY_APACHE_ANSWERS_H
#define DEPLOY_APACHE_ANSWERS_H

#include "deploy/apache/plan.h"

struct apa_answer;
enum apa_answer_state { APA_ANSWER_WAITS, APA_ANSWER_UP, APA_ANSWER_FAILED };

/* Takes note of one; nothing is changed before the first step. Strings are copied. */
int apa_answer_add(struct apa_answer **ret, struct loop *l, const struct request *req, const char *name,
                   const char *token, const char *key_auth, struct err *e);
enum apa_answer_state apa_answer_step(struct apa_answer *a, struct err *e);
/* NULL is fine. The last one of a batch puts the files back and reloads; failures are logged. */
void apa_answer_remove(struct apa_answer *a);

#endif
