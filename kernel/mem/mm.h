/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * mm.h - address spaces.
 *
 * An address space is a tree of areas (struct vma) and the page tables that
 * cache what has been touched. Nothing is allocated before the first touch.
 * Private pages are shared copy-on-write after fork: a page whose refs is 1
 * belongs to one address space and may be made writable in place.
 *
 * Locks: mm->lock (read: faults; write: changes of the tree), then
 * mm->pte_lock (a spinlock over the page tables) for each entry changed.
 */
#pragma once

#include <stdatomic.h>

#include "arch/x86_64/arch.h"
#include "lib/list.h"
#include "lib/tree.h"
#include "lib/types.h"
#include "mem/mapping.h"
#include "sched/lock.h"

struct file;

/* L mm->lock; v mapping->i_mmap_lock */
struct vma {
    RB_ENTRY(vma) link;       /* L */
    struct mm *mm;            /* I */
    vaddr_t start, end;       /* L page aligned, end exclusive */
    size_t gap, max_gap;      /* L bytes free below; most in its subtree */
    unsigned prot;            /* L PROT_R|W|X */
    unsigned flags;           /* L VMA_* */
    struct file *file;        /* L reference held, or NULL */
    struct mapping *mapping;  /* L file's pages, or a shared anonymous store */
    uint64_t pgoff;           /* L page offset of start in mapping */
    struct list mapping_link; /* v */
    const char *name;         /* I "[heap]" "[stack]" "[vdso]" or NULL */
};
enum vma_flag {
    VMA_SHARED = 1,
    VMA_GROWSDOWN = 2,
    VMA_NORESERVE = 4,
    VMA_VDSO = 8,
    VMA_MAYWRITE = 16, /* mprotect may add PROT_W */
    VMA_STACK = 32,
    VMA_DONTFORK = 64,
    VMA_WIPEONFORK = 128,
    VMA_HEAP = 256,
    VMA_NOHUGE = 512,
    VMA_PFN = 1024,      /* frames not counted (vdso data) */
    VMA_WRITABLE = 2048, /* of a file: has been writable, may hold copies */
};

struct mm {
    _Atomic uint32_t users; /* a threads (and others) that use it */
    _Atomic uint32_t refs;  /* a on the structure; all users hold one */
    struct rwlock lock;
    RB_HEAD(vma_tree, vma) vmas; /* L */
    struct vma *last;            /* a hint, validated under L */
    unsigned nr_vmas;            /* L */
    struct spinlock pte_lock;
    struct arch_mmu mmu;                           /* p pte_lock */
    _Atomic int64_t rss_anon, rss_file, rss_shmem; /* a pages */
    _Atomic int64_t hiwater;                       /* a */
    uint64_t total_vm;      /* L pages of address space */
    vaddr_t brk_start, brk; /* L */
    vaddr_t mmap_top;       /* I allocations grow down from here */
    vaddr_t stack_top;      /* I */
    vaddr_t arg_start, arg_end, env_start, env_end; /* I after exec */
    vaddr_t vdso;                                   /* I */
    uint64_t auxv[64];       /* I after exec, for /proc/PID/auxv */
    struct file *exe;        /* I reference held */
    _Atomic bool killed;     /* a OOM chose it: faults fail */
    _Atomic bool membarrier; /* a registered for private expedited */
    struct list all;         /* the list of all, mm.c */
};

struct mm *mm_create(void);          /* users 1; NULL = no memory */
struct mm *mm_fork(struct mm *from); /* copy-on-write copy of current's */
void mm_get(struct mm *mm);
void mm_put(struct mm *mm); /* tears down with the last user; may sleep */
/* Make (mm) the calling thread's address space (exec). */
void mm_activate(struct mm *mm);

/* Map (len) bytes. (addr) is a hint unless MAP_FIXED (flags: Linux MAP_*).
 * (prot) PROT_R|W|X. (file) may be NULL. Returns the address or -errno as
 * mmap(2). Takes the lock itself. */
long mm_map(struct mm *mm, vaddr_t addr, size_t len, unsigned prot,
            unsigned map_flags, struct file *file, uint64_t pgoff);
/* A special area (vdso, stack, heap). */
int mm_map_special(struct mm *mm, vaddr_t addr, size_t len, unsigned prot,
                   unsigned vma_flags, const char *name, paddr_t pa);
/* Random base for a PIE, interpreter or stack, page aligned. */
vaddr_t mm_random_offset(unsigned bits);
int mm_unmap(struct mm *mm, vaddr_t addr, size_t len);
int mm_protect(struct mm *mm, vaddr_t addr, size_t len, unsigned prot);
long mm_remap(struct mm *mm, vaddr_t old, size_t old_len, size_t new_len,
              unsigned flags, vaddr_t new_addr);
int mm_advise(struct mm *mm, vaddr_t addr, size_t len, int advice);
vaddr_t mm_brk(struct mm *mm, vaddr_t want);
/* Write to a new program's memory before it runs, or read another process's;
 * bytes moved or -EFAULT. */
ssize_t mm_access(struct mm *mm, vaddr_t addr, void *buf, size_t n, bool write);
/* Remove every page-table entry of pages [start, end) of a mapping, in all
 * address spaces (truncate, reclaim). even_cows: also private copies. */
void mm_unmap_mapping(struct mapping *m, uint64_t start, uint64_t end,
                      bool even_cows);

/* Has a program used the page at (index) of the mapping through its page
 * tables since the last call (reclaim)? */
bool mm_mapping_accessed(struct mapping *m, uint64_t index);

/* Key of a futex word: (mm, address, shared or not) for private memory,
 * (mapping, offset) for shared. Pins nothing; -EFAULT. */
struct futex_key {
    const void *object;
    uint64_t offset;
};
int mm_futex_key(struct mm *mm, vaddr_t addr, bool shared,
                 struct futex_key *key);

/* For /proc/PID/maps and smaps: all areas, or the first that ends behind (at);
 * false: there is none. (fn) runs under mm->lock. */
typedef void vma_visit_fn(void *arg, const struct vma *v);
void mm_visit(struct mm *mm, vma_visit_fn *fn, void *arg);
bool mm_visit_one(struct mm *mm, vaddr_t at, vma_visit_fn *fn, void *arg);

enum rss_kind { RSS_ANON, RSS_FILE, RSS_SHMEM, RSS_KINDS };

/* What a range's page tables hold, in bytes. A page that several entries name
 * is shared, and is in (pss) by its part for each. */
#define MM_PSS_SHIFT 12 /* binary digits of a byte in pss */
struct mm_use {
    uint64_t rss, referenced, anonymous, huge;
    uint64_t shared[2], private[2]; /* clean, dirty */
    uint64_t pss[RSS_KINDS], pss_dirty;
};
/* Add what is in [start, end) to (u). Takes its time, without locks between;
 * stops when the caller is being killed. */
void mm_measure(struct mm *mm, vaddr_t start, vaddr_t end, struct mm_use *u);
/* May parts of the area be mapped by 2 MiB, if there is memory? */
bool mm_huge_eligible(const struct vma *v);

/* Out of memory: choose a process, kill it with a message that names it and
 * the numbers. True if one was (or is already being) killed. */
bool oom_kill(const char *why);
