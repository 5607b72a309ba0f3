/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * ldconf.h - where a dynamic loader looks when the ELF file does not say.
 *
 * glibc: the directories of /etc/ld.so.conf and its includes (which ldconfig
 * turns into the cache the loader reads), then the built-in ones.  musl:
 * /etc/ld-musl-x86_64.path, or its built-in ones.
 */
#pragma once

#include "buf.h"
#include "sysroot.h"

struct ldconf {
    struct strvec glibc; /* guest directories, in the order they are searched */
    struct strvec musl;
};

/* Unreadable or missing files count as empty, as they do for ldconfig. */
void ldconf_read(struct ldconf *c, const struct sysroot *s);
void ldconf_release(struct ldconf *c);
