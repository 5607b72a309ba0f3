/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "image/content.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "report.h"

struct target {
    int fd;
    const char *name;
    uint64_t at; /* a stream: where it is */
};

static int write_all(struct target *t, const void *data, size_t len)
{
    const char *p = data;

    while (len) {
        ssize_t n = write(t->fd, p, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail("cannot write '%s': %s", t->name, strerror(errno));
        p += n;
        len -= (size_t)n;
        t->at += (uint64_t)n;
    }
    return 0;
}

static int write_zeros(struct target *t, uint64_t end)
{
    static const char zeros[65536];

    while (t->at < end) {
        uint64_t left = end - t->at;

        if (write_all(t, zeros, left < sizeof(zeros) ? left : sizeof(zeros)))
            return -1;
    }
    return 0;
}

static int stream_piece(void *ctx, const void *data, size_t len, uint64_t at)
{
    return write_zeros(ctx, at) || write_all(ctx, data, len) ? -1 : 0;
}

int content_stream(struct rootfs *r, const struct rootfs_file *f, int fd,
                   const char *name)
{
    struct target t = {.fd = fd, .name = name};

    return rootfs_read(r, f, stream_piece, &t) || write_zeros(&t, f->size) ? -1
                                                                           : 0;
}

static int copy_piece(void *ctx, const void *data, size_t len, uint64_t at)
{
    struct target *t = ctx;

    return file_pwrite(t->fd, t->name, data, len, at);
}

int content_copy(struct rootfs *r, const struct rootfs_file *f, int fd,
                 const char *name)
{
    struct target t = {.fd = fd, .name = name};

    if (rootfs_read(r, f, copy_piece, &t))
        return -1;
    if (ftruncate(fd, (off_t)f->size))
        return fail("cannot write '%s': %s", name, strerror(errno));
    return 0;
}
