/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * fault_priv.h - between fault.c (dispatch, entries that are present),
 * fault_anon.c and fault_file.c (entries that are absent).
 */
#pragma once

#include "lib/log.h"
#include "mem/mm_priv.h"

struct fault {
    struct mm *mm; /* its lock is held for reading */
    struct vma *vma;
    vaddr_t addr; /* of the page */
    bool write;
    vaddr_t from, to; /* what is to be entered around addr */
};

/* The aligned block of (pages) around the address, a power of two up to 32, as
 * far as the area goes. */
void fault_window(struct fault *f, unsigned pages);
/* Narrow the window to the absent entries around the address. False if that
 * one is present. pte_lock held. */
bool fault_clip(struct fault *f);
int fault_enter(struct fault *f, vaddr_t va, struct page *p, unsigned prot);
int fault_present(struct fault *f, const struct mmu_entry *e);

/* The entry is absent: 0, -EAGAIN (look again), -ENOMEM, -ENXIO (SIGBUS). */
int fault_anon(struct fault *f);
int fault_file(struct fault *f);
