/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "osv/console.h"

#include <stdlib.h>
#include <string.h>

#include "report.h"

#define WAITING  "Waiting for connection from host..."
#define SHOWN    8
#define MAX_LINE 4096

/* What the service prints of a name is not what it says itself. */
static bool is_echo(const char *line)
{
    return !strncmp(line, "Adding ", 7) || !strncmp(line, "Link ", 5);
}

static void look_at_line(struct osv_console *c)
{
    const char *line = buf_str(&c->line);

    if (strstr(line, WAITING))
        c->waiting = true;
    if (strstr(line, OSV_FINISHED) && !is_echo(line))
        c->finished = true;
}

static void keep_line(struct osv_console *c)
{
    if (!c->line.len)
        return;
    if (c->last.n == SHOWN) {
        free(c->last.v[0]);
        memmove(c->last.v, c->last.v + 1, SHOWN * sizeof(*c->last.v));
        c->last.n--;
    }
    strvec_push(&c->last, buf_str(&c->line));
    buf_trim(&c->line, 0);
}

void osv_console_take(struct osv_console *c, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n') {
            look_at_line(c);
            keep_line(c);
        } else if (text[i] != '\r' && text[i] && c->line.len < MAX_LINE) {
            buf_add(&c->line, &text[i], 1);
        }
    }
    look_at_line(c);
}

void osv_console_show(struct osv_console *c)
{
    keep_line(c);
    for (size_t i = 0; i < c->last.n; i++)
        fail("OSv said: %s", c->last.v[i]);
}

void osv_console_release(struct osv_console *c)
{
    buf_release(&c->line);
    strvec_release(&c->last);
    *c = (struct osv_console){0};
}
