/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "image/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "image/show_name.h"
#include "json_text.h"

struct lister {
    struct rootfs *r;
    const struct list_options *o;
    struct rootfs_visits visits;
    json_t *json;  /* the array, or NULL */
    bool headings; /* a directory's name stands above what is in it */
    bool started;  /* something was printed */
};

static const char *type_name(uint32_t mode)
{
    return S_ISREG(mode)   ? "file"
           : S_ISDIR(mode) ? "directory"
           : S_ISLNK(mode) ? "link"
                           : "other";
}

/* "2026-01-31T12:00:00Z" */
static void time_text(int64_t when, char out[32])
{
    time_t t = (time_t)when;
    struct tm tm = {0};

    gmtime_r(&t, &tm);
    strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* ---- JSON ---- */

static void add_json(struct lister *l, const struct rootfs_file *f)
{
    json_t *j = json_object();
    char mode[8], when[32];

    snprintf(mode, sizeof(mode), "%04o", f->mode & 07777);
    time_text(f->mtime, when);
    json_object_set_new(j, "path", json_text(f->path));
    json_object_set_new(j, "type", json_string(type_name(f->mode)));
    json_object_set_new(j, "mode", json_string(mode));
    json_object_set_new(j, "size", json_integer((json_int_t)f->size));
    json_object_set_new(j, "links", json_integer(f->links));
    json_object_set_new(j, "uid", json_integer(f->uid));
    json_object_set_new(j, "gid", json_integer(f->gid));
    json_object_set_new(j, "mtime", json_string(when));
    if (f->target)
        json_object_set_new(j, "target", json_text(f->target));
    json_array_append_new(l->json, j);
}

/* ---- text ---- */

static void put_name(const struct lister *l, const char *name)
{
    struct buf shown = {0};

    if (l->o->to_terminal)
        show_name(&shown, name);
    else
        buf_adds(&shown, name);
    fputs(buf_str(&shown), stdout);
    buf_release(&shown);
}

static void put_mode(uint32_t mode)
{
    static const char letters[] = "rwxrwxrwx";
    char text[11] = {S_ISDIR(mode)   ? 'd'
                     : S_ISLNK(mode) ? 'l'
                     : S_ISREG(mode) ? '-'
                                     : '?'};

    for (int i = 0; i < 9; i++)
        text[i + 1] = mode & (0400u >> i) ? letters[i] : '-';
    if (mode & S_ISUID)
        text[3] = mode & S_IXUSR ? 's' : 'S';
    if (mode & S_ISGID)
        text[6] = mode & S_IXGRP ? 's' : 'S';
    if (mode & S_ISVTX)
        text[9] = mode & S_IXOTH ? 't' : 'T';
    fputs(text, stdout);
}

static void put_file(const struct lister *l, const struct rootfs_file *f,
                     const char *name)
{
    char when[32];

    if (l->o->all_about) {
        time_text(f->mtime, when);
        put_mode(f->mode);
        printf(" %3u %u:%u %10llu %s ", f->links, f->uid, f->gid,
               (unsigned long long)f->size, when);
    }
    put_name(l, name);
    if (l->o->all_about && f->target) {
        fputs(" -> ", stdout);
        put_name(l, f->target);
    }
    putchar('\n');
}

/* ---- the walk ---- */

static int list_dir(struct lister *l, const struct rootfs_file *dir)
{
    struct rootfs_list list;
    int status = rootfs_visit(&l->visits, l->r, dir) ||
                 rootfs_read_dir(l->r, dir, &list);

    if (status)
        return -1;
    if (l->headings && !l->json) {
        if (l->started)
            putchar('\n');
        put_name(l, dir->path);
        fputs(":\n", stdout);
    }
    l->started = true;
    for (size_t i = 0; i < list.n; i++)
        if (l->json)
            add_json(l, &list.v[i]);
        else
            put_file(l, &list.v[i], list.v[i].name);
    for (size_t i = 0; i < list.n && l->o->recursive; i++)
        if (S_ISDIR(list.v[i].mode) && list_dir(l, &list.v[i]))
            status = -1;
    rootfs_list_release(&list);
    return status;
}

/* As ls does: a link to a directory is that directory, unless the link itself
 * is looked at with -l; any other link is itself. */
static int find(struct lister *l, const char *path, struct rootfs_file *f)
{
    struct rootfs_file at;

    if (rootfs_find(l->r, path, false, f))
        return -1;
    if (!S_ISLNK(f->mode) || l->o->all_about || !rootfs_has(l->r, path))
        return 0;
    if (rootfs_find(l->r, path, true, &at) || !S_ISDIR(at.mode)) {
        rootfs_file_release(&at);
        return 0;
    }
    rootfs_file_release(f);
    *f = at;
    return 0;
}

static int list_path(struct lister *l, const char *path)
{
    struct rootfs_file f;
    int status = find(l, path, &f);

    if (!status && S_ISDIR(f.mode))
        status = list_dir(l, &f);
    else if (!status && l->json)
        add_json(l, &f);
    else if (!status)
        put_file(l, &f, f.path);
    l->started = true;
    rootfs_file_release(&f);
    rootfs_visits_release(&l->visits);
    return status;
}

int image_list(struct rootfs *r, char *const *paths, size_t n,
               const struct list_options *o)
{
    struct lister l = {.r = r, .o = o, .headings = n > 1 || o->recursive};
    int status = 0;

    if (o->json)
        l.json = json_array();
    for (size_t i = 0; i < n; i++)
        if (list_path(&l, paths[i]))
            status = -1;
    if (l.json)
        json_print(l.json);
    return status;
}
