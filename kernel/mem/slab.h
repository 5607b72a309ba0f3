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
/* Text for /proc/slabinfo: name, objects in use, object size. */
typedef void slab_visit_fn(void *arg, const char *name, size_t used,
                           size_t size);
void slab_visit(slab_visit_fn *fn, void *arg);
