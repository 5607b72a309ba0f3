/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* option.h - one word of the kernel command line.  No hardware in it. */
#pragma once

#include <stdint.h>

/* Value of the last word "(name)=0xHEX" in (line); 0 if there is none. */
uint32_t option_number(const char *line, const char *name);
