/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "test.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"

#ifndef CORPUS
#define CORPUS "tests/corpus"
#endif

void test_corpus(const char *name, struct buf *out)
{
    char *path = path_join(CORPUS, name);

    assert_int_equal(file_read(path, 1 << 24, out), 0);
    free(path);
}

char *test_dir(void)
{
    char *dir = xstrdup("/tmp/unibeam-test-XXXXXX");

    assert_non_null(mkdtemp(dir));
    return dir;
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw)
{
    return remove(path);
}

void test_remove_dir(char *dir)
{
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(dir);
}

static char *prepare(const char *dir, const char *name)
{
    char *path = path_join(dir, name);

    for (char *p = path + strlen(dir) + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        mkdir(path, 0755);
        *p = '/';
    }
    return path;
}

void test_file(const char *dir, const char *name, const char *text)
{
    char *path = prepare(dir, name);
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    free(path);
}

void test_link(const char *dir, const char *name, const char *target)
{
    char *path = prepare(dir, name);

    assert_int_equal(symlink(target, path), 0);
    free(path);
}
