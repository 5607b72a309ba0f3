/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * serial.h - the 16550 UARTs at the first two PC serial ports, as the console
 * sees them. (line) is 0 or 1; 0 is the console's.
 */
#pragma once

#include "lib/types.h"

#define SERIAL_LINES 2

/* Find and set up the UART (115200 8N1, FIFOs on); false if there is none. */
bool serial_init(unsigned line);
bool serial_present(unsigned line);
/* A message of the kernel's, as one piece. Does not wait where interrupts can
 * send the rest later; else until all is in the FIFO, or the line is stuck.
 * Any context, any lock held. */
void serial_write_message(const char *s, size_t n);
/* The machine ends: what waits is sent now, and all that follows polled, with
 * patience. Any context, any lock held. */
void serial_last_words(void);
/* As much as the FIFO takes without waiting; bytes taken. If short, the
 * transmit interrupt will raise SOFTIRQ_CONSOLE. */
size_t serial_write_some(unsigned line, const char *s, size_t n);
/* Until the last bit is sent, time-limited. */
void serial_wait_empty(unsigned line);
/* Interrupts on: received bytes go to a ring, SOFTIRQ_CONSOLE is raised. */
int serial_irq_start(unsigned line);
/* Deferred work only: look at received bytes, then drop (n) of them. */
size_t serial_peek(unsigned line, const char **s);
void serial_consume(unsigned line, size_t n);
/* Deferred work, when it has consumed what it can: let the line go on. */
void serial_receive_on(unsigned line);
/* Deferred work: there is room to transmit again (once per shortage). */
bool serial_transmit_ready(unsigned line);
/* A write was short, and no room since. */
bool serial_transmit_full(unsigned line);
