/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * string.h - for lwIP, which includes the C library's by name.
 */
#pragma once

#include "lib/string.h"
