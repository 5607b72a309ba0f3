/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "extra_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "guest_path.h"
#include "release_priv.h"
#include "report.h"

#define WHY "asked for with --file"

/* The last colon before a slash: names may have colons in them. */
static const char *cut(const char *value)
{
    const char *at = NULL;

    for (const char *p = value; (p = strstr(p, ":/")); p++)
        at = p;
    return at;
}

/* What is put there is never seen: something is mounted on it. */
static bool is_hidden(const char *path)
{
    static const char *const hidden[] = {"/dev", "/proc", "/run",
                                         "/sys", "/tmp",  "/var"};

    for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++)
        if (guest_path_below(hidden[i], path))
            return true;
    return false;
}

/* DST, and where it ends with a slash SRC's name in it. */
static char *guest_path(const char *value)
{
    const char *at = cut(value);
    char *src = xasprintf("%.*s", (int)(at - value), value);
    size_t len = strlen(at + 1);
    char *path;

    if (at[len] == '/')
        path = path_join(at + 1, path_base(src));
    else
        path = xstrdup(at + 1);
    free(src);
    return path;
}

void extra_file_check(const char *command, const char *value)
{
    const char *at = cut(value);
    char *path;

    if (!at || at == value)
        usage_error("%s: --file '%s' is not SRC:/DST", command, value);
    path = guest_path(value);
    if (!guest_path_plain(path))
        usage_error("%s: --file '%s': '%s' is not a path that can be put into "
                    "the image",
                    command, value, path);
    if (is_hidden(path))
        usage_error("%s: --file '%s': what is in '%s' is in memory when the "
                    "machine runs: choose another place",
                    command, value, path);
    if (!strcmp(path, "/sbin/init") || guest_path_below("/etc/unibeam", path))
        usage_error("%s: --file '%s': '%s' is unibeam's own", command, value,
                    path);
    free(path);
}

static int add_dir(struct release *r, struct tree *t, const char *src,
                   const char *path)
{
    struct copy c;
    int err = copy_init_dir(&c, r, t, src, path);

    if (!err)
        err = copy_dir(&c, src, "", WHY, 0);
    copy_release(&c);
    return err;
}

static int add_file(struct release *r, struct tree *t, const char *src,
                    const char *path, const struct stat *st)
{
    if (access(src, R_OK))
        return fail("cannot read '%s': %s", src, strerror(errno));
    if (st->st_mtim.tv_sec > r->newest.tv_sec)
        r->newest = st->st_mtim;
    return tree_file(t, path, src, st, WHY) ? 0 : -1;
}

static int add(struct release *r, struct tree *t, const char *value,
               const char *path)
{
    char *src = xasprintf("%.*s", (int)(cut(value) - value), value);
    struct stat st;
    int err;

    if (stat(src, &st))
        err = fail("cannot read '%s': %s", src, strerror(errno));
    else if (S_ISDIR(st.st_mode))
        err = add_dir(r, t, src, path);
    else if (S_ISREG(st.st_mode))
        err = add_file(r, t, src, path, &st);
    else
        err = fail("cannot put '%s' into the image: it is neither a file nor a "
                   "directory",
                   src);
    free(src);
    return err;
}

int extra_files_add(struct release *r, struct tree *t,
                    const struct strvec *files, struct strvec *paths)
{
    int err = 0;

    for (size_t i = 0; i < files->n && !err; i++) {
        char *path = guest_path(files->v[i]);

        err = add(r, t, files->v[i], path);
        strvec_take(paths, path);
    }
    return err;
}
