/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * user.h - the only way to touch a program's memory.
 *
 * Each checks that the range is below USER_TOP and survives any fault:
 * 0 or -EFAULT. They may sleep (page faults), so no spinlock may be held; the
 * _nofault ones may be used under spinlocks and fail where a page is absent.
 */
#pragma once

#include "lib/types.h"

int copy_from_user(void *dst, const void __user *src, size_t n);
int copy_to_user(void __user *dst, const void *src, size_t n);
int copy_from_user_nofault(void *dst, const void __user *src, size_t n);
int copy_to_user_nofault(void __user *dst, const void *src, size_t n);
int clear_user(void __user *dst, size_t n);
/* Length without NUL, or -EFAULT, or -ENAMETOOLONG if no NUL in (size). */
long strncpy_from_user(char *dst, const char __user *src, size_t size);
bool user_range_ok(const void __user *p, size_t n);

#define get_user(var, ptr) copy_from_user(&(var), (ptr), sizeof(var))
#define put_user(val, ptr)                                                     \
    ({                                                                         \
        __typeof__(*(ptr)) _v = (val);                                         \
        copy_to_user((ptr), &_v, sizeof(_v));                                  \
    })
