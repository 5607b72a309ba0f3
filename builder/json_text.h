/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * json_text.h - strings that may hold any byte, in JSON, and its output.
 */
#pragma once

#include <jansson.h>

/* (s) as it is when it is UTF-8; else with %XX for each byte above 127 and for
 * each '%'. */
json_t *json_text(const char *s);

/* Write (j) with a line break behind it to stdout, and drop it. */
void json_print(json_t *j);
