/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * gpt_fuzz.c - the GPT reader on damaged disks. Checksums are set right again
 * in half of the cases, so that the checks behind them are reached.
 */
#include "fuzz.h"

#include "dev/gpt.h"

#define PARTS 16

struct disk {
    uint8_t *data;
    uint64_t sectors;
};

static int disk_read(void *arg, uint64_t sector, void *buf, size_t len)
{
    struct disk *d = arg;

    if (sector >= d->sectors || len != 512)
        abort(); /* the reader must not ask beyond the end */
    memcpy(buf, d->data + sector * 512, 512);
    return 0;
}

static uint32_t crc32(const uint8_t *p, size_t n)
{
    uint32_t crc = ~0u;

    for (; n--; p++) {
        crc ^= *p;
        for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

static void put32(uint8_t *p, uint32_t v)
{
    memcpy(p, &v, 4);
}

/* Make the checksums of the header at (lba) fit where they can. */
static void repair(struct disk *d, uint64_t lba)
{
    uint8_t *h = d->data + lba * 512;
    uint64_t entries;
    uint32_t size, nr, each;

    memcpy(&size, h + 12, 4);
    memcpy(&entries, h + 72, 8);
    memcpy(&nr, h + 80, 4);
    memcpy(&each, h + 84, 4);
    uint64_t bytes = (uint64_t)nr * each;
    if (entries < d->sectors && bytes <= (d->sectors - entries) * 512)
        put32(h + 88, crc32(d->data + entries * 512, bytes));
    if (size >= 20 && size <= 512) {
        put32(h + 16, 0);
        put32(h + 16, crc32(h, size));
    }
}

static void target(const uint8_t *data, size_t n)
{
    struct gpt_partition out[PARTS];
    struct disk d = {malloc(n + 1), n / 512};

    memcpy(d.data, data, n);
    if (d.sectors >= 2 && fuzz_random() % 2) {
        repair(&d, 1);
        repair(&d, d.sectors - 1);
    }
    bool backup;
    int found = gpt_read(disk_read, &d, d.sectors, out, PARTS, &backup);
    if (found > PARTS)
        abort();
    for (int i = 0; i < found; i++)
        if (out[i].first > out[i].last || out[i].last >= d.sectors ||
            strlen(out[i].name) > 36)
            abort();
    free(d.data);
}

int main(int argc, char **argv)
{
    return fuzz_main(argc, argv, target);
}
