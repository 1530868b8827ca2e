/* Which of nginx's workers still take connections. After a reload the old ones go on for a moment beside the new ones,
 * so a visitor may meet either; only when the old ones have stopped is it sure what the next one sees. Linux tells it
 * by /proc; where it does not (nginx in another container), nothing is known. */
#ifndef DEPLOY_NGINX_WORKERS_H
#define DEPLOY_NGINX_WORKERS_H

#include "deploy/procs.h"

struct ngx_workers {
    struct procs running;
    bool known;
};

/* The workers that run now. `pid_file`: of the master; NULL: unknown. */
void ngx_workers_note(struct ngx_workers *w, const char *pid_file);
/* None of them takes connections any more. True, too, when nothing is known. */
bool ngx_workers_stopped(const struct ngx_workers *w);

#endif
