/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * net_fakes.h - what kernel/net runs on in tests: one thread, timers that fire
 * when the test lets time pass, one network device whose wire is the test. To
 * be included before the host's headers.
 */
#pragma once

#include "net/net.h"
#include "net/socket.h"
#include "proc/process.h"
#include "sched/cpu.h"
#include "sys/syscall.h"

/* The longest there is. */
#define FAKE_HOSTNAME                                                          \
    "a23456789-123456789-123456789-123456789-123456789-123456789-123"

extern struct process fake_process;
extern long fake_allocated; /* kmalloc'd objects: leaks show */
extern bool fake_no_memory; /* ALLOC_NOWAIT fails */
extern int fake_sigpipes;
extern unsigned fake_wakes; /* wake-ups delivered to queue entries */
/* Called where the only thread would sleep; what it returns ends the sleep if
 * it is not 0. */
extern int (*fake_sleep)(void);

void fake_pass(nsec_t t); /* let time pass; due timers fire */
void fake_softirqs(void); /* run what was raised */

/* The device: what it was given to send, and frames for it to receive. */
extern struct netdev fake_dev;
extern unsigned fake_sent;
extern uint8_t fake_last_sent[1600];
extern uint32_t fake_last_len;
extern uint8_t fake_prefix[14]; /* start of fake frames, for tests */
void fake_receive(const void *frame, uint32_t len);
void fake_net_start(void); /* net_init() and the device */

/* Files and descriptors. */
struct file *fake_file(int fd);
int fake_open_fds(void);
