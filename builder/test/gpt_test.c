/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "gpt.h"

#include <string.h>
#include <zlib.h>

#include "test.h"

#define HEAD      (GPT_HEAD_SECTORS * GPT_SECTOR)
#define TAIL      (GPT_TAIL_SECTORS * GPT_SECTOR)
#define ROOT_TYPE "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709"

static void example(struct gpt *g)
{
    *g = (struct gpt){.sectors = 8192, .n = 2};
    for (int i = 0; i < 16; i++)
        g->disk_uuid[i] = (uint8_t)(0xa0 + i);
    for (size_t i = 0; i < 2; i++) {
        struct gpt_part *p = &g->part[i];

        assert_int_equal(gpt_uuid_parse(ROOT_TYPE, p->type), 0);
        memset(p->uuid, (int)(0x10 + i), 16);
        p->first = 64 + i * 1984;
        p->last = p->first + 1983;
        strcpy(p->name, i ? "root" : "boot");
    }
}

static void what_is_written_can_be_read(void **state)
{
    uint8_t head[HEAD], tail[TAIL];
    struct gpt g, back;
    const char *why;

    memset(head, 0xcc, 440);
    example(&g);
    gpt_encode(&g, head, tail);
    assert_int_equal(head[0], 0xcc);
    assert_int_equal(head[439], 0xcc);
    assert_int_equal(head[450], 0xee);
    assert_int_equal(gpt_decode(&back, head, HEAD, 8192, &why), 0);
    assert_int_equal(back.n, 2);
    assert_int_equal(back.backup, 8191);
    assert_memory_equal(back.disk_uuid, g.disk_uuid, 16);
    assert_memory_equal(back.part[0].type, g.part[0].type, 16);
    assert_memory_equal(back.part[1].uuid, g.part[1].uuid, 16);
    assert_int_equal(back.part[1].first, 2048);
    assert_int_equal(back.part[1].last, 4031);
    assert_string_equal(back.part[1].name, "root");
}

/* Bytes as the specification places them, so that an error made twice, in the
 * writer and in the reader, is seen. */
static void bytes_on_disk(void **state)
{
    static const uint8_t type[] = {0xe3, 0xbc, 0x68, 0x4f, 0xcd, 0xe8,
                                   0xb1, 0x4d, 0x96, 0xe7, 0xfb, 0xca,
                                   0xf9, 0x84, 0xb7, 0x09};
    uint8_t head[HEAD], tail[TAIL];
    const uint8_t *backup = tail + TAIL - GPT_SECTOR;
    struct gpt g;

    example(&g);
    gpt_encode(&g, head, tail);
    assert_memory_equal(head + 512, "EFI PART\0\0\1\0\x5c\0\0\0", 16);
    assert_memory_equal(head + 1024, type, 16);
    assert_memory_equal(head + 1024 + 56, "b\0o\0o\0t\0", 8);
    assert_int_equal(head[512 + 24], 1);                 /* my LBA */
    assert_memory_equal(head + 512 + 32, "\xff\x1f", 2); /* alternate: 8191 */
    assert_memory_equal(backup + 24, "\xff\x1f", 2);
    assert_int_equal(backup[32], 1);
    assert_memory_equal(backup + 72, "\xdf\x1f", 2); /* its entries: 8159 */
    assert_memory_equal(tail, head + 1024, 128 * 128);
}

/* Made by another program. */
static void sgdisk_is_understood(void **state)
{
    struct buf file = {0};
    struct gpt g;
    const char *why;

    test_corpus("gpt/sgdisk", &file);
    assert_int_equal(gpt_decode(&g, file.data, file.len, 8192, &why), 0);
    assert_int_equal(g.n, 2);
    assert_int_equal(g.disk_uuid[0], 0x11);
    assert_int_equal(g.disk_uuid[15], 0x55);
    assert_int_equal(g.part[0].first, 64);
    assert_int_equal(g.part[1].last, 4095);
    assert_string_equal(g.part[1].name, "root");
    buf_release(&file);
}

static void damage_is_an_error(void **state)
{
    static const size_t at[] = {512, 520, 532, 560, 600, 1024, 1030, 17000};
    uint8_t head[HEAD], tail[TAIL];
    struct gpt g, back;
    const char *why;

    example(&g);
    gpt_encode(&g, head, tail);
    for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++) {
        head[at[i]] ^= 1;
        assert_int_equal(gpt_decode(&back, head, HEAD, 8192, &why), -1);
        head[at[i]] ^= 1;
    }
    assert_int_equal(gpt_decode(&back, head, HEAD - 1, 8192, &why), -1);
    assert_int_equal(gpt_decode(&back, head, HEAD, 8000, &why), -1);
    assert_string_equal(why, "it is shorter than its partition table says");
}

static void uuid_text(void **state)
{
    uint8_t u[16];

    assert_int_equal(gpt_uuid_parse(ROOT_TYPE, u), 0);
    assert_int_equal(u[0], 0x4f);
    assert_int_equal(u[15], 0x09);
    assert_int_equal(gpt_uuid_parse("", u), -1);
    assert_int_equal(gpt_uuid_parse("4F68BCE3-E8CD-4DB1-96E7-FBCAF984B70", u),
                     -1);
    assert_int_equal(gpt_uuid_parse("4F68BCE3+E8CD-4DB1-96E7-FBCAF984B709", u),
                     -1);
    assert_int_equal(gpt_uuid_parse("4F68BCE3-E8CD-4DB1-96E7-FBCAF984B70x", u),
                     -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_can_be_read),
        cmocka_unit_test(bytes_on_disk),
        cmocka_unit_test(sgdisk_is_understood),
        cmocka_unit_test(damage_is_an_error),
        cmocka_unit_test(uuid_text),
    };

    return cmocka_run_group_tests_name("gpt", tests, NULL, NULL);
}
