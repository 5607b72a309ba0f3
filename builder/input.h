/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * input.h - where a release named by the user lies: a directory as it is, an
 * archive after it has been unpacked.
 */
#pragma once

#include "tempdir.h"

struct input {
    char *dir; /* for release_open() */
    struct tempdir temp;
};

/* (path) is a directory, or an archive of one.  Reports and returns -1.
 * Messages call what is unpacked by the archive's name. */
int input_open(struct input *in, const char *path);
void input_close(struct input *in);
