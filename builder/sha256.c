/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "sha256.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

static const uint32_t k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotr(uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

static void expand(uint32_t w[64], const uint8_t *block)
{
    for (int i = 0; i < 16; i++) {
        memcpy(&w[i], block + 4 * i, 4);
        w[i] = be32toh(w[i]);
    }
    for (int i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];

        w[i] = w[i - 16] + w[i - 7] + (rotr(a, 7) ^ rotr(a, 18) ^ a >> 3) +
               (rotr(b, 17) ^ rotr(b, 19) ^ b >> 10);
    }
}

/* Round (i): the eight words of (v) move on by one place, which here is done by
 * counting the places from (i) downwards. */
static void add_round(uint32_t v[8], int i, uint32_t word)
{
    uint32_t *a = &v[-i & 7], *b = &v[(1 - i) & 7], *c = &v[(2 - i) & 7];
    uint32_t *d = &v[(3 - i) & 7], *e = &v[(4 - i) & 7], *f = &v[(5 - i) & 7];
    uint32_t *g = &v[(6 - i) & 7], *h = &v[(7 - i) & 7];
    uint32_t t = *h + (rotr(*e, 6) ^ rotr(*e, 11) ^ rotr(*e, 25)) +
                 ((*e & *f) ^ (~*e & *g)) + word;

    *d += t;
    *h = t + (rotr(*a, 2) ^ rotr(*a, 13) ^ rotr(*a, 22)) +
         ((*a & *b) ^ (*a & *c) ^ (*b & *c));
}

static void add_block(struct sha256 *s, const uint8_t *block)
{
    uint32_t w[64], v[8];

    expand(w, block);
    memcpy(v, s->state, sizeof(v));
    for (int i = 0; i < 64; i += 8)
        for (int n = 0; n < 8; n++)
            add_round(v, n, k[i + n] + w[i + n]);
    for (int i = 0; i < 8; i++)
        s->state[i] += v[i];
}

void sha256_init(struct sha256 *s)
{
    *s = (struct sha256){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372,
                                   0xa54ff53a, 0x510e527f, 0x9b05688c,
                                   0x1f83d9ab, 0x5be0cd19}};
}

void sha256_add(struct sha256 *s, const void *data, size_t len)
{
    const uint8_t *p = data;
    size_t have = s->len % sizeof(s->block);

    s->len += len;
    if (have) {
        size_t room = sizeof(s->block) - have;
        size_t n = len < room ? len : room;

        memcpy(s->block + have, p, n);
        p += n;
        len -= n;
        if (n < room)
            return;
        add_block(s, s->block);
    }
    for (; len >= sizeof(s->block); len -= sizeof(s->block)) {
        add_block(s, p);
        p += sizeof(s->block);
    }
    if (len)
        memcpy(s->block, p, len);
}

void sha256_text(struct sha256 *s, char out[SHA256_TEXT])
{
    static const uint8_t padding[64] = {0x80};
    uint64_t bits = htobe64(s->len * 8);

    sha256_add(s, padding, 1 + (119 - s->len % 64) % 64);
    sha256_add(s, &bits, sizeof(bits));
    for (int i = 0; i < 8; i++)
        sprintf(out + 8 * i, "%08x", s->state[i]);
}
