/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * aml_test.c - facts in the tables of QEMU's machines (tests/corpus/aml, the
 * bytes after the table header).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dev/aml.h"

static struct aml_facts scan(const char *name)
{
    static uint8_t buf[65536];
    struct aml_facts f = {0};
    char path[256];

    snprintf(path, sizeof(path), "tests/corpus/aml/%s", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(buf, 1, sizeof(buf), file);
    fclose(file);
    aml_scan(buf, n, &f);
    return f;
}

static void test_microvm(void **state)
{
    struct aml_facts f = scan("microvm.aml");

    (void)state;
    assert_true(f.have_s5);
    assert_int_equal(f.s5_a, 5);
    assert_int_equal(f.nr_virtio, 2);
    assert_int_equal(f.virtio[0].base, 0xfeb02e00);
    assert_int_equal(f.virtio[0].size, 0x200);
    assert_int_equal(f.virtio[0].gsi, 0x2f);
    assert_int_equal(f.virtio[1].base, 0xfeb02c00);
    assert_int_equal(f.virtio[1].gsi, 0x2e);
    assert_int_equal(f.ged.base, 0xfea00000);
    assert_int_equal(f.ged.gsi, 9);
}

static void test_pc_and_q35(void **state)
{
    struct aml_facts pc = scan("pc.aml"), q35 = scan("q35.aml");

    (void)state;
    assert_true(pc.have_s5 && q35.have_s5);
    assert_int_equal(pc.s5_a, 0);
    assert_int_equal(q35.s5_a, 0);
    assert_int_equal(pc.nr_virtio + q35.nr_virtio, 0);
    assert_int_equal(pc.ged.base, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_microvm),
        cmocka_unit_test(test_pc_and_q35),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
