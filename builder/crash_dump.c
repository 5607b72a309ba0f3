/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "crash_dump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "report.h"

/* More than most machines have memory; the file is sparse. */
#define LARGEST (INT64_C(16) << 30)
#define CHUNK   65536

/* The last line of a dump. A later, shorter one may be followed by the rest of
 * an earlier one. */
static const char last_line[] = "\n=end\n";
#define LAST_LEN (sizeof(last_line) - 1)

int crash_dump_prepare(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    int r = 0;

    if (fd < 0)
        return fail("cannot write '%s': %s", path, strerror(errno));
    if (ftruncate(fd, LARGEST))
        r = fail("cannot make '%s' %d GiB large: %s", path,
                 (int)(LARGEST >> 30), strerror(errno));
    close(fd);
    if (r)
        unlink(path);
    return r;
}

/* Where the text ends: behind the last line, else at the first zero byte. Each
 * chunk is looked at together with the end of the one before. -1: unreadable */
static int64_t text_length(int fd)
{
    char *data = xcalloc(1, LAST_LEN + CHUNK);
    int64_t at = 0, length = -1;
    size_t kept = 0;

    while (length < 0) {
        ssize_t n = pread(fd, data + kept, CHUNK, at);
        size_t have, text;
        const char *last;

        if (n < 0)
            break;
        have = kept + (size_t)n;
        text = strnlen(data, have);
        last = memmem(data, text, last_line, LAST_LEN);
        if (last)
            length = at - (int64_t)kept + (last - data) + (int64_t)LAST_LEN;
        else if (text < have || n == 0)
            length = at - (int64_t)kept + (int64_t)text;
        at += n;
        kept = have < LAST_LEN ? have : LAST_LEN;
        memmove(data, data + have - kept, kept);
    }
    free(data);
    return length;
}

int crash_dump_finish(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    int64_t length = fd < 0 ? -1 : text_length(fd);
    int r = 0;

    if (length < 0)
        r = fail("cannot read '%s': %s", path, strerror(errno));
    else if (length == 0)
        unlink(path);
    else if (ftruncate(fd, length))
        r = fail("cannot cut '%s' to its %lld bytes: %s", path,
                 (long long)length, strerror(errno));
    else
        fprintf(stderr, "unibeam: a crash dump of %lld bytes is in '%s'\n",
                (long long)length, path);
    if (fd >= 0)
        close(fd);
    return r;
}
