/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * locks.h - advisory file locks: flock(2), fcntl(2) F_SETLK and its kin.
 */
#pragma once

#include <linux/fcntl.h>

#include "lib/types.h"

struct file;
struct inode;

/* LOCK_SH, LOCK_EX, LOCK_UN, with LOCK_NB. -EWOULDBLOCK, -ERESTARTSYS. */
int locks_flock(struct file *f, int op);
/* F_GETLK, F_SETLK, F_SETLKW and the F_OFD_ ones, with their errors. */
int locks_fcntl(struct file *f, unsigned cmd, struct flock *fl);
/* The open file goes: its flock and OFD locks end. */
void locks_file_released(struct file *f);
/* A descriptor of (owner)'s table is closed: its POSIX locks on it end. */
void locks_owner_closed(struct inode *i, const void *owner);
void locks_free(struct inode *i);
