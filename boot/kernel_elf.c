/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "kernel_elf.h"

#include "pvh.h"

/* System V ABI, "Object Files"; <elf.h> is not there in a loader. */
struct elf_header {
    uint8_t ident[16];
    uint16_t type;
    uint16_t machine;
    uint32_t version;
    uint64_t entry;
    uint64_t phoff;
    uint64_t shoff;
    uint32_t flags;
    uint16_t ehsize;
    uint16_t phentsize;
    uint16_t phnum;
    uint16_t shentsize;
    uint16_t shnum;
    uint16_t shstrndx;
} __attribute__((packed));
_Static_assert(sizeof(struct elf_header) == 64, "abi");

struct elf_phdr {
    uint32_t type;
    uint32_t flags;
    uint64_t offset;
    uint64_t vaddr;
    uint64_t paddr;
    uint64_t filesz;
    uint64_t memsz;
    uint64_t align;
} __attribute__((packed));
_Static_assert(sizeof(struct elf_phdr) == 56, "abi");

struct elf_note {
    uint32_t namesz;
    uint32_t descsz;
    uint32_t type;
} __attribute__((packed));

#define PT_LOAD   1
#define PT_NOTE   4
#define EM_X86_64 62

static int is_elf(const struct elf_header *h)
{
    const uint8_t *id = h->ident;

    return id[0] == 0x7f && id[1] == 'E' && id[2] == 'L' && id[3] == 'F' &&
           id[4] == 2 /* 64-bit */ && id[5] == 1 /* little-endian */ &&
           h->machine == EM_X86_64 && h->phentsize == sizeof(struct elf_phdr) &&
           h->phnum > 0;
}

static const char *add(struct kernel_plan *plan, const struct elf_phdr *p,
                       uint32_t file_size)
{
    struct kernel_segment *s;

    if (p->offset > file_size || p->filesz > file_size - p->offset)
        return "the kernel is cut short";
    if (p->type == PT_NOTE) {
        if (plan->nnotes == KERNEL_NOTES_MAX)
            return "the kernel has too many segments";
        s = &plan->notes[plan->nnotes++];
    } else {
        if (p->memsz == 0)
            return NULL;
        if (plan->nsegments == KERNEL_SEGMENTS_MAX)
            return "the kernel has too many segments";
        if (p->filesz > p->memsz || p->paddr < KERNEL_LOWEST ||
            p->paddr > UINT32_MAX || p->memsz > UINT32_MAX - p->paddr)
            return "the kernel has a bad segment";
        s = &plan->segments[plan->nsegments++];
    }
    s->offset = (uint32_t)p->offset;
    s->size = (uint32_t)p->filesz;
    s->paddr = (uint32_t)p->paddr;
    s->memsize = (uint32_t)p->memsz;
    return NULL;
}

const char *kernel_plan_read(struct kernel_plan *plan, const void *file,
                             uint32_t have, uint64_t file_size)
{
    const struct elf_header *h = file;
    const struct elf_phdr *p;

    plan->nsegments = 0;
    plan->nnotes = 0;
    if (have < sizeof(*h) || !is_elf(h))
        return "the kernel is not an x86-64 ELF file";
    if (file_size > KERNEL_SIZE_MAX)
        return "the kernel is too large";
    if (h->phoff > have || h->phnum > (have - (uint32_t)h->phoff) / sizeof(*p))
        return "the kernel's program headers are out of reach";
    p = (const struct elf_phdr *)((const char *)file + (uint32_t)h->phoff);
    for (unsigned i = 0; i < h->phnum; i++) {
        const char *wrong = NULL;

        if (p[i].type == PT_LOAD || p[i].type == PT_NOTE)
            wrong = add(plan, &p[i], (uint32_t)file_size);
        if (wrong)
            return wrong;
    }
    if (plan->nsegments == 0)
        return "the kernel has nothing to load";
    return NULL;
}

const char *kernel_plan_check(const struct kernel_plan *plan,
                              const struct pvh_memmap_entry *map, unsigned n)
{
    for (unsigned i = 0; i < plan->nsegments; i++) {
        const struct kernel_segment *s = &plan->segments[i];

        if (!memmap_usable(map, n, s->paddr, (uint64_t)s->paddr + s->memsize))
            return "there is no memory where the kernel belongs";
    }
    return NULL;
}

static uint32_t align4(uint32_t n)
{
    return (n + 3) & ~3u;
}

uint32_t kernel_find_entry(const void *data, uint32_t size)
{
    const char *at = data;
    struct elf_note n;

    while (size >= sizeof(n)) {
        uint32_t body = size - (uint32_t)sizeof(n);
        const char *name = at + sizeof(n);

        __builtin_memcpy(&n, at, sizeof(n));
        if (n.namesz > body || align4(n.namesz) > body ||
            n.descsz > body - align4(n.namesz))
            return 0;
        body -= align4(n.namesz);
        if (n.type == PVH_NOTE_TYPE && n.namesz == sizeof(PVH_NOTE_NAME) &&
            n.descsz >= 4 && name[0] == 'X' && name[1] == 'e' &&
            name[2] == 'n' && name[3] == 0) {
            uint32_t entry;

            /* Four bytes or eight with an upper half of zero. */
            __builtin_memcpy(&entry, name + align4(n.namesz), sizeof(entry));
            return entry;
        }
        if (align4(n.descsz) >= body)
            return 0;
        at = name + align4(n.namesz) + align4(n.descsz);
        size = body - align4(n.descsz);
    }
    return 0;
}

int kernel_plan_holds(const struct kernel_plan *plan, uint32_t entry)
{
    for (unsigned i = 0; i < plan->nsegments; i++) {
        const struct kernel_segment *s = &plan->segments[i];

        if (entry >= s->paddr && entry - s->paddr < s->size)
            return 1;
    }
    return 0;
}

struct kernel_part kernel_part_of(const struct kernel_segment *s,
                                  uint32_t offset, uint32_t len)
{
    uint32_t begin = s->offset > offset ? s->offset : offset;
    uint32_t end = s->offset + s->size;
    struct kernel_part part = {0};

    if (end > offset + len)
        end = offset + len;
    if (begin >= end)
        return part;
    part.from = begin - offset;
    part.at = begin - s->offset;
    part.len = end - begin;
    return part;
}
