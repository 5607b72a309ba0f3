/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "image/format.h"

#include <string.h>

/* The magic numbers of the formats' own specifications.  A fixed VHD has its
 * only header at the end and is a raw disk from the beginning. */
static const struct {
    size_t at;
    const char *magic;
    size_t len;
    struct disk_format format;
} known[] = {
    {0, "QFI\xfb", 4, {"qcow2", "qcow2", "is a qcow2 disk"}},
    {0, "KDMV", 4, {"vmdk", "vmdk", "is a VMDK disk"}},
    {0, "conectix", 8, {"vhd", "vpc", "is a dynamic VHD disk"}},
    {0, "vhdxfile", 8, {"vhdx", "vhdx", "is a VHDX disk"}},
    {64, "\x7f\x10\xda\xbe", 4, {"vdi", "vdi", "is a VDI disk"}},
    {0, "\x1f\x8b", 2, {"gzip", NULL, "is compressed by gzip"}},
    {0, "\x28\xb5\x2f\xfd", 4, {"zstd", NULL, "is compressed by zstd"}},
    {0, "\xfd\x37zXZ", 6, {"xz", NULL, "is compressed by xz"}},
    {0, "PK\3\4", 4, {"zip", NULL, "is a zip archive"}},
    {0, "LUKS\xba\xbe", 6, {"luks", NULL, "is an encrypted disk (LUKS)"}},
    {257, "ustar", 5, {"tar", NULL, "is a tar archive"}},
};

const struct disk_format *disk_format(const void *head, size_t len)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (known[i].at + known[i].len <= len &&
            !memcmp((const char *)head + known[i].at, known[i].magic,
                    known[i].len))
            return &known[i].format;
    return NULL;
}
