/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * user.c - copies to and from a program's memory.
 *
 * The range check is what keeps a program from having the kernel read or write
 * itself; the rest (SMAP windows, recovery from faults) is in arch_copy_user.
 */
#include "mem/user.h"

#include "arch/x86_64/arch.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "sched/cpu.h"

bool user_range_ok(const void __user *p, size_t n)
{
    uintptr_t a = (uintptr_t)p;

    return a <= USER_TOP && n <= USER_TOP - a;
}

int copy_from_user(void *dst, const void __user *src, size_t n)
{
    if (unlikely(!user_range_ok(src, n)))
        return -EFAULT;
    return arch_copy_user(dst, src, n) ? -EFAULT : 0;
}

int copy_to_user(void __user *dst, const void *src, size_t n)
{
    if (unlikely(!user_range_ok(dst, n)))
        return -EFAULT;
    return arch_copy_user(dst, src, n) ? -EFAULT : 0;
}

int copy_from_user_nofault(void *dst, const void __user *src, size_t n)
{
    int rc;

    current->pf_disabled++;
    rc = copy_from_user(dst, src, n);
    current->pf_disabled--;
    return rc;
}

int copy_to_user_nofault(void __user *dst, const void *src, size_t n)
{
    int rc;

    current->pf_disabled++;
    rc = copy_to_user(dst, src, n);
    current->pf_disabled--;
    return rc;
}

int clear_user(void __user *dst, size_t n)
{
    if (unlikely(!user_range_ok(dst, n)))
        return -EFAULT;
    return arch_clear_user(dst, n) ? -EFAULT : 0;
}

/* Where the first NUL of (n) bytes is, or (n). Words first: a word has a zero
 * byte exactly if the expression below is not 0. */
static size_t find_nul(const char *s, size_t n)
{
    const uint64_t ones = 0x0101010101010101ul;
    size_t i = 0;

    for (; i + 8 <= n; i += 8) {
        uint64_t w;

        __builtin_memcpy(&w, s + i, 8);
        if ((w - ones) & ~w & (ones << 7))
            break;
    }
    while (i < n && s[i])
        i++;
    return i;
}

/* In pieces that do not cross a page, so that bytes after the NUL which are
 * not mapped do no harm. */
long strncpy_from_user(char *dst, const char __user *src, size_t size)
{
    size_t done = 0;

    while (done < size) {
        uintptr_t at = (uintptr_t)src + done;
        size_t n = MIN(MIN(size - done, 64ul), PAGE_SIZE - at % PAGE_SIZE);
        size_t len;

        if (copy_from_user(dst + done, (const void __user *)at, n) < 0)
            return -EFAULT;
        len = find_nul(dst + done, n);
        done += len;
        if (len < n)
            return (long)done;
    }
    return -ENAMETOOLONG;
}
