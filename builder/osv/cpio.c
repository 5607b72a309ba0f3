/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "osv/cpio.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "file.h"
#include "progress.h"
#include "report.h"

#define MAGIC   "070701"
#define TRAILER "TRAILER!!!"
#define COPY    (256u << 10)

static size_t padding(size_t len)
{
    return -len & 3;
}

int cpio_check(const char *name, uint64_t size, const char *what)
{
    if (!*name || !strcmp(name, TRAILER))
        return fail("cannot send '%s' to OSv: the name has a meaning in the "
                    "archive",
                    what);
    if (strlen(name) > CPIO_MAX_NAME)
        return fail("cannot send '%s' to OSv: the name is longer than %d bytes",
                    what, CPIO_MAX_NAME);
    /* the service prints names: no line of the console may come from one */
    for (const char *p = name; *p; p++)
        if (iscntrl((unsigned char)*p))
            return fail("cannot send '%s' to OSv: there is a control character "
                        "in the name",
                        what);
    if (size > CPIO_MAX_SIZE)
        return fail("cannot send '%s' to OSv: files of 4 GiB and more do not "
                    "fit into the archive",
                    what);
    return 0;
}

static int put_padding(struct cpio *c, size_t len)
{
    return padding(len) ? c->write(c->to, "\0\0", padding(len)) : 0;
}

/* Everything of an entry before its data.  Each has a number of its own and one
 * name, or others would take them for hard links. */
static int put_header(struct cpio *c, const char *name, unsigned mode,
                      uint32_t size)
{
    size_t len = strlen(name) + 1;
    struct buf b = {0};
    int r;

    c->entries++;
    buf_addf(&b, MAGIC "%08" PRIx32 "%08x%08x%08x%08x%08x%08" PRIx32,
             c->entries, mode, 0u, 0u, 1u, 0u, size);
    buf_addf(&b, "%08x%08x%08x%08x%08zx%08x", 0u, 0u, 0u, 0u, len, 0u);
    buf_add(&b, name, len);
    buf_add(&b, "\0\0", padding(b.len));
    r = c->write(c->to, b.data, b.len);
    buf_release(&b);
    return r;
}

static int put_small(struct cpio *c, const char *name, unsigned mode,
                     const void *data, size_t len)
{
    if (put_header(c, name, mode, (uint32_t)len))
        return -1;
    return (len && c->write(c->to, data, len)) || put_padding(c, len) ? -1 : 0;
}

int cpio_dir(struct cpio *c, const char *name, unsigned mode)
{
    if (cpio_check(name, 0, name))
        return -1;
    return put_small(c, name, S_IFDIR | (mode & 0777), NULL, 0);
}

int cpio_link(struct cpio *c, const char *name, const char *target)
{
    if (cpio_check(name, 0, name))
        return -1;
    return put_small(c, name, S_IFLNK | 0777, target, strlen(target));
}

int cpio_data(struct cpio *c, const char *name, unsigned mode, const void *data,
              size_t len)
{
    if (cpio_check(name, len, name))
        return -1;
    return put_small(c, name, S_IFREG | (mode & 0777), data, len);
}

/* ---- files ---- */

static bool unchanged(int fd, const struct stat *st)
{
    struct stat now;

    return fstat(fd, &now) == 0 && now.st_size == st->st_size &&
           now.st_mtim.tv_sec == st->st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == st->st_mtim.tv_nsec;
}

static int changed(const char *host)
{
    return fail("'%s' changed while it was sent to OSv", host);
}

static int put_content(struct cpio *c, int fd, const char *host, uint64_t size)
{
    char *copy = xcalloc(1, COPY);
    int r = 0;

    for (uint64_t at = 0; at < size && !r;) {
        size_t len = size - at < COPY ? (size_t)(size - at) : COPY;
        ssize_t got = file_pread(fd, copy, len, at);

        if (got < 0)
            r = fail("cannot read '%s': %s", host, strerror(errno));
        else if ((size_t)got < len)
            r = changed(host);
        else
            r = c->write(c->to, copy, len);
        progress_add(len);
        at += len;
    }
    free(copy);
    return r;
}

int cpio_file(struct cpio *c, const char *name, const char *host,
              const struct stat *st)
{
    uint64_t size = (uint64_t)st->st_size;
    int fd, r;

    if (cpio_check(name, size, host))
        return -1;
    fd = open(host, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail("cannot open '%s': %s", host, strerror(errno));
    if (!unchanged(fd, st))
        r = changed(host);
    else
        r = put_header(c, name, S_IFREG | (st->st_mode & 0777),
                       (uint32_t)size) ||
            put_content(c, fd, host, size) || put_padding(c, size);
    if (!r && !unchanged(fd, st)) /* while it was read */
        r = changed(host);
    close(fd);
    return r ? -1 : 0;
}

int cpio_end(struct cpio *c)
{
    return put_small(c, TRAILER, 0, NULL, 0);
}
