/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * fuzz.h - a small mutating driver: PROGRAM ROUNDS SEED... runs target() on
 * each seed and then on ROUNDS mutations of them. The sequence is fixed, so
 * that a failure repeats.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUZZ_MAX (1 << 20)

static uint64_t fuzz_state = 0x9e3779b97f4a7c15ull;

static inline uint64_t fuzz_random(void)
{
    fuzz_state ^= fuzz_state << 13;
    fuzz_state ^= fuzz_state >> 7;
    fuzz_state ^= fuzz_state << 17;
    return fuzz_state;
}

/* Exact-size heap copies, so that ASan sees any read past the end. */
static inline void fuzz_one(void (*target)(const uint8_t *, size_t),
                            const uint8_t *data, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);

    memcpy(copy, data, n);
    target(copy, n);
    free(copy);
}

static inline size_t fuzz_mutate(uint8_t *p, size_t n)
{
    for (unsigned k = 1 + fuzz_random() % 8; n && k; k--) {
        size_t at = fuzz_random() % n;
        /* Most structure is at the beginning. */
        if (fuzz_random() % 2)
            at %= n < 1024 ? n : 1024;
        switch (fuzz_random() % 4) {
        case 0:
            p[at] = (uint8_t)fuzz_random();
            break;
        case 1:
            p[at] ^= (uint8_t)(1 << fuzz_random() % 8);
            break;
        case 2:
            p[at] = fuzz_random() % 2 ? 0xff : 0;
            break;
        default:
            if (fuzz_random() % 16 == 0)
                n = at;
        }
    }
    return n;
}

static inline int fuzz_main(int argc, char **argv,
                            void (*target)(const uint8_t *, size_t))
{
    static uint8_t seed[FUZZ_MAX], work[FUZZ_MAX];
    long rounds = argc > 1 ? atol(argv[1]) : 0;

    for (int i = 2; i < argc; i++) {
        FILE *f = fopen(argv[i], "rb");
        if (!f) {
            perror(argv[i]);
            return 1;
        }
        size_t n = fread(seed, 1, sizeof(seed), f);
        fclose(f);
        fuzz_one(target, seed, n);
        for (long r = 0; r < rounds / (argc - 2); r++) {
            memcpy(work, seed, n);
            fuzz_one(target, work, fuzz_mutate(work, n));
        }
    }
    return 0;
}
