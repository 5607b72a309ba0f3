/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * ldcache.h - /etc/ld.so.cache for the libraries in the image.
 *
 * glibc's loader does not read ld.so.conf: a library in a directory named only
 * there is found through the cache or not at all.  It also saves the loader
 * from trying every directory and CPU variant for every library.
 *
 * The format is "glibc-ld.so.cache1.1" (glibc sysdeps/generic/dl-cache.h):
 * a header, the entries sorted for a binary search, the strings.
 */
#pragma once

#include "buf.h"

struct ldcache_entry {
    char *soname; /* what DT_NEEDED says */
    char *path;
};

struct ldcache {
    struct ldcache_entry *entry;
    size_t n;
    size_t cap;
};

/* The first path of a soname wins. */
void ldcache_add(struct ldcache *c, const char *soname, const char *path);
void ldcache_write(struct ldcache *c, struct buf *out);
void ldcache_release(struct ldcache *c);

/* Add to (dirs) each directory that a cache, as ldconfig writes it, names for
 * x86-64 libraries.  Bytes that are no cache have none. */
void ldcache_dirs(const void *data, size_t len, struct strvec *dirs);

/* The order of the loader's binary search: as strcmp, but runs of digits
 * compare as numbers. */
int ldcache_compare(const char *a, const char *b);
