/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "image/rootfs.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "abi/image.h"
#include "file.h"
#include "image/rootfs_priv.h"
#include "report.h"

int rootfs_fail(const struct rootfs *r, const char *path, errcode_t err)
{
    return fail("cannot read '%s' in '%s': %s", path, r->img->path,
                error_message(err));
}

int rootfs_open(struct rootfs *r, const struct image *img, bool write)
{
    const struct gpt_part *part = image_part(img, IMG_TYPE_ROOT);
    char path[32], offset[32];
    errcode_t err;

    *r = (struct rootfs){.img = img};
    if (!part)
        return fail("'%s' has no root partition", img->path);
    r->offset = part->first * IMG_SECTOR_SIZE;
    add_error_table(&et_ext2_error_table);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", img->fd);
    snprintf(offset, sizeof(offset), "offset=%llu",
             (unsigned long long)r->offset);
    err = ext2fs_open2(path, offset,
                       EXT2_FLAG_64BITS | (write ? EXT2_FLAG_RW : 0), 0, 0,
                       unix_io_manager, &r->fs);
    if (err) {
        r->fs = NULL;
        return fail("cannot read the root file system of '%s': %s", img->path,
                    error_message(err));
    }
    if (ext2fs_blocks_count(r->fs->super) >
        (part->last - part->first + 1) * IMG_SECTOR_SIZE / r->fs->blocksize)
        return fail("'%s' is damaged: its file system is larger than its "
                    "partition",
                    img->path);
    return 0;
}

int rootfs_close(struct rootfs *r)
{
    errcode_t err = 0;

    if (r->fs && r->fs->flags & EXT2_FLAG_CHANGED)
        err = ext2fs_flush(r->fs);
    if (r->fs)
        ext2fs_free(r->fs);
    r->fs = NULL;
    remove_error_table(&et_ext2_error_table);
    if (err)
        return fail("cannot write '%s': %s", r->img->path, error_message(err));
    return 0;
}

/* ---- one file ---- */

void rootfs_file_release(struct rootfs_file *f)
{
    free(f->path);
    free(f->name);
    free(f->target);
    *f = (struct rootfs_file){0};
}

static int64_t long_time(uint32_t seconds, uint32_t extra)
{
    return (int64_t)(int32_t)seconds + ((int64_t)(extra & 3) << 32);
}

static int load_target(void *ctx, const void *data, size_t len, uint64_t at)
{
    buf_add(ctx, data, len);
    return 0;
}

static int read_target(struct rootfs *r, struct rootfs_file *f,
                       struct ext2_inode *inode)
{
    struct buf text = {0};
    int status = 0;

    if (f->size >= PATH_MAX)
        return rootfs_fail(r, f->path, EXT2_ET_FILE_TOO_BIG);
    if (ext2fs_is_fast_symlink(inode))
        buf_add(&text, inode->i_block,
                strnlen((char *)inode->i_block, sizeof(inode->i_block)));
    else
        status = rootfs_read(r, f, load_target, &text);
    f->target = xstrdup(buf_str(&text));
    buf_release(&text);
    return status;
}

int rootfs_stat(struct rootfs *r, struct rootfs_file *f)
{
    struct ext2_inode_large inode = {0};
    struct ext2_inode *small = (struct ext2_inode *)&inode;
    errcode_t err =
        ext2fs_read_inode_full(r->fs, f->ino, small, (int)sizeof(inode));

    if (err)
        return rootfs_fail(r, f->path, err);
    f->mode = inode.i_mode;
    f->uid = inode_uid(*small);
    f->gid = inode_gid(*small);
    f->links = inode.i_links_count;
    f->size = EXT2_I_SIZE(small);
    f->mtime = long_time(inode.i_mtime, inode.i_mtime_extra);
    return S_ISLNK(f->mode) ? read_target(r, f, small) : 0;
}

/* ---- paths ---- */

/* The last part of (path): "/" of the root's. */
static char *last_name(const char *path)
{
    size_t end = strlen(path), start;

    while (end && path[end - 1] == '/')
        end--;
    for (start = end; start && path[start - 1] != '/';)
        start--;
    return end ? xasprintf("%.*s", (int)(end - start), path + start)
               : xstrdup("/");
}

static errcode_t lookup(struct rootfs *r, const char *path, bool follow,
                        ext2_ino_t *ino)
{
    return (follow ? ext2fs_namei_follow : ext2fs_namei)(
        r->fs, EXT2_ROOT_INO, EXT2_ROOT_INO, path, ino);
}

static int not_found(struct rootfs *r, const char *path, bool follow)
{
    struct rootfs_file link = {.path = xstrdup(path)};
    ext2_ino_t ino;

    if (follow && !lookup(r, path, false, &ino)) {
        link.ino = ino;
        if (!rootfs_stat(r, &link))
            fail("'%s' in '%s' is a link to '%s', which is not there", path,
                 r->img->path, link.target ? link.target : "nothing");
    } else {
        fail("'%s' is not in '%s'", path, r->img->path);
    }
    rootfs_file_release(&link);
    return -1;
}

