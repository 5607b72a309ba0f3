/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * tree.h - red-black trees: the BSD <sys/tree.h> macros (Debian: libbsd-dev;
 * the build links the header into its private include directory).
 */
#pragma once

#include <sys/tree.h>
