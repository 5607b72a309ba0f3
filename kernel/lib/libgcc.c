/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * libgcc.c - arithmetic that the compiler calls for instead of instructions
 * (libgcc's name and meaning).
 */
#include "lib/log.h"
#include "lib/types.h"

typedef unsigned __int128 u128;

u128 __udivti3(u128 n, u128 d);
int __popcountdi2(uint64_t v);

/* (hi:lo) / d for hi < d: one DIV; *(rem) is the remainder. */
static uint64_t div_step(uint64_t hi, uint64_t lo, uint64_t d, uint64_t *rem)
{
    uint64_t q;

    __asm__("divq %4" : "=a"(q), "=d"(*rem) : "0"(lo), "1"(hi), "r"(d) : "cc");
    return q;
}

u128 __udivti3(u128 n, u128 d)
{
    uint64_t hi = (uint64_t)(n >> 64), rem;
    u128 q = 0;

    ASSERT(d != 0);
    if (!(uint64_t)(d >> 64)) {
        uint64_t d64 = (uint64_t)d;
        q = (u128)(hi / d64) << 64;
        return q | div_step(hi % d64, (uint64_t)n, d64, &rem);
    }
    /* A divisor of more than 64 bits: the quotient has at most 63. */
    unsigned shift = (unsigned)__builtin_clzll((uint64_t)(d >> 64));
    for (int i = (int)shift; i >= 0; i--) {
        if (n >> i >= d) {
            n -= d << i;
            q |= (u128)1 << i;
        }
    }
    return q;
}

/* Number of one bits; called for __builtin_popcount without POPCNT. */
int __popcountdi2(uint64_t v)
{
    int n = 0;

    for (; v; v &= v - 1)
        n++;
    return n;
}
