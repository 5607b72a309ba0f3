/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * fs_fakes.h - what kernel/fs runs on in tests: one thread, a page cache that
 * is a list, disks that are buffers. To be included before the host's headers.
 */
#pragma once

#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>

#include "dev/blockdev.h"
#include "fs/fs_priv.h"
#include "host.h"
#include "lib/log.h"
#include "lib/string.h"
#include "proc/process.h"
#include "sched/cpu.h"

extern struct process fake_process;
extern bool fake_log_quiet;
extern char fake_log_last[256];
extern nsec_t fake_now;
extern long fake_objects; /* slab objects in use: leaks show */
extern long fake_pages;
extern int fake_locks; /* held */
extern uint64_t fake_fsize_limit;
/* Called where the only thread would sleep; what it returns ends the sleep if
 * it is not 0. */
extern int (*fake_sleep)(void);

/* vfs_init(), once, and a tmpfs mounted on "/". */
void fake_vfs_start(void);
/* A disk of these bytes. */
void fake_disk(struct blockdev *d, const void *data, size_t size);
/* Free what ext4_mount() made; the root has been put. */
void fake_unmount(struct super_block *sb);
/* Descriptors for dirfd arguments. */
extern struct file *fake_fds[16];

/* Short forms: 0 or -errno. */
int t_mkdir(const char *path);
int t_write(const char *path, const char *text); /* creates */
long t_read(const char *path, char *buf, size_t size);
int t_unlink(const char *path);
int t_rmdir(const char *path);
int t_rename(const char *from, const char *to, unsigned flags);
int t_symlink(const char *target, const char *path);
int t_link(const char *from, const char *to);
int t_stat(const char *path, struct stat *st, bool follow);
int t_open(const char *path, unsigned flags); /* opens and closes */
