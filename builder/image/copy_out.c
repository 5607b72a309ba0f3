/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "image/copy_out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "image/content.h"
#include "output.h"
#include "report.h"

/* A file with several names, and where the first was made. */
struct hard_link {
    uint32_t ino;
    char *path; /* below the destination */
};

struct copier {
    struct rootfs *r;
    int root; /* the destination's directory, open */
    const char *dest;
    struct rootfs_visits visits;
    struct hard_link *links;
    size_t nlinks;
};

static int cannot_write(const char *dest, const char *path)
{
    return fail("cannot write '%s%s%s': %s", dest, *path ? "/" : "", path,
                strerror(errno));
}

/* ---- attributes ---- */

static void file_times(const struct rootfs_file *f, struct timespec times[2])
{
    times[0] = times[1] = (struct timespec){.tv_sec = (time_t)f->mtime};
}

static int set_attributes(int fd, const struct rootfs_file *f)
{
    struct timespec times[2];

    file_times(f, times);
    /* not the set-user and set-group bits: the owner is another one */
    return fchmod(fd, f->mode & 01777) || futimens(fd, times);
}

/* ---- the parts of a tree ---- */

static bool linked(struct copier *c, const struct rootfs_file *f, int dir,
                   const char *path)
{
    if (f->links < 2)
        return false;
    for (size_t i = 0; i < c->nlinks; i++)
        if (c->links[i].ino == f->ino)
            return linkat(c->root, c->links[i].path, dir, f->name, 0) == 0;
    c->links = xrealloc(c->links, c->nlinks + 1, sizeof(*c->links));
    c->links[c->nlinks++] = (struct hard_link){f->ino, xstrdup(path)};
    return false;
}

static int put_file(struct copier *c, const struct rootfs_file *f, int dir,
                    const char *path)
{
    int fd, status;
    char *name;

    if (linked(c, f, dir, path))
        return 0;
    fd = openat(dir, f->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return cannot_write(c->dest, path);
    name = path_join(c->dest, path);
    status = content_copy(c->r, f, fd, name);
    free(name);
    if (!status && set_attributes(fd, f))
        status = cannot_write(c->dest, path);
    if (close(fd) && !status)
        status = cannot_write(c->dest, path);
    return status;
}

static int put_link(const struct copier *c, const struct rootfs_file *f,
                    int dir, const char *path)
{
    struct timespec times[2];

    file_times(f, times);
    if (symlinkat(f->target, dir, f->name) ||
        utimensat(dir, f->name, times, AT_SYMLINK_NOFOLLOW))
        return cannot_write(c->dest, path);
    return 0;
}

static int fill_dir(struct copier *c, const struct rootfs_file *f, int fd,
                    const char *path);

static int put_dir(struct copier *c, const struct rootfs_file *f, int dir,
                   const char *path)
{
    int fd, status;

    /* mkdir refuses a name that is there, so what is opened is ours */
    if (mkdirat(dir, f->name, 0700))
        return cannot_write(c->dest, path);
    fd = openat(dir, f->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return cannot_write(c->dest, path);
    status = fill_dir(c, f, fd, path);
    if (!status && set_attributes(fd, f))
        status = cannot_write(c->dest, path);
    close(fd);
    return status;
}

static int put(struct copier *c, const struct rootfs_file *f, int dir,
               const char *path)
{
    if (S_ISDIR(f->mode))
        return put_dir(c, f, dir, path);
    if (S_ISREG(f->mode))
        return put_file(c, f, dir, path);
    if (S_ISLNK(f->mode))
        return put_link(c, f, dir, path);
    note("left out: '%s': neither a file nor a directory nor a link", f->path);
    return 0;
}

static int fill_dir(struct copier *c, const struct rootfs_file *f, int fd,
                    const char *path)
{
    struct rootfs_list list;
    int status = rootfs_visit(&c->visits, c->r, f);

    if (status)
        return status;
    status = rootfs_read_dir(c->r, f, &list);
    for (size_t i = 0; i < list.n && !status; i++) {
        char *below =
            *path ? path_join(path, list.v[i].name) : xstrdup(list.v[i].name);

        status = put(c, &list.v[i], fd, below);
        free(below);
    }
    rootfs_list_release(&list);
    return status;
}

/* ---- what is named ---- */

static int copy_tree(struct rootfs *r, const struct rootfs_file *f,
                     const char *dest)
{
    struct copier c = {.r = r, .dest = dest};
    struct output out;
    int status;

    if (output_open_dir(&out, dest))
        return -1;
    c.root = out.fd;
    status = fill_dir(&c, f, out.fd, "");
    if (!status && set_attributes(out.fd, f))
        status = cannot_write(dest, "");
    if (!status)
        status = output_commit(&out);
    output_close(&out);
    for (size_t i = 0; i < c.nlinks; i++)
        free(c.links[i].path);
    free(c.links);
    rootfs_visits_release(&c.visits);
    return status;
}

static int copy_file(struct rootfs *r, const struct rootfs_file *f,
                     const char *dest)
{
    struct output out;
    int status;

    if (output_open(&out, dest))
        return -1;
    status = content_copy(r, f, out.fd, dest);
    if (!status && set_attributes(out.fd, f))
        status = cannot_write(dest, "");
    if (!status)
        status = output_commit(&out);
    output_close(&out);
    return status;
}

/* Where (f) goes: never NULL. */
static char *target_of(const struct rootfs_file *f, const char *dest)
{
    size_t len = strlen(dest);
    struct stat st;

    if (stat(dest, &st) == 0 && S_ISDIR(st.st_mode))
        return path_join(dest, f->name);
    while (len > 1 && dest[len - 1] == '/')
        len--;
    return xasprintf("%.*s", (int)len, dest);
}

static int copy(struct rootfs *r, const struct rootfs_file *f, const char *dest,
                const struct copy_options *o)
{
    char *target = target_of(f, dest);
    int status;

    if (S_ISREG(f->mode))
        status = copy_file(r, f, target);
    else if (!S_ISDIR(f->mode))
        status = fail("'%s' in '%s' is not a file", f->path, r->img->path);
    else if (!o->recursive)
        status = fail("'%s' in '%s' is a directory: copy it with -r", f->path,
                      r->img->path);
    else
        status = copy_tree(r, f, target);
    free(target);
    return status;
}

/* The root has no name of its own: it takes that of the image, and "." and ".."
 * are no names to write under. */
static int name_it(struct rootfs *r, struct rootfs_file *f)
{
    const char *base = path_base(r->img->path);
    size_t len = strlen(base);

    if (strcmp(f->name, "/") && strcmp(f->name, ".") && strcmp(f->name, ".."))
        return 0;
    if (len > 4 && !strcmp(base + len - 4, ".img"))
        len -= 4;
    free(f->name);
    f->name = xasprintf("%.*s", (int)len, base);
    return 0;
}

int copy_out(struct rootfs *r, const char *path, const char *dest,
             const struct copy_options *o)
{
    struct rootfs_file f;
    int status = rootfs_find(r, path, true, &f) || name_it(r, &f) ||
                 copy(r, &f, dest, o);

    rootfs_file_release(&f);
    return status ? -1 : 0;
}
