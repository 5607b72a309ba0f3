/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * inject.c - allocations that fail when a test wants it: the (n)-th of a
 * thread's kernel allocations from now on, once (/proc/self/fail-nth, as
 * Linux's fault injection names it). Pages for a program's own memory are not
 * counted: those end in the OOM killer, not in an error.
 *
 * Off unless the command line has debug=fail-nth.
 */
#include "mem/page_priv.h"
#include "sched/cpu.h"

bool alloc_inject_on;

bool alloc_inject_fails(unsigned flags)
{
    struct thread *t = current;

    if (!t || !t->fail_nth || (flags & (ALLOC_USER | ALLOC_NORETRY)))
        return false;
    return --t->fail_nth == 0;
}

int alloc_inject_set(unsigned nth)
{
    if (!alloc_inject_on)
        return -1;
    current->fail_left = current->fail_nth;
    current->fail_nth = nth;
    return 0;
}

unsigned alloc_inject_left(void)
{
    return current->fail_left;
}
