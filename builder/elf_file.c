/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "elf_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* More than any linker writes, small enough to copy around. */
#define MAX_STRTAB  (64u << 20)
#define MAX_DYNAMIC 4096

/* File offset of the virtual address (addr), with (*room) bytes behind it. */
static bool offset_of(Elf *elf, size_t phnum, GElf_Addr addr, GElf_Off *offset,
                      GElf_Xword *room)
{
    for (size_t i = 0; i < phnum; i++) {
        GElf_Phdr ph;

        if (!gelf_getphdr(elf, (int)i, &ph) || ph.p_type != PT_LOAD)
            continue;
        if (addr < ph.p_vaddr || addr - ph.p_vaddr >= ph.p_filesz)
            continue;
        *offset = ph.p_offset + (addr - ph.p_vaddr);
        *room = ph.p_filesz - (addr - ph.p_vaddr);
        return true;
    }
    return false;
}

/* The string at (offset) of (data), NULL if it does not end inside it. */
static const char *string_at(const Elf_Data *data, GElf_Xword offset)
{
    const char *s;

    if (!data || !data->d_buf || offset >= data->d_size)
        return NULL;
    s = (const char *)data->d_buf + offset;
    return memchr(s, '\0', data->d_size - offset) ? s : NULL;
}

static void set(char **to, const char *s)
{
    free(*to);
    *to = xstrdup(s);
}

static bool take_entry(struct elf_info *info, const Elf_Data *strings,
                       const GElf_Dyn *d)
{
    const char *s;

    switch (d->d_tag) {
    case DT_NEEDED:
    case DT_SONAME:
    case DT_RPATH:
    case DT_RUNPATH:
        s = string_at(strings, d->d_un.d_val);
        if (!s)
            return false;
        if (d->d_tag == DT_NEEDED)
            strvec_push(&info->needed, s);
        else
            set(d->d_tag == DT_SONAME  ? &info->soname
                : d->d_tag == DT_RPATH ? &info->rpath
                                       : &info->runpath,
                s);
        return true;
    case DT_FLAGS_1:
        info->nodeflib = d->d_un.d_val & DF_1_NODEFLIB;
        return true;
    default:
        return true;
    }
}

static const char *read_dynamic(Elf *elf, size_t phnum, const GElf_Phdr *dyn,
                                struct elf_info *info)
{
    Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)dyn->p_offset,
                                          dyn->p_filesz, ELF_T_DYN);
    size_t count = dyn->p_filesz / sizeof(Elf64_Dyn);
    GElf_Addr strtab = 0;
    GElf_Xword strsz = 0, room;
    GElf_Off offset;
    Elf_Data *strings;
    GElf_Dyn d;

    if (!data || count > MAX_DYNAMIC)
        return "its dynamic section is damaged";
    for (size_t i = 0; i < count && gelf_getdyn(data, (int)i, &d); i++) {
        if (d.d_tag == DT_NULL)
            break;
        if (d.d_tag == DT_STRTAB)
            strtab = d.d_un.d_ptr;
        else if (d.d_tag == DT_STRSZ)
            strsz = d.d_un.d_val;
    }
    if (!offset_of(elf, phnum, strtab, &offset, &room) || strsz > room ||
        strsz > MAX_STRTAB)
        return "its dynamic string table is damaged";
    strings = elf_getdata_rawchunk(elf, (int64_t)offset, strsz, ELF_T_BYTE);
    for (size_t i = 0; i < count && gelf_getdyn(data, (int)i, &d); i++) {
        if (d.d_tag == DT_NULL)
            break;
        if (!take_entry(info, strings, &d))
            return "its dynamic section is damaged";
    }
    return NULL;
}

static const char *read_interp(Elf *elf, const GElf_Phdr *ph,
                               struct elf_info *info)
{
    Elf_Data *data;
    const char *s;

    if (ph->p_filesz > 4096)
        return "its program interpreter is damaged";
    data = elf_getdata_rawchunk(elf, (int64_t)ph->p_offset, ph->p_filesz,
                                ELF_T_BYTE);
    s = string_at(data, 0);
    if (!s || s[0] != '/')
        return "its program interpreter is damaged";
    set(&info->interp, s);
    return NULL;
}

/* Part of it is not in the file, of (size) bytes. */
static bool cut_short(const GElf_Phdr *ph, uint64_t size)
{
    return ph->p_type == PT_LOAD &&
           (ph->p_offset > size || ph->p_filesz > size - ph->p_offset);
}

