/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "image/disk_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/image.h"
#include "file.h"
#include "report.h"

#define COPY_SIZE (1 << 20)

/* Copy what lies from (at) to (end). */
static int copy_range(const struct image *img, uint64_t at, uint64_t end,
                      int fd, const char *name)
{
    uint8_t *copy = xcalloc(1, COPY_SIZE);
    int status = 0;

    while (at < end && !status) {
        size_t len = end - at < COPY_SIZE ? end - at : COPY_SIZE;
        ssize_t n = file_pread(img->fd, copy, len, at);

        if (n < 0)
            status = fail("cannot read '%s': %s", img->path, strerror(errno));
        else if ((size_t)n != len)
            status = fail("'%s' changed while it was read", img->path);
        else
            status = file_pwrite(fd, name, copy, len, at);
        at += len;
    }
    free(copy);
    return status;
}

/* Where data begins that lies at (at) or behind it; the end when there is none.
 * A file system that does not know has data everywhere. */
static uint64_t find_data(const struct image *img, uint64_t at)
{
    off_t found = lseek(img->fd, (off_t)at, SEEK_DATA);

    if (found < 0)
        return errno == ENXIO ? img->bytes : at;
    return (uint64_t)found;
}

static uint64_t find_hole(const struct image *img, uint64_t at)
{
    off_t found = lseek(img->fd, (off_t)at, SEEK_HOLE);

    return found < 0 || (uint64_t)found > img->bytes ? img->bytes
                                                     : (uint64_t)found;
}

static int copy_data(const struct image *img, int fd, const char *name)
{
    uint64_t at = 0;

    while ((at = find_data(img, at)) < img->bytes) {
        uint64_t end = find_hole(img, at);

        if (copy_range(img, at, end, fd, name))
            return -1;
        at = end;
    }
    return 0;
}

/* Write the partition table anew for the new size; the old backup is zeros. */
static int move_backup(const struct image *img, uint64_t sectors, int fd,
                       const char *name)
{
    uint8_t head[GPT_HEAD_SECTORS * GPT_SECTOR];
    uint8_t tail[GPT_TAIL_SECTORS * GPT_SECTOR] = {0};
    uint64_t old = img->gpt.backup - (GPT_TAIL_SECTORS - 1);
    struct gpt gpt = img->gpt;

    for (size_t i = 0; i < gpt.n; i++)
        if (gpt.part[i].last >= old)
            return fail("'%s' is damaged: a partition reaches into the backup "
                        "of the partition table",
                        img->path);
    if (file_pwrite(fd, name, tail, sizeof(tail), old * GPT_SECTOR))
        return -1;
    if (file_pread(img->fd, head, sizeof(head), 0) != sizeof(head))
        return fail("cannot read '%s': %s", img->path, strerror(errno));
    gpt.sectors = sectors;
    gpt_encode(&gpt, head, tail);
    if (file_pwrite(fd, name, head, sizeof(head), 0) ||
        file_pwrite(fd, name, tail, sizeof(tail),
                    (sectors - GPT_TAIL_SECTORS) * GPT_SECTOR))
        return -1;
    return 0;
}

int disk_copy(const struct image *img, uint64_t bytes, int fd, const char *name)
{
    uint64_t sectors = bytes / GPT_SECTOR;

    if (copy_data(img, fd, name))
        return -1;
    if (ftruncate(fd, (off_t)bytes))
        return fail("cannot write '%s': %s", name, strerror(errno));
    /* also when only the file grew, and nobody told the table */
    if (img->gpt.backup != sectors - 1)
        return move_backup(img, sectors, fd, name);
    return 0;
}

int disk_temp(const char *path)
{
    char *dir = path_parent(path), *temp;
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0) { /* not every file system can do that */
        temp = xasprintf("%s/.unibeam.XXXXXX", dir);
        fd = mkostemp(temp, O_CLOEXEC);
        if (fd >= 0)
            unlink(temp);
        free(temp);
    }
    if (fd < 0)
        fail("cannot write in '%s': %s", dir, strerror(errno));
    free(dir);
    return fd;
}

int disk_hash(int fd, uint64_t at, uint64_t bytes, const char *name,
              char out[SHA256_TEXT])
{
    uint8_t *piece = xcalloc(1, COPY_SIZE);
    struct sha256 hash;
    int status = 0;

    sha256_init(&hash);
    while (bytes && !status) {
        size_t len = bytes < COPY_SIZE ? bytes : COPY_SIZE;
        ssize_t n = file_pread(fd, piece, len, at);

        if (n < 0)
            status = fail("cannot read '%s': %s", name, strerror(errno));
        else if ((size_t)n != len)
            status = fail("'%s' changed while it was read", name);
        else
            sha256_add(&hash, piece, len);
        at += len;
        bytes -= len;
    }
    free(piece);
    sha256_text(&hash, out);
    return status;
}
