/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * console.h - what OSv says on its console while it takes a release.
 *
 *   "Waiting for connection from host..."   the service listens
 *   "cpiod finished"                        all has come and is on the disk
 *
 * The service also prints the names it is sent, "Adding NAME..." and "Link NAME
 * to TARGET ...": a line that begins like that says nothing else.  (Names with
 * line breaks are not sent, see cpio_check().)
 */
#pragma once

#include <stdbool.h>

#include "buf.h"

#define OSV_FINISHED "cpiod finished"

struct osv_console {
    bool waiting; /* the texts came */
    bool finished;
    struct buf line;    /* as far as it has come */
    struct strvec last; /* the lines before it */
};

/* Take what came, cut anywhere. */
void osv_console_take(struct osv_console *c, const char *text, size_t len);
/* Report the last lines. */
void osv_console_show(struct osv_console *c);
void osv_console_release(struct osv_console *c);
