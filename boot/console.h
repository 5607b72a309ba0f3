/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* console.h - the loader's last words. */
#pragma once

#include <stdint.h>

/*
 * Prints "unibeam: (text)" and, unless (number) is 0, " (number in hex)" on
 * the screen and the first serial port, and stops the machine: `unibeam run`
 * has told QEMU how it wants to hear of it (exit.port on the kernel command
 * line, include/abi/machine.h); otherwise the BIOS is asked for another boot
 * device (INT 18h), and says so when there is none.
 */
_Noreturn void fail(const char *text, uint32_t number);
