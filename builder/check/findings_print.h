/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * findings_print.h - findings for people and for programs.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "finding.h"

/* What was looked at; NULL where that is not known. */
struct check_subject {
    const char *name;
    const char *version;
    const char *layout;
    const char *erts;
    const char *otp; /* "25" */
    const char *system;
    const char *shell; /* why there is one */
};

/* Grouped by finding, wrapped; (quiet): no notes, and no more than that. */
void findings_print_text(const struct findings *list,
                         const struct check_subject *s, bool quiet, FILE *to);
/* docs/commands/check.md says what is in it. */
void findings_print_json(const struct findings *list,
                         const struct check_subject *s, bool quiet, FILE *to);
