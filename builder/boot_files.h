/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * boot_files.h - the files of unibeam's own that go into an image.
 *
 * Each is the file given on the command line, or is looked for beside the
 * command itself (a build tree), in ../lib/unibeam relative to it (an
 * installation), and in the directory fixed at build time.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "buf.h"

struct boot_paths {
    const char *kernel; /* NULL: look for it */
    const char *init;
    const char *boot_sector;
    const char *loader;
};

struct boot_files {
    char *init; /* path; process 1 is copied like any other file */
    char *kernel_path;
    struct buf kernel;
    struct buf boot_sector;
    struct buf loader;
};

/* Where (name) is: (given) itself, if that is not NULL, else in one of those
 * places.  Reports and returns NULL when it is in none: (what) it is, and the
 * (option) that would name it.  The caller frees it. */
char *boot_file_find(const char *given, const char *name, const char *what,
                     const char *option);

/* Reports what is missing or is not what it should be. */
int boot_files_read(struct boot_files *b, const struct boot_paths *paths);
void boot_files_release(struct boot_files *b);
