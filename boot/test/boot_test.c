/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_elf.h"
#include "option.h"

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* --- memory map ----------------------------------------------------------- */

static const struct pvh_memmap_entry map[] = {
    {0x0, 0x9fc00, 1, 0},
    {0x9fc00, 0x400, 2, 0},
    {0x4000000, 0x1000000, 1, 0}, /* out of order, adjacent to the next */
    {0x100000, 0x3f00000, 1, 0},
    {0x4800000, 0x1000, 3, 0},          /* ACPI inside RAM */
    {0xfffff000, 0x1000, 1, 0},         /* RAM up to exactly 4 GiB */
    {0xfffffffffffff000, 0x2000, 2, 0}, /* wraps */
};

static void test_memmap(void **state)
{
    static const struct {
        uint64_t start;
        uint64_t end;
        int usable;
    } cases[] = {
        {0x100000, 0x200000, 1},      {0x100000, 0x4000000, 1},
        {0x100000, 0x4800000, 1},     {0x100000, 0x4800001, 0},
        {0x4801000, 0x5000000, 1},    {0x4801000, 0x5000001, 0},
        {0x4800fff, 0x4900000, 0},    {0xff000, 0x101000, 0},
        {0x9f000, 0x9fc01, 0},        {0x6000000, 0x6001000, 0},
        {0xfffff000, 0x100000000, 1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (memmap_usable(map, ARRAY_LEN(map), cases[i].start, cases[i].end) !=
            cases[i].usable)
            fail_msg("case %zu", i);
    assert_false(memmap_usable(map, 0, 0x100000, 0x200000));
}

/* --- ELF ------------------------------------------------------------------ */

struct file {
    Elf64_Ehdr header;
    Elf64_Phdr phdr[20];
    char data[4096];
};

static struct file good_file(void)
{
    struct file f = {
        .header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB},
                   .e_machine = EM_X86_64,
                   .e_phoff = offsetof(struct file, phdr),
                   .e_phentsize = sizeof(Elf64_Phdr),
                   .e_phnum = 3},
        .phdr = {{.p_type = PT_LOAD,
                  .p_offset = 2000,
                  .p_filesz = 1000,
                  .p_memsz = 5000,
                  .p_paddr = 0x100000},
                 {.p_type = PT_NOTE, .p_offset = 2000, .p_filesz = 20},
                 {.p_type = PT_GNU_STACK, .p_filesz = ~0ul}},
    };

    return f;
}

static const char *plan_of(const struct file *f, struct kernel_plan *plan)
{
    return kernel_plan_read(plan, f, sizeof(*f), sizeof(*f));
}

static void test_good_elf(void **state)
{
    struct file f = good_file();
    struct kernel_plan plan;

    (void)state;
    assert_null(plan_of(&f, &plan));
    assert_int_equal(plan.nsegments, 1);
    assert_int_equal(plan.segments[0].offset, 2000);
    assert_int_equal(plan.segments[0].memsize, 5000);
    assert_int_equal(plan.nnotes, 1);
    assert_null(kernel_plan_check(&plan, map, ARRAY_LEN(map)));
    assert_true(kernel_plan_holds(&plan, 0x100000));
    assert_true(kernel_plan_holds(&plan, 0x1003e7));
    assert_false(kernel_plan_holds(&plan, 0x1003e8)); /* bss */
    assert_false(kernel_plan_holds(&plan, 0xfffff));
    f.phdr[0].p_paddr = 0x6000000;
    assert_null(plan_of(&f, &plan));
    assert_non_null(kernel_plan_check(&plan, map, ARRAY_LEN(map)));
}

static void test_bad_elf(void **state)
{
    struct kernel_plan plan;
    struct file f;

    (void)state;
#define BAD(change)                                                            \
    f = good_file();                                                           \
    change;                                                                    \
    assert_non_null(plan_of(&f, &plan))
    BAD(f.header.e_ident[0] = 0);
    BAD(f.header.e_ident[EI_CLASS] = ELFCLASS32);
    BAD(f.header.e_ident[EI_DATA] = ELFDATA2MSB);
    BAD(f.header.e_machine = EM_386);
    BAD(f.header.e_phentsize = 57);
    BAD(f.header.e_phnum = 0);
    BAD(f.header.e_phnum = 0xffff);
    BAD(f.header.e_phoff = sizeof(f));
    BAD(f.header.e_phoff = sizeof(f) - 100);
    BAD(f.header.e_phoff = ~0ul);
    BAD(f.header.e_phoff = 1ul << 32);
    BAD(f.phdr[0].p_offset = sizeof(f) - 999);
    BAD(f.phdr[0].p_offset = ~0ul - 10);
    BAD(f.phdr[0].p_filesz = ~0ul - 1999);
    BAD(f.phdr[0].p_memsz = 999);
    BAD(f.phdr[0].p_memsz = ~0ul);
    BAD(f.phdr[0].p_paddr = 0xfffff);
    BAD(f.phdr[0].p_paddr = 0x100000000);
    BAD(f.phdr[0].p_paddr = 0xfffff000);
    BAD(f.phdr[0].p_type = PT_NULL);
    BAD(f.phdr[0].p_filesz = f.phdr[0].p_memsz = 0);
    BAD(f.phdr[1].p_filesz = 100000);
    f = good_file();
    assert_non_null(kernel_plan_read(&plan, &f, 63, sizeof(f)));
    assert_non_null(kernel_plan_read(&plan, &f, sizeof(f), 100));
    assert_non_null(
        kernel_plan_read(&plan, &f, sizeof(f), KERNEL_SIZE_MAX + 1ul));
    f = good_file();
    for (int i = 0; i < 17; i++)
        f.phdr[i] = f.phdr[0];
    f.header.e_phnum = 16;
    assert_null(plan_of(&f, &plan));
    f.header.e_phnum = 17;
    assert_non_null(plan_of(&f, &plan));
}

