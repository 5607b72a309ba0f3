/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* elf_test.c - which ELF files are taken, and what for; "#!" lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/errno.h"
#include "lib/string.h"
#include "proc/elf.h"

#define BASE 0x10000ul
#define TOP  0x7ffffffff000ul

static Elf64_Ehdr eh;
static Elf64_Phdr ph[8];
static struct elf_image img;

static int setup(void **state)
{
    (void)state;
    memset(&eh, 0, sizeof(eh));
    memset(ph, 0, sizeof(ph));
    memcpy(eh.e_ident, ELFMAG, SELFMAG);
    eh.e_ident[EI_CLASS] = ELFCLASS64;
    eh.e_ident[EI_DATA] = ELFDATA2LSB;
    eh.e_machine = EM_X86_64;
    eh.e_type = ET_DYN;
    eh.e_phentsize = sizeof(Elf64_Phdr);
    eh.e_phnum = 2;
    eh.e_phoff = 64;
    eh.e_entry = 0x1040;
    ph[0] = (Elf64_Phdr){.p_type = PT_LOAD,
                         .p_flags = PF_R | PF_X,
                         .p_filesz = 0x1800,
                         .p_memsz = 0x1800,
                         .p_align = 0x1000};
    ph[1] = (Elf64_Phdr){.p_type = PT_LOAD,
                         .p_flags = PF_R | PF_W,
                         .p_offset = 0x1800,
                         .p_vaddr = 0x2800,
                         .p_filesz = 0x100,
                         .p_memsz = 0x2000,
                         .p_align = 0x1000};
    return 0;
}

static int plan(void)
{
    uint64_t offset;
    size_t size;
    int rc = elf_check_header(&eh, &offset, &size);

    return rc ? rc : elf_plan(&eh, ph, BASE, TOP, &img);
}

static void good(void **state)
{
    (void)state;
    assert_int_equal(plan(), 0);
    assert_true(img.pie);
    assert_int_equal(img.nr_segments, 2);
    assert_int_equal(img.low, 0);
    assert_int_equal(img.high, 0x5000);
    assert_int_equal(img.brk, 0x4800);
    assert_int_equal(img.phdr, 64);
    assert_int_equal(img.segment[0].prot, 5);
    assert_int_equal(img.segment[1].start, 0x2000);
    assert_int_equal(img.segment[1].pgoff, 1);
    assert_int_equal(img.segment[1].data_end, 0x2900);
    assert_int_equal(img.segment[1].file_end, 0x3000);
    assert_int_equal(img.segment[1].end, 0x5000);
    assert_false(img.exec_stack || img.has_interp);
}

static void bad_headers(void **state)
{
    (void)state;
#define BREAK(field, value)                                                    \
    setup(NULL);                                                               \
    eh.field = (value);                                                        \
    assert_int_equal(plan(), -ENOEXEC)
    BREAK(e_ident[0], 0);
    BREAK(e_ident[EI_CLASS], ELFCLASS32);
    BREAK(e_ident[EI_DATA], ELFDATA2MSB);
    BREAK(e_machine, EM_386);
    BREAK(e_type, ET_REL);
    BREAK(e_type, ET_CORE);
    BREAK(e_phentsize, 32);
    BREAK(e_phnum, 0);
    BREAK(e_phnum, ELF_PHDRS_MAX + 1);
    BREAK(e_phoff, UINT64_MAX - 10);
}

static void bad_segments(void **state)
{
    (void)state;
#define BREAK_PH(i, field, value, err)                                         \
    setup(NULL);                                                               \
    ph[i].field = (value);                                                     \
    assert_int_equal(plan(), err)
    BREAK_PH(0, p_filesz, 0x1801, -ENOEXEC); /* file > memory */
    BREAK_PH(1, p_vaddr, TOP, -ENOMEM);
    BREAK_PH(1, p_memsz, TOP, -ENOMEM);
    BREAK_PH(1, p_memsz, UINT64_MAX, -ENOMEM); /* wraps */
    BREAK_PH(1, p_vaddr, 0x2000, -ENOEXEC);    /* not congruent */
    BREAK_PH(1, p_vaddr, 0x800, -ENOEXEC);     /* overlap */
    BREAK_PH(1, p_offset, 1ul << 63 | 0x800, -ENOEXEC);
    BREAK_PH(0, p_vaddr, 0x100000, -ENOEXEC); /* not ascending */
    setup(NULL);
    eh.e_type = ET_EXEC; /* at address 0 */
    assert_int_equal(plan(), -ENOMEM);
    setup(NULL);
    ph[0].p_type = ph[1].p_type = PT_NULL;
    assert_int_equal(plan(), -ENOEXEC);
}

