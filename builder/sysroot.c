/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "sysroot.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "file.h"
#include "report.h"

#define MAX_LINKS 40

int sysroot_init(struct sysroot *s, const char *dir)
{
    struct stat st;
    size_t len = strlen(dir);

    if (stat(dir, &st))
        return fail("cannot use sysroot '%s': %s", dir, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return fail("cannot use sysroot '%s': not a directory", dir);
    while (len && dir[len - 1] == '/')
        len--;
    s->dir = xasprintf("%.*s", (int)len, dir);
    return 0;
}

void sysroot_release(struct sysroot *s)
{
    free(s->dir);
    s->dir = NULL;
}

const char *sysroot_name(const struct sysroot *s)
{
    return s->dir[0] ? s->dir : "this system";
}

/*
 * Walk the guest path (path).  Each link met on the way is added to (t) unless
 * it is NULL.  Returns the guest path without links, or NULL with errno set;
 * EEXIST means that adding a link failed and was reported.
 */
static char *resolve(const struct sysroot *s, const char *path, struct tree *t,
                     const char *why)
{
    struct buf at = {0};
    char *rest = xstrdup(path);
    int links = 0;
    bool ok = false;

    for (;;) {
        char *p = rest + strspn(rest, "/");
        size_t len = strcspn(p, "/"), before = at.len;
        char target[PATH_MAX], *host, *tail;
        ssize_t n = 0;

        if (!len) {
            ok = true;
            break;
        }
        if (len == 2 && !memcmp(p, "..", 2)) {
            const char *slash = at.len ? strrchr(at.data, '/') : NULL;

            if (slash)
                buf_trim(&at, (size_t)(slash - at.data));
        } else if (len != 1 || *p != '.') {
            struct stat st;

            n = -1;
            buf_addf(&at, "/%.*s", (int)len, p);
            host = xasprintf("%s%s", s->dir, at.data);
            if (lstat(host, &st) == 0)
                n = S_ISLNK(st.st_mode)
                        ? readlink(host, target, sizeof(target) - 1)
                        : 0;
            free(host);
            if (n < 0)
                break;
        }
        if (n > 0) {
            target[n] = '\0';
            if (++links > MAX_LINKS) {
                errno = ELOOP;
                break;
            }
            if (t && !tree_link(t, at.data, target, why)) {
                errno = EEXIST;
                break;
            }
            buf_trim(&at, target[0] == '/' ? 0 : before);
            tail = xasprintf("%s/%s", target, p + len);
        } else {
            tail = xstrdup(p + len);
        }
        free(rest);
        rest = tail;
    }
    free(rest);
    if (ok)
        return buf_take(&at);
    buf_release(&at);
    return NULL;
}

char *sysroot_host(const struct sysroot *s, const char *path, struct stat *st)
{
    char *real = resolve(s, path, NULL, NULL);
    char *host;

    if (!real)
        return NULL;
    host = xasprintf("%s%s", s->dir, real[0] ? real : "/");
    free(real);
    if (stat(host, st)) {
        free(host);
        return NULL;
    }
    return host;
}

struct node *sysroot_mirror(const struct sysroot *s, struct tree *t,
                            const char *path, const char *why)
{
    struct node *n = NULL;
    struct stat st;
    char *real = resolve(s, path, t, why);
    char *host;

    if (!real) {
        if (errno != EEXIST)
            fail("cannot find '%s' in %s: %s", path, sysroot_name(s),
                 strerror(errno));
        return NULL;
    }
    host = xasprintf("%s%s", s->dir, real);
    if (stat(host, &st))
        fail("cannot read '%s': %s", host, strerror(errno));
    else if (S_ISDIR(st.st_mode))
        n = tree_dir(t, real, why);
    else if (S_ISREG(st.st_mode))
        n = tree_file(t, real, host, &st, why);
    else
        fail("cannot use '%s': not a regular file", host);
    free(host);
    free(real);
    return n;
}

int sysroot_mirror_if(const struct sysroot *s, struct tree *t, const char *path,
                      const char *why, bool *found)
{
    struct stat st;
    char *host = sysroot_host(s, path, &st);

    *found = host != NULL;
    free(host);
    if (!*found)
        return 0;
    return sysroot_mirror(s, t, path, why) ? 0 : -1;
}
