/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "gpt.h"

#include <ctype.h>
#include <endian.h>
#include <stdbool.h>
#include <string.h>
#include <zlib.h>

#define SIGNATURE     "EFI PART"
#define REVISION      0x00010000
#define MBR_PARTITION 446
#define MBR_TYPE_GPT  0xee

struct gpt_header {
    char signature[8];
    uint32_t revision;
    uint32_t header_size;
    uint32_t header_crc;
    uint32_t reserved;
    uint64_t my_lba;
    uint64_t alternate_lba;
    uint64_t first_usable;
    uint64_t last_usable;
    uint8_t disk_guid[16];
    uint64_t entries_lba;
    uint32_t n_entries;
    uint32_t entry_size;
    uint32_t entries_crc;
} __attribute__((packed));
_Static_assert(sizeof(struct gpt_header) == 92, "UEFI");

struct gpt_entry {
    uint8_t type[16];
    uint8_t guid[16];
    uint64_t first;
    uint64_t last;
    uint64_t attributes;
    uint16_t name[36];
} __attribute__((packed));
_Static_assert(sizeof(struct gpt_entry) == 128, "UEFI");

#define ENTRIES_SIZE (GPT_MAX_PARTS * sizeof(struct gpt_entry))

/* On disk the first three fields of a GUID are little-endian (appendix A). */
static void swap_guid(uint8_t out[16], const uint8_t in[16])
{
    static const uint8_t order[16] = {3, 2, 1,  0,  5,  4,  7,  6,
                                      8, 9, 10, 11, 12, 13, 14, 15};

    for (int i = 0; i < 16; i++)
        out[i] = in[order[i]];
}

static uint32_t crc(const void *data, size_t len)
{
    return (uint32_t)crc32(0, data, (uInt)len);
}

static void encode_mbr(uint8_t *mbr, uint64_t sectors)
{
    uint64_t size = sectors - 1;
    uint32_t size32 = htole32(size > UINT32_MAX ? UINT32_MAX : (uint32_t)size);
    uint32_t first = htole32(1);
    uint8_t *p = mbr + MBR_PARTITION;

    memset(mbr + 440, 0, GPT_SECTOR - 440);
    p[2] = 0x02; /* CHS 0/0/2, as the specification has it */
    p[4] = MBR_TYPE_GPT;
    p[5] = p[6] = p[7] = 0xff;
    memcpy(p + 8, &first, 4);
    memcpy(p + 12, &size32, 4);
    mbr[510] = 0x55;
    mbr[511] = 0xaa;
}

static void encode_entries(const struct gpt *g, uint8_t *out)
{
    memset(out, 0, ENTRIES_SIZE);
    for (size_t i = 0; i < g->n; i++) {
        const struct gpt_part *p = &g->part[i];
        struct gpt_entry e = {.first = htole64(p->first),
                              .last = htole64(p->last)};

        swap_guid(e.type, p->type);
        swap_guid(e.guid, p->uuid);
        for (size_t k = 0; k < 36 && p->name[k]; k++)
            e.name[k] = htole16((uint8_t)p->name[k]);
        memcpy(out + i * sizeof(e), &e, sizeof(e));
    }
}

static void encode_header(const struct gpt *g, bool backup,
                          uint32_t entries_crc, uint8_t *out)
{
    uint64_t last = g->sectors - 1;
    struct gpt_header h = {
        .signature = SIGNATURE,
        .revision = htole32(REVISION),
        .header_size = htole32(sizeof(h)),
        .my_lba = htole64(backup ? last : 1),
        .alternate_lba = htole64(backup ? 1 : last),
        .first_usable = htole64(GPT_HEAD_SECTORS),
        .last_usable = htole64(g->sectors - GPT_TAIL_SECTORS - 1),
        .entries_lba = htole64(backup ? g->sectors - GPT_TAIL_SECTORS : 2),
        .n_entries = htole32(GPT_MAX_PARTS),
        .entry_size = htole32(sizeof(struct gpt_entry)),
        .entries_crc = htole32(entries_crc),
    };

    swap_guid(h.disk_guid, g->disk_uuid);
    h.header_crc = htole32(crc(&h, sizeof(h)));
    memset(out, 0, GPT_SECTOR);
    memcpy(out, &h, sizeof(h));
}

