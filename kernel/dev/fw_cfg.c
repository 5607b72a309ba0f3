/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * fw_cfg.c - QEMU's fw_cfg device by its I/O ports.
 *
 * A selector written to port 0x510 chooses an item, whose bytes then come one
 * by one from port 0x511. Item 0 is the signature; item 0x19 the directory of
 * named files. On a machine without the device the probe costs one port write
 * and four reads.
 */
#include "dev/fw_cfg.h"
#include "dev/port_io.h"
#include "lib/string.h"

#define FW_CFG_SELECTOR  0x510
#define FW_CFG_DATA      0x511
#define FW_CFG_SIGNATURE 0x0000
#define FW_CFG_FILE_DIR  0x0019
#define FW_CFG_MAX_FILES 1024 /* QEMU itself has at most a few hundred */

struct fw_cfg_file { /* docs/specs/fw_cfg: big-endian */
    uint32_t size;
    uint16_t select;
    uint16_t reserved;
    char name[56];
};
_Static_assert(sizeof(struct fw_cfg_file) == 64, "fw_cfg directory entry");

static void fw_cfg_select(uint16_t item)
{
    port_write16(FW_CFG_SELECTOR, item);
}

static void fw_cfg_read(void *buf, size_t n)
{
    port_read_string8(FW_CFG_DATA, buf, n);
}

static bool fw_cfg_present(void)
{
    char signature[4];

    fw_cfg_select(FW_CFG_SIGNATURE);
    fw_cfg_read(signature, sizeof(signature));
    return !memcmp(signature, "QEMU", 4);
}

static bool fw_cfg_find(const char *name, struct fw_cfg_file *f)
{
    uint32_t count;

    fw_cfg_select(FW_CFG_FILE_DIR);
    fw_cfg_read(&count, sizeof(count));
    count = __builtin_bswap32(count);
    if (count > FW_CFG_MAX_FILES)
        return false;
    while (count--) {
        fw_cfg_read(f, sizeof(*f));
        f->name[sizeof(f->name) - 1] = '\0';
        if (!strcmp(f->name, name))
            return true;
    }
    return false;
}

size_t fw_cfg_read_file(const char *name, char *buf, size_t size)
{
    struct fw_cfg_file f;
    size_t n;

    if (!size)
        return 0;
    buf[0] = '\0';
    if (!fw_cfg_present() || !fw_cfg_find(name, &f))
        return 0;
    n = MIN((size_t)__builtin_bswap32(f.size), size - 1);
    fw_cfg_select(__builtin_bswap16(f.select));
    fw_cfg_read(buf, n);
    buf[n] = '\0';
    return n;
}
