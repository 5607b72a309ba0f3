/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "machine/control.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "report.h"

#define SOCKET        "control"
#define CONNECT_MS    20
#define CONNECT_TRIES 500

/* By way of the directory that is open: the whole path may be too long for an
 * address. */
static struct sockaddr_un address_of(const struct machine *m)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/" SOCKET,
             m->dir);
    return addr;
}

int control_listen(const struct machine *m)
{
    struct sockaddr_un addr = address_of(m);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    unlinkat(m->dir, SOCKET, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 &&
        listen(fd, 16) == 0)
        return fd;
    fail("cannot listen for commands to the machine '%s': %s", m->name,
         strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static int try_connect(const struct machine *m)
{
    struct sockaddr_un addr = address_of(m);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    int saved;

    if (fd >= 0 && connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
        return fd;
    saved = errno;
    if (fd >= 0)
        close(fd);
    errno = saved;
    return -1;
}

int control_connect(const struct machine *m)
{
    int fd, tries = CONNECT_TRIES;

    while ((fd = try_connect(m)) < 0 && tries-- && machine_runs(m))
        poll(NULL, 0, CONNECT_MS);
    return fd;
}

int control_send(int fd, enum control kind, const void *data, size_t len)
{
    char letter = (char)kind;
    struct iovec v[] = {{&letter, 1}, {(void *)(size_t)data, len}};
    struct msghdr msg = {.msg_iov = v, .msg_iovlen = 2};

    return sendmsg(fd, &msg, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

ssize_t control_receive(int fd, enum control *kind, void *data)
{
    char letter = 0;
    struct iovec v[] = {{&letter, 1}, {data, CONTROL_MAX}};
    struct msghdr msg = {.msg_iov = v, .msg_iovlen = 2};
    ssize_t n;

    do
        n = recvmsg(fd, &msg, 0);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        errno = EPIPE;
    if (n <= 0)
        return -1;
    *kind = (enum control)letter;
    return n - 1;
}
