/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* restart.h - whether a release that ended is started again, and when. */
#pragma once

#include <stdint.h>

#include "conf.h"

#define RESTART_FIRST_MS 100
#define RESTART_LAST_MS  60000
/* A release that ran so long starts well: counting begins again. */
#define RESTART_WELL_MS 10000

struct restart {
    unsigned count; /* starts again in a row */
    unsigned wait_ms;
};

/* After an end with (status), (ran_ms) after the start: milliseconds to wait
 * before the next, or -1: it is the end. (r) is zeros at first. */
int restart_after(struct restart *r, const struct restart_policy *policy,
                  int status, uint64_t ran_ms);
