/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * output.h - a file, or a directory with all in it, that appears under its name
 * only when it is complete.
 *
 * It is written under a temporary name in the same directory and renamed at
 * the end.  Whatever ends the program before that - an error, SIGINT, SIGTERM,
 * SIGHUP - removes it.  One output at a time.
 *
 * SIGKILL leaves the temporary file; the next output of the same name removes
 * it.  Who still writes one holds a lock on it (flock), so any number of
 * programs may write the same output: the last to finish wins.
 */
#pragma once

#include <stdbool.h>

struct output {
    int fd;
    char *path; /* the final one */
    char *temp;
    bool dir;
};

/* Reports and returns -1.  Refuses to replace anything but a regular file. */
int output_open(struct output *o, const char *path);
/* The same for a directory: (fd) is it, empty.  Refuses to replace anything.
 * What is put into it is not forced to the disk. */
int output_open_dir(struct output *o, const char *path);
/* Give it its name. */
int output_commit(struct output *o);
/* Remove what is not committed; harmless after output_commit(). */
void output_close(struct output *o);
