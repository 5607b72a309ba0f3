/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * payload.h - what goes on an OSv image.
 *
 *   /otp                          the release
 *   /otp/erts                     a link to its erts-VSN
 *   /etc/default/erlang/inetrc    see resolver.h
 *   /etc/resolv.conf
 *   /start-otp.so                 stands for erl, see guest/osv/start_otp.c
 */
#pragma once

#include "input.h"
#include "osv/cpio.h"
#include "osv/option.h"
#include "release.h"
#include "tree.h"

struct osv_payload {
    struct input input;
    struct release release;
    struct tree tree;
    struct strvec nameservers;
    char *starter; /* on the host, or NULL */
    char *output;
};

/* Look at all of it; what cannot be sent is reported now. */
int osv_payload_open(struct osv_payload *p, const struct osv_options *o,
                     const char *release, const char *output);
int osv_payload_send(struct osv_payload *p, struct cpio *to);
/* What OSv is to run, behind the user's options; the caller frees it. */
char *osv_payload_command(const struct osv_payload *p,
                          const struct osv_options *o);
void osv_payload_close(struct osv_payload *p);
