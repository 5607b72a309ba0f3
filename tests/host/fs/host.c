/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * host.c - see host.h. Compiled against the host's C library only.
 */
#include "host.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void *host_alloc(size_t size)
{
    return calloc(1, size);
}

void host_free(void *p)
{
    free(p);
}

void *host_map(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

void host_log(const char *fmt, va_list ap)
{
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
}

void host_print(const char *text)
{
    puts(text);
}

void host_die(void)
{
    abort();
}

char *host_load(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    char *data;

    if (!f)
        return NULL;
    fseek(f, 0, SEEK_END);
    *size = (size_t)ftell(f);
    rewind(f);
    data = malloc(*size ? *size : 1);
    if (fread(data, 1, *size, f) != *size) {
        free(data);
        data = NULL;
    }
    fclose(f);
    return data;
}

int host_stat(const char *path, struct host_entry *out)
{
    struct stat st;

    if (lstat(path, &st))
        return -1;
    out->type = S_ISREG(st.st_mode)   ? 'f'
                : S_ISDIR(st.st_mode) ? 'd'
                : S_ISLNK(st.st_mode) ? 'l'
                                      : '?';
    out->mode = st.st_mode;
    out->size = (uint64_t)st.st_size;
    out->links = st.st_nlink;
    out->mtime = st.st_mtime;
    return 0;
}

long host_readlink(const char *path, char *buf, size_t size)
{
    return readlink(path, buf, size);
}

long host_list(const char *path, void (*fn)(void *, const char *), void *arg)
{
    DIR *d = opendir(path);
    struct dirent *e;
    long n = 0;

    if (!d)
        return -1;
    while ((e = readdir(d))) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        fn(arg, e->d_name);
        n++;
    }
    closedir(d);
    return n;
}
