/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * uio.h - where a read puts its bytes or a write takes them from: a list of
 * user or kernel ranges, consumed as it is used.
 */
#pragma once

#include "lib/types.h"

struct iovec_user { /* struct iovec of the Linux ABI */
    void __user *base;
    uint64_t len;
};

#define UIO_FAST 8
#define UIO_MAX  1024 /* UIO_MAXIOV */

struct uio {
    const struct iovec_user *iov; /* current element */
    size_t nr;                    /* elements left, current included */
    size_t skip;                  /* bytes of the current one already used */
    size_t left;                  /* bytes left in all */
    bool kernel;                  /* bases are kernel addresses */
    struct iovec_user *owned;     /* to be freed by uio_release, or NULL */
    struct iovec_user fast[UIO_FAST];
};

void uio_init_user(struct uio *u, void __user *p, size_t n);
void uio_init_kernel(struct uio *u, void *p, size_t n);
/* Copy in and check an iovec array: -EFAULT, -EINVAL (count, total too large),
 * -ENOMEM. Zero-length elements may have any base. */
int uio_init_iov(struct uio *u, const struct iovec_user __user *iov, size_t nr);
void uio_release(struct uio *u);

/* Move (n) <= u->left bytes and advance. Returns bytes moved: less than (n)
 * only where memory faulted; then -EFAULT if none. Not under spinlocks. */
ssize_t uio_copy_out(struct uio *u, const void *src, size_t n); /* to user */
ssize_t uio_copy_in(struct uio *u, void *dst, size_t n);        /* from user */
ssize_t uio_zero(struct uio *u, size_t n);
void uio_advance(struct uio *u, size_t n);
/* Fault in the memory behind the next (n) bytes so that a _nofault copy is
 * likely to succeed. */
int uio_fault_in(struct uio *u, size_t n, bool for_write);
/* As copy_out/in but under spinlocks; short where a page is absent. */
size_t uio_copy_out_nofault(struct uio *u, const void *src, size_t n);
size_t uio_copy_in_nofault(struct uio *u, void *dst, size_t n);
