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
    int flags[3]; /* of stdin, stdout and stderr: QEMU sets O_NONBLOCK */
};

void tty_save(struct tty_state *t);
void tty_restore(const struct tty_state *t);
