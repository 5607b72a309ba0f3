/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * uio.c - moving bytes between the kernel and a list of ranges.
 *
 * Everything goes through walk(): it takes the list piece by piece, lets the
 * caller's function move the piece, and advances by what was moved. Elements
 * were checked when the list was made; copies check again, cheaply.
 */
#include "mem/uio.h"

#include "arch/x86_64/arch.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "mem/user.h"
#include "sched/cpu.h"

void uio_init_user(struct uio *u, void __user *p, size_t n)
{
    u->fast[0] = (struct iovec_user){p, n};
    u->iov = u->fast;
    u->nr = 1;
    u->skip = 0;
    u->left = n;
    u->kernel = false;
    u->owned = NULL;
}

void uio_init_kernel(struct uio *u, void *p, size_t n)
{
    uio_init_user(u, p, n);
    u->kernel = true;
}

/* The total must fit a ssize_t; every element must be user memory. */
static int check_iov(struct uio *u)
{
    size_t total = 0;

    for (size_t i = 0; i < u->nr; i++) {
        uint64_t len = u->iov[i].len;

        if (len > INT64_MAX || total + len > INT64_MAX)
            return -EINVAL;
        if (len && !user_range_ok(u->iov[i].base, len))
            return -EFAULT;
        total += len;
    }
    u->left = total;
    return 0;
}

int uio_init_iov(struct uio *u, const struct iovec_user __user *iov, size_t nr)
{
    struct iovec_user *copy = u->fast;
    int rc;

    if (nr > UIO_MAX)
        return -EINVAL;
    u->owned = NULL;
    if (nr > UIO_FAST) {
        copy = u->owned = kmalloc(nr * sizeof(*copy), 0);
        if (!copy)
            return -ENOMEM;
    }
    u->iov = copy;
    u->nr = nr;
    u->skip = 0;
    u->left = 0;
    u->kernel = false;
    rc = copy_from_user(copy, iov, nr * sizeof(*copy));
    if (rc == 0)
        rc = check_iov(u);
    if (rc < 0)
        uio_release(u);
    return rc;
}

void uio_release(struct uio *u)
{
    kfree(u->owned);
    u->owned = NULL;
}

void uio_advance(struct uio *u, size_t n)
{
    u->left -= n;
    u->skip += n;
    /* Leave used elements, and empty ones, behind. */
    while (u->nr && u->skip >= u->iov->len) {
        u->skip -= u->iov->len;
        u->iov++;
        u->nr--;
    }
}

/* Move (n) bytes between a piece at (base) and (arg) + (done); returns the
 * bytes not moved. */
typedef size_t piece_fn(void *base, size_t n, void *arg, size_t done,
                        bool kernel);

static size_t walk(struct uio *u, size_t n, piece_fn *fn, void *arg)
{
    size_t done = 0;

    n = MIN(n, u->left);
    while (done < n) {
        size_t want, left;

        while (u->skip >= u->iov->len)
            uio_advance(u, 0);
        want = MIN(n - done, u->iov->len - u->skip);
        left = fn((char *)u->iov->base + u->skip, want, arg, done, u->kernel);
        uio_advance(u, want - left);
        done += want - left;
        if (left)
            break;
    }
    return done;
}

static size_t piece_out(void *base, size_t n, void *arg, size_t done, bool k)
{
    const char *src = (const char *)arg + done;

    if (k) {
        memcpy(base, src, n);
        return 0;
    }
    return arch_copy_user(base, src, n);
}

static size_t piece_in(void *base, size_t n, void *arg, size_t done, bool k)
{
    char *dst = (char *)arg + done;

    if (k) {
        memcpy(dst, base, n);
        return 0;
    }
    return arch_copy_user(dst, base, n);
}

static size_t piece_zero(void *base, size_t n, void *arg, size_t done, bool k)
{
    (void)arg, (void)done;
    if (k) {
        memset(base, 0, n);
        return 0;
    }
    return arch_clear_user(base, n);
}

static ssize_t result(size_t done, size_t n)
{
    return done || !n ? (ssize_t)done : -EFAULT;
}

/* The one-range buffer of read and write skips the walk. A range given to
 * uio_init_user has not been checked yet. */
static bool ranges_ok(const struct uio *u, size_t n)
{
    return u->kernel || u->iov != u->fast || !u->nr ||
           user_range_ok(u->iov->base, u->skip + MIN(n, u->left));
}

static ssize_t move(struct uio *u, size_t n, piece_fn *fn, void *arg)
{
    n = MIN(n, u->left);
    if (u->nr == 1 && unlikely(!ranges_ok(u, n)))
        return result(0, n);
    return result(walk(u, n, fn, arg), n);
}

ssize_t uio_copy_out(struct uio *u, const void *src, size_t n)
{
    return move(u, n, piece_out, (void *)(uintptr_t)src);
}

ssize_t uio_copy_in(struct uio *u, void *dst, size_t n)
{
    return move(u, n, piece_in, dst);
}

ssize_t uio_zero(struct uio *u, size_t n)
{
    return move(u, n, piece_zero, NULL);
}

size_t uio_copy_out_nofault(struct uio *u, const void *src, size_t n)
{
    ssize_t rc;

    current->pf_disabled++;
    rc = uio_copy_out(u, src, n);
    current->pf_disabled--;
    return rc < 0 ? 0 : (size_t)rc;
}

size_t uio_copy_in_nofault(struct uio *u, void *dst, size_t n)
{
    ssize_t rc;

    current->pf_disabled++;
    rc = uio_copy_in(u, dst, n);
    current->pf_disabled--;
    return rc < 0 ? 0 : (size_t)rc;
}

static int fault_in_range(uintptr_t start, size_t n, unsigned prot)
{
    if (!user_range_ok((void *)start, n))
        return -EFAULT;
    for (uintptr_t a = start; a < start + n;
         a = ALIGN_DOWN(a, PAGE_SIZE) + PAGE_SIZE)
        if (mm_fault(a, prot) < 0)
            return -EFAULT;
    return 0;
}

int uio_fault_in(struct uio *u, size_t n, bool for_write)
{
    const struct iovec_user *iov = u->iov;
    size_t skip = u->skip;

    if (u->kernel)
        return 0;
    for (n = MIN(n, u->left); n; iov++, skip = 0) {
        size_t piece = MIN(n, iov->len - skip);

        if (piece && fault_in_range((uintptr_t)iov->base + skip, piece,
                                    for_write ? PROT_W : PROT_R) < 0)
            return -EFAULT;
        n -= piece;
    }
    return 0;
}
