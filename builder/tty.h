/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * tty.h - the terminal as it was before QEMU had it.
 *
 * QEMU restores it when it ends in good order; when it is killed, nobody does.
 */
#pragma once

#include <stdbool.h>
#include <termios.h>

struct tty_state {
    struct termios modes;
    bool is_tty;
    bool silent;  /* of another session: no SIGWINCH tells of its size */
    int flags[3]; /* of stdin, stdout and stderr: QEMU sets O_NONBLOCK */
};

void tty_save(struct tty_state *t);
/* What is written to the terminal goes there as it is: the guest has its own
 * line discipline.  QEMU does the rest when it starts. */
void tty_pass_output(const struct tty_state *t);
/* Both 0 when the terminal does not know. */
void tty_size(unsigned *columns, unsigned *rows);
void tty_restore(const struct tty_state *t);
