/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "elf_symbols.h"

#include <elf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

/* More than any linker writes. */
#define MAX_PHDRS    256
#define MAX_DYNAMIC  4096
#define MAX_SYMBOLS  (4u << 20)
#define MAX_VERSIONS 65536
#define MAX_FILE     (1u << 30)

struct elf {
    const uint8_t *p;
    size_t len;
    Elf64_Ehdr eh;
    Elf64_Phdr dyn; /* PT_DYNAMIC */
};

/* The dynamic section, as far as it counts here; 0: there is none. */
struct dynamic {
    uint64_t strtab, strsz, symtab, hash, gnu_hash;
    uint64_t verneed, verneednum, verdef, verdefnum;
};

static bool copy(const struct elf *e, uint64_t offset, void *to, size_t size)
{
    if (offset > e->len || size > e->len - offset)
        return false;
    memcpy(to, e->p + offset, size);
    return true;
}

static bool phdr(const struct elf *e, unsigned i, Elf64_Phdr *ph)
{
    return copy(e, e->eh.e_phoff + (uint64_t)i * sizeof(*ph), ph, sizeof(*ph));
}

/* The bytes in the file behind the address (addr), and how many (*room) there
 * are; NULL: none. */
static const uint8_t *at(const struct elf *e, uint64_t addr, uint64_t *room)
{
    Elf64_Phdr ph;

    for (unsigned i = 0; i < e->eh.e_phnum && phdr(e, i, &ph); i++) {
        if (ph.p_type != PT_LOAD || addr < ph.p_vaddr ||
            addr - ph.p_vaddr >= ph.p_filesz)
            continue;
        addr -= ph.p_vaddr;
        *room = ph.p_filesz - addr;
        if (ph.p_offset > e->len || addr > e->len - ph.p_offset)
            return NULL;
        if (*room > e->len - ph.p_offset - addr)
            *room = e->len - ph.p_offset - addr;
        return e->p + ph.p_offset + addr;
    }
    return NULL;
}

static bool get(const struct elf *e, uint64_t addr, void *to, size_t size)
{
    uint64_t room;
    const uint8_t *p = at(e, addr, &room);

    if (!p || room < size)
        return false;
    memcpy(to, p, size);
    return true;
}

static const char *string(const struct elf *e, const struct dynamic *d,
                          uint64_t offset)
{
    uint64_t room;
    const uint8_t *p = at(e, d->strtab, &room);

    if (room > d->strsz)
        room = d->strsz;
    if (!p || offset >= room || !memchr(p + offset, '\0', room - offset))
        return NULL;
    return (const char *)p + offset;
}

static void take_dyn(struct dynamic *d, const Elf64_Dyn *e)
{
    static const struct {
        int64_t tag;
        size_t field;
    } fields[] = {
        {DT_STRTAB, offsetof(struct dynamic, strtab)},
        {DT_STRSZ, offsetof(struct dynamic, strsz)},
        {DT_SYMTAB, offsetof(struct dynamic, symtab)},
        {DT_HASH, offsetof(struct dynamic, hash)},
        {DT_GNU_HASH, offsetof(struct dynamic, gnu_hash)},
        {DT_VERNEED, offsetof(struct dynamic, verneed)},
        {DT_VERNEEDNUM, offsetof(struct dynamic, verneednum)},
        {DT_VERDEF, offsetof(struct dynamic, verdef)},
        {DT_VERDEFNUM, offsetof(struct dynamic, verdefnum)},
    };

    for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
        if (e->d_tag == fields[i].tag)
            memcpy((char *)d + fields[i].field, &e->d_un.d_val, 8);
}

static void read_dynamic(const struct elf *e, struct dynamic *d)
{
    Elf64_Dyn dyn;

    for (unsigned i = 0;
         i < MAX_DYNAMIC && (i + 1) * sizeof(dyn) <= e->dyn.p_filesz &&
         copy(e, e->dyn.p_offset + i * sizeof(dyn), &dyn, sizeof(dyn)) &&
         dyn.d_tag != DT_NULL;
         i++)
        take_dyn(d, &dyn);
}

/* ---- versions ---- */

static bool read_need(const struct elf *e, const struct dynamic *d,
                      const Elf64_Verneed *vn, uint64_t addr,
                      struct elf_symbols *s)
{
    const char *file = string(e, d, vn->vn_file);

