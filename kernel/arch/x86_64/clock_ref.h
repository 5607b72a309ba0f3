/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * clock_ref.h - counters of known frequency, to measure others by.
 */
#pragma once

#include "lib/types.h"

struct clock_ref {
    const char *name;
    uint32_t (*read)(void);
    uint32_t mask; /* it counts up modulo mask + 1 */
    uint64_t hz;
    bool always; /* usable as a clock, not only for a moment */
};

/* The best one this machine has; NULL if none. */
const struct clock_ref *clock_ref_find(void);
