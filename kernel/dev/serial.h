/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * serial.h - the 16550 UART at the first PC serial port, as the console sees
 * it.
 */
#pragma once

#include "lib/types.h"

/* Find and set up the UART (115200 8N1, FIFOs on); false if there is none. */
bool serial_init(void);
bool serial_present(void);
/* A message of the kernel's, as one piece. Does not wait where interrupts can
 * send the rest later; else until all is in the FIFO, or the line is stuck.
 * Any context, any lock held. */
void serial_write_message(const char *s, size_t n);
/* The machine ends: what waits is sent now, and all that follows polled, with
 * patience. Any context, any lock held. */
void serial_last_words(void);
/* As much as the FIFO takes without waiting; bytes taken. If short, the
 * transmit interrupt will raise SOFTIRQ_CONSOLE. */
size_t serial_write_some(const char *s, size_t n);
void serial_wait_empty(void); /* until the last bit is sent, time-limited */
/* Interrupts on: received bytes go to a ring, SOFTIRQ_CONSOLE is raised. */
int serial_irq_start(void);
/* Deferred work only: look at received bytes, then drop (n) of them. */
size_t serial_peek(const char **s);
void serial_consume(size_t n);
/* Deferred work: there is room to transmit again (once per shortage). */
bool serial_transmit_ready(void);
bool serial_transmit_full(void); /* a write was short, and no room since */
