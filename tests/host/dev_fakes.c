/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * dev_fakes.c - memory and messages for kernel/dev code run on the host.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/x86_64/arch.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mem/page.h"
#include "mem/slab.h"

bool fake_log_quiet;

void klog(enum log_level level, const char *fmt, ...)
{
    va_list ap;

    if (fake_log_quiet)
        return;
    va_start(ap, fmt);
    fprintf(stderr, "<%d> ", level);
    vfprintf(stderr, fmt, ap);
    fprintf(stderr, "\n");
    va_end(ap);
}

void *kzalloc(size_t size, unsigned flags)
{
    (void)flags;
    return calloc(1, size);
}

void kfree(const void *p)
{
    free((void *)p);
}

void arch_device_barrier(void)
{
    atomic_thread_fence(memory_order_seq_cst);
}

/* A page is a descriptor with its memory behind it; "physical" addresses are
 * such that phys_to_virt() gives the host's. Queues are never taken down, so
 * the list keeps their pages from being reported as lost. */
struct fake_page {
    struct page page;
    void *memory;
    struct fake_page *next;
};
static struct fake_page *pages;

struct page *page_alloc(unsigned order, unsigned flags)
{
    struct fake_page *p = calloc(1, sizeof(*p));

    (void)flags;
    p->next = pages;
    pages = p;
    p->memory = aligned_alloc(PAGE_SIZE, PAGE_SIZE << order);
    memset(p->memory, 0, PAGE_SIZE << order);
    return &p->page;
}

paddr_t page_paddr(const struct page *p)
{
    return (paddr_t)((const struct fake_page *)p)->memory - PHYS_BASE;
}

void page_put(struct page *p)
{
    struct fake_page *f = (struct fake_page *)p;

    free(f->memory);
    f->memory = NULL;
}

/* C libraries older than glibc 2.38 have none. */
__attribute__((weak)) size_t strlcpy(char *dst, const char *src, size_t size)
{
    size_t n = strlen(src), copy = n < size ? n : size - 1;

    memcpy(dst, src, copy);
    dst[copy] = '\0';
    return n;
}
