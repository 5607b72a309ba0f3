/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * net_port_test.c - who may have which local port, and whose a packet is when
 * several could have it: SO_REUSEADDR, SO_REUSEPORT, multicast groups. Prints a
 * line per fact, the same on Linux and here; exit status 0.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net_show.h"

static int set(int fd, int level, int name, int v)
{
    return setsockopt(fd, level, name, &v, sizeof(v));
}

/* A socket with SO_REUSEADDR (bit 0) and SO_REUSEPORT (bit 1). */
static int sock(int type, int reuse)
{
    int fd = socket(AF_INET, type, 0);

    set(fd, SOL_SOCKET, SO_REUSEADDR, reuse & 1);
    set(fd, SOL_SOCKET, SO_REUSEPORT, reuse >> 1);
    return fd;
}

static int bind_at(int fd, const char *ip, uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = port};

    inet_pton(AF_INET, ip, &a.sin_addr);
    return bind(fd, (struct sockaddr *)&a, sizeof(a));
}

/* As errors are shown, but 0 for any success. */
static const char *tell(long rc)
{
    return rc < 0 ? strerrorname_np(errno) : "ok";
}

/* --- two sockets ------------------------------------------------------- */

static void two(int type, const char *first, const char *second, bool listens)
{
    for (int r = 0; r < 16; r++) {
        int a = sock(type, r & 3), b = sock(type, r >> 2);
        printf("%s: %s %d with %s %d:", section, first, r & 3, second, r >> 2);
        printf(" %s", tell(bind_at(a, first, 0)));
        if (listens)
            printf(" %s", tell(listen(a, 1)));
        printf(" %s", tell(bind_at(b, second, port_of(a))));
        if (type == SOCK_STREAM)
            printf(" %s", tell(listen(b, 1)));
        puts("");
        close(a);
        close(b);
    }
}

static void conflicts(void)
{
    SECTION("tcp bound");
    two(SOCK_STREAM, "127.0.0.1", "127.0.0.1", false);
    SECTION("tcp listening");
    two(SOCK_STREAM, "127.0.0.1", "127.0.0.1", true);
    two(SOCK_STREAM, "0.0.0.0", "127.0.0.1", true);
    two(SOCK_STREAM, "127.0.0.1", "127.0.0.2", true);
    SECTION("udp");
    two(SOCK_DGRAM, "127.0.0.1", "127.0.0.1", false);
    two(SOCK_DGRAM, "0.0.0.0", "127.0.0.1", false);
    two(SOCK_DGRAM, "127.0.0.1", "127.0.0.2", false);
}

/* --- connections keep a port ------------------------------------------- */

static void nonblock(int fd)
{
    fcntl(fd, F_SETFL, O_NONBLOCK);
}

static void connections(void)
{
    int l = sock(SOCK_STREAM, 0), c = sock(SOCK_STREAM, 0), s, t;

    SECTION("connections");
    bind_at(l, "127.0.0.1", 0);
    listen(l, 5);
    uint16_t port = port_of(l);
    connect_to(c, port);
    s = accept(l, NULL, NULL);
    T(listen(l, 7));
    close(l);
    t = sock(SOCK_STREAM, 0);
    T(bind_at(t, "127.0.0.1", port));
    T(bind_at(t, "127.0.0.2", port));
    close(t);
    t = sock(SOCK_STREAM, 1); /* the connection's socket has it not */
    T(bind_at(t, "127.0.0.1", port));
    close(t);
    set(s, SOL_SOCKET, SO_REUSEADDR, 1);
    t = sock(SOCK_STREAM, 1);
    T(bind_at(t, "127.0.0.1", port));
    T(listen(t, 5));
    close(t);
    /* The port of a connection that we opened. */
    t = sock(SOCK_STREAM, 0);
    T(bind_at(t, "127.0.0.1", port_of(c)));
    close(t);
    /* In TIME-WAIT */
    close(s);
    usleep(20000);
    close(c);
    usleep(20000);
    t = sock(SOCK_STREAM, 0);
    T(bind_at(t, "127.0.0.1", port));
    close(t);
    t = sock(SOCK_STREAM, 1);
    T(bind_at(t, "127.0.0.1", port));
    close(t);
}

static void again(void)
{
    int l = sock(SOCK_STREAM, 0), c = sock(SOCK_STREAM, 0);
    struct sockaddr none = {.sa_family = AF_UNSPEC};

    SECTION("again");
    bind_at(l, "127.0.0.1", 0);
    uint16_t port = port_of(l);
    T(listen(l, 5));
    T(bind_at(l, "127.0.0.1", 0));
    T(shutdown(l, SHUT_RDWR));
    T(accept(l, NULL, NULL));
    T(port_of(l) == port);
    T(listen(l, 5));
    T(connect_to(c, port));
    close(c);
    /* A bound socket keeps its port when connect() fails, or is undone. */
    c = sock(SOCK_STREAM, 0);
    bind_at(c, "127.0.0.1", 0);
    uint16_t mine = port_of(c);
    T(connect_to(c, htons(1)));
    T(port_of(c) == mine);
    T(connect_to(c, port));
    T(port_of(c) == mine);
    T(connect(c, &none, sizeof(none)));
    T(port_of(c) == mine);
    close(c);
    close(l);
    /* Listening without having been bound */
    l = sock(SOCK_STREAM, 0);
    T(listen(l, 1));
    T(port_of(l) != 0);
    close(l);
}

