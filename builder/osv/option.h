/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * option.h - the options of `unibeam build` for an image on OSv.
 */
#pragma once

#include <stdbool.h>

#include "opt.h"
#include "osv/disk.h"

/* Behind those of build itself. */
enum {
    OSV_BASE = 64,
    OSV_COMMAND_LINE,
    OSV_FORMAT,
    OSV_STARTER,
    OSV_NAMESERVER,
    OSV_TIMEOUT,
    OSV_QEMU,
    OSV_ACCEL,
    OSV_OPTION_END,
};

enum osv_accel { OSV_ACCEL_AUTO, OSV_ACCEL_KVM, OSV_ACCEL_TCG };

struct osv_options {
    const char *base; /* NULL: none of this is meant */
    const char *command_line;
    bool verbose;
    enum osv_format format;
    const char *starter; /* NULL: ours; "none" */
    struct strvec nameservers;
    unsigned timeout;
    const char *qemu;
    enum osv_accel accel;
    bool given[OSV_OPTION_END]; /* every option of build, by its id */
};

#define OSV_QEMU_PROGRAM "qemu-system-x86_64"

#define OSV_BUILD_OPTIONS                                                      \
    OPT_HEADING("putting the release on an OSv image instead"),                \
        {"base",                                                               \
         0,                                                                    \
         "IMAGE",                                                              \
         "make a copy of the OSv image IMAGE, qcow2 or raw, "                  \
         "with the release in it",                                             \
         OSV_BASE,                                                             \
         0},                                                                   \
        {"command-line",   0,                                                  \
         "TEXT",           "options of OSv's that go before its command",      \
         OSV_COMMAND_LINE, 0},                                                 \
        {"format",    0,                                                       \
         "qcow2|raw", "of the image (default: as the base's)",                 \
         OSV_FORMAT,  OPT_CLI_ONLY},                                           \
        {"starter",                                                            \
         0,                                                                    \
         "FILE|none",                                                          \
         "the program that starts Erlang, for /start-otp.so (default: "        \
         "unibeam's); none: the base image has one",                           \
         OSV_STARTER,                                                          \
         0},                                                                   \
        {"nameserver",                                                         \
         0,                                                                    \
         "ADDR",                                                               \
         "a name server for Erlang to ask (default: those of this system)",    \
         OSV_NAMESERVER,                                                       \
         OPT_MANY},                                                            \
        {"base-timeout",                                                       \
         0,                                                                    \
         "SECONDS",                                                            \
         "how long OSv may stand still while it takes the release (default: "  \
         "120)",                                                               \
         OSV_TIMEOUT,                                                          \
         0},                                                                   \
        {"qemu",    0,                                                         \
         "PROGRAM", "the QEMU to run OSv in (default: " OSV_QEMU_PROGRAM ")",  \
         OSV_QEMU,  0},                                                        \
    {                                                                          \
        "accel", 0, "auto|kvm|tcg", "auto (the default) uses KVM if it works", \
            OSV_ACCEL, 0                                                       \
    }

/* Take an option of this or of another (id). */
void osv_option_take(struct osv_options *o, int id, const char *value);

/* Exits 2 when options were given that make no sense without a base; or with
 * one, when they are not in (both), -1 at the end. */
void osv_option_check(const struct osv_options *o, const struct opt *table,
                      const int *both);
