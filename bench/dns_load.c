/* Loads every description of a DNS provider that is compiled in, and says how long one takes, and what all of them
 * cost. A run loads the one that it uses. Used by bench/dns. */
#include "provider/desc.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define REPS 21u

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Resident memory of its own, in KiB (proc_pid_statm(5): pages that are no file's). */
static long own_memory(void)
{
    char line[200] = "";
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && !fgets(line, sizeof line, f))
        line[0] = '\0';
    if (f)
        fclose(f);
    char *at = line;
    long v[3] = { 0 };
    for (int i = 0; i < 3; i++)
        v[i] = strtol(at, &at, 10);
    return (v[1] - v[2]) * 4;
}

/* The median of some loads of one, the last of which stays. Negative: it cannot be loaded. */
static double load(const char *code, struct provider_desc **ret)
{
    double t[REPS];
    struct err e = { 0 };
    for (unsigned i = 0; i < REPS; i++) {
        provider_desc_free(*ret);
        *ret = NULL;
        double begin = now_ms();
        if (provider_load(ret, code, NULL, &e)) {
            fprintf(stderr, "%s\n", e.text);
            return -1;
        }
        t[i] = now_ms() - begin;
    }
    qsort(t, REPS, sizeof t[0], by_value);
    return t[REPS / 2];
}

/* What a run does: it loads one, the first time. */
static int one_run(const char *code)
{
    struct provider_desc *d = NULL;
    struct err e = { 0 };
    long before = own_memory();
    double begin = now_ms();
    int rc = provider_load(&d, code, NULL, &e);
    double ms = now_ms() - begin;
    printf("a run that uses %s: %.3f ms, %ld KiB\n", code, ms, own_memory() - before);
    provider_desc_free(d);
    return rc;
}

int main(void)
{
    double sum = 0, most = 0, *each = calloc(catalog_n, sizeof *each);
    struct provider_desc **all = calloc(catalog_n, sizeof(struct provider_desc *));
    const char *slowest = "";
    if (one_run("cloudflare"))
        return 1;
    size_t text = 0;
    long before = own_memory();
    for (size_t i = 0; each && all && i < catalog_n; i++) {
        each[i] = load(catalog[i].code, &all[i]);
        if (each[i] < 0)
            return 1;
        text += catalog[i].n;
        sum += each[i];
        if (each[i] > most) {
            most = each[i];
            slowest = catalog[i].code;
        }
    }
    if (!each || !all)
        return 1;
    long kept = own_memory() - before;
    qsort(each, catalog_n, sizeof each[0], by_value);
    printf("%zu descriptions, %zu KiB of text in the program\n", catalog_n, text / 1024);
    printf("loading one: median %.3f ms, slowest %.3f ms (%s)\n", each[catalog_n / 2], most, slowest);
    printf("loading all of them: %.1f ms, and %.1f MiB while they are kept\n", sum, (double)kept / 1024);
    for (size_t i = 0; i < catalog_n; i++)
        provider_desc_free(all[i]);
    free(all);
    free(each);
    return 0;
}
