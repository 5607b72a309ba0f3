/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * chacha20.h - the ChaCha20 block function (RFC 8439, section 2.3).
 */
#pragma once

#include "lib/types.h"

#define CHACHA20_KEY   32
#define CHACHA20_BLOCK 64

/* Key stream block number (counter) for (key) and (nonce). */
void chacha20_block(const uint8_t key[CHACHA20_KEY], uint32_t counter,
                    const uint32_t nonce[3], uint8_t out[CHACHA20_BLOCK]);