/* A file read in pieces of any size comes together as it was. */
static void test_parts(void **state)
{
    static const struct kernel_segment s = {.offset = 13, .size = 100};
    unsigned char file[200];

    (void)state;
    for (size_t i = 0; i < sizeof(file); i++)
        file[i] = (unsigned char)i;
    for (uint32_t step = 1; step <= sizeof(file); step++) {
        unsigned char out[100] = {0};

        for (uint32_t off = 0; off < sizeof(file); off += step) {
            uint32_t len =
                sizeof(file) - off < step ? (uint32_t)sizeof(file) - off : step;
            struct kernel_part p = kernel_part_of(&s, off, len);

            assert_true(p.at + p.len <= sizeof(out) && p.from + p.len <= len);
            memcpy(out + p.at, file + off + p.from, p.len);
        }
        assert_memory_equal(out, file + 13, 100);
    }
}

/* --- notes ---------------------------------------------------------------- */

static void test_notes(void **state)
{
    static const uint32_t notes[] = {
        4, 5, 1,  0x00554e47 /* GNU */, 1,        2, /* another, padded */
        4, 8, 18, 0x006e6558 /* Xen */, 0x123456, 0,
    };
    uint32_t copy[12];

    (void)state;
    assert_int_equal(kernel_find_entry(notes, sizeof(notes)), 0x123456);
    assert_int_equal(kernel_find_entry(notes + 6, 24), 0x123456);
    assert_int_equal(kernel_find_entry(notes, 24), 0);
    for (uint32_t n = 0; n < sizeof(notes) - 4; n++) {
        void *exact = malloc(n + 1); /* ASan sees a read past the end */

        memcpy(exact, notes, n);
        assert_int_equal(kernel_find_entry(exact, n), 0);
        free(exact);
    }
    memcpy(copy, notes, sizeof(copy));
    copy[0] = 0xfffffffe;
    assert_int_equal(kernel_find_entry(copy, sizeof(copy)), 0);
    memcpy(copy, notes, sizeof(copy));
    copy[1] = 0xfffffff0;
    assert_int_equal(kernel_find_entry(copy, sizeof(copy)), 0);
    memcpy(copy, notes, sizeof(copy));
    copy[9] = 0x006e6559;
    assert_int_equal(kernel_find_entry(copy, sizeof(copy)), 0);
}

/* Random damage to good headers and notes: no read outside, no odd plan. */
static void test_noise(void **state)
{
    (void)state;
    srandom(1);
    for (int i = 0; i < 50000; i++) {
        struct file f = good_file();
        struct kernel_plan plan;
        uint32_t have = (uint32_t)(random() % (long)sizeof(f));
        unsigned char *exact = malloc(have + 1);
        uint32_t note[16];

        for (int k = random() % 6; k > 0; k--)
            ((unsigned char *)&f)[random() % 300] = (unsigned char)random();
        memcpy(exact, &f, have);
        if (!kernel_plan_read(&plan, exact, have, sizeof(f))) {
            assert_in_range(plan.nsegments, 1, KERNEL_SEGMENTS_MAX);
            for (unsigned s = 0; s < plan.nsegments; s++)
                assert_true(plan.segments[s].offset + plan.segments[s].size <=
                            sizeof(f));
        }
        free(exact);
        for (size_t k = 0; k < ARRAY_LEN(note); k++)
            note[k] = (uint32_t)random() % 24;
        (void)kernel_find_entry(note, sizeof(note));
    }
}

/* --- command line --------------------------------------------------------- */

static void test_options(void **state)
{
    (void)state;
    assert_int_equal(option_number("", "exit.port"), 0);
    assert_int_equal(option_number("exit.port=0x501", "exit.port"), 0x501);
    assert_int_equal(option_number("a exit.port=0xF4 b", "exit.port"), 0xf4);
    assert_int_equal(option_number("exit.port=0x1 exit.port=0x2", "exit.port"),
                     2);
    assert_int_equal(option_number("xexit.port=0x1", "exit.port"), 0);
    assert_int_equal(option_number("exit.port=1", "exit.port"), 0);
    assert_int_equal(option_number("exit.port", "exit.port"), 0);
    assert_int_equal(option_number("exit.ports=0x1", "exit.port"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memmap),  cmocka_unit_test(test_good_elf),
        cmocka_unit_test(test_bad_elf), cmocka_unit_test(test_parts),
        cmocka_unit_test(test_notes),   cmocka_unit_test(test_noise),
        cmocka_unit_test(test_options),
    };

    return cmocka_run_group_tests_name("boot", tests, NULL, NULL);
}
