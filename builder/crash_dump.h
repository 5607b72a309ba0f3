/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * crash_dump.h - a file of the host that outlives the machine, for the
 * emulator's crash dump.
 *
 * In the guest the file is a disk of its own, which the emulator writes the
 * dump to as to any file: no memory of a machine that has run out of it is
 * needed, and what was written is there however the machine ends.  Here the
 * file is made as large as a dump may become (without taking up space) and cut
 * to what was written.
 */
#pragma once

/* The disk's serial number, and where the guest finds it by that. */
#define CRASH_DUMP_SERIAL "crash-dump"
#define CRASH_DUMP_DEVICE "/dev/disk/by-id/virtio-" CRASH_DUMP_SERIAL

/* Make the file at (path), in place of one that is there.  0, -1 reported. */
int crash_dump_prepare(const char *path);

/* Cut the file to the dump in it and say that there is one, or remove it.
 * 0, -1 reported. */
int crash_dump_finish(const char *path);
