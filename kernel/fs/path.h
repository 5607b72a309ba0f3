/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * path.h - names: directory entries, mounts and path lookup.
 *
 * The directory entry cache (fs/dentry.c) also remembers names that do not
 * exist: the BEAM's code server asks for tens of thousands of those.
 */
#pragma once

#include "lib/types.h"

struct dentry;
struct mount;
struct inode;
struct file;

struct path {
    struct mount *mount;
    struct dentry *dentry;
};
void path_get(const struct path *p);
void path_put(const struct path *p);

enum lookup_flags {
    LOOKUP_FOLLOW = 1,    /* follow a symbolic link in the last component */
    LOOKUP_DIRECTORY = 2, /* must be a directory */
    LOOKUP_PARENT = 4,    /* stop at the last component's directory */
    LOOKUP_EMPTY = 8,     /* "" means (dirfd) itself (AT_EMPTY_PATH) */
    LOOKUP_NO_XDEV = 16,
    LOOKUP_BENEATH = 32,
    LOOKUP_NO_SYMLINKS = 64,
    LOOKUP_IN_ROOT = 128,
    LOOKUP_NO_MAGIC = 256, /* openat2 */
};
/* Resolve (name), kernel memory, from (dirfd) or AT_FDCWD of the calling
 * process. On success *(out) holds references. Errors as path_resolution(7):
 * -ENOENT -ENOTDIR -ELOOP -ENAMETOOLONG -EACCES -EBADF. */
int path_lookup(int dirfd, const char *name, unsigned flags, struct path *out);
/* LOOKUP_PARENT: *(out) is the directory, *(last) points into (name). The last
 * component may be "." or ".."; trailing slashes are kept after it. */
int path_lookup_parent(int dirfd, const char *name, struct path *out,
                       const char **last, size_t *last_len);
/* Copy a path in from a program: an allocated string or ERR_PTR(-EFAULT,
 * -ENAMETOOLONG, -ENOMEM, and -ENOENT for "" unless (empty_ok)). */
char *path_from_user(const char __user *p, bool empty_ok);
void path_free(char *name);
/* open(2) in the kernel; ERR_PTR on error. */
struct file *path_open(int dirfd, const char *name, unsigned flags,
                       unsigned mode);
/* Absolute name as seen from the calling process's root, into (buf); pointer
 * into buf or ERR_PTR(-ENAMETOOLONG). " (deleted)" is appended as Linux does.
 */
char *path_name(const struct path *p, char *buf, size_t size);
