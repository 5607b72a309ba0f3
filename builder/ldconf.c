/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "ldconf.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "ldcache.h"

#define MAX_DEPTH 8
#define MAX_CONF  (1u << 20)
#define MAX_CACHE (64u << 20)
#define BLANKS    " \t\r"

/* What glibc builds in: the multiarch names on Debian and its kin, lib64 on
 * most others, lib everywhere. */
static const char *const glibc_dirs[] = {
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
};

static const char *const musl_dirs[] = {"/lib", "/usr/local/lib", "/usr/lib"};

static void add_dir(struct strvec *dirs, const char *dir)
{
    if (dir[0] == '/' && !strvec_has(dirs, dir))
        strvec_push(dirs, dir);
}

static void read_conf(struct ldconf *c, const struct sysroot *s,
                      const char *path, int depth);

/* Patterns are relative to the file they stand in; matches come sorted. */
static void include(struct ldconf *c, const struct sysroot *s, const char *file,
                    const char *pattern, int depth)
{
    char *dir = path_parent(file);
    char *guest =
        pattern[0] == '/' ? xstrdup(pattern) : path_join(dir, pattern);
    char *root = path_glob_quote(s->dir);
    char *host = xasprintf("%s%s", root, guest);
    glob_t g;

    if (glob(host, 0, NULL, &g) == 0) {
        for (size_t i = 0; i < g.gl_pathc; i++)
            read_conf(c, s, g.gl_pathv[i] + strlen(s->dir), depth + 1);
        globfree(&g);
    }
    free(host);
    free(root);
    free(guest);
    free(dir);
}

static void take_line(struct ldconf *c, const struct sysroot *s,
                      const char *path, char *line, int depth)
{
    struct strvec words = {0};
    size_t len;

    line[strcspn(line, "#")] = '\0';
    strvec_split(&words, line + strspn(line, BLANKS), BLANKS);
    if (words.n && !strcmp(words.v[0], "include")) {
        for (size_t i = 1; i < words.n; i++)
            include(c, s, path, words.v[i], depth);
    } else if (words.n && strcmp(words.v[0], "hwcap")) {
        /* old files give a directory a type: "/usr/X11/lib=libc5" */
        words.v[0][strcspn(words.v[0], "=")] = '\0';
        len = strlen(words.v[0]);
        while (len > 1 && words.v[0][len - 1] == '/')
            words.v[0][--len] = '\0';
        add_dir(&c->glibc, words.v[0]);
    }
    strvec_release(&words);
}

static int read_guest(const struct sysroot *s, const char *path, size_t max,
                      struct buf *text)
{
    struct stat st;
    char *host = sysroot_host(s, path, &st);
    int r = host ? file_try_read(host, max, text) : -1;

    free(host);
    return r;
}

static void read_conf(struct ldconf *c, const struct sysroot *s,
                      const char *path, int depth)
{
    struct strvec lines = {0};
    struct buf text = {0};

    if (depth <= MAX_DEPTH && read_guest(s, path, MAX_CONF, &text) == 0) {
        strvec_split(&lines, buf_str(&text), "\n");
        for (size_t i = 0; i < lines.n; i++)
            take_line(c, s, path, lines.v[i], depth);
    }
    strvec_release(&lines);
    buf_release(&text);
}

/* Directories given to ldconfig by hand are only in the cache it made. */
static void read_cache(struct ldconf *c, const struct sysroot *s)
{
    struct strvec dirs = {0};
    struct buf cache = {0};

    if (read_guest(s, "/etc/ld.so.cache", MAX_CACHE, &cache) == 0)
        ldcache_dirs(buf_str(&cache), cache.len, &dirs);
    for (size_t i = 0; i < dirs.n; i++)
        add_dir(&c->glibc, dirs.v[i]);
    strvec_release(&dirs);
    buf_release(&cache);
}

void ldconf_read(struct ldconf *c, const struct sysroot *s)
{
    struct buf text = {0};

    *c = (struct ldconf){0};
    read_conf(c, s, "/etc/ld.so.conf", 0);
    for (size_t i = 0; i < sizeof(glibc_dirs) / sizeof(*glibc_dirs); i++)
        add_dir(&c->glibc, glibc_dirs[i]);
    read_cache(c, s);

    if (read_guest(s, "/etc/ld-musl-x86_64.path", MAX_CONF, &text) == 0)
        strvec_split(&c->musl, buf_str(&text), ":\n");
    else
        for (size_t i = 0; i < sizeof(musl_dirs) / sizeof(*musl_dirs); i++)
            add_dir(&c->musl, musl_dirs[i]);
    buf_release(&text);
}

void ldconf_release(struct ldconf *c)
{
    strvec_release(&c->glibc);
    strvec_release(&c->musl);
}
