/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * mem_fakes.h - what the memory tests run on instead of a machine.
 *
 * One thread; locks only count, so that one left locked or taken twice is
 * noticed. Physical memory is a block of the host's. User addresses are those
 * of fake page tables (mmu_fake.c); arch_copy_user knows plain host addresses,
 * and faults on those that fake_user_bad() was told.
 */
#pragma once

#include "fs/file.h"
#include "fs/vfs.h"
#include "mem/mapping.h"
#include "mem/mm.h"
#include "mem/page.h"
#include "mem/slab.h"

/* Make a machine: its usable ranges, then page_init() and slab_init(). */
struct fake_range {
    paddr_t start, end;
};
void fake_machine(const struct fake_range *r, unsigned n);
void fake_machine_mib(unsigned mib); /* 1 MiB up to here */
/* Give up pages held in per-CPU lists and magazines: the number that is free
 * afterwards, to be compared. */
uint64_t fake_free_pages(void);
void fake_set_cpu(unsigned id);
extern nsec_t fake_now;    /* what time_monotonic() says */
int fake_locks_held(void); /* spinlocks and rwlocks */

/* A range of host addresses that copies fault on; NULL: none. */
void fake_user_bad(const void *start, size_t n);

/* Processes for the OOM killer to choose from. */
extern int fake_kills;

/* A file whose mapping is (ops, store), opened O_RDWR. */
struct file *fake_file(const struct mapping_ops *ops, unsigned flags,
                       uint64_t size);
extern int fake_files; /* not yet closed */

/* mmu_fake.c: the window of user addresses that has page tables. */
#define FAKE_BASE  0x40000000ul
#define FAKE_PAGES 16384ul
#define FAKE_TOP   (FAKE_BASE + FAKE_PAGES * PAGE_SIZE)
extern int fake_mmu_fail; /* fail the n-th table allocation from now; 0: no */
extern unsigned long fake_mmu_flushes;
unsigned long fake_mmu_entries(struct arch_mmu *m);
