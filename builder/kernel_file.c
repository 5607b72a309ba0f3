/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "kernel_file.h"

#include <elf.h>
#include <stdbool.h>
#include <string.h>

#define XEN_ELFNOTE_PHYS32_ENTRY 18

struct bytes {
    const uint8_t *p;
    size_t len;
};

static bool slice(struct bytes in, uint64_t offset, uint64_t len,
                  struct bytes *out)
{
    if (offset > in.len || len > in.len - offset)
        return false;
    *out = (struct bytes){in.p + offset, len};
    return true;
}

static size_t padded(uint32_t n)
{
    return ((size_t)n + 3) & ~(size_t)3;
}

/* Look for the entry in one segment of notes. */
static bool find_note(struct bytes notes, uint32_t *entry)
{
    Elf64_Nhdr nh;
    struct bytes name, desc;

    while (notes.len >= sizeof(nh)) {
        memcpy(&nh, notes.p, sizeof(nh));
        if (!slice(notes, sizeof(nh), nh.n_namesz, &name) ||
            !slice(notes, sizeof(nh) + padded(nh.n_namesz), nh.n_descsz, &desc))
            return false;
        if (nh.n_type == XEN_ELFNOTE_PHYS32_ENTRY && name.len == 4 &&
            !memcmp(name.p, "Xen", 4) && desc.len >= 4) {
            memcpy(entry, desc.p, 4);
            return true;
        }
        if (!slice(notes,
                   sizeof(nh) + padded(nh.n_namesz) + padded(nh.n_descsz), 0,
                   &desc))
            return false;
        notes.len -= (size_t)(desc.p - notes.p);
        notes.p = desc.p;
    }
    return false;
}

static const char *check_segments(struct bytes file, const Elf64_Ehdr *eh,
                                  uint32_t *entry)
{
    bool loads = false, found = false;

    for (unsigned i = 0; i < eh->e_phnum; i++) {
        struct bytes header, content;
        Elf64_Phdr ph;

        if (!slice(file, eh->e_phoff + (uint64_t)i * sizeof(ph), sizeof(ph),
                   &header))
            return "its program headers are cut off";
        memcpy(&ph, header.p, sizeof(ph));
        if (ph.p_type != PT_LOAD && ph.p_type != PT_NOTE)
            continue;
        if (!slice(file, ph.p_offset, ph.p_filesz, &content))
            return "it is cut off";
        if (ph.p_type == PT_LOAD)
            loads = true;
        else if (!found)
            found = find_note(content, entry);
    }
    if (!loads)
        return "it has nothing to load";
    return found ? NULL : "it has no PVH entry point";
}

static const char *check(struct bytes file, uint32_t *entry)
{
    Elf64_Ehdr eh;

    if (file.len < sizeof(eh) || memcmp(file.p, ELFMAG, SELFMAG))
        return "it is not an ELF file";
    memcpy(&eh, file.p, sizeof(eh));
    if (eh.e_ident[EI_CLASS] != ELFCLASS64 || eh.e_machine != EM_X86_64)
        return "it is not for x86-64";
    if (eh.e_type != ET_EXEC && eh.e_type != ET_DYN)
        return "it is not an executable";
    if (eh.e_phentsize != sizeof(Elf64_Phdr) || eh.e_phoff > file.len)
        return "its program headers are damaged";
    return check_segments(file, &eh, entry);
}

int kernel_check(const void *data, size_t len, uint32_t *entry,
                 const char **why)
{
    struct bytes file = {data, len};

    *why = check(file, entry);
    return *why ? -1 : 0;
}
