/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * etc_files.h - the directories and the small text files every image has.
 */
#pragma once

#include "sysroot.h"
#include "tree.h"

/* The top directories, as links where the sysroot has links (/bin to usr/bin).
 * To be called on an empty tree, before anything is put into them. */
int etc_add_dirs(struct tree *t, const struct sysroot *s);

/* /etc/passwd and its kin.  Files that are in the tree already stay. */
int etc_add_files(struct tree *t, const char *hostname);
