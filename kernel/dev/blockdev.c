/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * blockdev.c - the list of disks and their partitions.
 *
 * Devices are registered while the kernel starts and never go away, so the
 * list is walked without a lock afterwards; registration itself publishes an
 * element only when it is complete (release store of the links on x86 is a
 * plain store; registration runs on one CPU before processes exist).
 *
 * A partition passes requests on to its disk after checking them against its
 * own length: no request reaches beyond the partition it was made for.
 */
#include "dev/blockdev.h"

#include "arch/x86_64/arch.h"
#include "dev/blockdev_priv.h"
#include "dev/gpt.h"
#include "fs/vfs.h"
#include "lib/errno.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/slab.h"

#define MAX_PARTITIONS 15 /* minors 1..15 of a disk, as Linux's virtblk */
/* One request of the simple interface; larger ones are split. */
#define MAX_TRANSFER (1024 * 1024)
/* Read ahead for the partition table: header and array in one request. */
#define GPT_WINDOW (5 * PAGE_SIZE)

static struct list devices = LIST_HEAD_INIT(devices);

int blockdev_transfer(struct blockdev *d, bool write, uint64_t sector,
                      const struct block_segment *seg, unsigned nr)
{
    uint64_t bytes = 0;

    for (unsigned i = 0; i < nr; i++) {
        if (seg[i].len % 512)
            return -EINVAL;
        bytes += seg[i].len;
    }
    if (sector > d->sectors || bytes / 512 > d->sectors - sector)
        return -EINVAL;
    if (write && d->whole->readonly)
        return -EROFS;
    if (!bytes)
        return 0;
    return d->ops->transfer(d->whole, write, d->offset + sector, seg, nr);
}

static int transfer_buffer(struct blockdev *d, bool write, uint64_t sector,
                           char *buf, size_t len)
{
    while (len) {
        size_t n = MIN(len, (size_t)MAX_TRANSFER);
        struct block_segment seg = {virt_to_phys(buf), (uint32_t)n};
        int rc = blockdev_transfer(d, write, sector, &seg, 1);
        if (rc)
            return rc;
        sector += n / 512;
        buf += n;
        len -= n;
    }
    return 0;
}

int blockdev_read(struct blockdev *d, uint64_t sector, void *buf, size_t len)
{
    return transfer_buffer(d, false, sector, buf, len);
}

int blockdev_write(struct blockdev *d, uint64_t sector, const void *buf,
                   size_t len)
{
    return transfer_buffer(d, true, sector, (void *)buf, len);
}

/* For gpt_read: (buf) is on a stack, which is not in the direct map. */
struct gpt_arg {
    struct blockdev *d;
    char *window;    /* GPT_WINDOW bytes of sectors */
    uint64_t cached; /* first sector in it; UINT64_MAX none */
};

static int gpt_sector(void *arg, uint64_t sector, void *buf, size_t len)
{
    struct gpt_arg *g = arg;

    if (g->cached == UINT64_MAX || sector < g->cached ||
        sector >= g->cached + GPT_WINDOW / 512) {
        uint64_t n = MIN((uint64_t)(GPT_WINDOW / 512), g->d->sectors - sector);
        int rc = blockdev_read(g->d, sector, g->window, n * 512);
        g->cached = rc ? UINT64_MAX : sector;
        if (rc)
            return rc;
    }
    memcpy(buf, g->window + (sector - g->cached) * 512, len);
    return 0;
}

static void blockdev_add(struct blockdev *d)
{
    list_add_tail(&devices, &d->link);
    blockdev_node_add(d);
}

static void partition_add(struct blockdev *disk, unsigned nr,
                          const struct gpt_partition *g)
{
    struct blockdev *p = kzalloc(sizeof(*p), 0);
    size_t len = strlen(disk->name);
    bool digit = disk->name[len - 1] >= '0' && disk->name[len - 1] <= '9';

    if (!p)
        return;
    ksnprintf(p->name, sizeof(p->name), "%s%s%u", disk->name, digit ? "p" : "",
              nr);
    p->ops = disk->ops;
    p->whole = disk;
    p->offset = g->first;
    p->sectors = g->last - g->first + 1;
    p->readonly = disk->readonly;
    p->max_segments = disk->max_segments;
    memcpy(p->type_guid, g->type, 16);
    memcpy(p->part_guid, g->guid, 16);
    strlcpy(p->label, g->name, sizeof(p->label));
    p->major = disk->major;
    p->minor = disk->minor + nr;
    p->private = disk->private;
    blockdev_add(p);
}

static void partitions_add(struct blockdev *disk)
{
    struct gpt_partition *parts = kmalloc(MAX_PARTITIONS * sizeof(*parts), 0);
    struct gpt_arg arg = {disk, kmalloc(GPT_WINDOW, 0), UINT64_MAX};
    bool backup = false;
    int n = -ENOMEM;

    if (parts && arg.window)
        n = gpt_read(gpt_sector, &arg, disk->sectors, parts, MAX_PARTITIONS,
                     &backup);
    if (backup)
        kwarn("%s: the partition table is damaged, its backup is used",
              disk->name);
    for (int i = 0; i < n; i++)
        partition_add(disk, (unsigned)i + 1, &parts[i]);
    if (n < 0 && n != -ENOENT)
        kwarn("%s: partition table %s (%d)", disk->name,
              n == -EINVAL ? "is damaged" : "cannot be read", n);
    kfree(arg.window);
    kfree(parts);
}

int blockdev_register(struct blockdev *d)
{
    if (blockdev_find(d->name))
        return -EEXIST;
    d->whole = d;
    d->offset = 0;
    blockdev_add(d);
    partitions_add(d);
    return 0;
}

struct blockdev *blockdev_next(struct blockdev *d)
{
    struct list *next = d ? d->link.next : devices.next;

    return next == &devices ? NULL : list_entry(next, struct blockdev, link);
}

struct blockdev *blockdev_find(const char *name)
{
    struct blockdev *d;

    list_for_each (d, &devices, link)
        if (!strcmp(d->name, name))
            return d;
    return NULL;
}

bool blockdev_in_use(struct blockdev *d)
{
    struct blockdev *m;

    list_for_each (m, &devices, link)
        if (m->mounted && m->whole == d->whole &&
            (m == d || m == m->whole || d == d->whole))
            return true;
    return false;
}

/* The first partition that has (guid_text) in the 16 bytes at (field). */
static struct blockdev *find_partition(const char *guid_text, size_t field)
{
    struct blockdev *d;
    uint8_t guid[16];

    if (!guid_parse(guid_text, guid))
        return NULL;
    list_for_each (d, &devices, link) {
        if (d->whole != d && !memcmp((uint8_t *)d + field, guid, 16))
            return d;
    }
    return NULL;
}

struct blockdev *blockdev_find_type(const char *guid_text)
{
    return find_partition(guid_text, offsetof(struct blockdev, type_guid));
}

struct blockdev *blockdev_find_guid(const char *guid_text)
{
    return find_partition(guid_text, offsetof(struct blockdev, part_guid));
}

struct blockdev *blockdev_find_serial(const char *serial)
{
    struct blockdev *d;

    list_for_each (d, &devices, link)
        if (d->whole == d && *d->serial && !strcmp(d->serial, serial))
            return d;
    return NULL;
}

struct blockdev *blockdev_find_label(const char *label)
{
    struct blockdev *d;

    list_for_each (d, &devices, link)
        if (d->whole != d && !strcmp(d->label, label))
            return d;
    return NULL;
}
