/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * layout.h - the order of files on disk.
 *
 * A booting system reads files in nearly the same order every time.  Laid out
 * in that order they are found by read-ahead.
 */
#pragma once

/* The place of a file: lower comes first; equal ones follow in path order. */
unsigned layout_rank(const char *path);
