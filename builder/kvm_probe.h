/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * kvm_probe.h - does KVM work here?
 *
 * That /dev/kvm can be opened proves little: in nested and sandboxed setups it
 * may exist and fail or hang at any later step, or interpret the guest's code
 * at a fraction of the speed of QEMU's own emulation.  So a virtual machine
 * with one CPU is made and runs a short loop, in a child process that is given
 * up when it takes too long.
 */
#pragma once

#include <stdbool.h>

struct kvm_answer {
    bool works;
    bool slow;       /* slower than emulation: of no use */
    const char *why; /* if either: a few words */
    const char *cpu; /* if it works: what to tell QEMU's -cpu */
};

void kvm_probe(struct kvm_answer *a);