int rootfs_find(struct rootfs *r, const char *path, bool follow,
                struct rootfs_file *f)
{
    size_t len = strlen(path);
    bool dir = len && path[len - 1] == '/';
    ext2_ino_t ino;
    errcode_t err;

    *f = (struct rootfs_file){0};
    err = lookup(r, len ? path : "/", follow || dir, &ino);
    if (err == EXT2_ET_FILE_NOT_FOUND)
        return not_found(r, path, follow || dir);
    if (err == EXT2_ET_NO_DIRECTORY)
        return fail("'%s' is not in '%s': a part of it is no directory", path,
                    r->img->path);
    if (err)
        return rootfs_fail(r, path, err);
    *f = (struct rootfs_file){
        .path = xstrdup(path), .name = last_name(path), .ino = ino};
    if (rootfs_stat(r, f))
        return -1;
    if (dir && !S_ISDIR(f->mode))
        return fail("'%s' is not in '%s': it is no directory", path,
                    r->img->path);
    return 0;
}

bool rootfs_has(struct rootfs *r, const char *path)
{
    ext2_ino_t ino;

    return lookup(r, path, true, &ino) == 0;
}

/* ---- directories ---- */

struct dir_reader {
    struct rootfs *r;
    const struct rootfs_file *dir;
    struct rootfs_list *list;
    size_t cap;
    int failed;
};

static bool good_name(const char *name, size_t len)
{
    return len && strlen(name) == len && !strchr(name, '/');
}

static int add_entry(ext2_ino_t dir, int entry, struct ext2_dir_entry *dirent,
                     int offset, int blocksize, char *buf, void *priv)
{
    struct dir_reader *d = priv;
    int len = ext2fs_dirent_name_len(dirent);
    char name[EXT2_NAME_LEN + 1];
    struct rootfs_file *f;

    memcpy(name, dirent->name, (size_t)len);
    name[len] = '\0';
    if (!strcmp(name, ".") || !strcmp(name, ".."))
        return 0;
    if (!good_name(name, (size_t)len)) {
        d->failed = fail("'%s' is damaged: '%s' has an entry that is no name",
                         d->r->img->path, d->dir->path);
        return DIRENT_ABORT;
    }
    if (d->list->n == d->cap) {
        d->cap = d->cap ? 2 * d->cap : 16;
        d->list->v = xrealloc(d->list->v, d->cap, sizeof(*d->list->v));
    }
    f = &d->list->v[d->list->n++];
    *f = (struct rootfs_file){.path = path_join(d->dir->path, name),
                              .name = xstrdup(name),
                              .ino = dirent->inode};
    return 0;
}

static int by_name(const void *a, const void *b)
{
    const struct rootfs_file *x = a, *y = b;

    return strcmp(x->name, y->name);
}

int rootfs_read_dir(struct rootfs *r, const struct rootfs_file *dir,
                    struct rootfs_list *list)
{
    struct dir_reader d = {.r = r, .dir = dir, .list = list};
    errcode_t err;

    *list = (struct rootfs_list){0};
    err = ext2fs_dir_iterate2(r->fs, dir->ino, 0, NULL, add_entry, &d);
    if (err)
        d.failed = rootfs_fail(r, dir->path, err);
    for (size_t i = 0; i < list->n && !d.failed; i++)
        d.failed = rootfs_stat(r, &list->v[i]);
    if (d.failed)
        return -1;
    if (list->n)
        qsort(list->v, list->n, sizeof(*list->v), by_name);
    return 0;
}

void rootfs_list_release(struct rootfs_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        rootfs_file_release(&list->v[i]);
    free(list->v);
    *list = (struct rootfs_list){0};
}

/* ---- walks ---- */

int rootfs_visit(struct rootfs_visits *v, const struct rootfs *r,
                 const struct rootfs_file *dir)
{
    uint8_t *byte, bit = (uint8_t)(1 << dir->ino % 8);

    if (!v->bits)
        v->bits = xcalloc(1, r->fs->super->s_inodes_count / 8 + 1);
    byte = &v->bits[dir->ino / 8];
    if (*byte & bit || strlen(dir->path) >= PATH_MAX)
        return fail("'%s' is damaged: the directory '%s' is in another one "
                    "too, or in itself",
                    r->img->path, dir->path);
    *byte |= bit;
    return 0;
}

void rootfs_visits_release(struct rootfs_visits *v)
{
    free(v->bits);
    v->bits = NULL;
}

/* ---- all of it ---- */

void rootfs_usage(const struct rootfs *r, struct rootfs_usage *u)
{
    struct ext2_super_block *s = r->fs->super;

    *u = (struct rootfs_usage){.block = r->fs->blocksize,
                               .blocks = ext2fs_blocks_count(s),
                               .free_blocks = ext2fs_free_blocks_count(s),
                               .inodes = s->s_inodes_count,
                               .free_inodes = s->s_free_inodes_count};
}

int64_t rootfs_time(const struct rootfs *r)
{
    return r->fs->super->s_mkfs_time;
}
