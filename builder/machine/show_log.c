/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "machine/show_log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine/console_log.h"
#include "report.h"

/* Between looks at whether the machine still runs. */
#define LOOK_MS 300

static int put(const char *data, size_t len)
{
    while (len) {
        ssize_t n = write(STDOUT_FILENO, data, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail("cannot write the log: %s", strerror(errno));
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

/* From where (fd) is to its end: printed, or added to (to). */
static int copy_rest(int fd, struct buf *to)
{
    char data[65536];
    ssize_t n;

    while ((n = read(fd, data, sizeof(data))) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail("cannot read the log: %s", strerror(errno));
        if (to)
            buf_add(to, data, (size_t)n);
        else if (put(data, (size_t)n))
            return -1;
    }
    return 0;
}

static int open_log(const struct machine *m, const char *name)
{
    return openat(m->dir, name, O_RDONLY | O_CLOEXEC);
}

static bool same_file(int a, int b)
{
    struct stat x, y;

    return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

/* Where the last (lines), not 0, begin. */
static size_t tail_of(const struct buf *b, long lines)
{
    size_t at = b->len;

    if (lines < 0)
        return 0;
    if (at && b->data[at - 1] == '\n')
        at--;
    while (at && (b->data[at - 1] != '\n' || --lines))
        at--;
    return at;
}

/* Both files, and the newer one stays open: the older is what that was if it
 * was changed meanwhile. */
static int read_all(const struct machine *m, struct buf *b, int *fd)
{
    int old, r = 0;

    *fd = open_log(m, CONSOLE_LOG);
    old = open_log(m, CONSOLE_LOG_OLD);
    if (old >= 0 && (*fd < 0 || !same_file(old, *fd)))
        r = copy_rest(old, b);
    if (old >= 0)
        close(old);
    return r || (*fd >= 0 && copy_rest(*fd, b)) ? -1 : 0;
}

/* The file that has taken the place of (*fd), if there is one. */
static bool next_file(const struct machine *m, int *fd)
{
    int now = open_log(m, CONSOLE_LOG);

    if (now < 0)
        return false;
    if (*fd >= 0 && same_file(now, *fd)) {
        close(now);
        return false;
    }
    if (*fd >= 0) {
        copy_rest(*fd, NULL); /* written before it was put aside */
        close(*fd);
    }
    *fd = now;
    return true;
}

static void wait_for_more(int watch)
{
    struct pollfd p = {.fd = watch, .events = POLLIN};
    char events[4096];

    if (poll(&p, 1, LOOK_MS) > 0)
        (void)!read(watch, events, sizeof(events));
}

static int follow_log(const struct machine *m, int *fd)
{
    int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), r = 0;
    char path[64];
    bool runs;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", m->dir);
    if (watch >= 0)
        inotify_add_watch(watch, path, IN_MODIFY | IN_CREATE | IN_MOVE);
    do {
        runs = machine_runs(m);
        do
            r = *fd >= 0 ? copy_rest(*fd, NULL) : 0;
        while (!r && next_file(m, fd));
        if (!r && runs)
            wait_for_more(watch);
    } while (!r && runs);
    if (watch >= 0)
        close(watch);
    return r;
}

int show_log(const struct machine *m, long lines, bool follow)
{
    struct buf b = {0};
    int fd, r = read_all(m, &b, &fd);

    if (!r && b.len) {
        size_t from = lines ? tail_of(&b, lines) : b.len;

        r = put(b.data + from, b.len - from);
    }
    buf_release(&b);
    if (!r && follow)
        r = follow_log(m, &fd);
    if (fd >= 0)
        close(fd);
    return r;
}
