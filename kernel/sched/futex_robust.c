/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * futex_robust.c - robust mutexes: what is left of them when their owner dies.
 *
 * The list belongs to the program and may be garbage: every step is a checked
 * read, and the walk is bounded. (ABI: struct robust_list_head in
 * <linux/futex.h>; bit 0 of an entry's address marks a PI mutex.)
 */
#include <linux/futex.h>

#include "arch/x86_64/arch.h"
#include "mem/user.h"
#include "sched/cpu.h"
#include "sched/futex.h"

/* (pending): the mutex may have been unlocked already, but its waiter not yet
 * woken. */
static void owner_died(uint32_t __user *uaddr, bool pending)
{
    uint32_t v, old;

    if ((uintptr_t)uaddr % sizeof(*uaddr) || get_user(v, uaddr))
        return;
    for (;;) {
        if (pending && !v) {
            futex_wake_word(uaddr, 1);
            return;
        }
        if ((v & FUTEX_TID_MASK) != (uint32_t)current->tid)
            return;
        if (arch_user_cmpxchg32(uaddr, v,
                                (v & FUTEX_WAITERS) | FUTEX_OWNER_DIED, &old))
            return;
        if (old == v)
            break;
        v = old;
    }
    if (v & FUTEX_WAITERS)
        futex_wake_word(uaddr, 1);
}

static uint32_t __user *word_of(uint64_t entry, long offset)
{
    return (uint32_t __user *)((entry & ~1ul) + (uint64_t)offset);
}

void futex_exit_robust_list(void)
{
    struct robust_list_head __user *head = current->robust_list;
    uint64_t first = (uint64_t)(uintptr_t)head, entry, next, pending;
    long offset;

    current->robust_list = NULL;
    if (!head || copy_from_user(&entry, &head->list.next, sizeof(entry)) ||
        copy_from_user(&offset, &head->futex_offset, sizeof(offset)) ||
        copy_from_user(&pending, &head->list_op_pending, sizeof(pending)))
        return;
    for (int i = 0; i < ROBUST_LIST_LIMIT && (entry & ~1ul) != first; i++) {
        /* Read on before the entry's owner may free it. */
        bool last = copy_from_user(
            &next, (void __user *)(uintptr_t)(entry & ~1ul), sizeof(next));
        if ((entry & ~1ul) != (pending & ~1ul))
            owner_died(word_of(entry, offset), false);
        if (last)
            break;
        entry = next;
        cond_resched();
    }
    if (pending & ~1ul)
        owner_died(word_of(pending, offset), true);
}
