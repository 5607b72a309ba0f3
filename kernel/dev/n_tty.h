/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * n_tty.h - the terminal line discipline as pure logic: no locks, no sleeping,
 * no hardware. Host-compilable. Callers serialise (tty.c: the tty's lock).
 */
#pragma once

#include <asm/termbits.h>

#include "lib/types.h"

#define N_TTY_BUF     4096 /* bytes of input; a line's limit, as in Linux */
#define N_TTY_PENDING 2048 /* processed output the driver has not taken */

struct n_tty {
    struct ktermios termios;
    /* Input. Positions count up freely; read_tail <= canon_head <= read_head.
     * Before canon_head are whole lines; a set flag marks a line's end. */
    uint32_t read_head, canon_head, read_tail;
    char read_buf[N_TTY_BUF];
    uint64_t read_flags[N_TTY_BUF / 64];
    bool lnext;   /* the next byte is literal */
    bool erasing; /* inside \.../ of ECHOPRT */
    bool stopped; /* output, by VSTOP or TCOOFF */
    /* Output. */
    unsigned column, canon_column; /* of the cursor; of the line's start */
    unsigned flushed_column;       /* column when pending was last empty */
    uint32_t pend_head, pend_tail;
    char pending[N_TTY_PENDING];
    /* Upwards. write: bytes taken; signal: to the foreground group. */
    size_t (*write)(void *arg, const char *s, size_t n);
    void (*signal)(void *arg, int signo);
    void *arg;
};

void n_tty_init(struct n_tty *n);
/* New settings; handles the switch between line and raw mode. */
void n_tty_set_termios(struct n_tty *n, const struct ktermios *t);

/* Input from the line: bytes consumed, fewer when the buffer is full. */
size_t n_tty_receive(struct n_tty *n, const char *s, size_t count);
size_t n_tty_receive_room(const struct n_tty *n);
/* Is there something for a reader? (min): this many bytes in raw mode. */
bool n_tty_readable(const struct n_tty *n, unsigned min);
/* Take at most (size) bytes; in line mode not past a line's end, which sets
 * *(eol). An end-of-file mark alone gives 0 and sets *(eol). */
size_t n_tty_read(struct n_tty *n, char *buf, size_t size, bool *eol);
size_t n_tty_input_count(const struct n_tty *n); /* FIONREAD */
void n_tty_flush_input(struct n_tty *n);

/* Output from a program: bytes consumed, 0 when the driver is full. */
size_t n_tty_write(struct n_tty *n, const char *s, size_t count);
/* Offer pending output to the driver again. True if none is left. */
bool n_tty_push(struct n_tty *n);
size_t n_tty_pending(const struct n_tty *n);
void n_tty_flush_output(struct n_tty *n);
void n_tty_stop(struct n_tty *n);
void n_tty_start(struct n_tty *n);
bool n_tty_canonical(const struct n_tty *n);
