/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * The C library's directory streams allocate memory, which a signal handler
 * must not: hence the system call they are made of.
 */
#include "remove_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Enough for any image's tree; each level takes a frame of the stack. */
#define MAX_DEPTH 2048

static void remove_at(int parent, const char *name, int depth);

/* Remove what the directory (fd) holds: each pass what one read returns. */
static void empty_dir(int fd, int depth)
{
    union {
        char bytes[1024];
        struct dirent64 align;
    } buf;
    long n;

    while ((n = syscall(SYS_getdents64, fd, buf.bytes, sizeof(buf))) > 0) {
        for (long at = 0; at < n;) {
            const struct dirent64 *d = (void *)(buf.bytes + at);

            at += d->d_reclen;
            if (strcmp(d->d_name, ".") && strcmp(d->d_name, ".."))
                remove_at(fd, d->d_name, depth + 1);
        }
    }
}

static void remove_at(int parent, const char *name, int depth)
{
    int fd;

    if (unlinkat(parent, name, 0) == 0 || depth > MAX_DEPTH)
        return;
    fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    fchmod(fd, 0700); /* it may have the mode of a directory of an image */
    empty_dir(fd, depth);
    close(fd);
    unlinkat(parent, name, AT_REMOVEDIR);
}

void remove_tree(const char *path)
{
    remove_at(AT_FDCWD, path, 0);
}
