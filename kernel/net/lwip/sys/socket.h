/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sys/socket.h - for <linux/if.h>, which wants struct sockaddr from the C
 * library.
 */
#pragma once

#include <linux/socket.h>

struct sockaddr {
    unsigned short sa_family;
    char sa_data[14];
};
