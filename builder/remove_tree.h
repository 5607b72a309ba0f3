/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * remove_tree.h - a file, or a directory with all in it, goes away.
 */
#pragma once

/* Remove (path), as far as that is possible; links are not followed.  Reports
 * nothing, and may be called in a signal handler. */
void remove_tree(const char *path);
