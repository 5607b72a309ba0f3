/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * beam.h - what a compiled module calls, read from its import table.
 *
 * A .beam file is an IFF file ("FOR1" size "BEAM", then chunks; OTP's
 * erts/emulator/beam/beam_file.c), possibly gzip-compressed as a whole.
 * Imports name a function by indices into the atom table.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

struct beam_info {
    char module[256];     /* cut short when longer */
    const char *shell_by; /* the imported function that runs /bin/sh, or NULL */
    bool opens_ports;     /* imports erlang:open_port/2 */
    bool says_spawn; /* ... and has the atom 'spawn' for its first argument */
    bool runs_programs;  /* in any of the ways that beam_commands() knows */
    bool loads_nif;      /* imports erlang:load_nif/2 */
    bool loads_drivers;  /* imports functions of erl_ddll */
    uint32_t max_opcode; /* the highest instruction in it; 0: no telling */
};

/* 0, or -1 and (*why) for a file that is no module or is damaged. */
int beam_parse(const void *data, size_t len, struct beam_info *info,
               const char **why);

/* A command that stands in the code as a constant. */
enum beam_command_kind {
    BEAM_SHELL,      /* os:cmd, System.shell: for the shell */
    BEAM_SPAWN,      /* open_port({spawn, _}, _): for the shell, or a driver */
    BEAM_EXECUTABLE, /* {spawn_executable, _}, System.cmd: a program */
};

struct beam_command {
    enum beam_command_kind kind;
    char *text;
};

struct beam_commands {
    struct beam_command *v;
    size_t n;
};

/* The commands that the module calls for with a constant right before the call,
 * as the compiler writes it.  What it cannot follow it leaves out. */
void beam_commands(const void *data, size_t len, struct beam_commands *out);
void beam_commands_release(struct beam_commands *c);
