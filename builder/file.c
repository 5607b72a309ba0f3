/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"

static int read_fd(int fd, size_t max, struct buf *out)
{
    size_t start = out->len;

    for (;;) {
        size_t room = 65536;
        size_t len = out->len;
        ssize_t n;

        n = read(fd, buf_grow(out, room), room);
        buf_trim(out, len + (n > 0 ? (size_t)n : 0));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            return 0;
        if (out->len - start > max) {
            errno = EFBIG;
            return -1;
        }
    }
}

int file_try_read(const char *path, size_t max, struct buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int r, saved;

    if (fd < 0)
        return -1;
    r = read_fd(fd, max, out);
    saved = errno;
    close(fd);
    errno = saved;
    return r;
}

int file_read(const char *path, size_t max, struct buf *out)
{
    if (file_try_read(path, max, out))
        return fail("cannot read '%s': %s", path, strerror(errno));
    return 0;
}

int file_pwrite(int fd, const char *path, const void *data, size_t len,
                uint64_t offset)
{
    const char *p = data;

    while (len) {
        ssize_t n = pwrite(fd, p, len, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail("cannot write '%s': %s", path, strerror(errno));
        p += n;
        len -= (size_t)n;
        offset += (uint64_t)n;
    }
    return 0;
}

ssize_t file_pread(int fd, void *data, size_t len, uint64_t offset)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n =
            pread(fd, (char *)data + done, len - done, (off_t)(offset + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

char *path_join(const char *a, const char *b)
{
    size_t len = strlen(a);

    while (len && a[len - 1] == '/')
        len--;
    b += strspn(b, "/");
    return xasprintf("%.*s/%s", (int)len, a, b);
}

bool path_has(const char *dir, const char *name)
{
    char *path = path_join(dir, name);
    bool yes = access(path, F_OK) == 0;

    free(path);
    return yes;
}

char *path_parent(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash)
        return xstrdup(".");
    if (slash == path)
        return xstrdup("/");
    return xasprintf("%.*s", (int)(slash - path), path);
}

const char *path_base(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

bool path_ends_with(const char *path, const char *end)
{
    size_t n = strlen(path), e = strlen(end);

    return n > e && !strcmp(path + n - e, end);
}

char *path_glob_quote(const char *path)
{
    struct buf out = {0};

    for (; *path; path++) {
        if (strchr("*?[\\", *path))
            buf_add(&out, "\\", 1);
        buf_add(&out, path, 1);
    }
    return buf_take(&out);
}
