/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * net_tcp_test.c - TCP over loopback as a program sees it: what calls answer,
 * what poll says, in every state of a connection. Prints a line per fact, the
 * same on Linux and here; exit status 0.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net_show.h"

static int tcp(void)
{
    return socket(AF_INET, SOCK_STREAM, 0);
}

static int bind_to(int fd, uint16_t port)
{
    struct sockaddr_in a = local(port);

    return bind(fd, (struct sockaddr *)&a, sizeof(a));
}

static int listener(int backlog)
{
    int fd = tcp();

    bind_to(fd, 0);
    listen(fd, backlog);
    return fd;
}

static void pair(int fd[2])
{
    int l = listener(8);

    fd[0] = tcp();
    connect_to(fd[0], port_of(l));
    fd[1] = accept(l, NULL, NULL);
    close(l);
}

static void nonblock(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static int so_error(int fd)
{
    int e = -1;
    socklen_t len = sizeof(e);

    getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len);
    return e;
}

static const char *events_text(unsigned ev)
{
    static const struct {
        unsigned bit;
        const char *name;
    } names[] = {
        {POLLIN, "IN"},       {POLLPRI, "PRI"},       {POLLOUT, "OUT"},
        {POLLERR, "ERR"},     {POLLHUP, "HUP"},       {POLLNVAL, "NVAL"},
        {POLLRDHUP, "RDHUP"}, {POLLRDNORM, "RDNORM"}, {POLLWRNORM, "WRNORM"}};
    static char text[100];

    text[0] = 0;
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (ev & names[i].bit)
            strcat(strcat(text, " "), names[i].name);
    return text;
}

/* What poll says once nothing changes any more. */
static void show_poll(const char *what, int fd)
{
    struct pollfd p = {
        fd, POLLIN | POLLPRI | POLLOUT | POLLRDHUP | POLLRDNORM | POLLWRNORM,
        0};

    usleep(20000);
    poll(&p, 1, 0);
    printf("%s: poll %s:%s\n", section, what, events_text((unsigned)p.revents));
}

/* --- sections ---------------------------------------------------------- */

