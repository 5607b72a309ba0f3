/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "tty.h"

#include <fcntl.h>
#include <unistd.h>

void tty_save(struct tty_state *t)
{
    t->is_tty = tcgetattr(STDIN_FILENO, &t->modes) == 0;
    for (int fd = 0; fd < 3; fd++)
        t->flags[fd] = fcntl(fd, F_GETFL);
}

void tty_restore(const struct tty_state *t)
{
    for (int fd = 0; fd < 3; fd++)
        if (t->flags[fd] >= 0)
            fcntl(fd, F_SETFL, t->flags[fd]);
    if (t->is_tty)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &t->modes);
}
