/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * forward.h - ports of the host that lead into the guest: -p.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "buf.h"

struct forward {
    struct in_addr addr; /* 0.0.0.0: every address of the host */
    uint16_t host;
    uint16_t guest;
    bool udp;
};

struct forwards {
    struct forward *v;
    size_t n;
    size_t cap;
};

/* Parse [ADDR:]HOST:GUEST[/udp] and add it.  -1 if (text) is not that. */
int forwards_add(struct forwards *f, const char *text);
/* Reports a port that is taken, twice given, or not allowed. */
int forwards_check(const struct forwards *f);
/* Append ",hostfwd=..." for each, as QEMU's -netdev user takes it. */
void forwards_format(const struct forwards *f, struct buf *out);
void forwards_release(struct forwards *f);
