/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * rusage.h - what processes have used.
 */
#pragma once

#include <linux/resource.h>

struct process;

/* Its own, all threads; takes siglock. */
void rusage_of_process(struct process *p, struct rusage *ru);
/* Add what its reaped children used; T held. */
void rusage_add_children(const struct process *p, struct rusage *ru);
