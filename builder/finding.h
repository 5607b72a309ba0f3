/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * finding.h - what is wrong with a release, as far as it can be seen from
 * outside.
 *
 * `unibeam build` says what it meets as it goes and stops at the first error;
 * `unibeam check` gathers everything in a list.  Both come through finding(),
 * so that both use the same words.
 */
#pragma once

#include <stddef.h>

#include "buf.h"

enum severity {
    FINDING_ERROR,   /* the release cannot work, or not be built */
    FINDING_WARNING, /* a part of it will not */
    FINDING_NOTE,    /* to know */
};

struct finding {
    enum severity severity;
    const char *id;   /* what kind it is, for programs */
    const char *role; /* what (where) is to it: "needed by"; NULL: "in" */
    char *what;
    struct strvec where; /* paths in the image, modules ... */
    char *remedy;        /* or NULL */
};

struct findings {
    struct finding *v;
    size_t n;
    size_t cap;
};

/* What is known of one before it has words; strings are copied except for (id)
 * and (role). */
struct finding_of {
    enum severity severity;
    const char *id;
    const char *role;
    const char *where;  /* or NULL */
    const char *remedy; /* or NULL */
};

/*
 * (list) NULL: report it in one line, an error by fail(), all else by note();
 * returns -1 for an error.  Else add it to the list, to a finding of the same
 * words if there is one, and return 0.
 */
int finding(struct findings *list, const struct finding_of *of, const char *fmt,
            ...) __attribute__((format(printf, 3, 4)));

/* Worst first, otherwise as they were found. */
void findings_sort(struct findings *list);
size_t findings_count(const struct findings *list, enum severity severity);
void findings_release(struct findings *list);

/* "error", "warning", "note". */
const char *severity_name(enum severity severity);
