/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * unix_test.c - AF_UNIX: names, streams, datagrams, and descriptors that are
 * passed (the protocol between the BEAM and its erl_child_setup).
 */
#include "show.h"

#include <poll.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static char buf[300000];

static struct sockaddr_un at(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};

    strcpy(a.sun_path, path);
    return a;
}

static socklen_t len_of(const char *path)
{
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) +
                       1);
}

SECTION(making)
{
    int sp[2], v;
    socklen_t n = sizeof(v);

    R(socket(AF_UNIX, SOCK_STREAM, 0));
    R(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    say("%o %d", fcntl(4, F_GETFL), fcntl(4, F_GETFD));
    R(socket(AF_UNIX, SOCK_SEQPACKET, 0));
    R(socket(AF_UNIX, SOCK_STREAM, AF_UNIX));
    R(socket(AF_UNIX, SOCK_STREAM, 5));
    R(socket(AF_UNIX, SOCK_RDM, 0));
    R(socket(AF_UNIX, 99, 0));
    R(socket(AF_UNIX, SOCK_STREAM | 0x100, 0));
    R(socket(999, SOCK_STREAM, 0));
    R(socket(-1, SOCK_STREAM, 0));
    R(socketpair(AF_UNIX, SOCK_STREAM, 0, sp));
    say("%d %d", sp[0], sp[1]);
    R(socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)bad));
    R(socketpair(AF_INET, SOCK_STREAM, 0, sp));
    R(getsockopt(3, SOL_SOCKET, SO_TYPE, &v, &n));
    V(v);
    R(getsockopt(3, SOL_SOCKET, SO_DOMAIN, &v, &n));
    V(v);
    R(getsockopt(3, SOL_SOCKET, SO_ACCEPTCONN, &v, &n));
    V(v);
    R(getsockopt(3, SOL_SOCKET, SO_ERROR, &v, &n));
    V(v);
    R(getsockopt(3, 0 /* SOL_IP */, 1, &v, &n));
    R(getsockopt(0, SOL_SOCKET, SO_TYPE, &v, &n));
    R(getsockopt(99, SOL_SOCKET, SO_TYPE, &v, &n));
    R(getsockopt(3, SOL_SOCKET, SO_TYPE, bad, &n));
    R(getsockopt(3, SOL_SOCKET, 9999, &v, &n));
    R(setsockopt(3, SOL_SOCKET, SO_REUSEADDR, &v, 1));
    R(setsockopt(3, SOL_SOCKET, 9999, &v, 4));
    n = 1;
    R(getsockopt(3, SOL_SOCKET, SO_TYPE, &v, &n));
    V(n);
    R(lseek(3, 0, SEEK_SET));
    R(pread(3, buf, 1, 0));
    R(read(3, buf, 1));
    signal(SIGPIPE, SIG_IGN);
    R(write(3, buf, 1));
    R(ftruncate(3, 0));
    R(fsync(3));
    struct stat st;
    R(fstat(3, &st));
    say("%o", st.st_mode);
}

