/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * command_word.h - which program a shell command runs.
 */
#pragma once

#include <stdbool.h>

/* The program that the shell command (text) begins with; NULL: none can be told
 * (the shell's own commands, variables, quotes).  The caller frees it. */
char *command_word(const char *text);

/* Programs of Windows and macOS, which portable code calls only there. */
bool command_of_other_system(const char *program);
