/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * random.h - random numbers: a ChaCha20 generator seeded from RDSEED/RDRAND,
 * virtio-rng and timing.
 */
#pragma once

#include "lib/types.h"

void random_init(void);
void random_bytes(void *p, size_t n); /* any thread context; never blocks */
uint64_t random_u64(void);
void random_add(const void *p, size_t n); /* mix in entropy */
