/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * user_mounts.h - file systems the command line asks for, mount= of
 * abi/machine.h.
 */
#pragma once

/* Mounts them, after the kernel's own; ends the machine when one cannot be: a
 * release without its data is not what was asked for. */
void user_mounts(const char *line);
