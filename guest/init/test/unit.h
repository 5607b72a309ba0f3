/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* unit.h - what every cmocka program here starts with. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
