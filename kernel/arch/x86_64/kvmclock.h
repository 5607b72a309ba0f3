/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * kvmclock.h - the clock a KVM host offers its guests.
 */
#pragma once

#include "arch/x86_64/vdso/vdso_data.h"
#include "lib/types.h"

/* Have the host fill in (page) (kernel image) with this CPU's clock; false if
 * the host offers none. */
bool kvmclock_enable(struct pvclock *page);
bool kvmclock_stable(const struct pvclock *page);
uint64_t kvmclock_tsc_hz(const struct pvclock *page);
/* Realtime minus kvmclock, 0 if the host does not tell. */
nsec_t kvmclock_wall_offset(void);
