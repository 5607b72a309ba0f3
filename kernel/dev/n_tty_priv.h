/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * n_tty_priv.h - between n_tty.c (input) and n_tty_out.c (output, echo).
 */
#pragma once

#include "dev/n_tty.h"

#define N_TTY_DISABLED                                                         \
    0 /* a control character set to this is off; also what                     \
       * the end-of-file character leaves in the buffer */

static inline bool n_iflag(const struct n_tty *n, tcflag_t f)
{
    return n->termios.c_iflag & f;
}
static inline bool n_oflag(const struct n_tty *n, tcflag_t f)
{
    return n->termios.c_oflag & f;
}
static inline bool n_lflag(const struct n_tty *n, tcflag_t f)
{
    return n->termios.c_lflag & f;
}
static inline uint8_t n_cc(const struct n_tty *n, unsigned i)
{
    return n->termios.c_cc[i];
}
static inline bool n_is_control(uint8_t c)
{
    return c < 0x20 || c == 0x7f;
}
/* Letters as Linux knows them: Latin-1. */
static inline uint8_t n_to_upper(uint8_t c)
{
    bool lower = (c >= 'a' && c <= 'z') || (c >= 0xdf && c != 0xf7);

    return lower ? c - 0x20 : c;
}
static inline uint8_t n_to_lower(uint8_t c)
{
    bool upper =
        (c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7);

    return upper ? c + 0x20 : c;
}
/* A byte that does not begin a character in UTF-8. */
static inline bool n_is_continuation(const struct n_tty *n, uint8_t c)
{
    return n_iflag(n, IUTF8) && (c & 0xc0) == 0x80;
}

/* Echo: as the character is shown (^X), as itself, or given bytes. */
void n_tty_echo(struct n_tty *n, uint8_t c);
void n_tty_echo_raw(struct n_tty *n, uint8_t c);
/* Rub out a tab that followed (columns) of text; (after_tab): they count from
 * a tab stop, else from the line's start. */
void n_tty_echo_erase_tab(struct n_tty *n, unsigned columns, bool after_tab);
void n_tty_echo_back(struct n_tty *n); /* column - 1, no output */
void n_tty_echo_discard(struct n_tty *n);
