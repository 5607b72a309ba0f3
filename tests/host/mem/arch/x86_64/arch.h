/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * arch.h - as the kernel's, but physical memory is a block of the host's.
 */
#pragma once

#include "arch/x86_64/arch_cpu.h"
#define phys_to_virt kernel_phys_to_virt
#define virt_to_phys kernel_virt_to_phys
#include_next "arch/x86_64/arch.h"
#undef phys_to_virt
#undef virt_to_phys

extern char *fake_memory; /* physical address 0 */

static inline void *phys_to_virt(paddr_t p)
{
    return fake_memory + p;
}
static inline paddr_t virt_to_phys(const void *v)
{
    return (paddr_t)((const char *)v - fake_memory);
}
