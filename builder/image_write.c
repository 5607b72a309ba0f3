/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <string.h>

#include "abi/image.h"
#include "disk_image.h"
#include "ext4_writer.h"
#include "file.h"
#include "report.h"

#define ALIGN_UP(n, to) (((n) + (to)-1) / (to) * (to))

static uint64_t sectors_of(uint64_t bytes)
{
    return ALIGN_UP(bytes, IMG_SECTOR_SIZE) / IMG_SECTOR_SIZE;
}

static void fill_header(const struct boot_files *b, struct img_boot_header *h)
{
    uint32_t words[IMG_SECTOR_SIZE / 4], sum = 0;

    memset(h, 0, sizeof(*h));
    memcpy(h->magic, IMG_MAGIC, sizeof(h->magic));
    h->version = IMG_VERSION;
    h->loader_bytes = (uint32_t)b->loader.len;
    h->kernel_bytes = b->kernel.len;
    h->kernel_sector = IMG_KERNEL_SECTOR;
    h->cmdline_sector = IMG_CMDLINE_SECTOR;
    memcpy(words, h, sizeof(words));
    for (size_t i = 0; i < sizeof(words) / 4; i++)
        sum += words[i];
    h->sum = -sum;
}

static int write_boot(const struct image_parts *p, int fd, struct digest *d)
{
    const struct boot_files *b = p->boot;
    uint64_t base = (uint64_t)IMG_BOOT_LBA * IMG_SECTOR_SIZE;
    struct img_boot_header header;

    if (strlen(p->cmdline) >= IMG_CMDLINE_SIZE)
        return fail("the kernel command line is too long: at most %d bytes",
                    IMG_CMDLINE_SIZE - 1);
    fill_header(b, &header);
    digest_add(d, b->boot_sector.data, b->boot_sector.len);
    digest_add(d, &header, sizeof(header));
    digest_add(d, b->loader.data, b->loader.len);
    digest_adds(d, p->cmdline);
    digest_add(d, b->kernel.data, b->kernel.len);
    if (file_pwrite(fd, p->name, &header, sizeof(header), base) ||
        file_pwrite(fd, p->name, b->loader.data, b->loader.len,
                    base + IMG_LOADER_SECTOR * IMG_SECTOR_SIZE) ||
        file_pwrite(fd, p->name, p->cmdline, strlen(p->cmdline),
                    base + IMG_CMDLINE_SECTOR * IMG_SECTOR_SIZE) ||
        file_pwrite(fd, p->name, b->kernel.data, b->kernel.len,
                    base + IMG_KERNEL_SECTOR * IMG_SECTOR_SIZE))
        return -1;
    return 0;
}

static void set_part(struct gpt *g, const uint8_t hash[DIGEST_SIZE],
                     const char *type, const char *name, uint64_t first,
                     uint64_t last)
{
    struct gpt_part *part = &g->part[g->n++];

    gpt_uuid_parse(type, part->type);
    digest_uuid(hash, name, part->uuid);
    part->first = first;
    part->last = last;
    strcpy(part->name, name);
}

static int write_gpt(const struct image_parts *p, int fd, const struct gpt *g)
{
    uint8_t head[GPT_HEAD_SECTORS * GPT_SECTOR] = {0};
    uint8_t tail[GPT_TAIL_SECTORS * GPT_SECTOR];

    memcpy(head, p->boot->boot_sector.data, GPT_SECTOR);
    gpt_encode(g, head, tail);
    if (file_pwrite(fd, p->name, head, sizeof(head), 0) ||
        file_pwrite(fd, p->name, tail, sizeof(tail),
                    (g->sectors - GPT_TAIL_SECTORS) * GPT_SECTOR))
        return -1;
    return 0;
}

static int write_parts(const struct image_parts *p, int fd, const char *path,
                       struct digest *d, struct gpt *g)
{
    uint64_t boot_end =
        IMG_BOOT_LBA + IMG_KERNEL_SECTOR + sectors_of(p->boot->kernel.len);
    uint64_t root = ALIGN_UP(boot_end, IMG_ROOT_ALIGN_LBA), root_end;
    struct ext4_job job = {.tree = p->root,
                           .fd = fd,
                           .path = path,
                           .name = p->name,
                           .offset = root * IMG_SECTOR_SIZE,
                           .when = p->when,
                           .progress = p->progress,
                           .digest = d};
    uint8_t hash[DIGEST_SIZE];

    if (write_boot(p, fd, d) || ext4_write(&job))
        return -1;
    root_end = root + sectors_of(job.bytes);
    digest_get(d, hash);
    digest_uuid(hash, "disk", g->disk_uuid);
    set_part(g, hash, IMG_TYPE_BOOT, IMG_NAME_BOOT, IMG_BOOT_LBA, root - 1);
    set_part(g, hash, IMG_TYPE_ROOT, IMG_NAME_ROOT, root, root_end - 1);
    /* whole MiB: what clouds ask of a raw image */
    g->sectors = ALIGN_UP(root_end + GPT_TAIL_SECTORS, IMG_ROOT_ALIGN_LBA);
    return write_gpt(p, fd, g);
}

int image_write(const struct image_parts *p, int fd, const char *path,
                uint64_t *bytes)
{
    struct gpt gpt = {0};
    struct digest d;
    int r;

    digest_init(&d);
    r = write_parts(p, fd, path, &d, &gpt);
    digest_release(&d);
    *bytes = gpt.sectors * IMG_SECTOR_SIZE;
    return r;
}
