/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * access.c - the memory of an address space that need not be loaded: a new
 * program's arguments, another process's command line.
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/mm_priv.h"

/* The bytes at (addr), up to the page's end. The page is found, or faulted in,
 * then pinned, so that the copy needs no lock. */
static ssize_t access_page(struct mm *mm, vaddr_t addr, void *buf, size_t n,
                           bool write)
{
    unsigned need = write ? PROT_W : PROT_R;
    struct page *p = NULL;
    struct mmu_entry e;
    bool found;
    char *at;

    do {
        if (mm_fault_in(mm, addr, need) < 0)
            return -EFAULT;
        spin_lock(&mm->pte_lock);
        found = mmu_lookup(&mm->mmu, addr, &e) && (!write || (e.prot & PROT_W));
        if (found) {
            p = page_of(e.pa + (ALIGN_DOWN(addr, PAGE_SIZE) - e.va));
            if (p)
                page_get(p);
        }
        spin_unlock(&mm->pte_lock);
    } while (!found); /* taken away again meanwhile */
    /* A frame that is not the allocator's (vdso) stays for ever. */
    at = (char *)phys_to_virt(e.pa) + (addr - e.va);
    memcpy(write ? at : buf, write ? buf : at, n);
    if (p)
        page_put(p);
    return (ssize_t)n;
}

ssize_t mm_access(struct mm *mm, vaddr_t addr, void *buf, size_t n, bool write)
{
    size_t done = 0;

    while (done < n) {
        vaddr_t at = addr + done;
        size_t piece = MIN(n - done, PAGE_SIZE - at % PAGE_SIZE);

        if (at < addr || at >= USER_TOP ||
            access_page(mm, at, (char *)buf + done, piece, write) < 0)
            return done ? (ssize_t)done : -EFAULT;
        done += piece;
    }
    return (ssize_t)done;
}
