/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * mount_option.h - "SOURCE:PATH[:SIZE]", a file system the kernel is to mount:
 * the word mount= of abi/machine.h.
 */
#pragma once

/* Exits 2 for one that is wrong. */
void mount_option_check(const char *command, const char *value);

/* The path of a checked one; the caller frees it. */
char *mount_option_path(const char *value);