SECTION(names)
{
    struct sockaddr_un a = at("sock"), got;
    int s = socket(AF_UNIX, SOCK_STREAM, 0), c, t;
    socklen_t n;

    R(bind(s, (void *)&a, len_of("sock")));
    struct stat st;
    R(stat("sock", &st));
    say("%o", st.st_mode);
    n = sizeof(got);
    R(getsockname(s, (void *)&got, &n));
    say("%d %s", n, got.sun_path);
    t = socket(AF_UNIX, SOCK_STREAM, 0);
    R(bind(t, (void *)&a, len_of("sock")));
    R(connect(t, (void *)&a, len_of("sock"))); /* nobody listens */
    R(listen(s, 5));
    R(listen(t, 5));
    R(accept(t, NULL, NULL));
    fcntl(s, F_SETFL, O_NONBLOCK);
    R(accept(s, NULL, NULL));
    R(connect(t, (void *)&a, len_of("sock")));
    R(connect(t, (void *)&a, len_of("sock")));
    n = sizeof(got);
    c = accept(s, (void *)&got, &n);
    say("%d family %d flags %o", n, got.sun_family, fcntl(c, F_GETFL));
    n = sizeof(got);
    R(getpeername(t, (void *)&got, &n));
    say("%d %s", n, got.sun_path);
    n = sizeof(got);
    R(getpeername(c, (void *)&got, &n));
    V(n);
    R(getpeername(s, (void *)&got, &n));
    struct ucred cred;
    n = sizeof(cred);
    R(getsockopt(t, SOL_SOCKET, SO_PEERCRED, &cred, &n));
    say("%d %u %u", cred.pid == getpid(), cred.uid, cred.gid);
    a = at("none");
    R(connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&a, len_of("none")));
    put("file", "x");
    a = at("file");
    R(connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&a, len_of("file")));
    R(bind(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&a, len_of("file")));
    a = at("sock");
    R(connect(socket(AF_UNIX, SOCK_DGRAM, 0), (void *)&a, len_of("sock")));
    a = at("no/dir");
    R(bind(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&a, len_of("no/dir")));
    a = at("/etc/sock");
    R(bind(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&a, len_of("/etc/sock")));
    a = at("/var/run/nscd/socket");
    R(connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&a, sizeof(a)));
    a.sun_family = AF_INET;
    R(connect(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&a, sizeof(a)));
    a.sun_family = AF_UNIX;
    R(bind(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&a, 1));
    R(bind(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&a, 200));
    R(bind(socket(AF_UNIX, SOCK_STREAM, 0), (void *)bad, 20));
    /* automatic and abstract names */
    s = socket(AF_UNIX, SOCK_STREAM, 0);
    R(bind(s, (void *)&a, 2));
    n = sizeof(got);
    getsockname(s, (void *)&got, &n);
    say("%d %d", n, got.sun_path[0]);
    memcpy(a.sun_path, "\0abstract", 9);
    s = socket(AF_UNIX, SOCK_STREAM, 0);
    R(bind(s, (void *)&a, 11));
    R(listen(s, 1));
    t = socket(AF_UNIX, SOCK_STREAM, 0);
    R(bind(t, (void *)&a, 11));
    R(connect(t, (void *)&a, 12));
    R(connect(t, (void *)&a, 11));
    n = sizeof(got);
    getpeername(t, (void *)&got, &n);
    say("%d %d %.8s", n, got.sun_path[0], got.sun_path + 1);
    close(s);
    t = socket(AF_UNIX, SOCK_STREAM, 0);
    R(connect(t, (void *)&a, 11));
    R(unlink("sock"));
}

