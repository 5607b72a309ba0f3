/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * elf_test.c - ELF files of our own, right and wrong ones, are executed.
 */
#include "show.h"

#include <elf.h>
#include <stddef.h>

struct small_elf {
    Elf64_Ehdr eh;
    Elf64_Phdr ph[3];
    unsigned char code[64];
};

/* mov $60,%eax; mov $n,%edi; syscall */
static void elf_init(struct small_elf *e, int status)
{
    unsigned char code[] = {0xb8, 60, 0, 0,    0, 0xbf, (unsigned char)status,
                            0,    0,  0, 0x0f, 5};

    memset(e, 0, sizeof(*e));
    memcpy(e->eh.e_ident, ELFMAG, 4);
    e->eh.e_ident[EI_CLASS] = ELFCLASS64;
    e->eh.e_ident[EI_DATA] = ELFDATA2LSB;
    e->eh.e_ident[EI_VERSION] = EV_CURRENT;
    e->eh.e_type = ET_EXEC;
    e->eh.e_machine = EM_X86_64;
    e->eh.e_version = 1;
    e->eh.e_phoff = offsetof(struct small_elf, ph);
    e->eh.e_ehsize = sizeof(e->eh);
    e->eh.e_phentsize = sizeof(e->ph[0]);
    e->eh.e_phnum = 1;
    e->eh.e_entry = 0x400000 + offsetof(struct small_elf, code);
    e->ph[0] = (Elf64_Phdr){.p_type = PT_LOAD,
                            .p_flags = PF_R | PF_X,
                            .p_vaddr = 0x400000,
                            .p_filesz = sizeof(*e),
                            .p_memsz = sizeof(*e),
                            .p_align = 4096};
    memcpy(e->code, code, sizeof(code));
}

static void elf_run(int line, const char *what, const struct small_elf *e,
                    size_t size)
{
    char *argv[] = {"elf", NULL}, *none[] = {NULL};
    int fd = open("elf", O_CREAT | O_TRUNC | O_WRONLY, 0755);

    write(fd, e, size);
    close(fd);
    pid_t pid = fork();
    if (!pid) {
        execve("./elf", argv, none);
        say("%d: %s: %s", line, what, err_name(errno));
        _exit(126);
    }
    say("%d: %s: %s", line, what, ending(child_wait(pid)));
}
#define ELF(change, n)                                                         \
    do {                                                                       \
        elf_init(&e, n);                                                       \
        change;                                                                \
        elf_run(__LINE__, #change, &e, sizeof(e));                             \
    } while (0)

SECTION(elf_files)
{
    struct small_elf e;

    ELF((void)0, 11);
    ELF(e.eh.e_type = ET_DYN; e.ph[0].p_vaddr = 0;
        e.eh.e_entry -= 0x400000, 12);
    ELF(e.eh.e_type = ET_REL, 0);
    ELF(e.eh.e_type = ET_CORE, 0);
    ELF(e.eh.e_machine = EM_AARCH64, 0);
    ELF(e.eh.e_ident[0] = 0, 0);
    ELF(e.eh.e_phentsize = 8, 0);
    ELF(e.eh.e_phnum = 0, 0);
    ELF(e.eh.e_phnum = 3000, 0);
    ELF(e.eh.e_phoff = 1 << 30, 0);
    ELF(e.eh.e_phoff = -1, 0);
    ELF(e.ph[0].p_flags = PF_R, 0); /* the code cannot be executed */
    ELF(e.ph[0].p_flags = PF_R | PF_W | PF_X, 14);
    ELF(e.ph[0].p_memsz += 100000, 15); /* bss in a segment without PF_W */
    ELF(e.ph[0].p_flags |= PF_W; e.ph[0].p_memsz += 100000, 16);
    ELF(e.ph[0].p_align = 1 << 21, 17);
    ELF(e.ph[0].p_align = 3, 17);
    ELF(e.ph[0].p_filesz = 1 << 20; e.ph[0].p_memsz = 1 << 20, 18);
    ELF(e.eh.e_entry = 0, 0);
    ELF(e.eh.e_phnum = 2; e.ph[1].p_type = PT_INTERP; e.ph[1].p_filesz = 1, 0);
    ELF(e.eh.e_phnum = 2; e.ph[1].p_type = PT_INTERP;
        e.ph[1].p_filesz = 5000, 0);
    ELF(e.eh.e_phnum = 2; e.ph[1].p_type = PT_INTERP; e.ph[1].p_filesz = 12;
        e.ph[1].p_offset = offsetof(struct small_elf, code) + 20;
        memcpy(e.code + 20, "/no/such/ld", 12), 0);
    ELF(e.eh.e_phnum = 2; e.ph[1].p_type = PT_INTERP; e.ph[1].p_filesz = 12;
        e.ph[1].p_offset = offsetof(struct small_elf, code) + 20;
        memcpy(e.code + 20, "/etc/passwd", 12), 0);
    ELF(e.eh.e_phnum = 2; e.ph[1].p_type = PT_INTERP; e.ph[1].p_filesz = 12;
        e.ph[1].p_offset = offsetof(struct small_elf, code) + 20;
        memcpy(e.code + 20, "not ended...", 12), 0);
    ELF(e.eh.e_phnum = 2; e.ph[1].p_type = PT_GNU_STACK;
        e.ph[1].p_flags = PF_R | PF_W | PF_X, 19);
    /* two segments, the second with a zero tail and one that is all zero */
    ELF(e.eh.e_phnum = 3; e.ph[1] = e.ph[0]; e.ph[1].p_vaddr = 0x500000;
        e.ph[1].p_flags = PF_R | PF_W; e.ph[1].p_memsz += 8192;
        e.ph[2] = e.ph[1]; e.ph[2].p_vaddr = 0x600000;
        e.ph[2].p_filesz = 0, 20);
    elf_init(&e, 0);
    for (size_t n = 0; n <= sizeof(e.eh) + 56; n += 20)
        elf_run(__LINE__, "short", &e, n);
}
