/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * qemu_args.h - the QEMU command line for an image.
 */
#pragma once

#include <stdbool.h>

#include "buf.h"
#include "forward.h"
#include "machine/disk.h"
#include "network.h"

enum qemu_machine { MACHINE_Q35, MACHINE_PC, MACHINE_MICROVM };

struct qemu_options {
    const char *qemu; /* the program */
    const char *image;
    const char *format; /* of it */
    const char *kernel; /* NULL: boot from the disk */
    const char *baked;  /* kernel words in the image; for (kernel) only */
    const char *append; /* or NULL */
    const char *memory;
    const char *cpus;
    enum qemu_machine machine;
    const char *kvm_cpu;    /* the CPU model under KVM; NULL: emulate */
    const char *crash_dump; /* a file for it, or NULL */
    const char *term;       /* what the terminal calls itself, or NULL */
    unsigned columns;       /* of it; 0: not known */
    unsigned rows;
    bool tty;     /* stdin is a terminal: Ctrl-A X ends QEMU */
    bool console; /* start the release with its shell */
    int qmp_fd;   /* sockets QEMU inherits; -1: none */
    int log_fd;
    int size_fd;          /* tells the terminal's size */
    int console_fd;       /* the console, which then is no terminal */
    const char *qmp_path; /* a socket for the user's own tools, or NULL */
    /* Words that nobody may see in QEMU's command line, or NULL, and the file
     * that has them: behind all others when the kernel boots from the disk. */
    const char *secret;
    const char *secret_file;
    const struct disks *disks;
    const struct network *network;
    const struct forwards *forwards;
    const struct strvec *env;   /* NAME=VALUE */
    const struct strvec *args;  /* for the emulator of the release */
    const struct strvec *extra; /* for QEMU */
};

/* The words for the kernel: how to end, then what the user adds. The caller
 * frees them. */
char *qemu_kernel_words(const struct qemu_options *o);

void qemu_args_make(const struct qemu_options *o, struct strvec *argv);
