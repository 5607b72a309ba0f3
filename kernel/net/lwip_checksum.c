/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * lwip_checksum.c - the Internet checksum (RFC 1071), eight bytes at a time.
 *
 * The sum is of 16-bit words with end-around carry, and may be taken in wider
 * words and folded afterwards (RFC 1071, 2(C)); x86's add-with-carry then does
 * eight bytes in one instruction.
 */
#include "net/net_priv.h"

#include "lib/string.h"

static inline uint64_t add_carry(uint64_t sum, uint64_t w)
{
    return __builtin_add_overflow(sum, w, &sum) ? sum + 1 : sum;
}

#if defined(__x86_64__)
static inline uint64_t sum64(uint64_t sum, const uint8_t *p)
{
    __asm__("addq 0(%1), %0\n\t"
            "adcq 8(%1), %0\n\t"
            "adcq 16(%1), %0\n\t"
            "adcq 24(%1), %0\n\t"
            "adcq 32(%1), %0\n\t"
            "adcq 40(%1), %0\n\t"
            "adcq 48(%1), %0\n\t"
            "adcq 56(%1), %0\n\t"
            "adcq $0, %0"
            : "+r"(sum)
            : "r"(p), "m"(*(const uint8_t(*)[64])p)
            : "cc");
    return sum;
}
#else
static inline uint64_t sum64(uint64_t sum, const uint8_t *p)
{
    for (int i = 0; i < 64; i += 8) {
        uint64_t w;
        memcpy(&w, p + i, 8);
        sum = add_carry(sum, w);
    }
    return sum;
}
#endif

uint16_t net_checksum(const void *data, int len)
{
    const uint8_t *p = data;
    uint64_t sum = 0, w;

    for (; len >= 64; len -= 64, p += 64)
        sum = sum64(sum, p);
    for (; len >= 8; len -= 8, p += 8) {
        __builtin_memcpy(&w, p, 8);
        sum = add_carry(sum, w);
    }
    /* An odd last byte counts as the first of a word: little-endian low. */
    for (w = 0; len > 0; len--)
        w = w << 8 | p[len - 1];
    sum = add_carry(sum, w);
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}
