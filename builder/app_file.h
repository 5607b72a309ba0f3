/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * app_file.h - ebin/NAME.app, what an application is and needs.
 *
 *   {application, shop, [{vsn, "1.0"}, {applications, [kernel, stdlib]}, ...]}.
 */
#pragma once

#include "buf.h"

struct app_file {
    char *version;
    struct strvec needs; /* applications, those included too */
    struct strvec likes; /* of these, what need not be there */
};

/* 0, or -1 and (*why); nothing is reported. */
int app_file_parse(const char *text, struct app_file *a, const char **why);
void app_file_release(struct app_file *a);
