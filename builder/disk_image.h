/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * disk_image.h - a disk image as abi/image.h lays it out.
 */
#pragma once

#include <stdbool.h>

#include <stdint.h>
#include <time.h>

#include "boot_files.h"
#include "gpt.h"
#include "progress.h"
#include "tree.h"

struct image_parts {
    const struct boot_files *boot;
    const char *cmdline; /* baked in */
    struct tree *root;
    time_t when;
    const char *name; /* of the image, for messages */
    enum progress_kind progress;
};

/* Write the whole image to (fd), an empty file at (path).  (*bytes): its
 * size. */
int image_write(const struct image_parts *p, int fd, const char *path,
                uint64_t *bytes);

/* An image opened for reading. */
struct image {
    int fd;
    char *path;
    uint64_t bytes; /* of the file */
    struct gpt gpt;
    uint64_t kernel_at; /* bytes into the file */
    uint64_t kernel_bytes;
    uint64_t cmdline_at;
    char *cmdline; /* the baked one */
};

/* Reports and returns -1 when (path) is not an image of unibeam's. */
int image_open(struct image *img, const char *path);
/* The same for an open file, called (name) in messages.  image_close() closes
 * it. */
int image_open_fd(struct image *img, int fd, const char *name);
void image_close(struct image *img);
/* Copy the kernel's ELF file to (fd), named (name) in messages. */
int image_copy_kernel(const struct image *img, int fd, const char *name);
/* The first partition of the type with this UUID, or NULL. */
const struct gpt_part *image_part(const struct image *img, const char *uuid);
