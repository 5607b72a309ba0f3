/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * slab.h - kernel objects.
 *
 * kmalloc serves any size: small ones from size classes with per-CPU
 * magazines, large ones from whole pages. Callable from deferred work and with
 * spinlocks held; then pass ALLOC_NOWAIT (see mem/page.h). NULL = no memory.
 */
#pragma once

#include <stdatomic.h>

#include "lib/types.h"
#include "mem/page.h"

void slab_init(void);
void *kmalloc(size_t size, unsigned alloc_flags) __attribute__((malloc));
void *kzalloc(size_t size, unsigned alloc_flags);
void kfree(const void *p); /* NULL is allowed */
size_t kmalloc_usable(const void *p);

/* A cache of equal objects; for statistics by name and exact sizes. */
struct slab_cache;
struct slab_cache *slab_cache_create(const char *name, size_t size,
                                     size_t align); /* panics without memory */
void *slab_alloc(struct slab_cache *c, unsigned alloc_flags);
void slab_free(struct slab_cache *c, void *obj);
/* A cache that is made at its first use, for objects an operator wants to see
 * counted. Objects start as zeros and are freed with kfree(). */
struct slab_kind {
    const char *name;                   /* I */
    size_t size;                        /* I */
    _Atomic(struct slab_cache *) cache; /* a NULL before the first use */
};
#define SLAB_KIND(n, type)                                                     \
    {                                                                          \
        .name = (n), .size = sizeof(type)                                      \
    }
void *slab_kind_alloc(struct slab_kind *k, unsigned alloc_flags);

/* For /proc/slabinfo. */
struct slab_counts {
    const char *name;
    size_t used;     /* objects */
    size_t size;     /* of one */
    size_t slabs;    /* blocks of pages */
    size_t per_slab; /* objects in each */
    size_t pages;    /* of each */
};
typedef void slab_visit_fn(void *arg, const struct slab_counts *c);
void slab_visit(slab_visit_fn *fn, void *arg);
