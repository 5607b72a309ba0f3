/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "image/settle.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "file.h"
#include "report.h"

/* An identifier of 16 bytes: the (nth) half of the hash. */
static void identifier(const struct settle *s, int nth, uint8_t out[16])
{
    for (int i = 0; i < 16; i++) {
        char digits[3] = {s->hash[32 * nth + 2 * i],
                          s->hash[32 * nth + 2 * i + 1], '\0'};

        out[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    out[6] = (uint8_t)((out[6] & 0x0f) | 0x80); /* RFC 9562, version 8 */
    out[8] = (uint8_t)((out[8] & 0x3f) | 0x80);
}

static int read_at(const struct settle *s, void *data, size_t len, uint64_t at)
{
    if (file_pread(s->fd, data, len, at) != (ssize_t)len)
        return fail("cannot read '%s' back", s->path);
    return 0;
}

/* ---- VDI: two identifiers in the header ---- */

#define VDI_UUIDS 392

static int settle_vdi(const struct settle *s)
{
    uint8_t uuids[32];

    identifier(s, 0, uuids);
    identifier(s, 1, uuids + 16);
    return file_pwrite(s->fd, s->path, uuids, sizeof(uuids), VDI_UUIDS);
}

/* ---- VHD: time and identifier in the footer ---- */

struct vhd_footer {
    char cookie[8];
    uint8_t unchanged[16];
    uint32_t time; /* seconds since 2000 */
    uint8_t unchanged2[36];
    uint32_t checksum; /* of all other bytes, inverted */
    uint8_t uuid[16];
    uint8_t unchanged3[428];
};
_Static_assert(sizeof(struct vhd_footer) == 512, "VHD");

#define YEAR_2000 946684800

static int settle_vhd(const struct settle *s)
{
    off_t end = lseek(s->fd, 0, SEEK_END);
    uint64_t at = (uint64_t)end - sizeof(struct vhd_footer);
    struct vhd_footer f;
    const uint8_t *bytes = (const uint8_t *)&f;
    uint32_t sum = 0;

    if (read_at(s, &f, sizeof(f), at))
        return -1;
    if (memcmp(f.cookie, "conectix", sizeof(f.cookie)))
        return fail("cannot convert to '%s': qemu-img wrote no footer",
                    s->path);
    f.time = s->when > YEAR_2000 ? htobe32((uint32_t)(s->when - YEAR_2000)) : 0;
    f.checksum = 0;
    identifier(s, 0, f.uuid);
    for (size_t i = 0; i < sizeof(f); i++)
        sum += bytes[i];
    f.checksum = htobe32(~sum);
    return file_pwrite(s->fd, s->path, &f, sizeof(f), at);
}

/* ---- VMDK: content number and file name in the descriptor, a text ---- */

struct vmdk_header {
    uint32_t magic;
    uint32_t version;
    uint32_t flags;
    uint64_t capacity;
    uint64_t grain;
    uint64_t descriptor; /* sectors */
    uint64_t descriptor_sectors;
} __attribute__((packed));

#define DESCRIPTOR_MAX 128 /* sectors */

/* Put (text) in place of what stands between (before) and (after). */
static void exchange(struct buf *b, const char *before, const char *after,
                     const char *text)
{
    char *start = strstr(buf_str(b), before), *end;
    struct buf out = {0};

    if (!start)
        return;
    start += strlen(before);
    end = strstr(start, after);
    if (!end)
        return;
    buf_add(&out, b->data, (size_t)(start - b->data));
    buf_adds(&out, text);
    buf_adds(&out, end);
    buf_release(b);
    *b = out;
}

static int settle_vmdk(const struct settle *s)
{
    char number[9], *name = xstrdup(path_base(s->path));
    struct vmdk_header h;
    struct buf text = {0};
    uint64_t at;
    size_t room;
    int status = 0;

    if (read_at(s, &h, sizeof(h), 0) ||
        le64toh(h.descriptor_sectors) > DESCRIPTOR_MAX) {
        free(name);
        return -1;
    }
    at = le64toh(h.descriptor) * 512;
    room = le64toh(h.descriptor_sectors) * 512;
    status = read_at(s, buf_grow(&text, room), room, at);
    buf_trim(&text, strnlen(text.data, room));
    memcpy(number, s->hash, 8);
    number[8] = '\0';
    for (char *p = name; *p; p++)
        if (*p == '"' || (unsigned char)*p < ' ')
            *p = '_';
    exchange(&text, "\nCID=", "\n", number);
    exchange(&text, " SPARSE \"", "\"", name);
    if (!status && text.len < room) {
        size_t rest = room - text.len;

        memset(buf_grow(&text, rest), 0, rest);
        status = file_pwrite(s->fd, s->path, text.data, room, at);
    }
    buf_release(&text);
    free(name);
    return status;
}

int disk_settle(const struct settle *s)
{
    if (!strcmp(s->format, "vdi"))
        return settle_vdi(s);
    if (!strcmp(s->format, "vpc"))
        return settle_vhd(s);
    if (!strcmp(s->format, "vmdk"))
        return settle_vmdk(s);
    return 0;
}
