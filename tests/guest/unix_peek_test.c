/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * unix_peek_test.c - SO_PEEK_OFF of Unix-domain sockets.
 */
#include "show.h"

#include <sys/socket.h>

static int peek_off(int s)
{
    socklen_t n = sizeof(int);
    int v = -77;

    getsockopt(s, SOL_SOCKET, SO_PEEK_OFF, &v, &n);
    return v;
}

static void set_peek_off(int s, int v)
{
    R(setsockopt(s, SOL_SOCKET, SO_PEEK_OFF, &v, sizeof(v)));
}

static void receive(int s, size_t n, int flags)
{
    char b[32];
    struct iovec v = {b, n};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    long got;

    errno = 0;
    got = recvmsg(s, &m, flags | MSG_DONTWAIT);
    say("%s%s%zu: %ld %s '%.*s'%s, then %d", flags & MSG_PEEK ? "peek " : "",
        flags & MSG_TRUNC ? "length " : "", n, got, err_name(errno),
        (int)(got < 0           ? 0
              : (size_t)got > n ? (long)n
                                : got),
        b, m.msg_flags & MSG_TRUNC ? " cut" : "", peek_off(s));
}

static void peek_offsets(int type, int *sp)
{
    NEED(!socketpair(AF_UNIX, type, 0, sp));
    V(peek_off(sp[0]));
    set_peek_off(sp[0], -5);
    V(peek_off(sp[0]));
    set_peek_off(sp[0], 0);
    receive(sp[0], 4, MSG_PEEK);
    NEED(write(sp[1], "abcd", 4) == 4 && write(sp[1], "efghij", 6) == 6);
    receive(sp[0], 3, MSG_PEEK);
    receive(sp[0], 3, MSG_PEEK);
    receive(sp[0], 30, MSG_PEEK);
    receive(sp[0], 30, MSG_PEEK);
    receive(sp[0], 2, 0);
    receive(sp[0], 30, MSG_PEEK);
    set_peek_off(sp[0], 5);
    receive(sp[0], 2, MSG_PEEK);
    receive(sp[0], 2, MSG_PEEK | MSG_TRUNC);
    set_peek_off(sp[0], 1000000);
    receive(sp[0], 2, MSG_PEEK);
    receive(sp[0], 2, 0);
    set_peek_off(sp[0], -1);
    receive(sp[0], 30, MSG_PEEK);
    receive(sp[0], 30, MSG_PEEK);
    receive(sp[0], 30, 0);
    receive(sp[0], 30, 0);
}

SECTION(stream)
{
    char buf[5];
    int sp[2];

    peek_offsets(SOCK_STREAM, sp);
    set_peek_off(sp[0], 2);
    NEED(write(sp[1], "xy", 2) == 2);
    CHILD /* what is there already is not enough */
    {
        nap(100);
        NEED(write(sp[1], "z", 1) == 1);
    }
    R(recv(sp[0], buf, sizeof(buf), MSG_PEEK));
    say("%.1s then %d", buf, peek_off(sp[0]));
    close(sp[1]);
    receive(sp[0], 5, MSG_PEEK);
    set_peek_off(sp[0], 1);
    receive(sp[0], 5, MSG_PEEK);
    receive(sp[0], 5, 0);
    receive(sp[0], 5, 0);
}

SECTION(packets)
{
    int sp[2], v = 0;

    peek_offsets(SOCK_SEQPACKET, sp);
    peek_offsets(SOCK_DGRAM, sp);
    set_peek_off(sp[0], 0);
    NEED(!send(sp[1], "", 0, 0) && write(sp[1], "kl", 2) == 2);
    receive(sp[0], 5, MSG_PEEK);
    receive(sp[0], 5, MSG_PEEK);
    receive(sp[0], 5, 0);
    receive(sp[0], 5, 0);
    v = open("/dev/null", O_RDWR);
    R(setsockopt(v, SOL_SOCKET, SO_PEEK_OFF, &v, sizeof(v)));
}