SECTION(streams)
{
    int sp[2];

    signal(SIGPIPE, SIG_IGN);
    NEED(!socketpair(AF_UNIX, SOCK_STREAM, 0, sp));
    R(write(sp[0], "hello world", 11));
    R(ioctl(sp[1], FIONREAD, buf));
    V(*(int *)buf);
    R(recv(sp[1], buf, 5, MSG_PEEK));
    R(recv(sp[1], buf, 5, 0));
    R(recv(sp[1], buf, 50, MSG_DONTWAIT));
    R(recv(sp[1], buf, 50, MSG_DONTWAIT));
    write(sp[0], "a", 1);
    write(sp[0], "b", 1);
    R(read(sp[1], buf, 10)); /* no borders */
    R(send(sp[0], "", 0, 0));
    R(recv(sp[1], buf, 1, MSG_DONTWAIT));
    R(sendto(sp[0], "x", 1, 0, (void *)buf, 10));
    write(sp[0], "x", 1);
    R(recvfrom(sp[1], buf, 1, 0, (void *)(buf + 100), &(socklen_t){100}));
    R(shutdown(sp[0], SHUT_WR));
    R(shutdown(sp[0], 9));
    R(read(sp[1], buf, 1));
    R(write(sp[0], "x", 1));
    R(write(sp[1], "y", 1));
    R(read(sp[0], buf, 1));
    close(sp[1]);
    R(read(sp[0], buf, 1));
    R(send(sp[0], "x", 1, MSG_NOSIGNAL));
    /* unread data at close: reset */
    NEED(!socketpair(AF_UNIX, SOCK_STREAM, 0, sp));
    write(sp[0], "unread", 6);
    close(sp[1]);
    R(read(sp[0], buf, 1));
    R(read(sp[0], buf, 1));
    R(write(sp[0], "x", 1));
    /* the rest is delivered */
    NEED(!socketpair(AF_UNIX, SOCK_STREAM, 0, sp));
    write(sp[1], "last words", 10);
    close(sp[1]);
    R(read(sp[0], buf, 100));
    R(read(sp[0], buf, 100));
    CHILD
    {
        signal(SIGPIPE, SIG_DFL);
        write(sp[0], "x", 1);
    }
    /* MSG_WAITALL */
    NEED(!socketpair(AF_UNIX, SOCK_STREAM, 0, sp));
    CHILD
    {
        if (!fork()) {
            nap(20);
            write(sp[1], "12345", 5);
            nap(20);
            write(sp[1], "67890", 5);
            _exit(0);
        }
    }
    R(recv(sp[0], buf, 10, MSG_WAITALL));
    struct timeval tv = {0, 20000};
    R(setsockopt(sp[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
    R(recv(sp[0], buf, 10, 0));
}

SECTION(datagrams)
{
    struct sockaddr_un a = at("a"), b = at("b"), from;
    int s = socket(AF_UNIX, SOCK_DGRAM, 0), t = socket(AF_UNIX, SOCK_DGRAM, 0);
    socklen_t n = sizeof(from);
    int sp[2];

    R(bind(s, (void *)&a, len_of("a")));
    R(send(t, "x", 1, 0));
    R(sendto(t, "hello", 5, 0, (void *)&a, len_of("a")));
    R(recvfrom(s, buf, 100, 0, (void *)&from, &n));
    V(n);
    R(bind(t, (void *)&b, len_of("b")));
    R(sendto(t, "hello", 5, 0, (void *)&a, len_of("a")));
    n = sizeof(from);
    R(recvfrom(s, buf, 3, MSG_TRUNC, (void *)&from, &n));
    say("%d %s", n, from.sun_path);
    R(sendto(t, "", 0, 0, (void *)&a, len_of("a")));
    R(recv(s, buf, 3, 0));
    R(recv(s, buf, 3, MSG_DONTWAIT));
    R(sendto(t, buf, 300000, 0, (void *)&a, len_of("a")));
    R(connect(t, (void *)&a, len_of("a")));
    R(send(t, "x", 1, 0));
    close(s);
    R(send(t, "x", 1, 0));
    R(connect(t, (void *)&a, len_of("a")));
    struct sockaddr none = {AF_UNSPEC, {0}};
    R(connect(t, &none, sizeof(none)));
    R(send(t, "x", 1, 0));
    R(listen(t, 1));
    NEED(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sp));
    write(sp[0], "one", 3);
    write(sp[0], "two", 3);
    R(read(sp[1], buf, 2));
    R(read(sp[1], buf, 10));
    close(sp[0]);
    R(read(sp[1], buf, 10));
}

/* --- descriptors in messages
 * -------------------------------------------------- */

static long send_fds(int s, const int *fds, int n, const char *data, size_t len)
{
    char ctl[CMSG_SPACE(300 * sizeof(int))] = {0};
    struct iovec v = {(void *)data, len};
    struct msghdr m = {.msg_iov = &v,
                       .msg_iovlen = 1,
                       .msg_control = ctl,
                       .msg_controllen = CMSG_SPACE((size_t)n * sizeof(int))};
    struct cmsghdr *h = CMSG_FIRSTHDR(&m);

    h->cmsg_level = SOL_SOCKET;
    h->cmsg_type = SCM_RIGHTS;
    h->cmsg_len = CMSG_LEN((size_t)n * sizeof(int));
    memcpy(CMSG_DATA(h), fds, (size_t)n * sizeof(int));
    return sendmsg(s, &m, 0);
}

static long recv_fds(int s, int *fds, int room, size_t len, int flags)
{
    char ctl[CMSG_SPACE(300 * sizeof(int))] = {0};
    struct iovec v = {buf, len};
    struct msghdr m = {.msg_iov = &v,
                       .msg_iovlen = 1,
                       .msg_control = ctl,
                       .msg_controllen =
                           room ? CMSG_LEN((size_t)room * sizeof(int)) : 0};
    long r = recvmsg(s, &m, flags);
    struct cmsghdr *h = r >= 0 ? CMSG_FIRSTHDR(&m) : NULL;
    int n = h ? (int)((h->cmsg_len - CMSG_LEN(0)) / sizeof(int)) : 0;

    if (r >= 0)
        say("%ld bytes, %d descriptors, controllen %zu, flags %x", r, n,
            m.msg_controllen, m.msg_flags);
    for (int i = 0; i < n; i++)
        memcpy(&fds[i], CMSG_DATA(h) + (size_t)i * sizeof(int), sizeof(int));
    return r;
}

SECTION(rights)
{
    int sp[2], p[2], fds[300], ev = eventfd(7, 0);
    uint64_t value = 0;

    NEED(!socketpair(AF_UNIX, SOCK_STREAM, 0, sp) && !pipe(p));
    int three[3] = {p[0], p[1], ev};
    R(send_fds(sp[0], three, 3, "Start message, thirty-two bytes.", 32));
    close(ev); /* as the BEAM does, right after sendmsg */
    close(p[1]);
    struct pollfd pf = {p[0], POLLIN, 0};
    R(poll(&pf, 1, 0)); /* the message holds the other end: no hang-up */
    R(recv_fds(sp[1], fds, 3, 32, MSG_DONTWAIT));
    say("%d %d %d", fds[0], fds[1], fds[2]);
    R(read(fds[2], &value, 8));
    V(value);
    R(fcntl(fds[0], F_GETFD));
    R(write(fds[1], "x", 1));
    R(read(p[0], buf, 1));
    close(fds[1]);
    R(poll(&pf, 1, 0));
    V(pf.revents);
    /* room for fewer: the rest is closed */
    ev = eventfd(1, 0);
    int two[2] = {ev, ev};
    R(send_fds(sp[0], two, 2, "ab", 2));
    R(recv_fds(sp[1], fds, 1, 2, MSG_CMSG_CLOEXEC));
    R(fcntl(fds[0], F_GETFD));
    R(send_fds(sp[0], two, 2, "ab", 2));
    R(recv_fds(sp[1], fds, 0, 2, 0));
    R(send_fds(sp[0], two, 2, "ab", 2));
    R(read(sp[1], buf, 2)); /* read throws them away */
    /* a stream: reads stop at a message with descriptors */
    write(sp[0], "xx", 2);
    R(send_fds(sp[0], two, 1, "ab", 2));
    write(sp[0], "yy", 2);
    R(recv_fds(sp[1], fds, 3, 10, 0));
    R(recv_fds(sp[1], fds, 3, 10, 0));
    R(recv_fds(sp[1], fds, 3, 10, MSG_DONTWAIT));
    R(send_fds(sp[0], two, 1, "abcd", 4));
    R(recv_fds(sp[1], fds, 3, 2, MSG_PEEK));
    R(recv_fds(sp[1], fds, 3, 2, 0));
    R(recv_fds(sp[1], fds, 3, 2, 0));
    /* errors */
    int wrong[2] = {ev, 99};
    R(send_fds(sp[0], wrong, 2, "a", 1));
    for (int i = 0; i < 300; i++)
        fds[i] = ev;
    R(send_fds(sp[0], fds, 254, "a", 1));
    R(send_fds(sp[0], fds, 253, "a", 1));
    R(recv_fds(sp[1], fds, 253, 1, 0));
    R(send_fds(p[0], two, 1, "a", 1));
    R(recv_fds(sp[1], fds, 1, 1, MSG_DONTWAIT));
    /* closed with the socket */
    int q[2];
    NEED(!pipe(q));
    R(send_fds(sp[0], &q[1], 1, "a", 1));
    close(q[1]);
    pf.fd = q[0];
    R(poll(&pf, 1, 0));
    close(sp[1]);
    R(poll(&pf, 1, 1000));
    V(pf.revents);
}

/* A socket that is only in a message of itself, or of another such. */
SECTION(rings)
{
    int sp[2], q[2];

    NEED(!pipe(q));
    for (int i = 0; i < 50; i++) {
        NEED(!socketpair(AF_UNIX, SOCK_STREAM, 0, sp));
        NEED(send_fds(sp[0], &sp[1], 1, "a", 1) == 1);
        NEED(send_fds(sp[1], &sp[0], 1, "a", 1) == 1);
        if (i == 0)
            NEED(send_fds(sp[1], &q[1], 1, "a", 1) == 1);
        close(sp[0]);
        close(sp[1]);
    }
    close(q[1]);
    close(socket(AF_UNIX, SOCK_STREAM, 0)); /* Linux may look only now */
    struct pollfd pf = {q[0], POLLIN, 0};
    R(poll(&pf, 1, 5000));
    V(pf.revents);
}

SECTION(credentials)
{
    char ctl[100] = {0};
    struct iovec v = {buf, 10};
    struct msghdr m = {.msg_iov = &v,
                       .msg_iovlen = 1,
                       .msg_control = ctl,
                       .msg_controllen = sizeof(ctl)};
    int sp[2], one = 1;

    NEED(!socketpair(AF_UNIX, SOCK_STREAM, 0, sp));
    R(setsockopt(sp[1], SOL_SOCKET, SO_PASSCRED, &one, 4));
    write(sp[0], "x", 1);
    R(recvmsg(sp[1], &m, 0));
    struct cmsghdr *h = CMSG_FIRSTHDR(&m);
    struct ucred *c = (void *)CMSG_DATA(h);
    say("level %d type %d len %zu mine %d uid %u", h->cmsg_level, h->cmsg_type,
        h->cmsg_len, c->pid == getpid(), c->uid);
    m.msg_iovlen = 1025;
    R(recvmsg(sp[1], &m, 0));
    m.msg_iovlen = 1;
    m.msg_control = bad;
    write(sp[0], "x", 1);
    R(recvmsg(sp[1], (void *)bad, 0));
    R(sendmsg(sp[0], (void *)bad, 0));
    R(recvmsg(99, &m, 0));
    R(recvmsg(0, &m, 0));
}
