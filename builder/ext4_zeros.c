/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "ext4_priv.h"
#include "file.h"
#include "report.h"
#include "tree.h"

/* Reading every file twice for a few blocks would not pay. */
#define MIN_FILE (1u << 20)
#define MIN_RUN  16 /* blocks */
#define CHUNK    (64 * EXT4_BLOCK)

static bool all_zero(const uint8_t *p, size_t len)
{
    return len == 0 || (p[0] == 0 && memcmp(p, p + 1, len - 1) == 0);
}

static void end_run(struct node *n, size_t *cap, uint64_t first, uint64_t end)
{
    if (end - first < MIN_RUN)
        return;
    if (n->nzeros == *cap) {
        *cap = *cap ? *cap * 2 : 8;
        n->zeros = xrealloc(n->zeros, *cap, sizeof(*n->zeros));
    }
    n->zeros[n->nzeros++] =
        (struct zero_run){(uint32_t)first, (uint32_t)(end - first)};
}

/* Where data starts again at or after (offset), rounded down to a block: what a
 * sparse host file lets us pass over without reading. */
static uint64_t skip_hole(int fd, uint64_t offset, uint64_t size)
{
    off_t data = lseek(fd, (off_t)offset, SEEK_DATA);

    if (data < 0)
        return errno == ENXIO ? size : offset;
    return (uint64_t)data > offset ? (uint64_t)data / EXT4_BLOCK * EXT4_BLOCK
                                   : offset;
}

static int scan(struct node *n, int fd, uint8_t *chunk)
{
    uint64_t offset = 0, first = 0, blocks;
    size_t cap = 0;

    blocks = (n->size + EXT4_BLOCK - 1) / EXT4_BLOCK;
    while (offset < n->size) {
        uint64_t next = skip_hole(fd, offset, n->size);
        ssize_t got;

        if (next > offset) {
            offset = next;
            continue;
        }
        got = file_pread(fd, chunk, CHUNK, offset);
        if (got <= 0)
            return got ? -1 : 0; /* shorter now: the writer will say so */
        for (size_t at = 0; at < (size_t)got; at += EXT4_BLOCK) {
            size_t len = (size_t)got - at;

            if (len > EXT4_BLOCK)
                len = EXT4_BLOCK;
            if (all_zero(chunk + at, len))
                continue;
            end_run(n, &cap, first, (offset + at) / EXT4_BLOCK);
            first = (offset + at) / EXT4_BLOCK + 1;
        }
        offset += (uint64_t)got;
    }
    if (first < blocks)
        end_run(n, &cap, first, blocks);
    return 0;
}

int ext4_find_zeros(struct node *n)
{
    uint8_t *chunk;
    int fd, r;

    if (!n->host || n->size < MIN_FILE)
        return 0;
    fd = open(n->host, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return fail("cannot open '%s': %s", n->host, strerror(errno));
    chunk = xcalloc(1, CHUNK);
    r = scan(n, fd, chunk);
    if (r)
        fail("cannot read '%s': %s", n->host, strerror(errno));
    free(chunk);
    close(fd);
    return r;
}
