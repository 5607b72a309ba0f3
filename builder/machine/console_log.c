/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "machine/console_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void console_log_init(struct console_log *l, int dir, uint64_t size)
{
    *l = (struct console_log){.dir = dir, .fd = -1, .half = size / 2};
}

void console_log_close(struct console_log *l)
{
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
}

static bool open_file(struct console_log *l)
{
    if (l->fd >= 0 && l->size >= l->half) {
        renameat(l->dir, CONSOLE_LOG, l->dir, CONSOLE_LOG_OLD);
        console_log_close(l);
    }
    if (l->fd >= 0)
        return true;
    l->fd = openat(l->dir, CONSOLE_LOG,
                   O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    l->size = 0;
    return l->fd >= 0;
}

/* How much of (data) is written now; the rest will not be. */
static size_t put(struct console_log *l, const char *data, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = write(l->fd, data + done, len - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    l->size += done;
    return done;
}

/* Say what is missing here, where it is. */
static bool tell_lost(struct console_log *l)
{
    char line[160];
    int len = snprintf(line, sizeof(line),
                       "\n[unibeam: %llu bytes are missing here: %s]\n",
                       (unsigned long long)l->lost, strerror(l->error));
    off_t before = lseek(l->fd, 0, SEEK_CUR);

    if (put(l, line, (size_t)len) == (size_t)len) {
        l->lost = 0;
        return true;
    }
    /* not half of it, many times */
    if (ftruncate(l->fd, before) == 0 && lseek(l->fd, before, SEEK_SET) >= 0)
        l->size = (uint64_t)before;
    return false;
}

void console_log_write(struct console_log *l, const char *data, size_t len)
{
    size_t done = 0;

    errno = 0;
    if (open_file(l) && (!l->lost || tell_lost(l)))
        done = put(l, data, len);
    if (done == len)
        return;
    l->lost += len - done;
    l->error = errno ? errno : ENOSPC;
}
