/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * chacha20.c - RFC 8439, sections 2.1 to 2.3.
 */
#include "dev/chacha20.h"

#include "lib/string.h"

static inline uint32_t rotl(uint32_t v, int n)
{
    return (v << n) | (v >> (32 - n));
}

#define QUARTER(a, b, c, d)                                                    \
    do {                                                                       \
        x[a] += x[b], x[d] = rotl(x[d] ^ x[a], 16);                            \
        x[c] += x[d], x[b] = rotl(x[b] ^ x[c], 12);                            \
        x[a] += x[b], x[d] = rotl(x[d] ^ x[a], 8);                             \
        x[c] += x[d], x[b] = rotl(x[b] ^ x[c], 7);                             \
    } while (0)

void chacha20_block(const uint8_t key[CHACHA20_KEY], uint32_t counter,
                    const uint32_t nonce[3], uint8_t out[CHACHA20_BLOCK])
{
    uint32_t s[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    uint32_t x[16];

    memcpy(s + 4, key, CHACHA20_KEY); /* little-endian, as this machine */
    s[12] = counter;
    memcpy(s + 13, nonce, 12);
    memcpy(x, s, sizeof(x));
    for (int round = 0; round < 10; round++) {
        QUARTER(0, 4, 8, 12);
        QUARTER(1, 5, 9, 13);
        QUARTER(2, 6, 10, 14);
        QUARTER(3, 7, 11, 15);
        QUARTER(0, 5, 10, 15);
        QUARTER(1, 6, 11, 12);
        QUARTER(2, 7, 8, 13);
        QUARTER(3, 4, 9, 14);
    }
    for (int i = 0; i < 16; i++)
        x[i] += s[i];
    memcpy(out, x, CHACHA20_BLOCK);
}
