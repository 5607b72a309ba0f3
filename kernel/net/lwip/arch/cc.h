/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * arch/cc.h - what lwIP wants to know of compiler and kernel.
 */
#ifndef UNIBEAM_ARCH_CC_H
#define UNIBEAM_ARCH_CC_H

#include "lib/errno.h"
#include "lib/log.h"
#include "lib/string.h"
#include "lib/types.h"

#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_LIMITS_H   1
#define LWIP_NO_UNISTD_H   1
#define LWIP_NO_CTYPE_H    1
#define LWIP_ERRNO_INCLUDE "lib/errno.h"
#define INT_MAX            0x7fffffff
#define SSIZE_MAX          INT64_MAX

#define X8_F  "02x"
#define U16_F "u"
#define S16_F "d"
#define X16_F "x"
#define U32_F "u"
#define S32_F "d"
#define X32_F "x"
#define SZT_F "zu"

#define LWIP_PLATFORM_DIAG(x)                                                  \
    do {                                                                       \
        kdebug x;                                                              \
    } while (0)
#define LWIP_PLATFORM_ASSERT(x) panic("lwip: %s (%s:%d)", x, __FILE__, __LINE__)
/* A wrong argument from our own code: the call fails and says so. */
#define LWIP_ERROR(message, expression, handler)                               \
    do {                                                                       \
        if (!(expression)) {                                                   \
            handler;                                                           \
        }                                                                      \
    } while (0)

uint32_t net_random(void);
#define LWIP_RAND() net_random()

void *net_mem_alloc(size_t n);
void *net_mem_calloc(size_t n, size_t size);
void net_mem_free(void *p);

/* RFC 1071 sum of (len) bytes, folded to 16 bits, not inverted. */
uint16_t net_checksum(const void *data, int len);

#endif
