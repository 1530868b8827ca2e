/* The solvers, one file each. Internal to challenge/: everybody else finds them by name. */
#ifndef CHALLENGE_SOLVERS_H
#define CHALLENGE_SOLVERS_H

#include "challenge/solver.h"

extern const struct solver_ops solver_apache, solver_nginx, solver_standalone, solver_webroot, solver_manual,
    solver_dns;
extern const struct solver_ops solver_mix, solver_memcached, solver_s3; /* of lego's face: not in certbot's menu */

#endif