    addr += vn->vn_aux;
    for (unsigned i = 0; i < vn->vn_cnt; i++) {
        const char *version;
        Elf64_Vernaux va;

        if (!file || s->nneed >= MAX_VERSIONS || !get(e, addr, &va, sizeof(va)))
            return false;
        version = string(e, d, va.vna_name);
        if (!version)
            return false;
        s->need = xrealloc(s->need, s->nneed + 1, sizeof(*s->need));
        s->need[s->nneed++] = (struct elf_version_need){
            xstrdup(file), xstrdup(version), va.vna_flags & VER_FLG_WEAK};
        if (!va.vna_next)
            break;
        addr += va.vna_next;
    }
    return true;
}

static bool read_needs(const struct elf *e, const struct dynamic *d,
                       struct elf_symbols *s)
{
    uint64_t addr = d->verneed;

    for (uint64_t i = 0; d->verneed && i < d->verneednum; i++) {
        Elf64_Verneed vn;

        if (i >= MAX_VERSIONS || !get(e, addr, &vn, sizeof(vn)) ||
            !read_need(e, d, &vn, addr, s))
            return false;
        if (!vn.vn_next)
            break;
        addr += vn.vn_next;
    }
    return true;
}

static bool read_versions(const struct elf *e, const struct dynamic *d,
                          struct elf_symbols *s)
{
    uint64_t addr = d->verdef;

    for (uint64_t i = 0; d->verdef && i < d->verdefnum; i++) {
        const char *name = NULL;
        Elf64_Verdaux va;
        Elf64_Verdef vd;

        if (i >= MAX_VERSIONS || !get(e, addr, &vd, sizeof(vd)))
            return false;
        if (vd.vd_cnt && get(e, addr + vd.vd_aux, &va, sizeof(va)))
            name = string(e, d, va.vda_name);
        if (!name)
            return false;
        strvec_push(&s->versions, name);
        if (!vd.vd_next)
            break;
        addr += vd.vd_next;
    }
    return true;
}

/* ---- symbols ---- */

/* The hash table of GNU's kind holds the defined symbols in the order of the
 * symbol table; the last of the last chain is the last of all. */
static uint64_t count_gnu(const struct elf *e, uint64_t addr)
{
    uint32_t h[4], last = 0, bucket, chain; /* buckets, first, bloom, shift */
    uint64_t at_chain;

    if (!get(e, addr, h, sizeof(h)))
        return 0;
    addr += sizeof(h) + (uint64_t)h[2] * 8;
    for (uint32_t i = 0; i < h[0] && i < MAX_SYMBOLS; i++) {
        if (!get(e, addr + (uint64_t)i * 4, &bucket, 4))
            return 0;
        if (bucket > last)
            last = bucket;
    }
    if (last < h[1] || last >= MAX_SYMBOLS)
        return h[1];
    at_chain = addr + (uint64_t)h[0] * 4;
    while (get(e, at_chain + (uint64_t)(last - h[1]) * 4, &chain, 4)) {
        last++;
        if (chain & 1)
            break;
    }
    return last;
}

static uint64_t count_symbols(const struct elf *e, const struct dynamic *d)
{
    uint32_t h[2]; /* buckets, symbols */
    uint64_t n = 0;

    if (d->gnu_hash)
        n = count_gnu(e, d->gnu_hash);
    if (d->hash && get(e, d->hash, h, sizeof(h)) && h[1] > n)
        n = h[1];
    return n < MAX_SYMBOLS ? n : MAX_SYMBOLS;
}

static bool read_symbols(const struct elf *e, const struct dynamic *d,
                         struct elf_symbols *s)
{
    uint64_t n = d->symtab ? count_symbols(e, d) : 0;

    for (uint64_t i = 1; i < n; i++) {
        const char *name;
        Elf64_Sym sym;

        if (!get(e, d->symtab + i * sizeof(sym), &sym, sizeof(sym)))
            return false;
        name = sym.st_name ? string(e, d, sym.st_name) : NULL;
        if (!name || ELF64_ST_BIND(sym.st_info) == STB_LOCAL)
            continue;
        if (sym.st_shndx != SHN_UNDEF)
            strvec_push(&s->defined, name);
        else if (ELF64_ST_BIND(sym.st_info) != STB_WEAK)
            strvec_push(&s->undefined, name);
    }
    return true;
}

/* ---- NIFs ---- */

/*
 * nif_init() returns a structure that the compiler laid out (ERL_NIF_INIT in
 * erl_nif.h): it begins with the version of the interface, two ints, and has a
 * pointer to this string 64 bytes on. The pointer is in its place or, or too,
 * in the relocation that puts it there.
 */
#define VM_VARIANT    "beam.vanilla"
#define VM_VARIANT_AT 64