void gpt_encode(const struct gpt *g, uint8_t *head, uint8_t *tail)
{
    uint8_t *entries = head + 2 * GPT_SECTOR;
    uint32_t sum;

    encode_mbr(head, g->sectors);
    encode_entries(g, entries);
    sum = crc(entries, ENTRIES_SIZE);
    encode_header(g, false, sum, head + GPT_SECTOR);
    memcpy(tail, entries, ENTRIES_SIZE);
    encode_header(g, true, sum, tail + ENTRIES_SIZE);
}

static bool header_ok(const struct gpt_header *h)
{
    struct gpt_header copy = *h;

    copy.header_crc = 0;
    return !memcmp(h->signature, SIGNATURE, 8) &&
           le32toh(h->header_size) == sizeof(*h) &&
           le32toh(h->header_crc) == crc(&copy, sizeof(copy));
}

static int decode_entry(struct gpt *g, const struct gpt_entry *e)
{
    static const uint8_t unused[16];
    struct gpt_part *p = &g->part[g->n];

    if (!memcmp(e->type, unused, 16))
        return 0;
    *p =
        (struct gpt_part){.first = le64toh(e->first), .last = le64toh(e->last)};
    if (p->first < GPT_HEAD_SECTORS || p->last < p->first ||
        p->last >= g->sectors)
        return -1;
    swap_guid(p->type, e->type);
    swap_guid(p->uuid, e->guid);
    for (size_t i = 0; i < 36; i++) {
        uint16_t ch = le16toh(e->name[i]);

        if (!ch)
            break;
        p->name[i] = ch < 0x80 ? (char)ch : '?';
    }
    g->n++;
    return 0;
}

int gpt_decode(struct gpt *g, const void *head, size_t len, uint64_t sectors,
               const char **why)
{
    const uint8_t *p = head;
    const uint8_t *entries = p + 2 * GPT_SECTOR;
    struct gpt_header h;

    memset(g, 0, sizeof(*g));
    g->sectors = sectors;
    *why = "it has no GUID partition table";
    if (len < GPT_HEAD_SECTORS * GPT_SECTOR)
        return -1;
    memcpy(&h, p + GPT_SECTOR, sizeof(h));
    if (memcmp(h.signature, SIGNATURE, 8))
        return -1;
    *why = "its partition table is damaged";
    if (!header_ok(&h) || le64toh(h.entries_lba) != 2 ||
        le32toh(h.n_entries) != GPT_MAX_PARTS ||
        le32toh(h.entry_size) != sizeof(struct gpt_entry) ||
        le32toh(h.entries_crc) != crc(entries, ENTRIES_SIZE))
        return -1;
    *why = "it is shorter than its partition table says";
    g->backup = le64toh(h.alternate_lba);
    if (g->backup >= sectors)
        return -1;
    *why = "its partition table is damaged";
    if (g->backup < GPT_HEAD_SECTORS + GPT_TAIL_SECTORS)
        return -1;
    swap_guid(g->disk_uuid, h.disk_guid);
    for (size_t i = 0; i < GPT_MAX_PARTS; i++) {
        struct gpt_entry e;

        memcpy(&e, entries + i * sizeof(e), sizeof(e));
        if (decode_entry(g, &e))
            return -1;
    }
    *why = NULL;
    return 0;
}

int gpt_uuid_parse(const char *text, uint8_t uuid[16])
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    unsigned nibbles = 0;

    if (strlen(text) != sizeof(form) - 1)
        return -1;
    memset(uuid, 0, 16);
    for (size_t i = 0; form[i]; i++) {
        int ch = tolower((unsigned char)text[i]);

        if (form[i] == '-' && ch == '-')
            continue;
        if (form[i] == '-' || !isxdigit(ch))
            return -1;
        ch = ch <= '9' ? ch - '0' : ch - 'a' + 10;
        uuid[nibbles / 2] = (uint8_t)(uuid[nibbles / 2] << 4 | ch);
        nibbles++;
    }
    return 0;
}