/* --- whose is it ------------------------------------------------------- */

static bool has_something(int fd)
{
    struct pollfd p = {fd, POLLIN, 0};

    return poll(&p, 1, 30) == 1;
}

static void send_to(int fd, const char *ip, uint16_t port, const char *text)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = port};

    inet_pton(AF_INET, ip, &a.sin_addr);
    T(sendto(fd, text, strlen(text), 0, (struct sockaddr *)&a, sizeof(a)));
}

static void drain(int fd)
{
    char b[100];

    while (recv(fd, b, sizeof(b), MSG_DONTWAIT) >= 0)
        ;
}

static void show_who(const int *fd, int n)
{
    printf("%s: heard by", section);
    for (int i = 0; i < n; i++)
        if (has_something(fd[i]))
            printf(" %d", i);
    puts("");
    for (int i = 0; i < n; i++)
        drain(fd[i]);
}

static void datagrams(void)
{
    int s = sock(SOCK_DGRAM, 0), fd[4];

    SECTION("datagrams");
    fd[0] = sock(SOCK_DGRAM, 1);
    bind_at(fd[0], "0.0.0.0", 0);
    uint16_t port = port_of(fd[0]);
    fd[1] = sock(SOCK_DGRAM, 1);
    T(bind_at(fd[1], "127.0.0.1", port));
    fd[2] = sock(SOCK_DGRAM, 1);
    T(bind_at(fd[2], "0.0.0.0", port));
    fd[3] = sock(SOCK_DGRAM, 1);
    T(bind_at(fd[3], "127.0.0.2", port));
    bind_at(s, "127.0.0.1", 0);
    send_to(s, "127.0.0.1", port, "a");
    show_who(fd, 4);
    send_to(s, "127.0.0.2", port, "b");
    show_who(fd, 4);
    send_to(s, "127.0.0.3", port, "c");
    show_who(fd, 4);
    T(connect_to(fd[1], htons(9)));
    send_to(s, "127.0.0.1", port, "d");
    show_who(fd, 4);
    T(connect_to(fd[1], port_of(s)));
    send_to(s, "127.0.0.1", port, "e");
    show_who(fd, 4);
    close(fd[1]);
    close(fd[2]);
    send_to(s, "127.0.0.1", port, "f");
    show_who(fd, 1);
    close(fd[0]);
    close(fd[3]);
    close(s);
}

/* Every socket of a group that shares a port by SO_REUSEPORT has some of the
 * work. */
static void balanced(void)
{
    enum { GROUP = 3, N = 60 };
    int l[GROUP], u[GROUP], heard[GROUP] = {0}, taken[GROUP] = {0}, all = 0;
    uint16_t port = 0, uport = 0;

    SECTION("balanced");
    for (int i = 0; i < GROUP; i++) {
        l[i] = sock(SOCK_STREAM, 2);
        T(bind_at(l[i], "127.0.0.1", port));
        T(listen(l[i], N));
        nonblock(l[i]);
        port = port_of(l[i]);
        u[i] = sock(SOCK_DGRAM, 2);
        T(bind_at(u[i], "127.0.0.1", uport));
        uport = port_of(u[i]);
    }
    for (int i = 0; i < N; i++) {
        int c = sock(SOCK_STREAM, 0), d = sock(SOCK_DGRAM, 0);
        connect_to(c, port);
        connect_to(d, uport);
        send(d, "x", 1, 0);
        close(c);
        close(d);
    }
    usleep(50000);
    for (int i = 0; i < GROUP; i++) {
        int c;
        char b;
        while ((c = accept(l[i], NULL, NULL)) >= 0)
            taken[i]++, all++, close(c);
        while (recv(u[i], &b, 1, MSG_DONTWAIT) == 1)
            heard[i]++, all++;
        T(taken[i] > 0);
        T(heard[i] > 0);
    }
    T(all);
    close(l[0]); /* and then the others have it all */
    int c = sock(SOCK_STREAM, 0);
    for (int i = 0; i < 10; i++) {
        if (connect_to(c, port))
            printf("%s: not connected\n", section);
        close(c);
        c = sock(SOCK_STREAM, 0);
    }
    close(c);
    for (int i = 0; i < GROUP; i++)
        close(l[i]), close(u[i]);
}

/* --- multicast --------------------------------------------------------- */

static int group(int fd, int name, const char *g, int ifindex)
{
    struct ip_mreqn r = {.imr_ifindex = ifindex};

    inet_pton(AF_INET, g, &r.imr_multiaddr);
    return setsockopt(fd, SOL_IP, name, &r, sizeof(r));
}

