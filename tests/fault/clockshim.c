/* A library that puts the clocks of signet's processes forward or back while they run. As mallocshim.c it is written
 * into copies of the programs; how far off the clocks are stands in a file that all of them map (SHIM_STATE). */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct state {
    int64_t wall_ms, mono_ms; /* added to CLOCK_REALTIME, to CLOCK_MONOTONIC */
    uint64_t asked;           /* how often a process asked for the time after the latest change */
};

static struct state *state;
static int (*real)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void)
{
    int fd = open(SHIM_STATE, O_RDWR | O_CLOEXEC);
    void *p = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    if (p != MAP_FAILED)
        state = p;
}

static int64_t *offset_of(clockid_t id)
{
    switch (id) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
        return &state->wall_ms;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_BOOTTIME:
        return &state->mono_ms;
    default:
        return NULL;
    }
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t id, struct timespec *ret)
{
    int rc = real(id, ret);
    int64_t *at = state ? offset_of(id) : NULL;
    if (rc || !at)
        return rc;
    int64_t ms = __atomic_load_n(at, __ATOMIC_RELAXED);
    int64_t ns = ret->tv_nsec + ms % 1000 * 1000000;
    ret->tv_sec += ms / 1000 + (ns >= 1000000000) - (ns < 0);
    ret->tv_nsec = (ns + 1000000000) % 1000000000;
    __atomic_add_fetch(&state->asked, 1, __ATOMIC_RELAXED);
    return 0;
}

__attribute__((visibility("default"))) time_t time(time_t *ret)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (ret)
        *ret = now.tv_sec;
    return now.tv_sec;
}

__attribute__((visibility("default"))) int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    ret->tv_sec = now.tv_sec;
    ret->tv_usec = now.tv_nsec / 1000;
    return 0;
}
