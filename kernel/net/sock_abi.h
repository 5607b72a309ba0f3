/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sock_abi.h - the part of Linux's socket interface that its exported headers
 * leave to the C library (include/linux/socket.h, include/linux/net.h).
 */
#pragma once

#include <asm/socket.h>
#include <linux/in.h>
#include <linux/in6.h>

#include "lib/types.h"

#define AF_UNSPEC  0
#define AF_UNIX    1
#define AF_INET    2
#define AF_INET6   10
#define AF_NETLINK 16
#define AF_MAX     46

#define SOCK_STREAM    1
#define SOCK_DGRAM     2
#define SOCK_RAW       3
#define SOCK_RDM       4
#define SOCK_SEQPACKET 5
#define SOCK_TYPE_MASK 15
#define SOCK_NONBLOCK  04000
#define SOCK_CLOEXEC   02000000

#define MSG_OOB          0x1
#define MSG_PEEK         0x2
#define MSG_DONTROUTE    0x4
#define MSG_CTRUNC       0x8
#define MSG_TRUNC        0x20
#define MSG_DONTWAIT     0x40
#define MSG_EOR          0x80
#define MSG_WAITALL      0x100
#define MSG_ERRQUEUE     0x2000
#define MSG_NOSIGNAL     0x4000
#define MSG_MORE         0x8000
#define MSG_WAITFORONE   0x10000
#define MSG_CMSG_CLOEXEC 0x40000000

#define SHUT_RD   0
#define SHUT_WR   1
#define SHUT_RDWR 2

#define SOL_IP      0
#define SOL_TCP     6
#define SOL_UDP     17
#define SOL_IPV6    41
#define SOL_RAW     255
#define SOL_NETLINK 270

#define SCM_RIGHTS      1
#define SCM_CREDENTIALS 2

#define SOMAXCONN 4096

struct ucred {
    uint32_t pid, uid, gid;
};
struct linger {
    int l_onoff, l_linger;
};

struct msghdr_user {
    void __user *name;
    int namelen;
    struct iovec_user __user *iov;
    uint64_t iovlen;
    void __user *control;
    uint64_t controllen;
    unsigned flags;
};
_Static_assert(sizeof(struct msghdr_user) == 56, "struct msghdr");
struct mmsghdr_user {
    struct msghdr_user hdr;
    unsigned len;
};
_Static_assert(sizeof(struct mmsghdr_user) == 64, "struct mmsghdr");
struct cmsghdr_user {
    uint64_t len; /* with this header */
    int level, type;
};
#define CMSG_ALIGN_UP(n) ALIGN_UP((size_t)(n), 8ul)

/* <linux/errqueue.h>, which wants the C library's struct timespec */
struct sock_extended_err {
    uint32_t ee_errno;
    uint8_t ee_origin, ee_type, ee_code, ee_pad;
    uint32_t ee_info, ee_data;
};
#define SO_EE_ORIGIN_LOCAL 1
#define SO_EE_ORIGIN_ICMP  2
#define SO_EE_ORIGIN_ICMP6 3
