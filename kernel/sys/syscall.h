/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * syscall.h - the system-call entry points, declared from sys/syscalls.def.
 *
 * One line of the table is
 *   SYSCALLn(number, name, type1, arg1, ... typen, argn)
 * and stands for `long sys_<name>(type1 arg1, ...)`: a result or a negative
 * errno. All other numbers answer -ENOSYS and are logged once by name.
 */
#pragma once

#include "lib/errno.h"
#include "lib/types.h"

struct iovec_user;

// clang-format off
#define SYSCALL0(nr, name) long sys_##name(void);
#define SYSCALL1(nr, name, t1, a1) long sys_##name(t1 a1);
#define SYSCALL2(nr, name, t1, a1, t2, a2) long sys_##name(t1 a1, t2 a2);
#define SYSCALL3(nr, name, t1, a1, t2, a2, t3, a3)                             \
    long sys_##name(t1 a1, t2 a2, t3 a3);
#define SYSCALL4(nr, name, t1, a1, t2, a2, t3, a3, t4, a4)                     \
    long sys_##name(t1 a1, t2 a2, t3 a3, t4 a4);
#define SYSCALL5(nr, name, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5)             \
    long sys_##name(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5);
#define SYSCALL6(nr, name, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5, t6, a6)     \
    long sys_##name(t1 a1, t2 a2, t3 a3, t4 a4, t5 a5, t6 a6);
#include "sys/syscalls.def"
#include "sys/syscalls_undef.h"
// clang-format on
