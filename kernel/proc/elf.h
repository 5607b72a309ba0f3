/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * elf.h - reading ELF64 headers of programs and interpreters.
 *
 * Pure functions over bytes that anybody may have written: they check every
 * number they use, and what they hand out needs no further checks. They run on
 * the host too (test/elf_test.c, test/elf_fuzz.c).
 */
#pragma once

#include <linux/elf.h>

#include "lib/types.h"

#define ELF_PHDRS_MAX    128 /* more program headers are refused */
#define ELF_SEGMENTS_MAX 32
#define ELF_INTERP_MAX   4096

struct elf_segment {
    vaddr_t start, end; /* page aligned, relative to the load bias */
    vaddr_t file_end;   /* page aligned end of what is mapped from the file */
    vaddr_t data_end;   /* exact end of the file's bytes; zeros follow */
    vaddr_t mem_end;    /* exact end */
    uint64_t pgoff;     /* page of the file at start */
    unsigned prot;      /* PROT_R|W|X bits: 1, 2, 4 */
};

struct elf_image {
    bool pie;          /* ET_DYN: may be loaded anywhere */
    vaddr_t entry;     /* relative to the bias, as all here */
    vaddr_t low, high; /* page aligned span of all segments */
    vaddr_t brk;       /* exact end of the highest segment */
    uint64_t align;    /* of the load address, a power of two */
    vaddr_t phdr;      /* where the headers are in memory, 0 = nowhere */
    unsigned phnum;
    bool exec_stack; /* PT_GNU_STACK asks for an executable stack */
    bool has_interp;
    uint64_t interp_offset, interp_size; /* in the file; size without NUL > 0 */
    unsigned nr_segments;
    struct elf_segment segment[ELF_SEGMENTS_MAX];
};

/* Check the file header (64 bytes): 0 or -ENOEXEC. Gives where the program
 * headers are: *(size) bytes, a multiple of sizeof(Elf64_Phdr), at *(offset).
 */
int elf_check_header(const Elf64_Ehdr *eh, uint64_t *offset, size_t *size);
/* Check the program headers and make the plan of what to map. (top): end of
 * user addresses, (base): the lowest one. 0, -ENOEXEC (not a program we can
 * run), -ENOMEM (does not fit the address space). */
int elf_plan(const Elf64_Ehdr *eh, const Elf64_Phdr *ph, vaddr_t base,
             vaddr_t top, struct elf_image *out);

/* The first line of a script: "#!" [blanks] interpreter [blanks argument]. */
#define SCRIPT_LINE_MAX 255 /* bytes of it that count: execve(2) */
struct script_line {
    char interp[256];
    char arg[256]; /* empty = none */
};
/* (buf): the file's first (n) bytes, at most SCRIPT_LINE_MAX
 * count. 0 or -ENOEXEC. */
int script_parse(const char *buf, size_t n, struct script_line *out);