static uint64_t address_of(const struct elf *e, uint64_t offset)
{
    Elf64_Phdr ph;

    for (unsigned i = 0; i < e->eh.e_phnum && phdr(e, i, &ph); i++)
        if (ph.p_type == PT_LOAD && offset >= ph.p_offset &&
            offset - ph.p_offset < ph.p_filesz)
            return offset - ph.p_offset + ph.p_vaddr;
    return 0;
}

/* The structure whose pointer to the string is at (offset) of the file, or
 * which the relocation with its addend there is for. */
static bool read_entry(const struct elf *e, uint64_t offset,
                       uint32_t version[2])
{
    Elf64_Rela rela;

    if (offset >= 16 && copy(e, offset - 16, &rela, sizeof(rela)) &&
        ELF64_R_TYPE(rela.r_info) == R_X86_64_RELATIVE &&
        get(e, rela.r_offset - VM_VARIANT_AT, version, 8) && version[0] == 2 &&
        version[1] < 256)
        return true;
    return offset >= VM_VARIANT_AT &&
           copy(e, offset - VM_VARIANT_AT, version, 8) && version[0] == 2 &&
           version[1] < 256;
}

static void read_nif(const struct elf *e, struct elf_symbols *s)
{
    static const char text[] = "\0" VM_VARIANT;
    const uint8_t *found = memmem(e->p, e->len, text, sizeof(text));
    uint64_t addr = found ? address_of(e, (uint64_t)(found - e->p) + 1) : 0;
    uint32_t version[2];
    uint64_t word;

    for (uint64_t i = 0; addr && copy(e, i, &word, 8); i += 8)
        if (word == addr && read_entry(e, i, version)) {
            s->nif_major = version[0];
            s->nif_minor = version[1];
            return;
        }
}

/* ---- files ---- */

static bool open_elf(struct elf *e)
{
    if (!copy(e, 0, &e->eh, sizeof(e->eh)) ||
        memcmp(e->eh.e_ident, ELFMAG, SELFMAG) ||
        e->eh.e_ident[EI_CLASS] != ELFCLASS64 ||
        e->eh.e_ident[EI_DATA] != ELFDATA2LSB ||
        e->eh.e_phentsize != sizeof(Elf64_Phdr) || e->eh.e_phnum > MAX_PHDRS)
        return false;
    for (unsigned i = 0; i < e->eh.e_phnum; i++)
        if (!phdr(e, i, &e->dyn))
            return false;
        else if (e->dyn.p_type == PT_DYNAMIC)
            return true;
    e->dyn = (Elf64_Phdr){0};
    return true;
}

int elf_symbols_parse(const void *data, size_t len, struct elf_symbols *s,
                      const char **why)
{
    struct elf e = {.p = data, .len = len};
    struct dynamic d = {0};

    *s = (struct elf_symbols){0};
    *why = NULL;
    if (!open_elf(&e))
        *why = "its ELF header is damaged";
    else
        read_dynamic(&e, &d);
    if (!*why && (!read_needs(&e, &d, s) || !read_versions(&e, &d, s)))
        *why = "its table of symbol versions is damaged";
    if (!*why && !read_symbols(&e, &d, s))
        *why = "its symbol table is damaged";
    if (*why) {
        elf_symbols_release(s);
        return -1;
    }
    strvec_sort(&s->versions);
    strvec_sort(&s->defined);
    strvec_sort(&s->undefined);
    if (elf_symbols_has(&s->defined, "nif_init"))
        read_nif(&e, s);
    return 0;
}

int elf_symbols_read(const char *path, struct elf_symbols *s, const char **why)
{
    struct buf file = {0};
    int r = -1;

    *s = (struct elf_symbols){0};
    *why = "it cannot be read";
    if (!file_try_read(path, MAX_FILE, &file))
        r = elf_symbols_parse(buf_str(&file), file.len, s, why);
    buf_release(&file);
    return r;
}

void elf_symbols_release(struct elf_symbols *s)
{
    for (size_t i = 0; i < s->nneed; i++) {
        free(s->need[i].file);
        free(s->need[i].version);
    }
    free(s->need);
    strvec_release(&s->versions);
    strvec_release(&s->defined);
    strvec_release(&s->undefined);
    *s = (struct elf_symbols){0};
}

static int compare(const void *key, const void *item)
{
    return strcmp(key, *(char *const *)item);
}

bool elf_symbols_has(const struct strvec *sorted, const char *name)
{
    return sorted->n &&
           bsearch(name, sorted->v, sorted->n, sizeof(*sorted->v), compare);
}