static const char *read_elf(Elf *elf, uint64_t size, struct elf_info *info)
{
    const char *ident;
    size_t phnum;
    GElf_Ehdr eh;

    if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &eh))
        return "its ELF header is damaged";
    ident = elf_getident(elf, NULL);
    info->machine = eh.e_machine;
    info->bits = ident[EI_CLASS] == ELFCLASS32 ? 32 : 64;
    info->os_abi = (unsigned char)ident[EI_OSABI];
    info->x86_64 = eh.e_machine == EM_X86_64 && ident[EI_CLASS] == ELFCLASS64 &&
                   ident[EI_DATA] == ELFDATA2LSB;
    info->loadable = eh.e_type == ET_EXEC || eh.e_type == ET_DYN;
    if (!info->x86_64 || !info->loadable)
        return NULL;
    /* libelf gives as many as are in the file */
    if (elf_getphdrnum(elf, &phnum) ||
        (eh.e_phnum != PN_XNUM && eh.e_phnum != phnum))
        return "its program headers are damaged";
    for (size_t i = 0; i < phnum; i++) {
        const char *why = NULL;
        GElf_Phdr ph;

        if (!gelf_getphdr(elf, (int)i, &ph))
            return "its program headers are damaged";
        if (cut_short(&ph, size))
            why = "it is cut short";
        else if (ph.p_type == PT_INTERP)
            why = read_interp(elf, &ph, info);
        else if (ph.p_type == PT_DYNAMIC && !info->dynamic) {
            info->dynamic = true;
            why = read_dynamic(elf, phnum, &ph, info);
        }
        if (why)
            return why;
    }
    return NULL;
}

static enum elf_result finish(Elf *elf, uint64_t size, struct elf_info *info,
                              const char **why)
{
    *info = (struct elf_info){0};
    *why = elf ? read_elf(elf, size, info) : "its ELF header is damaged";
    elf_end(elf);
    if (!*why)
        return ELF_OK;
    elf_info_release(info);
    return ELF_BAD;
}

enum elf_result elf_info_parse(const void *data, size_t len,
                               struct elf_info *info, const char **why)
{
    if (len < SELFMAG || memcmp(data, ELFMAG, SELFMAG))
        return ELF_NOT_ELF;
    elf_version(EV_CURRENT);
    /* libelf only writes through the pointer when asked to update the file */
    return finish(elf_memory((char *)(uintptr_t)data, len), len, info, why);
}

static int open_elf(const char *path)
{
    char magic[SELFMAG];
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ssize_t n;

    if (fd < 0)
        return -1;
    n = pread(fd, magic, SELFMAG, 0);
    if (n == SELFMAG && !memcmp(magic, ELFMAG, SELFMAG))
        return fd;
    if (n >= 0)
        errno = ENOEXEC;
    close(fd);
    return -1;
}

enum elf_result elf_info_read(const char *path, struct elf_info *info,
                              const char **why)
{
    int fd = open_elf(path);
    enum elf_result r;
    struct stat st;

    if (fd < 0)
        return errno == ENOEXEC ? ELF_NOT_ELF : ELF_IO;
    elf_version(EV_CURRENT);
    r = fstat(fd, &st) ? ELF_IO
                       : finish(elf_begin(fd, ELF_C_READ, NULL),
                                (uint64_t)st.st_size, info, why);
    close(fd);
    return r;
}

void elf_info_release(struct elf_info *info)
{
    free(info->interp);
    free(info->soname);
    free(info->rpath);
    free(info->runpath);
    strvec_release(&info->needed);
    *info = (struct elf_info){0};
}

char *elf_machine_name(const struct elf_info *info)
{
    static const struct {
        unsigned machine;
        const char *name;
    } known[] = {
        {EM_386, "x86"},       {EM_X86_64, "x86"},         {EM_ARM, "ARM"},
        {EM_AARCH64, "ARM"},   {EM_RISCV, "RISC-V"},       {EM_PPC, "PowerPC"},
        {EM_PPC64, "PowerPC"}, {EM_MIPS, "MIPS"},          {EM_S390, "IBM Z"},
        {EM_SPARCV9, "SPARC"}, {EM_LOONGARCH, "LoongArch"}};

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (known[i].machine == info->machine)
            return xasprintf("%u-bit %s", info->bits, known[i].name);
    return xasprintf("machine %u", info->machine);
}

const char *elf_other_system(const struct elf_info *info)
{
    switch (info->os_abi) {
    case ELFOSABI_SYSV:
    case ELFOSABI_GNU:
        return NULL;
    case ELFOSABI_FREEBSD:
        return "FreeBSD";
    case ELFOSABI_NETBSD:
        return "NetBSD";
    case ELFOSABI_OPENBSD:
        return "OpenBSD";
    case ELFOSABI_SOLARIS:
        return "Solaris";
    default:
        return "another system";
    }
}

bool elf_has_string(const char *path, const char *text)
{
    size_t shstr, len = strlen(text) + 1;
    Elf_Scn *scn = NULL;
    bool found = false;
    int fd = open_elf(path);
    Elf *elf;

    if (fd < 0)
        return false;
    elf_version(EV_CURRENT);
    elf = elf_begin(fd, ELF_C_READ, NULL);
    if (elf && elf_getshdrstrndx(elf, &shstr) == 0) {
        while (!found && (scn = elf_nextscn(elf, scn))) {
            Elf_Data *data;
            GElf_Shdr sh;

            if (!gelf_getshdr(scn, &sh) || sh.sh_type != SHT_STRTAB ||
                !(sh.sh_flags & SHF_ALLOC))
                continue;
            data = elf_getdata(scn, NULL);
            found = data && data->d_buf &&
                    memmem(data->d_buf, data->d_size, text, len);
        }
    }
    elf_end(elf);
    close(fd);
    return found;
}
