#include "cli/out.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

void out_write(int fd, signet_str s)
{
    while (s.n) {
        ssize_t n = write(fd, s.p, s.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) { /* a terminal that another program made non-blocking */
            struct pollfd p = { .fd = fd, .events = POLLOUT };
            if (poll(&p, 1, 10000) > 0)
                continue;
        }
        if (n <= 0)
            return;
        s = str_skip(s, (size_t)n);
    }
}

void out_text(int fd, const char *z)
{
    out_write(fd, str_of(z));
}

void out_guard(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY); /* takes the lowest free number: this one */
}