static void shared_page(void **state)
{
    (void)state;
    ph[1].p_vaddr = 0x1800; /* ld -z noseparate-code */
    assert_int_equal(plan(), 0);
    assert_int_equal(img.segment[0].end, 0x2000);
    assert_int_equal(img.segment[1].start, 0x1000);
}

static void only_bss(void **state)
{
    (void)state;
    ph[1].p_filesz = 0;
    ph[1].p_offset = 0x123; /* means nothing without file bytes */
    assert_int_equal(plan(), 0);
    assert_int_equal(img.segment[1].file_end, img.segment[1].start);
}

static void interpreter_and_stack(void **state)
{
    (void)state;
    eh.e_phnum = 4;
    ph[2] =
        (Elf64_Phdr){.p_type = PT_INTERP, .p_offset = 0x300, .p_filesz = 28};
    ph[3] = (Elf64_Phdr){.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W | PF_X};
    assert_int_equal(plan(), 0);
    assert_true(img.has_interp && img.exec_stack);
    assert_int_equal(img.interp_offset, 0x300);
    assert_int_equal(img.interp_size, 28);
    ph[2].p_filesz = 1;
    assert_int_equal(plan(), -ENOEXEC);
    ph[2].p_filesz = ELF_INTERP_MAX + 1;
    assert_int_equal(plan(), -ENOEXEC);
    ph[2].p_filesz = 28;
    ph[2].p_offset = UINT64_MAX;
    assert_int_equal(plan(), -ENOEXEC);
}

static void alignment(void **state)
{
    (void)state;
    ph[0].p_align = 0x200000;
    assert_int_equal(plan(), 0);
    assert_int_equal(img.align, 0x200000);
    ph[0].p_align = 0x300000; /* nonsense is not followed */
    assert_int_equal(plan(), 0);
    assert_int_equal(img.align, 0x1000);
    ph[0].p_align = 1ul << 40;
    assert_int_equal(plan(), 0);
    assert_int_equal(img.align, 0x1000);
}

static int script(const char *s, struct script_line *l)
{
    return script_parse(s, strlen(s), l);
}

static void scripts(void **state)
{
    struct script_line l;
    char big[300];

    (void)state;
    assert_int_equal(script("#!/bin/sh\n", &l), 0);
    assert_string_equal(l.interp, "/bin/sh");
    assert_string_equal(l.arg, "");
    assert_int_equal(script("#! \t/usr/bin/env  a b \t\nrest", &l), 0);
    assert_string_equal(l.interp, "/usr/bin/env");
    assert_string_equal(l.arg, "a b");
    assert_int_equal(script("#!/bin/sh", &l), 0); /* no newline at the end */
    assert_string_equal(l.interp, "/bin/sh");
    assert_int_equal(script("#!\n", &l), -ENOEXEC);
    assert_int_equal(script("#!   \n/bin/sh", &l), -ENOEXEC);
    assert_int_equal(script("#", &l), -ENOEXEC);
    assert_int_equal(script("# !/bin/sh\n", &l), -ENOEXEC);
    memset(big, 'x', sizeof(big));
    memcpy(big, "#!/", 3);
    assert_int_equal(script_parse(big, sizeof(big), &l), -ENOEXEC);
    big[200] = ' '; /* the argument may be cut, the name may not */
    assert_int_equal(script_parse(big, sizeof(big), &l), 0);
    assert_int_equal(strlen(l.arg), SCRIPT_LINE_MAX - 201);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(good, setup),
        cmocka_unit_test_setup(bad_headers, setup),
        cmocka_unit_test_setup(bad_segments, setup),
        cmocka_unit_test_setup(shared_page, setup),
        cmocka_unit_test_setup(only_bss, setup),
        cmocka_unit_test_setup(interpreter_and_stack, setup),
        cmocka_unit_test_setup(alignment, setup),
        cmocka_unit_test_setup(scripts, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
