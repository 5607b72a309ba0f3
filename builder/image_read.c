/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "abi/image.h"
#include "disk_image.h"
#include "file.h"
#include "image/format.h"
#include "quote.h"
#include "report.h"

/* Reads exactly (len) bytes, or says why not. */
static int read_at(const struct image *img, void *data, size_t len, uint64_t at)
{
    ssize_t n = file_pread(img->fd, data, len, at);

    if (n < 0)
        return fail("cannot read '%s': %s", img->path, strerror(errno));
    if ((size_t)n != len)
        return fail("'%s' is not an image: it is too short", img->path);
    return 0;
}

/* Say what the file is, if it is something that has a name. */
static int check_format(const struct image *img)
{
    uint8_t head[GPT_SECTOR];
    ssize_t n = file_pread(img->fd, head, sizeof(head), 0);
    const struct disk_format *f = n > 0 ? disk_format(head, (size_t)n) : NULL;
    struct buf quoted = {0};

    if (!f)
        return 0;
    if (!f->qemu)
        return fail("'%s' is not an image: it %s", img->path, f->about);
    quote_shell(&quoted, img->path);
    fail("'%s' %s: make a raw one of it with: unibeam convert %s --to raw",
         img->path, f->about, buf_str(&quoted));
    buf_release(&quoted);
    return -1;
}

static int read_gpt(struct image *img)
{
    uint8_t head[GPT_HEAD_SECTORS * GPT_SECTOR];
    const char *why;

    if (read_at(img, head, sizeof(head), 0))
        return -1;
    if (gpt_decode(&img->gpt, head, sizeof(head), img->bytes / IMG_SECTOR_SIZE,
                   &why))
        return fail("'%s' is not an image: %s", img->path, why);
    return 0;
}

static bool header_ok(const struct img_boot_header *h)
{
    uint32_t words[IMG_SECTOR_SIZE / 4], sum = 0;

    memcpy(words, h, sizeof(words));
    for (size_t i = 0; i < sizeof(words) / 4; i++)
        sum += words[i];
    return sum == 0;
}

const struct gpt_part *image_part(const struct image *img, const char *uuid)
{
    uint8_t type[16];

    gpt_uuid_parse(uuid, type);
    for (size_t i = 0; i < img->gpt.n; i++)
        if (!memcmp(img->gpt.part[i].type, type, 16))
            return &img->gpt.part[i];
    return NULL;
}

static int read_header(struct image *img)
{
    const struct gpt_part *boot = image_part(img, IMG_TYPE_BOOT);
    struct img_boot_header h;
    uint64_t sectors, base;

    if (!boot)
        return fail("'%s' is not an image of unibeam's: it has no boot "
                    "partition",
                    img->path);
    base = boot->first * IMG_SECTOR_SIZE;
    if (read_at(img, &h, sizeof(h), base))
        return -1;
    if (memcmp(h.magic, IMG_MAGIC, sizeof(h.magic)))
        return fail("'%s' is not an image of unibeam's: its boot partition "
                    "holds something else",
                    img->path);
    if (h.version != IMG_VERSION)
        return fail("'%s' is of version %u, this unibeam reads %d: build it "
                    "again",
                    img->path, h.version, IMG_VERSION);
    sectors = boot->last - boot->first + 1;
    if (!header_ok(&h) || h.kernel_sector >= sectors ||
        h.kernel_bytes > (sectors - h.kernel_sector) * IMG_SECTOR_SIZE ||
        h.cmdline_sector >= sectors)
        return fail("'%s' is damaged: its boot header is wrong", img->path);
    img->kernel_at = base + (uint64_t)h.kernel_sector * IMG_SECTOR_SIZE;
    img->kernel_bytes = h.kernel_bytes;
    img->cmdline_at = base + (uint64_t)h.cmdline_sector * IMG_SECTOR_SIZE;
    img->cmdline = xcalloc(1, IMG_CMDLINE_SIZE + 1);
    return read_at(img, img->cmdline, IMG_CMDLINE_SIZE, img->cmdline_at);
}

int image_open_fd(struct image *img, int fd, const char *name)
{
    struct stat st;

    *img = (struct image){.fd = fd, .path = xstrdup(name)};
    if (fstat(fd, &st))
        return fail("cannot read '%s': %s", name, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return fail("'%s' is not an image: it is not a regular file", name);
    img->bytes = (uint64_t)st.st_size;
    if (check_format(img) || read_gpt(img))
        return -1;
    return read_header(img);
}

int image_open(struct image *img, const char *path)
{
    /* not to wait for what writes to a pipe */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    *img = (struct image){.fd = -1};
    if (fd < 0)
        return fail("cannot open '%s': %s", path, strerror(errno));
    return image_open_fd(img, fd, path);
}

void image_close(struct image *img)
{
    if (img->fd >= 0)
        close(img->fd);
    free(img->path);
    free(img->cmdline);
    *img = (struct image){.fd = -1};
}

int image_copy_kernel(const struct image *img, int fd, const char *name)
{
    uint64_t done = 0;
    char chunk[65536];

    while (done < img->kernel_bytes) {
        uint64_t left = img->kernel_bytes - done;
        size_t len = left < sizeof(chunk) ? left : sizeof(chunk);

        if (read_at(img, chunk, len, img->kernel_at + done) ||
            file_pwrite(fd, name, chunk, len, done))
            return -1;
        done += len;
    }
    return 0;
}
