/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "input.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "file.h"
#include "report.h"
#include "tarball.h"

#define MAX_OUTER 3

/* The one thing in (dir), if that is a directory; else NULL. */
static char *only_dir(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *e;
    struct stat st;
    char *only = NULL;
    size_t n = 0;

    while (d && (e = readdir(d)))
        if (strcmp(e->d_name, ".") && strcmp(e->d_name, "..") && ++n == 1)
            only = path_join(dir, e->d_name);
    if (d)
        closedir(d);
    if (n == 1 && lstat(only, &st) == 0 && S_ISDIR(st.st_mode))
        return only;
    free(only);
    return NULL;
}

/* Archives made by hand often have a directory around everything. */
static char *find_root(const char *dir)
{
    char *at = xstrdup(dir);

    for (int i = 0; i < MAX_OUTER; i++) {
        char *inner = NULL;

        if (!path_has(at, "releases") && !path_has(at, "entrypoint.sh"))
            inner = only_dir(at);
        if (!inner)
            break;
        free(at);
        at = inner;
    }
    return at;
}

int input_open(struct input *in, const char *path)
{
    struct stat st;

    *in = (struct input){0};
    if (stat(path, &st))
        return fail("cannot open '%s': %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode)) {
        in->dir = xstrdup(path);
        return 0;
    }
    if (!S_ISREG(st.st_mode))
        return fail("'%s' is neither a directory nor an archive of one", path);
    if (tempdir_make(&in->temp))
        return -1;
    report_alias(in->temp.path, path);
    if (tarball_unpack(path, in->temp.path))
        return -1;
    in->dir = find_root(in->temp.path);
    return 0;
}

void input_close(struct input *in)
{
    report_alias(NULL, NULL);
    tempdir_remove(&in->temp);
    free(in->dir);
    *in = (struct input){0};
}
