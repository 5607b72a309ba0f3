/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * cdefs.h - <sys/tree.h> of libbsd includes <bsd/sys/cdefs.h>; what it needs
 * of it the build replaces (mk/kernel.mk).
 */
#pragma once
