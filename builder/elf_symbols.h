/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * elf_symbols.h - what a program or library wants of others and what it offers:
 * names of dynamic symbols, and versions of them (the gABI's dynamic section;
 * "Linux Standard Base Core", symbol versioning).
 *
 * As the loader does it reads by the dynamic section alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

struct elf_version_need {
    char *file;    /* the library's name, as in DT_NEEDED */
    char *version; /* "GLIBC_2.38" */
    bool weak;     /* the loader lets it go missing */
};

struct elf_symbols {
    struct elf_version_need *need;
    size_t nneed;
    struct strvec versions;  /* that it defines, sorted */
    struct strvec defined;   /* symbols, sorted */
    struct strvec undefined; /* symbols, weak ones not among them, sorted */
    unsigned nif_major;      /* of the interface that a NIF was compiled for */
    unsigned nif_minor;      /* both 0: it is none, or there is no telling */
};

/* 0, or -1 and (*why): nothing is reported.  A file without a dynamic section
 * has none of all that. */
int elf_symbols_parse(const void *data, size_t len, struct elf_symbols *s,
                      const char **why);
int elf_symbols_read(const char *path, struct elf_symbols *s, const char **why);
void elf_symbols_release(struct elf_symbols *s);

/* Is (name) one of (sorted)? */
bool elf_symbols_has(const struct strvec *sorted, const char *name);
