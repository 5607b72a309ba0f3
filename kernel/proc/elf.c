/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * elf.c - what an ELF file wants mapped where.
 *
 * ELF-64 Object File Format and the System V ABI for AMD64, chapters 4 and 5.
 * Rules for PT_LOAD, beyond the format's own: ascending addresses, no overlap
 * of bytes (pages may be shared by the end of one and the begin of the next,
 * which then replaces it, as ld makes with -z noseparate-code), all inside user
 * space.
 */
#include "proc/elf.h"

#include "lib/errno.h"
#include "lib/string.h"

#define SEG_R 1u
#define SEG_W 2u
#define SEG_X 4u

int elf_check_header(const Elf64_Ehdr *eh, uint64_t *offset, size_t *size)
{
    if (memcmp(eh->e_ident, ELFMAG, SELFMAG) ||
        eh->e_ident[EI_CLASS] != ELFCLASS64 ||
        eh->e_ident[EI_DATA] != ELFDATA2LSB || eh->e_machine != EM_X86_64 ||
        (eh->e_type != ET_EXEC && eh->e_type != ET_DYN))
        return -ENOEXEC;
    if (eh->e_phentsize != sizeof(Elf64_Phdr) || !eh->e_phnum ||
        eh->e_phnum > ELF_PHDRS_MAX || eh->e_phoff > INT64_MAX - 65536)
        return -ENOEXEC;
    *offset = eh->e_phoff;
    *size = eh->e_phnum * sizeof(Elf64_Phdr);
    return 0;
}

static unsigned segment_prot(const Elf64_Phdr *ph)
{
    return (ph->p_flags & PF_R ? SEG_R : 0) | (ph->p_flags & PF_W ? SEG_W : 0) |
           (ph->p_flags & PF_X ? SEG_X : 0);
}

/* One PT_LOAD; (img) holds those before it. */
static int add_segment(const Elf64_Phdr *ph, vaddr_t top, struct elf_image *img)
{
    struct elf_segment *s, *prev;
    uint64_t skew = ph->p_vaddr % PAGE_SIZE;

    if (ph->p_filesz > ph->p_memsz || ph->p_vaddr >= top ||
        ph->p_memsz > top - ph->p_vaddr)
        return ph->p_filesz > ph->p_memsz ? -ENOEXEC : -ENOMEM;
    if (ph->p_offset > INT64_MAX || ph->p_filesz > INT64_MAX - ph->p_offset)
        return -ENOEXEC;
    if (!ph->p_memsz)
        return 0;
    if (ph->p_filesz && ph->p_offset % PAGE_SIZE != skew)
        return -ENOEXEC;
    if (img->nr_segments == ELF_SEGMENTS_MAX)
        return -ENOEXEC;
    prev = img->nr_segments ? &img->segment[img->nr_segments - 1] : NULL;
    if (prev && ph->p_vaddr < prev->mem_end)
        return -ENOEXEC;
    s = &img->segment[img->nr_segments++];
    s->prot = segment_prot(ph);
    s->start = ph->p_vaddr - skew;
    s->data_end = ph->p_vaddr + ph->p_filesz;
    s->mem_end = ph->p_vaddr + ph->p_memsz;
    s->file_end = ph->p_filesz ? ALIGN_UP(s->data_end, PAGE_SIZE) : s->start;
    s->end = ALIGN_UP(s->mem_end, PAGE_SIZE);
    s->pgoff = ph->p_offset / PAGE_SIZE;
    return 0;
}

/* Load addresses are kept congruent to the largest alignment asked for, within
 * reason: ld writes 4 KiB, 64 KiB or 2 MiB. */
static void note_align(const Elf64_Phdr *ph, struct elf_image *img)
{
    uint64_t a = ph->p_align;

    if (a > img->align && a <= 1ul << 30 && !(a & (a - 1)))
        img->align = a;
}

/* Where in memory the headers themselves are (AT_PHDR). */
static void find_phdrs(const Elf64_Ehdr *eh, const Elf64_Phdr *ph,
                       struct elf_image *img)
{
    uint64_t size = eh->e_phnum * sizeof(Elf64_Phdr);

    if (eh->e_phoff >= ph->p_offset && size <= ph->p_filesz &&
        eh->e_phoff - ph->p_offset <= ph->p_filesz - size && !img->phdr)
        img->phdr = ph->p_vaddr + (eh->e_phoff - ph->p_offset);
}

static int add_interp(const Elf64_Phdr *ph, struct elf_image *img)
{
    if (img->has_interp)
        return 0; /* the first one counts */
    if (ph->p_filesz < 2 || ph->p_filesz > ELF_INTERP_MAX ||
        ph->p_offset > INT64_MAX - ELF_INTERP_MAX)
        return -ENOEXEC;
    img->has_interp = true;
    img->interp_offset = ph->p_offset;
    img->interp_size = ph->p_filesz;
    return 0;
}

static int add_header(const Elf64_Ehdr *eh, const Elf64_Phdr *ph, vaddr_t top,
                      struct elf_image *img)
{
    int rc;

    switch (ph->p_type) {
    case PT_LOAD:
        rc = add_segment(ph, top, img);
        if (rc)
            return rc;
        note_align(ph, img);
        find_phdrs(eh, ph, img);
        return 0;
    case PT_INTERP:
        return add_interp(ph, img);
    case PT_GNU_STACK:
        img->exec_stack = ph->p_flags & PF_X;
        return 0;
    default:
        return 0;
    }
}

int elf_plan(const Elf64_Ehdr *eh, const Elf64_Phdr *ph, vaddr_t base,
             vaddr_t top, struct elf_image *out)
{
    struct elf_segment *first, *last;
    int rc;

    memset(out, 0, sizeof(*out));
    out->pie = eh->e_type == ET_DYN;
    out->entry = eh->e_entry;
    out->align = PAGE_SIZE;
    out->phnum = eh->e_phnum;
    for (unsigned i = 0; i < eh->e_phnum; i++) {
        rc = add_header(eh, &ph[i], top, out);
        if (rc)
            return rc;
    }
    if (!out->nr_segments)
        return -ENOEXEC;
    first = &out->segment[0];
    last = &out->segment[out->nr_segments - 1];
    out->low = first->start;
    out->high = last->end;
    out->brk = last->mem_end;
    if (out->high > top || (!out->pie && out->low < base))
        return -ENOMEM;
    return 0;
}

/* --- scripts ------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

int script_parse(const char *buf, size_t n, struct script_line *out)
{
    size_t i = 2, end, start;

    n = MIN(n, (size_t)SCRIPT_LINE_MAX);
    if (n < 3 || buf[0] != '#' || buf[1] != '!')
        return -ENOEXEC;
    for (end = 2; end < n && buf[end] != '\n' && buf[end]; end++)
        ;
    while (i < end && is_blank(buf[i]))
        i++;
    for (start = i; i < end && !is_blank(buf[i]); i++)
        ;
    /* A name that runs into the end of what was read may be cut off. */
    if (i == start || (i == n && n == SCRIPT_LINE_MAX))
        return -ENOEXEC;
    memcpy(out->interp, buf + start, i - start);
    out->interp[i - start] = '\0';
    while (i < end && is_blank(buf[i]))
        i++;
    while (end > i && is_blank(buf[end - 1]))
        end--;
    memcpy(out->arg, buf + i, end - i); /* one argument, blanks and all */
    out->arg[end - i] = '\0';
    return 0;
}
