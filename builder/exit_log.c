/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <stdlib.h>
#include <string.h>

#include "abi/machine.h"
#include "vm.h"

void exit_log_init(struct exit_log *l)
{
    *l = (struct exit_log){.status = -1};
}

static void end_of_line(struct exit_log *l)
{
    size_t prefix = strlen(MACHINE_EXIT_LINE);
    const char *digits = l->line + prefix;

    l->line[l->len] = '\0';
    if (!strncmp(l->line, MACHINE_EXIT_LINE, prefix) && *digits &&
        strlen(digits) <= 3 && !digits[strspn(digits, "0123456789")])
        l->status = atoi(digits) & 0xff;
    l->len = 0;
}

/* Longer lines are something else; their start is kept so that they stay
 * unlike a status line. */
void exit_log_take(struct exit_log *l, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (data[i] == '\n')
            end_of_line(l);
        else if (l->len < sizeof(l->line) - 1)
            l->line[l->len++] = data[i];
    }
}
