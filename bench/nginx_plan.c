/* Reads an nginx configuration, plans a certificate and redirects for the names on standard input, and says how long
 * that took and how much memory. Changes nothing. Used by bench/nginx. */
#include "base/clock.h"
#include "deploy/nginx/plan.h"
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int read_names(struct strlist *to)
{
    char line[300];
    int rc = 0;
    while (!rc && fgets(line, sizeof line, stdin))
        rc = strlist_add(to, str_trim(str_of(line)));
    return rc;
}

int main(int argc, char *argv[])
{
    struct ngx_plan p = { .http_port = 80, .https_port = 443 };
    struct changes c = CHANGES_INIT;
    struct err e = { 0 };
    STRLIST_AUTO(names);
    STRLIST_AUTO(where);
    struct rusage use;
    if (argc != 2 || read_names(&names))
        return 2;
    const struct ngx_wish w = { .names = &names, .cert = "/c", .key = "/k", .options = "/o", .dhparam = "/d" };
    double begin = now_ms();
    p.changes = &c;
    int rc = ngx_plan_open(&p, argv[1], &e);
    double parsed = now_ms();
    unsigned servers = p.servers.n, files = p.conf.n_files;
    rc = rc ? rc : ngx_plan_install(&p, &w, &where);
    rc = rc ? rc : ngx_plan_redirect(&p, &names);
    rc = rc ? rc : ngx_plan_changes(&p, &c);
    double planned = now_ms();
    getrusage(RUSAGE_SELF, &use);
    printf("%u servers in %u files, %zu names: parse %.1f ms, select and plan %.1f ms, together %.1f ms, %.1f MiB, %zu "
           "files changed%s%s\n",
           servers, files, names.n, parsed - begin, planned - parsed, planned - begin, (double)use.ru_maxrss / 1024,
           c.n, rc ? ": " : "", e.text);
    changes_done(&c);
    ngx_plan_close(&p);
    return rc ? 1 : 0;
}
