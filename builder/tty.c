/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "tty.h"

#include "abi/machine.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

void tty_save(struct tty_state *t)
{
    t->is_tty = tcgetattr(STDIN_FILENO, &t->modes) == 0;
    t->silent = t->is_tty && tcgetsid(STDIN_FILENO) < 0;
    for (int fd = 0; fd < 3; fd++)
        t->flags[fd] = fcntl(fd, F_GETFL);
}

void tty_pass_output(const struct tty_state *t)
{
    struct termios modes = t->modes;

    if (!t->is_tty)
        return;
    /* QEMU switches OPOST on: what it stands for goes off. */
    modes.c_oflag &=
        ~(tcflag_t)(OLCUC | ONLCR | OCRNL | ONOCR | ONLRET | TABDLY);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &modes);
}

void tty_size(unsigned *columns, unsigned *rows)
{
    struct winsize w = {0};

    *columns = *rows = 0;
    if (ioctl(STDIN_FILENO, TIOCGWINSZ, &w) || !w.ws_col || !w.ws_row ||
        w.ws_col > MACHINE_SIDE_MAX || w.ws_row > MACHINE_SIDE_MAX)
        return;
    *columns = w.ws_col;
    *rows = w.ws_row;
}

void tty_restore(const struct tty_state *t)
{
    for (int fd = 0; fd < 3; fd++)
        if (t->flags[fd] >= 0)
            fcntl(fd, F_SETFL, t->flags[fd]);
    if (t->is_tty)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &t->modes);
}
