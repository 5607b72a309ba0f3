/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * stats.c - what memory is used for.
 */
#include "lib/string.h"
#include "mem/mm_priv.h"
#include "mem/page_priv.h"
#include "sched/thread.h"

static uint64_t value(_Atomic int64_t *v)
{
    int64_t n = atomic_load_explicit(v, memory_order_relaxed);

    return n > 0 ? (uint64_t)n : 0;
}

void memory_stats(struct memory_stats *out)
{
    memset(out, 0, sizeof(*out));
    out->total = page_total();
    out->free = page_count_free();
    out->shared = value(&mapping_nr_store);
    out->cached = value(&mapping_nr_file) + out->shared;
    out->anonymous = value(&mm_rss_total[RSS_ANON]);
    out->mapped =
        value(&mm_rss_total[RSS_FILE]) + value(&mm_rss_total[RSS_SHMEM]);
    out->dirty = value(&mapping_nr_dirty);
    out->slab = slab_page_count();
    out->page_tables = mm_count_tables();
    out->image = (boot_info.kernel_end - boot_info.kernel_start) >> PAGE_SHIFT;
    out->descriptors = page_descriptors();
    out->oom_kills = oom_kills();
    pressure_stats(out);
    out->kernel_stacks = sched_nr_threads() * (KSTACK_SIZE / PAGE_SIZE);
}
