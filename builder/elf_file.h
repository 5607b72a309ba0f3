/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * elf_file.h - what the dynamic loader will ask of an ELF file.
 *
 * Read from the program headers and the dynamic section, as the loader does;
 * section headers may be missing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

struct elf_info {
    unsigned machine; /* EM_* */
    unsigned bits;    /* 32 or 64 */
    unsigned os_abi;  /* ELFOSABI_* */
    bool x86_64;   /* 64-bit little-endian x86-64; else nothing below is set */
    bool loadable; /* ET_EXEC or ET_DYN: not an object file or core dump */
    bool dynamic;  /* has a dynamic section */
    bool nodeflib;
    char *interp; /* NULL: none */
    char *soname;
    char *rpath;
    char *runpath;
    struct strvec needed;
};

enum elf_result {
    ELF_OK,
    ELF_NOT_ELF, /* does not start with the magic number */
    ELF_BAD,     /* damaged; (*why) says how */
    ELF_IO,      /* cannot be read; errno says why */
};

/* Nothing is reported; (info) needs elf_info_release() after ELF_OK only. */
enum elf_result elf_info_read(const char *path, struct elf_info *info,
                              const char **why);
enum elf_result elf_info_parse(const void *data, size_t len,
                               struct elf_info *info, const char **why);
void elf_info_release(struct elf_info *info);

/* What it is made for: "64-bit ARM", "32-bit x86", "machine 258"; the caller
 * frees it. */
char *elf_machine_name(const struct elf_info *info);
/* The system it says it is for, or NULL when that is Linux. */
const char *elf_other_system(const struct elf_info *info);

/* Does the file hold (text) in its dynamic string table?  Used to tell the age
 * of a libc by its symbol versions. */
bool elf_has_string(const char *path, const char *text);
