/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Reads until end of file: the size of /proc files is not known before. */
static char *read_all(struct pool *p, int fd, size_t *len)
{
    size_t cap = 4096;
    char *buf = pool_alloc(p, cap);
    ssize_t n;

    *len = 0;
    while ((n = read(fd, buf + *len, cap - *len - 1)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return NULL;
        *len += (size_t)n;
        if (*len + 1 == cap) {
            char *bigger;

            if (cap >= FILES_MAX) {
                errno = EFBIG;
                return NULL;
            }
            bigger = pool_alloc(p, cap * 4);
            memcpy(bigger, buf, *len);
            buf = bigger;
            cap *= 4;
        }
    }
    buf[*len] = 0;
    return buf;
}

char *files_read(struct pool *p, const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *buf;
    size_t len;

    if (fd < 0) {
        err_set(e, "cannot open '%s': %s", path, strerror(errno));
        return NULL;
    }
    buf = read_all(p, fd, &len);
    if (!buf)
        err_set(e, "cannot read '%s': %s", path, strerror(errno));
    close(fd);
    if (buf && strlen(buf) != len) {
        err_set(e, "'%s' is not a text file", path);
        buf = NULL;
    }
    return buf;
}

int files_write(const char *path, const char *text, unsigned mode,
                struct err *e)
{
    size_t len = strlen(text);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

    if (fd < 0)
        return err_set(e, "cannot write '%s': %s", path, strerror(errno));
    while (len > 0) {
        ssize_t n = write(fd, text, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            int error = errno;

            close(fd);
            return err_set(e, "cannot write '%s': %s", path, strerror(error));
        }
        text += n;
        len -= (size_t)n;
    }
    close(fd);
    return 0;
}

int files_exist(const char *path)
{
    return access(path, F_OK) == 0;
}