static void errors(void)
{
    char b[4];
    struct sockaddr_in a = local(0), other = local(0);
    struct sockaddr_storage name;
    socklen_t len = sizeof(name);
    int s = tcp(), l = listener(4);

    SECTION("errors");
    T(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
    T(socket(AF_INET, SOCK_SEQPACKET, 0));
    T(socket(AF_INET, 77, 0));
    T(socket(777, SOCK_STREAM, 0));
    T(bind(s, (struct sockaddr *)&a, 4));
    other.sin_addr.s_addr = inet_addr("192.0.2.77");
    T(bind(s, (struct sockaddr *)&other, sizeof(other)));
    other.sin_family = AF_UNIX;
    T(bind(s, (struct sockaddr *)&other, sizeof(other)));
    T(bind_to(s, port_of(l)));
    T(bind_to(s, 0));
    T(bind_to(s, 0));
    T(accept(s, NULL, NULL));
    T(getpeername(s, (struct sockaddr *)&name, &len));
    T(shutdown(s, SHUT_WR));
    T(shutdown(s, 5));
    T(recv(s, b, 1, 0));
    T(recv(s, b, 1, MSG_DONTWAIT));
    T(send(s, b, 1, MSG_NOSIGNAL));
    T(send(l, b, 1, MSG_NOSIGNAL));
    T(recv(l, b, 1, 0));
    T(connect_to(l, port_of(l)));
    T(connect(s, (struct sockaddr *)&a, 3));
    T(connect_to(s, port_of(l)));
    T(connect_to(s, port_of(l)));
    T(listen(s, 1));
    close(s);
    s = tcp();
    a.sin_addr.s_addr = inet_addr("127.0.0.1");
    a.sin_port = htons(1);
    T(connect(s, (struct sockaddr *)&a, sizeof(a)));
    T(so_error(s));
    T(connect(s, (struct sockaddr *)&a, sizeof(a)));
    T(connect_to(s, port_of(l)));
    close(s);
    nonblock(l);
    while ((s = accept(l, NULL, NULL)) >= 0)
        close(s);
    T(accept(l, NULL, NULL));
    T(accept4(l, NULL, NULL, 1));
    close(l);
    T(accept(-1, NULL, NULL));
    T(accept(0, NULL, NULL) < 0 && errno == ENOTSOCK);
}

static void polls(void)
{
    int s = tcp(), l, fd[2];

    SECTION("polls");
    show_poll("new", s);
    bind_to(s, 0);
    show_poll("bound", s);
    listen(s, 4);
    show_poll("listening", s);
    l = s;
    s = tcp();
    connect_to(s, port_of(l));
    show_poll("listener with a connection", l);
    show_poll("connected", s);
    close(s);
    show_poll("listener with a closed connection", l);
    s = accept(l, NULL, NULL);
    show_poll("accepted after close", s);
    close(s);
    close(l);
    pair(fd);
    send(fd[0], "x", 1, 0);
    show_poll("data", fd[1]);
    shutdown(fd[0], SHUT_WR);
    show_poll("data and end", fd[1]);
    show_poll("own end sent", fd[0]);
    char c;
    recv(fd[1], &c, 1, 0);
    show_poll("end", fd[1]);
    shutdown(fd[1], SHUT_WR);
    show_poll("both ends", fd[1]);
    show_poll("both ends, first", fd[0]);
    close(fd[0]);
    close(fd[1]);
    pair(fd);
    shutdown(fd[0], SHUT_RD);
    show_poll("shut for reading", fd[0]);
    T(recv(fd[0], &c, 1, 0));
    close(fd[0]);
    close(fd[1]);
}

static void resets(void)
{
    struct linger hard = {1, 0};
    int fd[2];
    char c;

    SECTION("resets");
    pair(fd);
    setsockopt(fd[0], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    send(fd[0], "lost", 4, 0);
    close(fd[0]);
    show_poll("after RST", fd[1]);
    T(recv(fd[1], &c, 1, 0));
    show_poll("after its error", fd[1]);
    T(recv(fd[1], &c, 1, 0));
    T(send(fd[1], "x", 1, MSG_NOSIGNAL));
    T(shutdown(fd[1], SHUT_WR));
    close(fd[1]);

    pair(fd); /* closing with unread data resets as well */
    send(fd[0], "unread", 6, 0);
    usleep(20000);
    close(fd[1]);
    show_poll("peer left data unread", fd[0]);
    T(so_error(fd[0]));
    T(so_error(fd[0]));
    T(recv(fd[0], &c, 1, 0));
    close(fd[0]);

    pair(fd); /* writing to one that is gone */
    close(fd[1]);
    usleep(20000);
    T(send(fd[0], "x", 1, MSG_NOSIGNAL));
    usleep(20000);
    show_poll("wrote to a closed one", fd[0]);
    T(send(fd[0], "x", 1, MSG_NOSIGNAL));
    T(recv(fd[0], &c, 1, 0));
    close(fd[0]);
}

static void half_close(void)
{
    int fd[2];
    char b[16];

    SECTION("half_close");
    pair(fd);
    T(shutdown(fd[0], SHUT_WR));
    T(shutdown(fd[0], SHUT_WR));
    T(send(fd[0], "x", 1, MSG_NOSIGNAL));
    T(recv(fd[1], b, 1, 0));
    T(recv(fd[1], b, 1, MSG_PEEK));
    T(send(fd[1], "still", 5, 0));
    T(recv(fd[0], b, 16, 0));
    T(shutdown(fd[1], SHUT_RDWR));
    T(recv(fd[0], b, 16, 0));
    close(fd[0]);
    close(fd[1]);
}

static void flags(void)
{
    int fd[2], n;
    char b[16] = "";

    SECTION("flags");
    pair(fd);
    T(recv(fd[1], b, 1, MSG_DONTWAIT));
    send(fd[0], "hello", 5, 0);
    usleep(20000);
    T(ioctl(fd[1], FIONREAD, &n) == 0 ? n : -1);
    T(recv(fd[1], b, 2, MSG_PEEK));
    T(recv(fd[1], b, 16, MSG_PEEK | MSG_TRUNC));
    T(recv(fd[1], b, 0, 0));
    T(recv(fd[1], b, 2, MSG_TRUNC));
    T(recv(fd[1], b, 16, MSG_DONTWAIT));
    T(recv(fd[1], b, 1, MSG_ERRQUEUE));
    T(recv(fd[1], b, 1, MSG_OOB));
    if (!fork()) {
        for (int i = 0; i < 4; i++) {
            usleep(10000);
            send(fd[0], "ab", 2, 0);
        }
        _exit(0);
    }
    T(recv(fd[1], b, 8, MSG_WAITALL));
    usleep(100000);
    T(ioctl(fd[0], SIOCOUTQ, &n) == 0 ? n : -1);
    T(send(fd[0], b, 0, 0));
    T(recv(fd[1], b, 1, MSG_DONTWAIT));
    close(fd[0]);
    close(fd[1]);
}

static void connecting(void)
{
    int s = tcp(), l = listener(4);
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    struct pollfd p;

    SECTION("connecting");
    nonblock(s);
    uint16_t port = port_of(l);
    bool begun = connect_to(s, port) == 0 || errno == EINPROGRESS;
    T(begun);
    p = (struct pollfd){s, POLLOUT, 0};
    T(poll(&p, 1, 1000));
    T(so_error(s));
    /* Over loopback here the first call may already have said so. */
    bool told = connect_to(s, port) == 0 || errno == EISCONN;
    T(told);
    T(connect_to(s, port));
    T(connect(s, &none, sizeof(none)));
    T(getpeername(s, &none, &(socklen_t){sizeof(none)}));
    close(s);
    s = tcp();
    nonblock(s);
    bool refused = connect_to(s, htons(1)) < 0 &&
                   (errno == EINPROGRESS || errno == ECONNREFUSED);
    bool pending = errno == EINPROGRESS;
    T(refused);
    show_poll("refused", s);
    int error = so_error(s);
    T(!pending || error == ECONNREFUSED);
    T(so_error(s));
    show_poll("refused, error taken", s);
    close(s);
    close(l);
}

static void backlog(void)
{
    int l = listener(4096), c[300], n = 0;
    char b[4];

    SECTION("backlog");
    for (int i = 0; i < 300; i++) {
        c[i] = tcp();
        if (connect_to(c[i], port_of(l)) == 0)
            n++;
    }
    T(n);
    send(c[0], "hi", 2, 0);
    close(c[0]);
    for (int i = 1; i < 300; i++)
        close(c[i]);
    usleep(20000);
    int a = accept(l, NULL, NULL);
    T(recv(a, b, 4, 0));
    T(recv(a, b, 4, 0));
    close(a);
    nonblock(l);
    for (n = 1; (a = accept(l, NULL, NULL)) >= 0; n++)
        close(a);
    T(n);
    close(l);
    /* A listener that closes takes those not accepted with it. */
    l = listener(4);
    a = tcp();
    T(connect_to(a, port_of(l)));
    close(l);
    usleep(20000);
    T(recv(a, b, 4, 0));
    close(a);
    /* accept4's flags and what is not inherited */
    l = listener(4);
    nonblock(l);
    a = tcp();
    connect_to(a, port_of(l));
    usleep(20000);
    int s = accept(l, NULL, NULL);
    T(fcntl(s, F_GETFL) & O_NONBLOCK);
    T(fcntl(s, F_GETFD));
    close(s);
    close(a);
    a = tcp();
    connect_to(a, port_of(l));
    usleep(20000);
    s = accept4(l, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    T((fcntl(s, F_GETFL) & O_NONBLOCK) != 0);
    T(fcntl(s, F_GETFD));
    close(s);
    close(a);
    close(l);
}

static void epoll_states(void)
{
    struct epoll_event e = {.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT};
    int ep = epoll_create1(0), fd[2];
    char c;

    SECTION("epoll");
    pair(fd);
    T(epoll_ctl(ep, EPOLL_CTL_ADD, fd[1], &e));
    T(epoll_wait(ep, &e, 1, 0));
    send(fd[0], "x", 1, 0);
    T(epoll_wait(ep, &e, 1, 1000));
    T(e.events);
    send(fd[0], "y", 1, 0);
    T(epoll_wait(ep, &e, 1, 50));
    e.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT;
    T(epoll_ctl(ep, EPOLL_CTL_MOD, fd[1], &e));
    T(epoll_wait(ep, &e, 1, 1000));
    T(recv(fd[1], &c, 1, 0));
    T(recv(fd[1], &c, 1, 0));
    e.events = EPOLLIN | EPOLLET;
    T(epoll_ctl(ep, EPOLL_CTL_MOD, fd[1], &e));
    shutdown(fd[0], SHUT_WR);
    T(epoll_wait(ep, &e, 1, 1000));
    T(e.events);
    T(epoll_wait(ep, &e, 1, 50));
    e.events = 0; /* errors and hang-ups are told all the same */
    T(epoll_ctl(ep, EPOLL_CTL_MOD, fd[1], &e));
    T(epoll_wait(ep, &e, 1, 50));
    shutdown(fd[1], SHUT_WR);
    T(epoll_wait(ep, &e, 1, 1000));
    T(e.events);
    T(close(fd[1]));
    T(epoll_wait(ep, &e, 1, 50));
    close(fd[0]);
    close(ep);
}

static void bulk(void)
{
    static char buf[65536];
    size_t total = 0;
    int fd[2], file = open("/proc/self/exe", O_RDONLY);
    long size = lseek(file, 0, SEEK_END), sent;
    off_t off = 0;

    SECTION("bulk");
    pair(fd);
    if (!fork()) {
        close(fd[0]);
        while ((sent = recv(fd[1], buf, sizeof(buf), 0)) > 0)
            total += (size_t)sent;
        T(total == (size_t)size + 4);
        fflush(stdout);
        _exit(0);
    }
    close(fd[1]);
    fflush(stdout);
    int cork = 1;
    setsockopt(fd[0], IPPROTO_TCP, TCP_CORK, &cork, sizeof(cork));
    send(fd[0], "head", 4, 0);
    while (off < size && (sent = sendfile(fd[0], file, &off, 1 << 20)) > 0)
        ;
    cork = 0;
    setsockopt(fd[0], IPPROTO_TCP, TCP_CORK, &cork, sizeof(cork));
    T(off == size);
    fflush(stdout);
    usleep(300000);
    close(fd[0]);
    usleep(300000);
    /* A full buffer says so, and poll agrees. */
    pair(fd);
    nonblock(fd[0]);
    while ((sent = send(fd[0], buf, sizeof(buf), 0)) > 0)
        ;
    T(errno == EAGAIN);
    show_poll("full", fd[0]);
    close(fd[0]);
    close(fd[1]);
    close(file);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    errors();
    polls();
    resets();
    half_close();
    flags();
    connecting();
    backlog();
    epoll_states();
    bulk();
    return 0;
}
