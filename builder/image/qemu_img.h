/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * qemu_img.h - qemu-img converts between disk formats.
 */
#pragma once

#define QEMU_IMG "qemu-img"

struct disk_job {
    const char *program; /* qemu-img, or a path of it */
    int from;            /* open files */
    int to;
    const char *from_format; /* as qemu-img calls them */
    const char *to_format;
    const char *options; /* for -o, or NULL */
    const char *name;    /* of what is converted, for messages */
};

/* Reports and returns -1 when qemu-img is not there or fails, in its words.  It
 * does not outlive this process. */
int qemu_img_convert(const struct disk_job *job);
