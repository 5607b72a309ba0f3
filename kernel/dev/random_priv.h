/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * random_priv.h - for drivers whose interrupts come at times an outsider does
 * not know.
 */
#pragma once

/* Mix in the present time. Cheap; deferred-work or thread context. */
void random_add_timing(void);