static int source(int fd, int name, const char *g, const char *from)
{
    struct ip_mreq_source r = {0};

    inet_pton(AF_INET, g, &r.imr_multiaddr);
    inet_pton(AF_INET, "127.0.0.1", &r.imr_interface);
    inet_pton(AF_INET, from, &r.imr_sourceaddr);
    return setsockopt(fd, SOL_IP, name, &r, sizeof(r));
}

#define G "239.1.2.3"

static void multicast(void)
{
    int fd[4], s = sock(SOCK_DGRAM, 0), t = sock(SOCK_STREAM, 0), v;
    struct in_addr lo = {htonl(INADDR_LOOPBACK)};
    socklen_t len;

    SECTION("multicast");
    T(bind_at(s, "127.0.0.1", 0));
    T(setsockopt(s, SOL_IP, IP_MULTICAST_IF, &lo, sizeof(lo)));
    uint16_t port = 0;
    for (int i = 0; i < 4; i++) {
        fd[i] = sock(SOCK_DGRAM, i == 3 ? 2 : 1);
        set(fd[i], SOL_SOCKET, SO_REUSEADDR, 1);
        T(bind_at(fd[i], i == 2 ? G : "0.0.0.0", port));
        port = port_of(fd[0]);
    }
    T(group(t, IP_ADD_MEMBERSHIP, G, 1));
    T(group(s, IP_ADD_MEMBERSHIP, "10.1.2.3", 1));
    T(group(s, IP_ADD_MEMBERSHIP, G, 77));
    T(group(s, IP_DROP_MEMBERSHIP, G, 1));
    T(group(fd[0], IP_ADD_MEMBERSHIP, G, 1));
    T(group(fd[0], IP_ADD_MEMBERSHIP, G, 1));
    send_to(s, G, port, "one joined");
    show_who(fd, 4);
    T(group(fd[1], IP_ADD_MEMBERSHIP, G, 1));
    T(group(fd[2], IP_ADD_MEMBERSHIP, G, 1));
    send_to(s, G, port, "three");
    show_who(fd, 4);
    T(set(fd[3], SOL_IP, IP_MULTICAST_ALL, 0));
    send_to(s, G, port, "only members");
    show_who(fd, 4);
    T(set(s, SOL_IP, IP_MULTICAST_LOOP, 0));
    T(group(fd[0], IP_DROP_MEMBERSHIP, G, 1));
    T(group(fd[0], IP_DROP_MEMBERSHIP, G, 1));
    len = sizeof(v);
    T(getsockopt(s, SOL_IP, IP_MULTICAST_LOOP, &v, &len));
    T(v);
    T(set(s, SOL_IP, IP_MULTICAST_LOOP, 1));
    T(set(s, SOL_IP, IP_MULTICAST_TTL, 3));
    T(set(s, SOL_IP, IP_MULTICAST_TTL, 256));
    set(fd[1], SOL_IP, IP_MULTICAST_ALL, 0);
    /* Sources */
    T(source(fd[1], IP_BLOCK_SOURCE, G, "127.0.0.1"));
    send_to(s, G, port, "blocked by one");
    show_who(fd, 4);
    T(source(fd[1], IP_BLOCK_SOURCE, G, "127.0.0.1"));
    T(source(fd[1], IP_ADD_SOURCE_MEMBERSHIP, G, "127.0.0.9"));
    T(source(fd[1], IP_UNBLOCK_SOURCE, G, "127.0.0.9"));
    T(source(fd[1], IP_UNBLOCK_SOURCE, G, "127.0.0.1"));
    send_to(s, G, port, "not any more");
    show_who(fd, 4);
    T(source(s, IP_BLOCK_SOURCE, "239.7.7.7", "127.0.0.1"));
    T(source(s, IP_BLOCK_SOURCE, "1.2.3.4", "127.0.0.1"));
    T(group(fd[1], IP_DROP_MEMBERSHIP, G, 1));
    T(source(fd[1], IP_ADD_SOURCE_MEMBERSHIP, G, "127.0.0.9"));
    send_to(s, G, port, "from another source");
    show_who(fd, 4);
    T(source(fd[1], IP_ADD_SOURCE_MEMBERSHIP, G, "127.0.0.1"));
    T(source(fd[1], IP_ADD_SOURCE_MEMBERSHIP, G, "127.0.0.1"));
    send_to(s, G, port, "from this one");
    show_who(fd, 4);
    T(source(fd[1], IP_DROP_SOURCE_MEMBERSHIP, G, "127.0.0.1"));
    T(source(fd[1], IP_DROP_SOURCE_MEMBERSHIP, G, "127.0.0.1"));
    T(source(fd[1], IP_DROP_SOURCE_MEMBERSHIP, G, "127.0.0.9"));
    T(group(fd[1], IP_DROP_MEMBERSHIP, G, 1));
    for (int i = 0; i < 4; i++)
        close(fd[i]);
    close(s);
    close(t);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    conflicts();
    connections();
    again();
    datagrams();
    balanced();
    multicast();
    return 0;
}
