/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * cdefs.h - what <sys/tree.h> of libbsd expects of <bsd/sys/cdefs.h>.
 */
#pragma once

#ifndef __unused
#define __unused __attribute__((unused))
#endif
