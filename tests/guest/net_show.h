/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * net_show.h - for programs about sockets on loopback whose output on this
 * kernel is compared with their output on Linux: SECTION("name"), then
 * T(expr) prints the expression and its value, or the error's name.
 */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static const char *section = "";

#define SECTION(name) (section = (name))
/* Evaluate and print: the value, or the error's name. */
#define T(e)                                                                   \
    do {                                                                       \
        long r_ = (long)(e);                                                   \
        int err_ = errno;                                                      \
        if (r_ < 0)                                                            \
            printf("%s: %s: %s\n", section, #e, strerrorname_np(err_));        \
        else                                                                   \
            printf("%s: %s: %ld\n", section, #e, r_);                          \
    } while (0)

/* 127.0.0.1; (port) in network byte order. */
static inline struct sockaddr_in local(uint16_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = port,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* The port (fd) is bound to, in network byte order. */
static inline uint16_t port_of(int fd)
{
    struct sockaddr_in a = {0};
    socklen_t len = sizeof(a);

    getsockname(fd, (struct sockaddr *)&a, &len);
    return a.sin_port;
}

static inline int connect_to(int fd, uint16_t port)
{
    struct sockaddr_in a = local(port);

    return connect(fd, (struct sockaddr *)&a, sizeof(a));
}
