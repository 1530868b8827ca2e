/* A library that makes the Nth allocation of one of signet's processes fail. It is not preloaded, as the processes get
 * no such environment: torture.py writes it into copies of the programs (patchelf). What is to fail, and what came of
 * it, stands in a file that all of them map before they lose the right to open any (SHIM_STATE, given when this is
 * compiled). */
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

struct state {
    char role[16];    /* "main", "talker", "signer", "responder" */
    uint64_t at;      /* which allocation of that process fails; 0: none */
    uint64_t count;   /* how many there were */
    uint64_t failed;  /* set when one has failed */
    char crashed[16]; /* the role of a process that ended by a signal of its own making */
    int32_t signal;
    int32_t ours; /* … in our own code, not in a library */
};

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

static struct state *state;
static char role[16] = "main";
static int mine; /* this process is the one whose allocations are counted */

static void find_role(void)
{
    char line[512] = "";
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, line, sizeof line - 1);
    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return;
    static const char *const roles[] = { "talker", "signer", "responder" };
    static const char *const words[] = { "signet-talker", "signet: signer", "signet: responder" };
    for (size_t i = 0; i < 3; i++) {
        const char *end = line + strlen(line) - strlen(words[i]);
        if (strlen(line) >= strlen(words[i]) && !strcmp(end, words[i]))
            snprintf(role, sizeof role, "%s", roles[i]);
    }
}

static uintptr_t program_begin, program_end;

static int note_program(struct dl_phdr_info *info, size_t size, void *ctx)
{
    (void)size, (void)ctx;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *h = &info->dlpi_phdr[i];
        if (h->p_type == PT_LOAD && (h->p_flags & PF_X)) {
            program_begin = info->dlpi_addr + h->p_vaddr;
            program_end = program_begin + h->p_memsz;
        }
    }
    return 1; /* the first one is the program itself */
}

static uintptr_t place(const void *context)
{
    const ucontext_t *c = context;
#if defined(__x86_64__)
    return (uintptr_t)c->uc_mcontext.gregs[REG_RIP];
#else
    return (uintptr_t)c->uc_mcontext.pc;
#endif
}

static void on_crash(int sig, siginfo_t *info, void *context)
{
    uintptr_t at = place(context);
    (void)info;
    memcpy(state->crashed, role, sizeof role);
    state->signal = sig;
    state->ours = at >= program_begin && at < program_end;
    signal(sig, SIG_DFL);
    raise(sig);
}

__attribute__((constructor)) static void begin(void)
{
    int fd = open(SHIM_STATE, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    void *p = mmap(NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (p == MAP_FAILED)
        return;
    find_role();
    state = p;
    mine = !strcmp(state->role, role);
    dl_iterate_phdr(note_program, NULL);
    struct sigaction how = { .sa_sigaction = on_crash, .sa_flags = SA_SIGINFO };
    static const int fatal[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS };
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        sigaction(fatal[i], &how, NULL);
}

static int fails(void)
{
    if (!mine)
        return 0;
    uint64_t n = __atomic_add_fetch(&state->count, 1, __ATOMIC_RELAXED);
    if (n != state->at)
        return 0;
    state->failed = 1;
    errno = ENOMEM;
    return 1;
}

__attribute__((visibility("default"))) void *malloc(size_t n)
{
    return fails() ? NULL : __libc_malloc(n);
}

__attribute__((visibility("default"))) void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

__attribute__((visibility("default"))) void *realloc(void *p, size_t n)
{
    return fails() ? NULL : __libc_realloc(p, n);
}

__attribute__((visibility("default"))) int posix_memalign(void **ret, size_t align, size_t n)
{
    if (fails())
        return ENOMEM;
    *ret = __libc_memalign(align, n);
    return *ret ? 0 : ENOMEM;
}

__attribute__((visibility("default"))) void *aligned_alloc(size_t align, size_t n)
{
    return fails() ? NULL : __libc_memalign(align, n);
}
