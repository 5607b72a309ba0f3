/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * net_loop_test.c - the other addresses of 127/8: each is this machine's.
 */
#include "show.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

static struct sockaddr_in at(const char *addr, uint16_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = port,
                                .sin_addr.s_addr = inet_addr(addr)};
}

static int bound(int type, const char *addr)
{
    struct sockaddr_in a = at(addr, 0);
    int fd = socket(AF_INET, type, 0);

    NEED(fd >= 0 && !bind(fd, (struct sockaddr *)&a, sizeof(a)));
    return fd;
}

static int listening(const char *addr)
{
    int fd = bound(SOCK_STREAM, addr);

    NEED(!listen(fd, 8));
    return fd;
}

static uint16_t port(int fd)
{
    struct sockaddr_in a;
    socklen_t len = sizeof(a);

    NEED(!getsockname(fd, (struct sockaddr *)&a, &len));
    return a.sin_port;
}

static int connect_to(int fd, const char *addr, uint16_t to)
{
    struct sockaddr_in a = at(addr, to);

    return connect(fd, (struct sockaddr *)&a, sizeof(a));
}

/* Both addresses of a connected socket. */
static void ends(const char *what, int fd)
{
    struct sockaddr_in a, b;
    socklen_t la = sizeof(a), lb = sizeof(b);
    char own[16], other[16];

    NEED(!getsockname(fd, (struct sockaddr *)&a, &la) &&
         !getpeername(fd, (struct sockaddr *)&b, &lb));
    say("%s: %s and %s", what,
        inet_ntop(AF_INET, &a.sin_addr, own, sizeof(own)),
        inet_ntop(AF_INET, &b.sin_addr, other, sizeof(other)));
}

static void talk(int from, int to)
{
    char c = 0;
    struct pollfd p = {.fd = to, .events = POLLIN};

    R(write(from, "x", 1));
    R(poll(&p, 1, 20000));
    R(read(to, &c, 1));
}

static void connection(int server, const char *addr)
{
    int client = socket(AF_INET, SOCK_STREAM, 0), fd;

    R(connect_to(client, addr, port(server)));
    fd = accept(server, NULL, NULL);
    NEED(fd >= 0);
    ends("client", client);
    ends("server", fd);
    talk(client, fd);
    talk(fd, client);
    close(client);
    R(read(fd, &(char){0}, 1));
    close(fd);
}

SECTION(tcp)
{
    connection(listening("127.0.0.2"), "127.0.0.2");
    connection(listening("127.1.2.3"), "127.1.2.3");
    connection(listening("0.0.0.0"), "127.255.255.254");
}

SECTION(tcp_from_another)
{
    int server = listening("127.0.0.2"), fd;
    int client = bound(SOCK_STREAM, "127.0.0.3");

    R(connect_to(client, "127.0.0.2", port(server)));
    fd = accept(server, NULL, NULL);
    ends("client", client);
    ends("server", fd);
    talk(fd, client);
}

SECTION(tcp_elsewhere)
{
    int server = listening("127.0.0.2");
    struct sockaddr_in a = at("127.0.0.4", port(server));
    int third = socket(AF_INET, SOCK_STREAM, 0);

    R(connect_to(socket(AF_INET, SOCK_STREAM, 0), "127.0.0.1", port(server)));
    R(bind(third, (struct sockaddr *)&a, sizeof(a)));
    a = at("127.0.0.2", port(server));
    third = socket(AF_INET, SOCK_STREAM, 0);
    R(bind(third, (struct sockaddr *)&a, sizeof(a)));
    R(bind(third,
           (struct sockaddr *)&(struct sockaddr_in){.sin_family = AF_INET,
                                                    .sin_port = port(server)},
           sizeof(a)));
}

SECTION(udp)
{
    static char big[60000];
    int server = bound(SOCK_DGRAM, "127.0.0.2");
    int any = bound(SOCK_DGRAM, "0.0.0.0");
    int client = socket(AF_INET, SOCK_DGRAM, 0);

    R(connect_to(client, "127.0.0.2", port(server)));
    ends("client", client);
    talk(client, server);
    R(write(client, big, sizeof(big)));
    R(read(server, big, sizeof(big)));
    R(connect_to(client, "127.3.2.1", port(any)));
    talk(client, any);
}

SECTION(udp_elsewhere)
{
    int server = bound(SOCK_DGRAM, "127.0.0.2");
    int client = bound(SOCK_DGRAM, "127.0.0.3");
    struct pollfd p = {.fd = client, .events = POLLIN};

    R(connect_to(client, "127.0.0.4", port(server)));
    R(write(client, "x", 1));
    R(poll(&p, 1, 20000));
    R(read(client, &(char){0}, 1));
}
