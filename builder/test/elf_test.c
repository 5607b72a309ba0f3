/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <elf.h>
#include <string.h>

#include "elf_file.h"
#include "kernel_file.h"
#include "test.h"

static void dynamic_program(void **state)
{
    struct buf file = {0};
    struct elf_info info;
    const char *why;

    test_corpus("elf/dynamic", &file);
    assert_int_equal(elf_info_parse(file.data, file.len, &info, &why), ELF_OK);
    assert_true(info.x86_64 && info.loadable && info.dynamic);
    assert_string_equal(info.interp, "/lib64/ld-test.so.1");
    assert_int_equal(info.needed.n, 2);
    assert_string_equal(info.needed.v[0], "liba.so.1");
    assert_string_equal(info.needed.v[1], "libb.so.2");
    assert_string_equal(info.runpath, "$ORIGIN/../lib:/opt/x");
    assert_null(info.rpath);
    elf_info_release(&info);
    buf_release(&file);
}

static void library(void **state)
{
    struct buf file = {0};
    struct elf_info info;
    const char *why;

    test_corpus("elf/library", &file);
    assert_int_equal(elf_info_parse(file.data, file.len, &info, &why), ELF_OK);
    assert_null(info.interp);
    assert_string_equal(info.soname, "liba.so.1");
    assert_string_equal(info.rpath, "/opt/rpath");
    elf_info_release(&info);
    buf_release(&file);
}

static void static_program(void **state)
{
    struct buf file = {0};
    struct elf_info info;
    const char *why;

    test_corpus("elf/kernel", &file);
    assert_int_equal(elf_info_parse(file.data, file.len, &info, &why), ELF_OK);
    assert_false(info.dynamic);
    assert_int_equal(info.needed.n, 0);
    elf_info_release(&info);
    buf_release(&file);
}

static void others_are_told_apart(void **state)
{
    struct buf file = {0};
    struct elf_info info;
    const char *why;

    assert_int_equal(elf_info_parse("#!/bin/sh\n", 10, &info, &why),
                     ELF_NOT_ELF);
    assert_int_equal(elf_info_parse("\177ELF", 4, &info, &why), ELF_BAD);
    test_corpus("elf/dynamic", &file);
    file.data[18] = (char)EM_AARCH64;
    file.data[19] = 0;
    assert_int_equal(elf_info_parse(file.data, file.len, &info, &why), ELF_OK);
    assert_false(info.x86_64);
    elf_info_release(&info);
    buf_release(&file);
}

/* Every byte changed in turn: an answer or an error, never a crash. */
static void damage(void **state)
{
    static const char *const names[] = {"elf/dynamic", "elf/library"};

    for (size_t k = 0; k < 2; k++) {
        struct buf file = {0};

        test_corpus(names[k], &file);
        for (size_t i = 4; i < file.len && i < 2048; i++) {
            struct elf_info info;
            const char *why;

            file.data[i] ^= (char)0xff;
            if (elf_info_parse(file.data, file.len, &info, &why) == ELF_OK)
                elf_info_release(&info);
            file.data[i] ^= (char)0xff;
        }
        buf_release(&file);
    }
}

static void kernels(void **state)
{
    struct buf file = {0};
    const char *why;
    uint32_t entry = 0;

    test_corpus("elf/kernel", &file);
    assert_int_equal(kernel_check(file.data, file.len, &entry, &why), 0);
    assert_int_equal(entry, 0x100000);
    for (size_t len = 0; len < file.len; len += 7) {
        struct buf cut = {0};

        buf_add(&cut, file.data, len);
        kernel_check(buf_str(&cut), len, &entry, &why);
        buf_release(&cut);
    }
    buf_release(&file);
    test_corpus("elf/dynamic", &file);
    assert_int_equal(kernel_check(file.data, file.len, &entry, &why), -1);
    assert_string_equal(why, "it has no PVH entry point");
    assert_int_equal(kernel_check("hello", 5, &entry, &why), -1);
    buf_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dynamic_program),
        cmocka_unit_test(library),
        cmocka_unit_test(static_program),
        cmocka_unit_test(others_are_told_apart),
        cmocka_unit_test(damage),
        cmocka_unit_test(kernels),
    };

    return cmocka_run_group_tests_name("elf", tests, NULL, NULL);
}
