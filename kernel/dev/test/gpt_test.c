/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * gpt_test.c - reading what sgdisk writes (tests/corpus/gpt), and damage.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dev/gpt.h"
#include "lib/errno.h"

/* Made by: truncate -s 100K; sgdisk -a 1 -n 1:40:49 -c 1:boot
 * -t 1:21686148-... -n 2:64:127 -c 2:rööt -t 2:4F68BCE3-... */
#define IMAGE "tests/corpus/gpt/two.img"
#define BOOT  "21686148-6449-6E6F-744E-656564454649"
#define ROOT  "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"

struct disk {
    uint8_t data[256 * 512];
    uint64_t sectors;
    uint64_t bad; /* reading this sector fails */
};

static int disk_read(void *arg, uint64_t sector, void *buf, size_t len)
{
    struct disk *d = arg;

    assert_true(sector < d->sectors);
    if (sector == d->bad)
        return -EIO;
    memcpy(buf, d->data + sector * 512, len);
    return 0;
}

static struct disk *load(void)
{
    struct disk *d = calloc(1, sizeof(*d));
    FILE *f = fopen(IMAGE, "rb");

    assert_non_null(f);
    d->sectors = fread(d->data, 512, 256, f);
    fclose(f);
    assert_true(d->sectors > 100);
    return d;
}

static bool backup;

static void expect_both(struct disk *d)
{
    struct gpt_partition p[8];
    uint8_t guid[16];

    assert_int_equal(gpt_read(disk_read, d, d->sectors, p, 8, &backup), 2);
    assert_int_equal(p[0].first, 40);
    assert_int_equal(p[0].last, 49);
    assert_string_equal(p[0].name, "boot");
    assert_true(guid_parse(BOOT, guid));
    assert_memory_equal(p[0].type, guid, 16);
    assert_int_equal(p[1].first, 64);
    assert_int_equal(p[1].last, 127);
    assert_string_equal(p[1].name, "r??t");
    assert_true(guid_parse(ROOT, guid));
    assert_memory_equal(p[1].type, guid, 16);
}

static void test_read(void **state)
{
    struct disk *d = load();

    (void)state;
    expect_both(d);
    assert_false(backup);
    free(d);
}

/* Damage to the primary header, its array, or a read error: the backup. */
static void test_backup(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        struct disk *d = load();
        if (kind == 0)
            d->data[512 + 40] ^= 1;
        else if (kind == 1)
            d->data[2 * 512 + 130] ^= 1;
        else if (kind == 2)
            memset(d->data + 512, 0, 512);
        else
            d->bad = 2;
        expect_both(d);
        assert_true(backup);
        free(d);
    }
}

static void test_errors(void **state)
{
    struct gpt_partition p[8];
    struct disk *d = load();

    (void)state;
    assert_int_equal(gpt_read(disk_read, d, d->sectors, p, 1, &backup), 1);
    d->data[512 + 40] ^= 1;
    d->data[(d->sectors - 1) * 512 + 40] ^= 1;
    assert_int_equal(gpt_read(disk_read, d, d->sectors, p, 8, &backup),
                     -EINVAL);
    memset(d->data, 0, sizeof(d->data));
    assert_int_equal(gpt_read(disk_read, d, d->sectors, p, 8, &backup),
                     -ENOENT);
    assert_int_equal(gpt_read(disk_read, d, 1, p, 8, &backup), -ENOENT);
    free(d);
}

static void test_guid(void **state)
{
    uint8_t g[16];
    static const uint8_t expect[16] = {0xe3, 0xbc, 0x68, 0x4f, 0xcd, 0xe8,
                                       0xb1, 0x4d, 0x96, 0xe7, 0xfb, 0xca,
                                       0xf9, 0x84, 0xb7, 0x09};

    (void)state;
    assert_true(guid_parse(ROOT, g));
    assert_memory_equal(g, expect, 16);
    assert_true(guid_parse("4f68bce3-e8cd-4db1-96e7-fbcaf984b709", g));
    assert_false(guid_parse("", g));
    assert_false(guid_parse("4F68BCE3-E8CD-4DB1-96E7-FBCAF984B70", g));
    assert_false(guid_parse("4F68BCE3-E8CD-4DB1-96E7-FBCAF984B7099", g));
    assert_false(guid_parse("4F68BCE3xE8CD-4DB1-96E7-FBCAF984B709", g));
    assert_false(guid_parse("4F68BCG3-E8CD-4DB1-96E7-FBCAF984B709", g));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_backup),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_guid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
