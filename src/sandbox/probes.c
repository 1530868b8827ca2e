#include "sandbox/probes.h"

#include <fcntl.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ALL     ((1u << SANDBOX_ROLES) - 1)
#define NO_NET  (1u << SANDBOX_SIGNER | 1u << SANDBOX_RESPONDER)
#define P(name) static long name(const struct probe_ctx *x __attribute__((unused)))

P(open_shadow)
{
    return open("/etc/shadow", O_RDONLY);
}

P(open_key)
{
    return open(x->file, O_RDONLY);
}

P(open_public)
{
    return open("/etc/passwd", O_RDONLY);
}

P(make_file)
{
    return open("/tmp", O_WRONLY | O_TMPFILE, 0600);
}

P(write_key)
{
    return open(x->file, O_WRONLY | O_APPEND);
}

P(change_mode)
{
    return chmod(x->file, 0644);
}

P(hard_link)
{
    char to[64];
    (void)snprintf(to, sizeof(to), "/tmp/signet-probe-%ld", (long)getpid());
    int r = link(x->file, to);
    if (r == 0)
        (void)unlink(to);
    return r;
}

P(parent_memory)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%ld/mem", (long)x->parent);
    return open(path, O_RDONLY);
}

P(init_memory)
{
    return open("/proc/1/mem", O_RDONLY);
}

P(run_program)
{
    static char name[] = "true", *argv[] = { name, NULL }, *none[] = { NULL };
    return execve("/bin/true", argv, none);
}

P(start_process)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return pid < 0 ? -1 : waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

P(trace_parent)
{
    return ptrace(PTRACE_SEIZE, x->parent, NULL, NULL);
}

P(read_parent)
{
    char here[8];
    struct iovec to = { here, sizeof(here) }, from = { here, sizeof(here) };
    return process_vm_readv(x->parent, &to, 1, &from, 1, 0);
}

P(signal_parent)
{
    return kill(x->parent, 0);
}

P(limit_parent)
{
    struct rlimit r;
    return prlimit(x->parent, RLIMIT_CORE, NULL, &r);
}

P(hold_parent)
{
#ifdef SYS_pidfd_open
    return syscall(SYS_pidfd_open, x->parent, 0);
#else
    return signal_parent(x);
#endif
}

P(unix_socket)
{
    return socket(AF_UNIX, SOCK_STREAM, 0);
}

P(netlink_socket)
{
    return socket(AF_NETLINK, SOCK_RAW, 0);
}

P(packet_socket)
{
    return socket(AF_PACKET, SOCK_DGRAM, 0);
}

P(raw_socket)
{
    return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

P(inet_socket)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static struct sockaddr_in loopback(unsigned port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

P(connect_out)
{
    struct sockaddr_in sa = loopback(9);
    return connect(x->sock, (struct sockaddr *)&sa, sizeof(sa));
}

P(bind_port)
{
    struct sockaddr_in sa = loopback(0);
    return bind(x->sock, (struct sockaddr *)&sa, sizeof(sa));
}

P(listen_port)
{
    return listen(x->sock, 1);
}

P(become_root)
{
    return setuid(0);
}

P(mount_something)
{
    return mount("none", "/tmp", "tmpfs", MS_REMOUNT | MS_BIND, NULL);
}

P(change_root)
{
    return chroot("/");
}

P(new_namespace)
{
    return unshare(CLONE_NEWUSER);
}

P(map_code)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? -1 : 0;
}

P(make_code)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? 0 : mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

P(load_bpf)
{
    return syscall(SYS_bpf, 0, NULL, 0);
}

P(kernel_keys)
{
    return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 1);
}

P(io_ring)
{
    return syscall(SYS_io_uring_setup, 1, NULL);
}

P(perf_events)
{
    return syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0);
}

P(set_clock)
{
    return syscall(SYS_clock_settime, CLOCK_REALTIME, NULL);
}

const struct probe sandbox_probes[] = {
    { "open /etc/shadow", ALL, open_shadow },
    { "open the key file", ALL, open_key },
    { "open /etc/passwd", ALL, open_public },
    { "make a file in /tmp", ALL, make_file },
    { "write the key file", ALL, write_key },
    { "chmod the key file", ALL, change_mode },
    { "hard link to the key file", ALL, hard_link },
    { "open the main process's memory", ALL, parent_memory },
    { "open /proc/1/mem", ALL, init_memory },
    { "execve", ALL, run_program },
    { "fork", ALL, start_process },
    { "ptrace the main process", ALL, trace_parent },
    { "process_vm_readv of the main process", ALL, read_parent },
    { "signal the main process", ALL, signal_parent },
    { "prlimit of the main process", ALL, limit_parent },
    { "pidfd_open of the main process", ALL, hold_parent },
    { "socket AF_UNIX", ALL, unix_socket },
    { "socket AF_NETLINK", ALL, netlink_socket },
    { "socket AF_PACKET", ALL, packet_socket },
    { "socket SOCK_RAW", ALL, raw_socket },
    { "socket AF_INET", NO_NET, inet_socket },
    { "connect", NO_NET, connect_out },
    { "bind", ALL, bind_port },
    { "listen", ALL, listen_port },
    { "setuid(0)", ALL, become_root },
    { "mount", ALL, mount_something },
    { "chroot", ALL, change_root },
    { "unshare", ALL, new_namespace },
    { "mmap PROT_EXEC", ALL, map_code },
    { "mprotect PROT_EXEC", ALL, make_code },
    { "bpf", ALL, load_bpf },
    { "keyctl", ALL, kernel_keys },
    { "io_uring_setup", ALL, io_ring },
    { "perf_event_open", ALL, perf_events },
    { "clock_settime", ALL, set_clock },
};
const size_t sandbox_n_probes = sizeof(sandbox_probes) / sizeof(sandbox_probes[0]);
