/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * init_conf.h - /etc/unibeam/init.conf, what process 1 needs to know.
 * The format is in abi/initconf.h.
 */
#pragma once

#include "buf.h"
#include "release.h"

struct init_settings {
    const char *hostname;
    const char *grace;        /* seconds, or NULL for the default */
    bool console;             /* with its shell on the console */
    const char *restart;      /* policy, or NULL for the default */
    const struct strvec *env; /* "NAME=VALUE" */
};

/* Fails for a value that a line cannot hold. */
int init_conf_write(const struct release *r, const struct init_settings *s,
                    struct buf *out);
