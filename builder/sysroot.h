/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sysroot.h - the system that programs and libraries are taken from.
 *
 * Either the host itself or a directory that looks like one.  Absolute links
 * inside a sysroot mean the sysroot, not the host, so every lookup walks the
 * path component by component.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "tree.h"

struct sysroot {
    char *dir; /* no slash at the end; "" is the host */
};

int sysroot_init(struct sysroot *s, const char *dir);
void sysroot_release(struct sysroot *s);

/* The host path behind the guest path (path), all links followed, or NULL with
 * errno set and nothing reported.  (st) receives its attributes. */
char *sysroot_host(const struct sysroot *s, const char *path, struct stat *st);

/* Put (path) into (t) together with every link on the way to it, so that it
 * resolves in the guest as it does here.  Files and directories (without their
 * content).  NULL after a report. */
struct node *sysroot_mirror(const struct sysroot *s, struct tree *t,
                            const char *path, const char *why);

/* The same for a path that may be missing: *(found) says whether it is.
 * Returns 0, or -1 after a report. */
int sysroot_mirror_if(const struct sysroot *s, struct tree *t, const char *path,
                      const char *why, bool *found);

/* Text for messages: "this system" or the directory. */
const char *sysroot_name(const struct sysroot *s);
