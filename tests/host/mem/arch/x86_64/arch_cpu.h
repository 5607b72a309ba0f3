/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * arch_cpu.h - as the kernel's, but the CPU and thread are the test's.
 */
#pragma once

#define arch_this_cpu kernel_arch_this_cpu
#define arch_current  kernel_arch_current
#include_next "arch/x86_64/arch_cpu.h"
#undef arch_this_cpu
#undef arch_current

struct cpu *arch_this_cpu(void);
struct thread *arch_current(void);
