/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * gpt.c - reading a GUID partition table (UEFI 2.10, section 5.3).
 *
 * The header is at sector 1 with a copy in the last sector; each names its
 * array of entries and carries checksums of itself and of the array. Nothing
 * on the disk is trusted: counts, sizes and sector numbers are checked before
 * use, the array is checksummed while it is read, and an entry that lies
 * outside the usable area is not reported.
 */
#include "dev/gpt.h"

#include "lib/errno.h"
#include "lib/string.h"

#define SECTOR 512
/* 128 entries is what everyone writes; more than this is taken as damage. */
#define GPT_MAX_ENTRIES 1024

struct gpt_header { /* UEFI 2.10, table 5.5 */
    char signature[8];
    uint32_t revision, header_size, header_crc, reserved;
    uint64_t my_lba, alternate_lba, first_usable, last_usable;
    uint8_t disk_guid[16];
    uint64_t entries_lba;
    uint32_t nr_entries, entry_size, entries_crc;
} __packed;
_Static_assert(sizeof(struct gpt_header) == 92, "UEFI 2.10 table 5.5");

struct gpt_entry { /* table 5.6 */
    uint8_t type[16], guid[16];
    uint64_t first, last, attributes;
    uint16_t name[36]; /* UTF-16LE */
} __packed;
_Static_assert(sizeof(struct gpt_entry) == 128, "UEFI 2.10 table 5.6");

struct gpt_source {
    gpt_read_fn *read;
    void *arg;
    uint64_t sectors;
};

/* CRC-32 as in IEEE 802.3, by a table made when first needed: smaller than one
 * in the image, and quicker than going bit by bit over 16 KiB of entries. Made
 * twice at once it comes out the same. */
static uint32_t crc_table[256];

static void crc_table_make(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++)
            c = c >> 1 ^ (c & 1 ? 0xedb88320 : 0);
        crc_table[i] = c;
    }
}

static uint32_t crc32_update(uint32_t crc, const uint8_t *p, size_t n)
{
    if (!crc_table[255])
        crc_table_make();
    while (n--)
        crc = crc_table[(uint8_t)(crc ^ *p++)] ^ crc >> 8;
    return crc;
}

static bool header_valid(const struct gpt_source *src, const uint8_t *sector,
                         uint64_t lba, struct gpt_header *h)
{
    uint8_t copy[SECTOR];

    memcpy(h, sector, sizeof(*h));
    if (memcmp(h->signature, "EFI PART", 8) || h->header_size < sizeof(*h) ||
        h->header_size > SECTOR || h->my_lba != lba)
        return false;
    memcpy(copy, sector, SECTOR);
    memset(copy + offsetof(struct gpt_header, header_crc), 0, 4);
    if (~crc32_update(~0u, copy, h->header_size) != h->header_crc)
        return false;
    if (h->entry_size < sizeof(struct gpt_entry) || h->entry_size > SECTOR ||
        (h->entry_size & (h->entry_size - 1)) || !h->nr_entries ||
        h->nr_entries > GPT_MAX_ENTRIES)
        return false;
    uint64_t array =
        ((uint64_t)h->nr_entries * h->entry_size + SECTOR - 1) / SECTOR;
    return h->entries_lba >= 2 && h->entries_lba < src->sectors &&
           array <= src->sectors - h->entries_lba &&
           h->first_usable <= h->last_usable && h->last_usable < src->sectors;
}

static bool entry_used(const struct gpt_header *h, const struct gpt_entry *e)
{
    static const uint8_t none[16];

    return memcmp(e->type, none, 16) && e->first <= e->last &&
           e->first >= h->first_usable && e->last <= h->last_usable;
}

static void entry_convert(const struct gpt_entry *e, struct gpt_partition *p)
{
    size_t i;

    p->first = e->first;
    p->last = e->last;
    memcpy(p->type, e->type, 16);
    memcpy(p->guid, e->guid, 16);
    for (i = 0; i < 36 && e->name[i]; i++)
        p->name[i] =
            e->name[i] >= 0x20 && e->name[i] < 0x7f ? (char)e->name[i] : '?';
    p->name[i] = '\0';
}

/* Read and check the array, collecting used entries. Number, or -errno. */
static int read_entries(const struct gpt_source *src,
                        const struct gpt_header *h, struct gpt_partition *out,
                        unsigned max)
{
    uint32_t crc = ~0u, per_sector = SECTOR / h->entry_size;
    uint8_t buf[SECTOR];
    unsigned found = 0;

    for (uint32_t i = 0; i < h->nr_entries; i += per_sector) {
        uint32_t here = MIN(per_sector, h->nr_entries - i);
        int rc =
            src->read(src->arg, h->entries_lba + i / per_sector, buf, SECTOR);
        if (rc)
            return rc;
        crc = crc32_update(crc, buf, (size_t)here * h->entry_size);
        for (uint32_t k = 0; k < here; k++) {
            struct gpt_entry e;
            memcpy(&e, buf + (size_t)k * h->entry_size, sizeof(e));
            if (entry_used(h, &e) && found < max)
                entry_convert(&e, &out[found++]);
        }
    }
    return ~crc == h->entries_crc ? (int)found : -EINVAL;
}

static int read_copy(const struct gpt_source *src, uint64_t lba,
                     struct gpt_partition *out, unsigned max)
{
    uint8_t sector[SECTOR];
    struct gpt_header h;
    int rc = src->read(src->arg, lba, sector, SECTOR);

    if (rc)
        return rc;
    if (memcmp(sector, "EFI PART", 8))
        return -ENOENT;
    if (!header_valid(src, sector, lba, &h))
        return -EINVAL;
    return read_entries(src, &h, out, max);
}

int gpt_read(gpt_read_fn *read, void *arg, uint64_t sectors,
             struct gpt_partition *out, unsigned max, bool *backup)
{
    struct gpt_source src = {read, arg, sectors};
    int first, second;

    *backup = false;
    if (sectors < 6) /* two headers, two arrays, protective MBR, one sector */
        return -ENOENT;
    first = read_copy(&src, 1, out, max);
    if (first >= 0)
        return first;
    second = read_copy(&src, sectors - 1, out, max);
    *backup = second >= 0;
    if (second >= 0)
        return second;
    /* "Damaged" and "unreadable" say more than "none there". */
    return first == -ENOENT ? second : first;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The first three groups are little-endian numbers on disk, the rest bytes in
 * the order written (UEFI 2.10, appendix A). */
bool guid_parse(const char *text, uint8_t out[16])
{
    static const uint8_t order[16] = {3, 2, 1,  0,  5,  4,  7,  6,
                                      8, 9, 10, 11, 12, 13, 14, 15};
    uint8_t g[16];

    for (int i = 0; i < 16; i++) {
        if ((i == 4 || i == 6 || i == 8 || i == 10) && *text++ != '-')
            return false;
        int high = hex(text[0]);
        int low = high < 0 ? -1 : hex(text[1]);
        if (low < 0)
            return false;
        g[order[i]] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    if (*text)
        return false;
    memcpy(out, g, 16);
    return true;
}
