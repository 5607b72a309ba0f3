/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * rel_file.h - releases/VSN/NAME.rel, the list of a release's applications.
 *
 *   {release, {"shop", "1.0"}, {erts, "13.1.5"},
 *    [{kernel, "8.5.3"}, {stdlib, "4.2", permanent}, ...]}.
 */
#pragma once

#include <stddef.h>

struct rel_app {
    char *name;
    char *version;
};

struct rel_file {
    char *name;
    char *version;
    char *erts;
    struct rel_app *app;
    size_t n;
    size_t cap;
};

/* 0, or -1 and (*why); nothing is reported. */
int rel_file_parse(const char *text, struct rel_file *r, const char **why);
void rel_file_add(struct rel_file *r, const char *name, const char *version);
void rel_file_release(struct rel_file *r);
