/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sha256.h - SHA-256 (FIPS 180-4), of data that comes in pieces.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32
#define SHA256_TEXT (2 * SHA256_SIZE + 1)

struct sha256 {
    uint32_t state[8];
    uint64_t len;
    uint8_t block[64];
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t len);
/* The hash in hexadecimal digits; (s) is used up. */
void sha256_text(struct sha256 *s, char out[SHA256_TEXT]);
